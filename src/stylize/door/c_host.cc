// The C border: what a program lends to its stylizers (base/host.h).
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/base/host.h"
#include "src/stylize/door/door.h"
#include "src/stylize/door/door_structs.h"
#include "src/stylize/door/sized.h"

namespace tempera::stylize {
namespace {

// A cache that the program keeps itself.
class CallbackCache final : public CacheStore {
 public:
  CallbackCache(tempera_cache_load_callback load, tempera_cache_store_callback store, void* user)
      : load_(load), store_(store), user_(user) {}

  std::optional<std::vector<uint8_t>> Load(const std::string& key) override {
    std::vector<uint8_t> bytes(kMostBytes);
    const size_t size = load_(key.c_str(), bytes.data(), bytes.size(), user_);
    if (size == 0 || size > bytes.size()) return std::nullopt;
    bytes.resize(size);
    return bytes;
  }
  void Store(const std::string& key, std::span<const uint8_t> bytes) override {
    store_(key.c_str(), bytes.data(), bytes.size(), user_);
  }

 private:
  const tempera_cache_load_callback load_;
  const tempera_cache_store_callback store_;
  void* const user_;
};

Result<std::shared_ptr<const Host>> MakeHost(const tempera_host_options& options) {
  Host host;
  if (options.reserved != 0) {
    return Unsupported("tempera_host_options.reserved is not 0; begin with TEMPERA_HOST_OPTIONS_INIT");
  }
  bool pin_threads = false;
  TEMPERA_RETURN_IF_ERROR(CheckThreads(options.threads));
  TEMPERA_RETURN_IF_ERROR(CheckSwitch("pin_threads", options.pin_threads, &pin_threads));
  if ((options.cache_load == nullptr) != (options.cache_store == nullptr)) {
    return InvalidArgument("cache_load and cache_store go together; one of them is NULL");
  }
  const bool has_folder = options.cache_folder != nullptr && *options.cache_folder != '\0';
  if (has_folder && options.cache_load != nullptr) {
    return InvalidArgument("cache_folder and cache_load are both given; one place keeps the findings");
  }
  if (has_folder) host.cache = OpenDiskCache(options.cache_folder);
  if (options.cache_load != nullptr) {
    host.cache = std::make_shared<CallbackCache>(options.cache_load, options.cache_store, options.cache_user);
  }
  if (options.log != nullptr) {
    host.log = [callback = options.log, user = options.log_user](LogLevel level, const std::string& message) {
      callback(static_cast<int>(level), message.c_str(), user);
    };
  }
  host.most_bytes = static_cast<size_t>(std::min<uint64_t>(options.memory_bytes, SIZE_MAX));
  return HostWithPool(std::make_shared<const Host>(std::move(host)), options.threads, pin_threads);
}

}  // namespace
}  // namespace tempera::stylize

namespace tempera::stylize {

std::shared_ptr<Lent> Lend(StylizerOptions* options) {
  const auto lent = std::make_shared<Lent>();
  Host host = options->host == nullptr ? Host() : *options->host;
  host.cancel = std::shared_ptr<const CancelFlag>(lent, &lent->cancel);
  host.progress = [told = lent.get()](const char* doing, double done) {
    if (told->progress != nullptr) told->progress(doing, done, told->progress_user);
  };
  options->host = std::make_shared<const Host>(std::move(host));
  return lent;
}

Status SetCancelled(Lent& lent, int32_t cancelled) {
  bool on = false;
  TEMPERA_RETURN_IF_ERROR(CheckSwitch("cancelled", cancelled, &on));
  on ? lent.cancel.Cancel() : lent.cancel.Clear();
  return OkStatus();
}

}  // namespace tempera::stylize

tempera_status tempera_create_host(const tempera_host_options* options, tempera_host** out) {
  return tempera::stylize::Guard([&]() -> tempera::Status {
    if (out == nullptr) return tempera::InvalidArgument("out is NULL");
    *out = nullptr;
    tempera_host_options read = TEMPERA_HOST_OPTIONS_INIT;
    if (options != nullptr) {
      TEMPERA_RETURN_IF_ERROR(tempera::stylize::ReadSized(
          options, TEMPERA_SIZE_THROUGH(tempera_host_options, threads), "tempera_host_options", &read));
    }
    TEMPERA_RETURN_IF_ERROR(tempera::stylize::CheckAbi(read.abi_version));
    TEMPERA_ASSIGN_OR_RETURN(auto host, tempera::stylize::MakeHost(read));
    *out = new tempera_host{std::move(host)};
    return tempera::OkStatus();
  });
}

void tempera_close_host(tempera_host* host) { delete host; }

tempera_status tempera_set_cancelled(tempera_stylizer* stylizer, int32_t cancelled) {
  return tempera::stylize::Guard([&]() -> tempera::Status {
    if (stylizer == nullptr) return tempera::InvalidArgument("stylizer is NULL");
    return tempera::stylize::SetCancelled(*stylizer->lent, cancelled);
  });
}

tempera_status tempera_set_progress_callback(tempera_stylizer* stylizer, tempera_progress_callback callback,
                                             void* user) {
  return tempera::stylize::Guard([&]() -> tempera::Status {
    if (stylizer == nullptr) return tempera::InvalidArgument("stylizer is NULL");
    stylizer->lent->progress = callback;
    stylizer->lent->progress_user = user;
    return tempera::OkStatus();
  });
}
