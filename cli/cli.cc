#include "cli/cli.h"

#include <unistd.h>

#include <charconv>
#include <cstdio>

namespace tempera::cli {
namespace {

// Messages are one line whatever a file name or a library put into them.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text;
}

}  // namespace

int Fail(const Status& status) {
  std::fprintf(stderr, "tempera: %s\n", OneLine(status.message()).c_str());
  return kExitFailure;
}

int FailUsage(const std::string& verb, const std::string& message) {
  std::fprintf(stderr, "tempera: %s (see 'tempera %s --help')\n", OneLine(message).c_str(), verb.c_str());
  return kExitUsage;
}

void Note(const std::string& message) { std::fprintf(stderr, "note: %s\n", OneLine(message).c_str()); }

Result<Size> ParseSize(const std::string& text) {
  const auto bad = [&] {
    return InvalidArgument("'" + text +
                           "' is no size: write WIDTHxHEIGHT in pixels, each 1 to 16384, as in 640x360");
  };
  Size size;
  const char* const end = text.data() + text.size();
  auto [after_width, error] = std::from_chars(text.data(), end, size.width);
  if (error != std::errc() || after_width == end || (*after_width != 'x' && *after_width != 'X'))
    return bad();
  auto [after_height, error2] = std::from_chars(after_width + 1, end, size.height);
  if (error2 != std::errc() || after_height != end) return bad();
  if (size.width < 1 || size.height < 1 || size.width > 16384 || size.height > 16384) return bad();
  return size;
}

std::string BinaryFolder() {
  char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  if (n <= 0) return ".";
  const std::string name(path, static_cast<size_t>(n));
  const size_t slash = name.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : name.substr(0, slash);
}

}  // namespace tempera::cli
