#include "src/base/log.h"

#include <string>

#include "src/base/lock.h"

namespace tempera {
namespace {

struct Sink {
  LogCallback callback = nullptr;
  void* user = nullptr;
};
Mutex g_mutex;
Sink g_sink;

}  // namespace

void SetLogCallback(LogCallback callback, void* user) {
  const Locked lock(g_mutex);
  g_sink = {callback, user};
}

void Log(LogLevel level, std::string_view message) {
  Sink sink;
  {
    const Locked lock(g_mutex);
    sink = g_sink;
  }
  if (sink.callback != nullptr)
    sink.callback(static_cast<int>(level), std::string(message).c_str(), sink.user);
}

}  // namespace tempera
