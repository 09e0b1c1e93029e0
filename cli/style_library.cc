#include "cli/style_library.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "cli/cli.h"
#include "cli/mask/mask_library.h"
#include "cli/model_facts.h"
#include "media/picture.h"
#include "src/engine/run/session.h"
#include "src/metadata/style_names.h"
#include "src/onnx/metadata.h"
#include "tempera/tempera.hpp"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModelSuffix = ".onnx";

// Levenshtein (1966): insertions, deletions and replacements.
size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replace});
    }
  }
  return row[b.size()];
}

// What the folder's files say of themselves, without opening a network.
Result<std::vector<tempera::Style>> NamedStyles(const std::string& folder) {
  Expected<std::vector<tempera::Style>> styles = tempera::ListStyles(folder);
  if (!styles) return NotFound(styles.error().message);
  return *std::move(styles);
}

Result<ModelChoice> FindBundled(const std::string& word, const std::vector<std::string>& others = {}) {
  TEMPERA_ASSIGN_OR_RETURN(const std::string folder, StylesFolder());
  std::vector<std::string> names = ModelNamesIn(folder);
  const std::string wanted = metadata::PlainName(word);
  for (const std::string& name : names) {
    if (metadata::PlainName(name) == wanted) return ModelChoice{folder + "/" + name + kModelSuffix, ""};
  }
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<tempera::Style> styles, NamedStyles(folder));
  for (const tempera::Style& style : styles) {
    if (!style.style.empty() && metadata::PlainName(style.name) == wanted)
      return ModelChoice{style.path, style.style};
    names.push_back(style.name);
  }
  names.insert(names.begin(), others.begin(), others.end());
  const std::string nearest = NearestName(wanted, names);
  std::string cure = others.empty() ? "see 'tempera styles'" : "write ";
  for (const std::string& other : others) cure += other + ", ";
  if (!others.empty()) cure += "a name that 'tempera styles' lists, or a .onnx file";
  return NotFound("there is no style '" + word + "'; " +
                  (nearest.empty() ? cure : "did you mean '" + nearest + "'?"));
}

}  // namespace

