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

Result<double> ParseTime(const std::string& text) {
  const Status bad = InvalidArgument("'" + text + "' is no time: write seconds (12.5) or H:M:S (1:02:03)");
  double seconds = 0;
  size_t at = 0;
  for (int part = 0; part < 3; ++part) {
    const size_t colon = text.find(':', at);
    const std::string number = text.substr(at, colon == std::string::npos ? colon : colon - at);
    if (number.empty() || number.find_first_not_of("0123456789.") != std::string::npos) return bad;
    // Only the last part may have a fraction.
    if (colon != std::string::npos && number.find('.') != std::string::npos) return bad;
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc() || end != number.data() + number.size() || value > 3.6e7) return bad;
    seconds = seconds * 60 + value;
    if (colon == std::string::npos) return seconds > 3.6e7 ? Result<double>(bad) : Result<double>(seconds);
    at = colon + 1;
  }
  return bad;
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
