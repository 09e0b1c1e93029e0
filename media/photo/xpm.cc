#include "media/photo/xpm.h"

extern "C" {
#include <libavutil/parseutils.h>
}

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "media/photo/libraries.h"

namespace tempera::media {
namespace {

struct Rgba {
  uint8_t c[4] = {0, 0, 0, 255};
};

// The strings of a C array, one by one, comments between them passed over. Nothing at the end.
std::optional<std::string_view> NextString(std::string_view file, size_t* at) {
  while (*at < file.size() && file[*at] != '"') {
    if (file.substr(*at, 2) == "/*") {
      const size_t end = file.find("*/", *at + 2);
      *at = end == std::string_view::npos ? file.size() : end + 2;
    } else {
      ++*at;
    }
  }
  if (*at >= file.size()) return std::nullopt;
  const size_t begin = *at + 1, end = std::min(file.find('"', begin), file.size());
  *at = end + 1;
  return file.substr(begin, end - begin);
}

// The next word, and *text behind it; empty at the end.
std::string_view NextWord(std::string_view* text) {
  const auto is_space = [](unsigned char c) { return std::isspace(c) != 0; };
  const auto begin = std::find_if_not(text->begin(), text->end(), is_space);
  const auto end = std::find_if(begin, text->end(), is_space);
  const std::string_view word =
      text->substr(static_cast<size_t>(begin - text->begin()), static_cast<size_t>(end - begin));
  text->remove_prefix(static_cast<size_t>(end - text->begin()));
  return word;
}

int Number(std::string_view word) {
  int n = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n);
  return error == std::errc() && end == word.data() + word.size() ? n : 0;
}

// One to four hexadecimal digits a colour, the most of them 255.
std::optional<Rgba> FromDigits(std::string_view digits) {
  const size_t each = digits.size() / 3;
  if (each < 1 || each > 4 || digits.size() != 3 * each) return std::nullopt;
  Rgba color;
  for (size_t i = 0; i < 3; ++i) {
    uint32_t n = 0;
    const std::string_view part = digits.substr(i * each, each);
    const auto [end, error] = std::from_chars(part.data(), part.data() + each, n, 16);
    if (error != std::errc() || end != part.data() + each) return std::nullopt;
    const uint32_t most = (1u << 4 * each) - 1;
    color.c[i] = static_cast<uint8_t>((n * 255 + most / 2) / most);
  }
  return color;
}

// A name in small letters without spaces. Four of X11's are others on the web, and its greys have numbers.
std::optional<Rgba> FromName(const std::string& name) {
  if (name == "none" || name == "transparent") return Rgba{{0, 0, 0, 0}};
  if (name == "green") return Rgba{{0, 255, 0, 255}};
  if (name == "maroon") return Rgba{{176, 48, 96, 255}};
  if (name == "purple") return Rgba{{160, 32, 240, 255}};
  if (name.starts_with("gray") || name.starts_with("grey")) {
    const std::string_view percent = std::string_view(name).substr(4);
    if (percent.empty()) return Rgba{{190, 190, 190, 255}};
    const int n = Number(percent);
    if ((n < 1 && percent != "0") || n > 100) return std::nullopt;
    const uint8_t gray = static_cast<uint8_t>((n * 255 + 50) / 100);
    return Rgba{{gray, gray, gray, 255}};
  }
  // FFmpeg's words for a colour by chance.
  if (name == "random" || name == "bikeshed" || name.empty()) return std::nullopt;
  if (!std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalpha(c) != 0; }))
    return std::nullopt;
  Rgba color;
  if (av_parse_color(color.c, name.c_str(), -1, nullptr) < 0) return std::nullopt;
  return color;
}

// What a line says behind its characters: keys with a colour of one or more words each. Of several the one
// for screens with colours, or else the greyest that there is.
std::string ColorWords(std::string_view line) {
  constexpr std::string_view kKeys[] = {"c", "g", "g4", "m", "s"};
  std::string found[std::size(kKeys)];
  std::string* into = nullptr;
  for (std::string_view word = NextWord(&line); !word.empty(); word = NextWord(&line)) {
    const auto key = std::find(std::begin(kKeys), std::end(kKeys), word);
    // A key has a value: what stands where a value must is one, whatever it is.
    if (key != std::end(kKeys) && !(into && into->empty())) {
      into = &found[key - std::begin(kKeys)];
      into->clear();
    } else if (into) {
      for (unsigned char c : word) *into += static_cast<char>(std::tolower(c));
    }
  }
  for (size_t i = 0; i + 1 < std::size(kKeys); ++i) {
    if (!found[i].empty()) return found[i];
  }
  return "";
}

Status UnknownColor(const std::string& words) {
  return Unsupported("the XPM's colour '" + words.substr(0, 40) + "' is not known: convert it to PNG first");
}

}  // namespace

Result<FramePtr> ReadXpm(ByteSpan bytes, bool* damaged) {
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  size_t at = 0;
  std::string_view header = NextString(file, &at).value_or("");
  const int width = Number(NextWord(&header)), height = Number(NextWord(&header));
  const int colors = Number(NextWord(&header)), letters = Number(NextWord(&header));
  // Eight letters name more colours than any picture has.
  if (colors < 1 || letters < 1 || letters > 8) return InvalidArgument("damaged XPM: no sizes begin it");
  TEMPERA_ASSIGN_OR_RETURN(FramePtr frame, NewPixels(AV_PIX_FMT_RGBA, width, height));
  const size_t each = static_cast<size_t>(letters);
  std::unordered_map<std::string_view, std::string> words;
  for (int i = 0; i < colors; ++i) {
    const std::optional<std::string_view> line = NextString(file, &at);
    if (!line || line->size() < each) return InvalidArgument("damaged XPM: it lacks colours");
    words[line->substr(0, each)] = ColorWords(line->substr(each));
  }
  std::unordered_map<std::string_view, Rgba> known;
  for (int y = 0; y < height; ++y) {
    const std::string_view row = NextString(file, &at).value_or("");
    uint8_t* to = frame->data[0] + ptrdiff_t{y} * frame->linesize[0];
    for (int x = 0; x < width; ++x, to += 4) {
      Rgba color;
      const std::string_view name = row.substr(std::min(row.size(), each * static_cast<size_t>(x)), each);
      if (const auto found = known.find(name); found != known.end()) {
        color = found->second;
      } else if (const auto said = words.find(name); said != words.end()) {
        const std::string& text = said->second;
        const std::optional<Rgba> parsed = text[0] == '#' ? FromDigits(text.substr(1)) : FromName(text);
        if (!parsed) return UnknownColor(text);
        color = known[name] = *parsed;
      } else {
        *damaged = true;
      }
      std::memcpy(to, color.c, 4);
    }
  }
  return frame;
}

}  // namespace tempera::media
