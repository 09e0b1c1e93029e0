// The library never prints: it hands lines to a callback, or to nobody. A host may want them elsewhere
// (host.h).
#pragma once

#include <string_view>

namespace tempera {

enum class LogLevel { kInfo = 0, kWarning = 1, kError = 2 };
// `level` is a LogLevel; the type is that of the public door (tempera_log_callback).
using LogCallback = void (*)(int level, const char* message, void* user);

// Process-wide; any thread; nullptr silences. The callback comes from whatever thread is in a call of the
// library and under no lock: it may call the library, this function included. A line that is on its way on
// another thread while the callback is changed may still reach the old one.
void SetLogCallback(LogCallback callback, void* user);
void Log(LogLevel level, std::string_view message);

}  // namespace tempera
