#include "src/base/host.h"

#include <algorithm>
#include <utility>

#include "src/base/memory.h"

namespace tempera {

void Host::Log(LogLevel level, const std::string& message) const {
  if (log) {
    log(level, message);
  } else {
    tempera::Log(level, message);
  }
}

size_t Host::AvailableBytes() const {
  const size_t free = AvailableMemoryBytes();
  return most_bytes == 0 ? free : std::min(free, most_bytes);
}

Result<HostPtr> HostWithPool(const std::shared_ptr<const Host>& given, int num_threads, bool pin_threads) {
  if (given != nullptr && given->pool != nullptr) return given;
  auto host = given != nullptr ? std::make_shared<Host>(*given) : std::make_shared<Host>();
  TEMPERA_ASSIGN_OR_RETURN(host->pool, ThreadPool::Create(num_threads, pin_threads));
  return HostPtr(std::move(host));
}

}  // namespace tempera
