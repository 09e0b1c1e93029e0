#include "cli/cli.h"

#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <vector>

#include "cli/network/picture_options.h"
#include "src/base/log.h"

namespace tempera::cli {
namespace {

// One character of UTF-8 at the beginning of `text`: how many bytes it has; 0 where there is none. Overlong
// forms, halves of UTF-16 pairs and what lies beyond Unicode are none.
size_t Character(std::string_view text, uint32_t* code) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) {
    *code = first;
    return 1;
  }
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  *code = first & (0x7fu >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    *code = *code << 6 | (byte(i) & 0x3fu);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = *code >= 0xd800 && *code < 0xe000;
  return *code < kLeast[size] || surrogate || *code > 0x10ffff ? 0 : size;
}

// Control characters of ASCII and Latin-1, line separators, and the marks that turn the direction of writing.
bool IsObeyed(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200e && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

struct Waiting {
  std::mutex mutex;
  bool holds = false;
  std::vector<std::string> notes;
};
Waiting& WaitingNotes() {
  static Waiting waiting;
  return waiting;
}

void DropNotes() {
  Waiting& waiting = WaitingNotes();
  const std::lock_guard<std::mutex> lock(waiting.mutex);
  waiting.holds = false;
  waiting.notes.clear();
}

}  // namespace

std::string Printable(std::string_view text, size_t most) {
  std::string out;
  while (!text.empty()) {
    uint32_t code = 0;
    const size_t size = Character(text, &code);
    const bool shown = size > 0 && !IsObeyed(code);
    if (out.size() + (shown ? size : 1) > most) {
      // Whole characters, with room for the dots.
      while (!out.empty() && out.size() + 3 > most) {
        while ((static_cast<uint8_t>(out.back()) & 0xc0) == 0x80) out.pop_back();
        out.pop_back();
      }
      return out + "...";
    }
    if (shown) {
      out += text.substr(0, size);
    } else {
      out += code == '\n' || code == '\r' || code == '\t' ? ' ' : '?';
    }
    text.remove_prefix(size > 0 ? size : 1);
  }
  return out;
}

int Fail(const Status& status) {
  DropNotes();
  std::fprintf(stderr, "tempera: %s\n", Printable(status.message()).c_str());
  return kExitFailure;
}

int FailUsage(const std::string& verb, const std::string& message) {
  DropNotes();
  std::fprintf(stderr, "tempera: %s (see 'tempera %s --help')\n", Printable(message).c_str(), verb.c_str());
  return kExitUsage;
}

void Note(const std::string& message) {
  Waiting& waiting = WaitingNotes();
  const std::lock_guard<std::mutex> lock(waiting.mutex);
  if (waiting.holds) {
    waiting.notes.push_back(message);
  } else {
    std::fprintf(stderr, "note: %s\n", Printable(message).c_str());
  }
}

void HoldNotes() {
  Waiting& waiting = WaitingNotes();
  const std::lock_guard<std::mutex> lock(waiting.mutex);
  waiting.holds = true;
}

void SayNotes() {
  std::vector<std::string> notes;
  {
    Waiting& waiting = WaitingNotes();
    const std::lock_guard<std::mutex> lock(waiting.mutex);
    waiting.holds = false;
    notes.swap(waiting.notes);
  }
  for (const std::string& note : notes) Note(note);
}

void NoteLibraryLines() {
  SetLogCallback(
      [](int level, const char* message, void*) {
        if (level != static_cast<int>(LogLevel::kInfo)) Note(InOptions(message));
      },
      nullptr);
}

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
