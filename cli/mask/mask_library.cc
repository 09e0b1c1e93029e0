#include "cli/mask/mask_library.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "cli/cli.h"
#include "cli/style_library.h"
#include "media/film/series.h"
#include "media/picture.h"
#include "src/base/text/parts.h"
#include "src/metadata/style_names.h"
#include "src/onnx/metadata.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;
using Source = MaskPlan::Source;

constexpr std::string_view kModelSuffix = ".onnx";
constexpr size_t kMostClasses = 4096;  // that a list names

Result<MaskChoice> GivenMask(const std::string& path, Masked masked) {
  const bool film = masked == Masked::kFilm;
  // Frames of their own, where a film wants some.
  std::string ending = fs::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const bool moves = ending == ".gif" || ending == ".apng";
  switch (media::KindOfFile(path)) {
    case media::FileKind::kPicture:
      return MaskChoice{film && moves ? Source::kFilm : Source::kStill, path};
    case media::FileKind::kFilm:
      if (film) return MaskChoice{Source::kFilm, path};
      return InvalidArgument("--mask " + path +
                             " is a film, and pictures come out: give a picture as the mask");
    default:
      return InvalidArgument(
          "--mask " + path +
          " is no mask: give a network (.onnx), a picture or a film, or a bundled mask's name");
  }
}

// A folder of pictures, where many are painted.
Result<MaskChoice> GivenFolder(const std::string& word, Masked masked) {
  if (masked == Masked::kPictures) return MaskChoice{Source::kFolder, word};
  return InvalidArgument("--mask " + word + " is a folder: name a " +
                         (masked == Masked::kLive   ? "mask network (.onnx) in it"
                          : masked == Masked::kFilm ? "file in it, or a series such as mask_%04d.png"
                                                    : "file in it, which is the mask"));
}

// Ahead of the last colon, and behind it.
std::pair<std::string, std::string> SplitClass(const std::string& word) {
  const size_t colon = word.rfind(':');
  if (colon == std::string::npos || colon == 0) return {word, ""};
  return {word.substr(0, colon), word.substr(colon + 1)};
}

}  // namespace

Result<std::string> MasksFolder() {
  std::error_code error;
  if (const char* given = std::getenv("TEMPERA_STYLES"); given != nullptr && *given != '\0') {
    const fs::path beside = fs::path(given) / "masks";
    if (fs::is_directory(beside, error)) return beside.string();
  }
  const fs::path binary = BinaryFolder();
  const fs::path installed = binary.parent_path() / "share/tempera/masks";
  if (fs::is_directory(installed, error)) return installed.string();
  for (fs::path up = binary.parent_path();; up = up.parent_path()) {
    if (fs::is_directory(up / "models/masks", error)) return (up / "models/masks").string();
    if (up == up.parent_path()) break;
  }
  return NotFound("the bundled masks are not found near " + binary.string() +
                  "; give --mask a .onnx file, a picture or a film");
}

namespace {

Result<std::string> FindBundled(const std::string& word, bool live) {
  TEMPERA_ASSIGN_OR_RETURN(const std::string folder, MasksFolder());
  const std::string wanted = metadata::PlainName(word);
  const std::vector<std::string> names = ModelNamesIn(folder);
  for (const std::string& name : names) {
    if (metadata::PlainName(name) == wanted)
      return (fs::path(folder) / (name + std::string(kModelSuffix))).string();
  }
  if (wanted == "background")
    return NotFound(
        "the background is no mask of its own: say whose, as in --mask person --mask-of background");
  const std::string nearest = NearestName(wanted, names);
  std::string has;
  for (const std::string& name : names) has += (has.empty() ? "" : ", ") + name;
  return NotFound("there is no mask '" + word + "'; " +
                  (nearest.empty() ? "bundled: " + (has.empty() ? "none" : has) + "; or give a " +
                                         (live ? "mask network (.onnx)" : ".onnx file, a picture or a film")
                                   : "did you mean '" + nearest + "'?"));
}

}  // namespace

Result<std::string> FindBundledMask(const std::string& word) { return FindBundled(word, /*live=*/false); }

