#include "plugins/common/style_finder.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "plugins/common/model_folders.h"

namespace tempera::plugins {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kModelSuffix = ".onnx";

Error NotFound(std::string message) { return {TEMPERA_NOT_FOUND, std::move(message)}; }

bool NamesFile(const std::string& word) {
  return word.find('/') != std::string::npos || word.ends_with(kModelSuffix) ||
         word.find(std::string(kModelSuffix) + ":") != std::string::npos;
}

Expected<StyleChoice> FindFile(const std::string& word) {
  std::error_code error;
  std::string path = word, style;
  const std::string mark = std::string(kModelSuffix) + ":";
  if (const size_t at = word.rfind(mark); at != std::string::npos && !fs::is_regular_file(word, error)) {
    path = word.substr(0, at + kModelSuffix.size());
    style = word.substr(at + mark.size());
    if (style.empty()) return NotFound("'" + word + "' names no style behind the colon");
  }
  if (fs::is_regular_file(path, error)) return StyleChoice{path, style};
  return NotFound(fs::is_directory(path, error)
                      ? path + " is a folder; give a .onnx file in it"
                      : path + ": no such model file; give a .onnx file or the name of a bundled style");
}

// "starry-night, great-wave, ..." of what there is.
std::string NamesOf(const std::vector<Style>& styles) {
  std::string names;
  for (const Style& style : styles) names += (names.empty() ? "" : ", ") + style.name;
  return names;
}

// How many of these styles the file blends; 0 where it does not open.
size_t CountKnown(const std::string& path, const Shares& shares) {
  Options options;
  options.threads = 1;
  const Expected<Stylizer> opened = Stylizer::Open(path, options);
  if (!opened) return 0;
  size_t most = 0;
  for (int i = 0; i < opened->ParameterCount(); ++i) {
    const Expected<tempera_parameter_info> info = opened->ParameterInfo(i);
    if (!info || info->kind != TEMPERA_PARAMETER_WEIGHTS) continue;
    const auto known = std::count_if(shares.begin(), shares.end(), [&](const auto& share) {
      return tempera_find_element(opened->handle(), i, share.first.c_str()) >= 0;
    });
    most = std::max(most, static_cast<size_t>(known));
  }
  return most;
}

}  // namespace

Expected<Shares> ParseBlend(std::string_view text) {
  Shares shares;
  while (!Trimmed(text).empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = Trimmed(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    const size_t equals = part.find_last_of("=:");
    const std::string_view name = Trimmed(part.substr(0, equals));
    float share = 1;
    if (equals != std::string_view::npos) {
      const std::string_view number = Trimmed(part.substr(equals + 1));
      const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), share);
      if (code != std::errc() || end != number.data() + number.size() || !(share >= 0 && share <= 1))
        share = -1;
    }
    if (name.empty() || share < 0) {
      return Error{TEMPERA_INVALID_ARGUMENT,
                   "'" + std::string(part) +
                       "' is no share of a blend: write NAME=SHARE with a share from 0 "
                       "to 1, such as starry-night=0.7,great-wave=0.3"};
    }
    shares.emplace_back(name, share);
  }
  return shares;
}

Expected<StyleChoice> FindStyle(const std::string& word) {
  std::error_code error;
  if (NamesFile(word) || (!word.empty() && fs::is_regular_file(word, error))) return FindFile(word);
  Expected<std::string> folder = StylesFolder();
  if (!folder) return folder.error();
  const Expected<std::vector<Style>> styles = ListStyles(*folder);
  if (!styles) return styles.error();
  if (styles->empty()) return NotFound("no style lies in " + *folder + "; give a .onnx file as the style");
  const std::string wanted = word.empty() ? "starry-night" : PlainName(Trimmed(word));
  for (const Style& style : *styles)
    if (PlainName(style.name) == wanted) return StyleChoice{style.path, style.style};
  if (word.empty()) return StyleChoice{styles->front().path, styles->front().style};
  return NotFound("there is no style '" + word + "' in " + *folder + "; there are " + NamesOf(*styles));
}

Expected<StyleChoice> FindBlend(const std::string& style, const Shares& shares) {
  if (NamesFile(style)) {
    Expected<StyleChoice> file = FindFile(style);
    if (file) file->style.clear();  // the blend says it
    return file;
  }
  Expected<std::string> folder = StylesFolder();
  if (!folder) return folder.error();
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator it(*folder, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == kModelSuffix) files.push_back(it->path().string());
  std::sort(files.begin(), files.end());
  StyleChoice best;
  size_t most = 0;
  for (const std::string& file : files) {
    const size_t known = CountKnown(file, shares);
    if (known > most) most = known, best.path = file;
  }
  if (most > 0) return best;
  std::string names;
  for (const auto& [name, share] : shares) names += (names.empty() ? "'" : ", '") + name + "'";
  return NotFound("no file in " + *folder + " blends " + names + "; 'tempera styles' lists what there is");
}

}  // namespace tempera::plugins
