#include "src/base/log.h"

#include <mutex>
#include <string>

namespace tempera {
namespace {
std::mutex g_mutex;
LogCallback g_callback = nullptr;
void* g_user = nullptr;
}  // namespace

void SetLogCallback(LogCallback callback, void* user) {
  std::lock_guard lock(g_mutex);
  g_callback = callback;
  g_user = user;
}

void Log(LogLevel level, std::string_view message) {
  std::lock_guard lock(g_mutex);
  if (g_callback != nullptr) g_callback(level, std::string(message).c_str(), g_user);
}

}  // namespace tempera
