#include "train/gallery.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "src/base/text/one_line.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Result<std::string> FindPicture(const std::string& name, const std::string& beside,
                                const std::vector<std::string>& folders) {
  std::error_code error;
  for (const std::string& folder : folders) {
    const fs::path path = fs::path(folder) / name;
    if (fs::is_regular_file(path, error)) return path.string();
  }
  const fs::path path = fs::path(beside).parent_path() / name;
  if (fs::is_regular_file(path, error)) return path.string();
  return NotFound("'" + beside + "' names the picture '" + name +
                  "', which is in none of the folders: " + "give its folder with --paintings");
}

Result<StyleSource> ReadStyle(const Json& entry, const std::string& path) {
  if (!entry.is_object()) return InvalidArgument("'" + path + "': every style is an object in braces");
  StyleSource style;
  for (const auto& [key, value] : entry.items()) {
    auto wrong = [&, key = key](const char* what) {
      return InvalidArgument("'" + path + "': \"" + key + "\" is not " + what);
    };
    std::string* text = key == "name"      ? &style.name
                        : key == "picture" ? &style.picture
                        : key == "title"   ? &style.title
                        : key == "artist"  ? &style.artist
                        : key == "year"    ? &style.year
                                           : nullptr;
    if (text != nullptr) {
      if (!value.is_string()) return wrong("a text");
      *text = value.get<std::string>();
      if (key != "picture" && !IsTitle(*text)) return wrong("a line of 1 to 64 bytes without | and ;");
    } else if (key == "fine_size" || key == "bold_size") {
      if (!value.is_number_integer() || value < 64 || value > 4096) return wrong("a size from 64 to 4096");
      (key == "fine_size" ? style.fine_size : style.bold_size) = value.get<int>();
    } else if (key == "style_weight") {
      if (!value.is_number() || !(value.get<double>() > 0 && value.get<double>() <= 1e6))
        return wrong("a number above 0");
      style.style_weight = value.get<double>();
    } else {
      return InvalidArgument(
          "'" + path + "': a style has no \"" + key +
          "\"; known are name, picture, title, artist, year, fine_size, bold_size, style_weight");
    }
  }
  if (style.name.empty() || style.picture.empty())
    return InvalidArgument("'" + path + "': every style has a \"name\" and a \"picture\"");
  if (!IsStyleName(style.name)) {
    return InvalidArgument("'" + path + "': \"" + style.name +
                           "\" is no style's name: lower case letters, digits and dashes");
  }
  if (style.title.empty()) style.title = style.name;
  return style;
}

}  // namespace

bool IsTitle(const std::string& title) {
  return title.size() <= 64 && title.find_first_not_of(' ') != std::string::npos &&
         title.find_first_of("|;") == std::string::npos && OneLine(title) == title;
}

bool IsStyleName(const std::string& name) {
  if (name.empty() || name.size() > 64 || name.front() == '-' || name.back() == '-') return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<std::vector<StyleSource>> ReadGallery(const std::string& path,
                                             const std::vector<std::string>& folders) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return NotFound("cannot open '" + path + "'");
  const Json json = Json::parse(in, nullptr, false);
  if (json.is_discarded()) return InvalidArgument("'" + path + "' is not JSON");
  if (!json.is_object() || !json.contains("styles") || !json["styles"].is_array())
    return InvalidArgument("'" + path + "' has no list \"styles\"");
  std::vector<StyleSource> styles;
  std::set<std::string> names;
  for (const Json& entry : json["styles"]) {
    TEMPERA_ASSIGN_OR_RETURN(StyleSource style, ReadStyle(entry, path));
    if (!names.insert(style.name).second)
      return InvalidArgument("'" + path + "' names '" + style.name + "' twice");
    TEMPERA_ASSIGN_OR_RETURN(style.picture, FindPicture(style.picture, path, folders));
    styles.push_back(std::move(style));
  }
  if (styles.empty() || styles.size() > 256)
    return InvalidArgument("'" + path + "' has " + std::to_string(styles.size()) + " styles: give 1 to 256");
  return styles;
}

}  // namespace tempera::train
