#include "cli/serve/request_path.h"

namespace tempera::cli {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> Decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    int byte = static_cast<unsigned char>(text[i]);
    if (text[i] == '%') {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
      if (low < 0)
        return InvalidArgument("a percent sign in the address has no two hexadecimal digits behind it");
      byte = high * 16 + low;
      i += 2;
    }
    if (byte < 0x20 || byte == 0x7f || byte == '\\') {
      return InvalidArgument("the address holds a control character or a backslash");
    }
    out += static_cast<char>(byte);
  }
  return out;
}

}  // namespace

Result<std::string> PathOfTarget(std::string_view target) {
  target = target.substr(0, target.find_first_of("?#"));
  if (!target.starts_with('/')) return InvalidArgument("the address does not begin with a slash");
  TEMPERA_ASSIGN_OR_RETURN(std::string path, Decoded(target.substr(1)));
  // Parts are looked at once all is decoded: a %2f divides folders as a slash does.
  for (size_t at = 0; at < path.size();) {
    if (path[at] == '/' || path[at] == '.') return NotFound("there is no such file here");
    const size_t slash = path.find('/', at);
    at = slash == std::string::npos ? path.size() : slash + 1;
  }
  return path;
}

}  // namespace tempera::cli
