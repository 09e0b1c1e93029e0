// The C border: a Status becomes a code and, per thread, a message.
#include <cstdio>

#include "src/base/text/one_line.h"
#include "src/stylize/door/door.h"

namespace tempera::stylize {
namespace {

// A fixed buffer: reporting that memory ran out must not need memory.
thread_local char g_message[1024] = "";

}  // namespace

tempera_status Report(StatusCode code, const char* message) {
  std::snprintf(g_message, sizeof(g_message), "%s", message);
  // Messages quote what files hold, and the last character may be cut.
  MakeOneLine(g_message);
  switch (code) {
    case StatusCode::kOk:
      return TEMPERA_OK;
    case StatusCode::kInvalidArgument:
      return TEMPERA_INVALID_ARGUMENT;
    case StatusCode::kNotFound:
      return TEMPERA_NOT_FOUND;
    case StatusCode::kCorruptModel:
      return TEMPERA_CORRUPT_MODEL;
    case StatusCode::kUnsupported:
      return TEMPERA_UNSUPPORTED;
    case StatusCode::kOutOfMemory:
      return TEMPERA_OUT_OF_MEMORY;
    case StatusCode::kIo:
      return TEMPERA_IO;
    case StatusCode::kCancelled:
      return TEMPERA_CANCELLED;
    case StatusCode::kInternal:
      break;
  }
  return TEMPERA_INTERNAL;
}

}  // namespace tempera::stylize

const char* tempera_error_message(void) { return tempera::stylize::g_message; }
