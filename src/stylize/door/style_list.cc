#include "src/stylize/door/style_list.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include "src/base/text/one_line.h"
#include "src/metadata/style_names.h"
#include "src/onnx/metadata.h"

namespace tempera::stylize {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModelSuffix = ".onnx";
// 512x512 as a good JPEG is 100 KB.
constexpr size_t kMostThumbnailBytes = size_t{256} << 10;
// A text that a list shows; a title of a picture has 300 at most.
constexpr size_t kMostTextBytes = 1024;

bool IsPicture(const std::string& bytes) {
  return bytes.starts_with("\xFF\xD8\xFF") || bytes.starts_with("\x89PNG\r\n\x1A\n");
}

std::string PictureBeside(const fs::path& model) {
  std::error_code error;
  for (const char* suffix : {".jpg", ".jpeg", ".png"}) {
    const fs::path picture = fs::path(model).replace_extension(suffix);
    if (fs::is_regular_file(picture, error)) return picture.string();
  }
  return "";
}

// `many`: the styles that the file holds, where they have names. `note`: what is wrong with it besides, or
// empty.
Result<Style> ReadStyle(const fs::path& path, std::vector<Style>* many, std::string* note) {
  TEMPERA_ASSIGN_OR_RETURN(const auto metadata, onnx::ReadMetadataFile(path.string()));
  const auto text = [&](std::string_view key) -> std::string {
    for (const auto& [k, v] : metadata) {
      if (k == key) return v;
    }
    return "";
  };
  const auto line = [&](std::string_view key) { return OneLine(text(key).substr(0, kMostTextBytes)); };
  Style style;
  style.name = OneLine(path.stem().string());
  style.path = path.string();
  style.title = line("tempera.title");
  if (style.title.empty()) style.title = style.name;
  style.artist = line("tempera.artist");
  style.year = line("tempera.year");
  style.license = line("tempera.license");
  std::error_code error;
  const auto size = fs::file_size(path, error);
  style.file_bytes = error ? 0 : static_cast<int64_t>(size);
  if (const std::string encoded = text("tempera.thumbnail"); !encoded.empty()) {
    if (!DecodeBase64(encoded, kMostThumbnailBytes, &style.thumbnail) || !IsPicture(style.thumbnail)) {
      style.thumbnail.clear();
      *note = style.path +
              " is listed without a picture: metadata tempera.thumbnail is no JPEG or PNG of at most " +
              std::to_string(kMostThumbnailBytes) + " bytes in base64";
    }
  }
  if (style.thumbnail.empty()) style.thumbnail_path = PictureBeside(path);
  const std::vector<metadata::NamedStyle> all = metadata::StylesIn(metadata);
  // Each has a copy: the list holds 8 MiB of one file's.
  if (all.size() * style.thumbnail.size() > size_t{8} << 20) style.thumbnail.clear();
  for (const metadata::NamedStyle& named : all) {
    Style& one = many->emplace_back(style);
    const auto said = [](const std::string& text) { return OneLine(text.substr(0, kMostTextBytes)); };
    one.name = one.style = named.name;
    one.title = said(named.title), one.artist = said(named.artist), one.year = said(named.year);
    // A picture of its own, or the file's.
    const std::string beside = PictureBeside(path.parent_path() / (named.name + kModelSuffix));
    if (!beside.empty()) one.thumbnail.clear(), one.thumbnail_path = beside;
  }
  return style;
}

}  // namespace

bool DecodeBase64(const std::string& text, size_t most, std::string* out) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out->clear();
  uint32_t bits = 0;
  int held = 0;  // bits that no byte has taken yet
  size_t digits = 0, padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos || padding > 0) return false;
    ++digits;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    if (out->size() == most) return false;
    out->push_back(static_cast<char>(bits >> held & 0xFF));
  }
  return (digits + padding) % 4 == 0 && padding <= 2 && digits % 4 != 1;
}

Result<StyleList> ListStyles(const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return NotFound(folder + " is no folder; give the one that the .onnx files lie in");
  }
  std::vector<fs::path> paths;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->path().extension() == kModelSuffix && !it->is_directory(ignored)) paths.push_back(it->path());
  }
  if (error) return IoError(folder + " cannot be read: " + error.message());
  std::sort(paths.begin(), paths.end());
  StyleList list;
  std::vector<Style> of_many;
  for (const fs::path& path : paths) {
    std::string note;
    std::vector<Style> many;
    Result<Style> style = ReadStyle(path, &many, &note);
    if (!note.empty()) list.skipped.push_back(OneLine(note));
    if (style.ok()) {
      if (many.empty()) list.styles.push_back(std::move(style).value());
      std::move(many.begin(), many.end(), std::back_inserter(of_many));
    } else {
      list.skipped.push_back(OneLine(style.status().message()));
    }
  }
  for (Style& style : of_many) {
    const bool taken = std::any_of(list.styles.begin(), list.styles.end(),
                                   [&](const Style& other) { return other.name == style.name; });
    if (!taken) list.styles.push_back(std::move(style));
  }
  std::sort(list.styles.begin(), list.styles.end(),
            [](const Style& a, const Style& b) { return a.name < b.name; });
  return list;
}

}  // namespace tempera::stylize
