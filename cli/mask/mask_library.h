// What a word behind --mask means: a bundled mask network, a file of one, a picture or a film.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/mask/mask_plan.h"
#include "cli/style_library.h"
#include "src/base/status.h"

namespace tempera::cli {

struct MaskChoice {
  MaskPlan::Source source = MaskPlan::Source::kNone;
  std::string path;
  std::string of_class = {};  // of a network, behind the colon; or ""
};

// The folder of the bundled mask networks: masks/ in that of the environment variable TEMPERA_STYLES; where
// that is unset or has none, share/tempera/masks beside the binary's folder (installed); else models/masks in
// the nearest folder above the binary (build tree).
Result<std::string> MasksFolder();

// The bundled network of that name, as bundled styles are found. kNotFound suggests the nearest name.
Result<std::string> FindBundledMask(const std::string& word);

// All of them, by name.
struct BundledMask {
  std::string name, path;
  std::string title, license;
  std::vector<std::string> classes;
  int64_t file_size_bytes = 0;
};
Result<std::vector<BundledMask>> ListMasks();

// The style that a region shows; an error begins with how the line says it.
Result<ModelChoice> FindShown(const MaskRegion& region);

// What is painted. A film: what can be both (GIF) is a film as a mask too. Many pictures: a folder has one
// mask for each. Live: nothing but a network will do, and errors name nothing else.
enum class Masked { kPicture, kPictures, kFilm, kLive };

// NAME[:CLASS], FILE.onnx[:CLASS], a picture, a film, a series of pictures or a folder of them. *note: what
// else the word could have meant.
Result<MaskChoice> FindMask(const std::string& word, Masked masked, std::string* note = nullptr);

}  // namespace tempera::cli