std::vector<std::string> ModelNamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == kModelSuffix) names.push_back(it->path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string ModelChoice::name() const { return style.empty() ? fs::path(path).stem().string() : style; }

Result<std::string> StylesFolder() {
  std::error_code error;
  if (const char* given = std::getenv("TEMPERA_STYLES"); given != nullptr && *given != '\0') {
    if (fs::is_directory(given, error)) return std::string(given);
    return NotFound("TEMPERA_STYLES is '" + std::string(given) + "', which is no folder");
  }
  const fs::path binary = BinaryFolder();
  const fs::path installed = binary.parent_path() / "share/tempera/styles";
  if (fs::is_directory(installed, error)) return installed.string();
  for (fs::path up = binary.parent_path();; up = up.parent_path()) {
    if (fs::is_directory(up / "models", error)) return (up / "models").string();
    if (up == up.parent_path()) break;
  }
  return NotFound("the bundled styles are not found near " + binary.string() +
                  "; set TEMPERA_STYLES to their folder, or give --style a .onnx file");
}

Result<std::vector<Style>> ListStyles() {
  TEMPERA_ASSIGN_OR_RETURN(const std::string folder, StylesFolder());
  // What plugins see (tempera_list_styles) is what the command shows; it warns of what it leaves out.
  tempera_style_list* list = nullptr;
  if (tempera_list_styles(folder.c_str(), &list) != TEMPERA_OK) return NotFound(tempera_error_message());
  const std::unique_ptr<tempera_style_list, decltype(&tempera_free_style_list)> owned(
      list, &tempera_free_style_list);
  std::vector<Style> styles;
  for (int i = 0; i < tempera_style_count(list); ++i) {
    tempera_style_info info = TEMPERA_STYLE_INFO_INIT;
    if (tempera_get_style_info(list, i, &info) != TEMPERA_OK) return NotFound(tempera_error_message());
    Style& style = styles.emplace_back();
    style.name = info.name, style.path = info.path, style.title = info.title, style.artist = info.artist;
    style.year = info.year, style.license = info.license, style.file_size_bytes = info.file_bytes;
    style.style = info.style;
    // Of many in one file the first has told.
    const auto told = std::find_if(styles.begin(), styles.end() - 1,
                                   [&](const Style& other) { return other.path == style.path; });
    if (told != styles.end() - 1) {
      style.parameters = told->parameters;
      continue;
    }
    const Result<engine::ModelPtr> model = engine::LoadModelFile(style.path);
    style.parameters = model.ok() ? CountParameters(**model) : -1;
    if (!model.ok()) {
      Note("style " + style.name + " cannot be painted with: " + model.status().message());
    }
  }
  return styles;
}

Result<std::string> FindModel(const std::string& name_or_path) {
  std::error_code error;
  if (fs::is_regular_file(name_or_path, error)) {
    const media::FileKind kind =
        name_or_path.ends_with(kModelSuffix) ? media::FileKind::kOther : media::KindOfFile(name_or_path);
    if (kind == media::FileKind::kOther) return name_or_path;
    return InvalidArgument("'" + name_or_path + "' is a " +
                           (kind == media::FileKind::kFilm ? "film" : "picture") +
                           ", not a network: give a .onnx file or a style's name");
  }
  const bool names_file = name_or_path.find('/') != std::string::npos || name_or_path.ends_with(kModelSuffix);
  if (names_file) {
    return NotFound(fs::is_directory(name_or_path, error)
                        ? name_or_path + " is a folder; give a .onnx file in it"
                        : name_or_path + ": no such model file; see 'tempera styles' for the bundled ones");
  }
  Result<ModelChoice> found = FindBundled(name_or_path);
  if (found.ok()) return found->path;
  // A mask network has a name as well, for whoever looks into files.
  if (Result<std::string> mask = FindBundledMask(name_or_path); mask.ok()) return mask;
  return found.status();
}

Result<ModelChoice> FindStyle(const std::string& word, const std::vector<std::string>& others) {
  std::error_code error;
  const std::string mark = std::string(kModelSuffix) + ":";
  if (const size_t at = word.rfind(mark); at != std::string::npos && !fs::is_regular_file(word, error)) {
    const size_t end = at + mark.size() - 1;
    if (end + 1 == word.size()) return InvalidArgument("'" + word + "' names no style behind the colon");
    TEMPERA_ASSIGN_OR_RETURN(const std::string path, FindModel(word.substr(0, end)));
    return ModelChoice{path, word.substr(end + 1)};
  }
  const bool names_file =
      word.find('/') != std::string::npos || word.ends_with(kModelSuffix) || fs::is_regular_file(word, error);
  if (!names_file) return FindBundled(word, others);
  TEMPERA_ASSIGN_OR_RETURN(const std::string path, FindModel(word));
  return ModelChoice{path, ""};
}

Result<ModelChoice> FindBlend(const std::vector<std::string>& names) {
  TEMPERA_ASSIGN_OR_RETURN(const std::string folder, StylesFolder());
  ModelChoice best;
  size_t most = 0;
  for (const std::string& name : ModelNamesIn(folder)) {
    const std::string path = folder + "/" + name + kModelSuffix;
    const auto metadata = onnx::ReadMetadataFile(path);
    if (!metadata.ok()) continue;
    size_t known = 0;
    for (const metadata::NamedStyle& style : metadata::StylesIn(*metadata)) {
      known += static_cast<size_t>(std::count_if(names.begin(), names.end(), [&](const std::string& wanted) {
        const std::string plain = metadata::PlainName(wanted);
        return plain == style.name || plain == metadata::PlainName(style.title);
      }));
    }
    if (known > most) most = known, best = {path, ""};
  }
  return most > 0 ? Result<ModelChoice>(best) : DefaultModel();
}

Result<ModelChoice> DefaultModel() {
  TEMPERA_ASSIGN_OR_RETURN(const std::string folder, StylesFolder());
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<tempera::Style> styles, NamedStyles(folder));
  if (styles.empty()) return NotFound("no style lies in " + folder + "; give --style a .onnx file");
  const auto starry = std::find_if(styles.begin(), styles.end(),
                                   [](const tempera::Style& s) { return s.name == "starry-night"; });
  const tempera::Style& chosen = starry == styles.end() ? styles.front() : *starry;
  return ModelChoice{chosen.path, chosen.style};
}

Result<std::string> SampleFramePath() {
  TEMPERA_ASSIGN_OR_RETURN(const std::string folder, StylesFolder());
  const std::string path = folder + "/sample.jpg";
  std::error_code error;
  if (fs::is_regular_file(path, error)) return path;
  return NotFound("the sample frame " + path + " is missing");
}

std::string NearestName(const std::string& word, const std::vector<std::string>& names) {
  std::string nearest;
  size_t best = SIZE_MAX;
  for (const std::string& name : names) {
    // A part of the name ("wave" for great-wave) is as near as one typing error.
    const bool part = word.size() >= 3 && name.find(word) != std::string::npos;
    const size_t distance = part ? 1 : EditDistance(word, name);
    if (distance < best && distance <= std::max(word.size(), name.size()) / 2) {
      best = distance;
      nearest = name;
    }
  }
  return nearest;
}

}  // namespace tempera::cli
