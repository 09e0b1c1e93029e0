// The library never prints: it hands lines to a callback, or to nobody.
#pragma once

#include <string_view>

namespace tempera {

enum class LogLevel { kInfo = 0, kWarning = 1, kError = 2 };
using LogCallback = void (*)(LogLevel level, const char* message, void* user);

// Process-wide and thread-safe; nullptr silences. The callback may come from any thread.
void SetLogCallback(LogCallback callback, void* user);
void Log(LogLevel level, std::string_view message);

}  // namespace tempera