Result<std::vector<BundledMask>> ListMasks() {
  TEMPERA_ASSIGN_OR_RETURN(const std::string folder, MasksFolder());
  std::vector<BundledMask> masks;
  std::error_code error;
  for (const std::string& name : ModelNamesIn(folder)) {
    BundledMask& mask = masks.emplace_back();
    mask.name = name;
    mask.path = (fs::path(folder) / (name + std::string(kModelSuffix))).string();
    mask.file_size_bytes = static_cast<int64_t>(fs::file_size(mask.path, error));
    const auto metadata = onnx::ReadMetadataFile(mask.path);
    if (!metadata.ok()) continue;
    for (const auto& [key, value] : *metadata) {
      if (key == "tempera.title") mask.title = value;
      if (key == "tempera.license") mask.license = value;
      if (key != "tempera.mask.classes") continue;
      for (const std::string_view part : SplitTrimmed(value, ',', kMostClasses))
        mask.classes.emplace_back(part);
    }
  }
  return masks;
}

Result<ModelChoice> FindShown(const MaskRegion& region) {
  static const std::vector<std::string> kOthers = {"none", "blur"};
  Result<ModelChoice> found = FindStyle(region.style, kOthers);
  if (found.ok() || region.said.empty()) return found;
  return Status(found.status().code(), region.said + ": " + found.status().message());
}

Result<MaskChoice> FindMask(const std::string& word, Masked masked, std::string* note) {
  const bool live = masked == Masked::kLive, film = masked == Masked::kFilm;
  if (word == "-") return InvalidArgument("--mask - : a mask is no stream; give it as a file");
  std::error_code error;
  if (fs::is_directory(word, error)) {
    // Somebody's folder of that name must not keep a bundled mask from being found.
    const bool has_slash = word.find('/') != std::string::npos;
    const Result<std::string> bundled =
        has_slash ? Result<std::string>(NotFound("a path")) : FindBundled(word, live);
    if (!bundled.ok()) return GivenFolder(word, masked);
    if (note && masked == Masked::kPictures)
      *note = "--mask " + word + " is the bundled mask: write " + word + "/ for the folder of that name";
    return MaskChoice{Source::kNetwork, *bundled};
  }
  if (fs::is_regular_file(word, error)) {
    if (word.ends_with(kModelSuffix)) return MaskChoice{Source::kNetwork, word};
    if (live)
      return InvalidArgument("--mask " + word +
                             " is no mask network: a live picture is masked by person, or by a mask "
                             "network (.onnx)");
    return GivenMask(word, masked);
  }
  TEMPERA_ASSIGN_OR_RETURN(const auto name, media::ParseSeriesName(word));
  if (name || word.find_first_of("*?") != std::string::npos) {
    const auto found = media::FindSeries(word);
    if (!found.ok()) return Status(found.status().code(), "--mask " + word + ": " + found.status().message());
    const auto& series = *found;
    if (!series) return NotFound("--mask " + word + ": no such pictures");
    if (!film)
      return InvalidArgument(
          "--mask " + word + " is a series, and pictures come out: give one picture, which is the mask of " +
          "all of them" + (masked == Masked::kPictures ? ", or a folder with one of each" : ""));
    return MaskChoice{Source::kFilm, word};
  }
  const auto [before, of_class] = SplitClass(word);
  if (word.ends_with(':')) return InvalidArgument("--mask '" + word + "' names no class behind the colon");
  const bool names_file = before.find('/') != std::string::npos || before.ends_with(kModelSuffix) ||
                          fs::path(before).has_extension();
  if (names_file && !of_class.empty() && fs::is_regular_file(before, error)) {
    if (before.ends_with(kModelSuffix)) return MaskChoice{Source::kNetwork, before, of_class};
    return InvalidArgument("--mask " + word + ": only networks have classes");
  }
  if (names_file) return NotFound("--mask " + word + ": no such file");
  TEMPERA_ASSIGN_OR_RETURN(const std::string path, FindBundled(before, live));
  return MaskChoice{Source::kNetwork, path, of_class};
}

}  // namespace tempera::cli
