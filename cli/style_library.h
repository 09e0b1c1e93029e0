// The bundled styles: where they lie, what they say of themselves, and which one a word means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::cli {

struct Style {
  std::string name;  // the file's name without .onnx: what --style takes
  std::string path;
  std::string title;  // metadata tempera.title, or the name
  std::string artist;
  std::string year;
  std::string license;
  int64_t parameters = 0;  // trained numbers; -1: the file is no network that runs
  int64_t file_size_bytes = 0;
  std::string style;  // which of the styles in the file, or "": it is of one
};

// A model file, and which of its styles is meant.
struct ModelChoice {
  std::string path;
  std::string style;  // a name in the file, or "": as the file begins

  // What reports call it: the style's name, or the file's without .onnx.
  std::string name() const;
};

// The folder of the bundled styles: the environment variable TEMPERA_STYLES; where that is unset,
// share/tempera/styles beside the binary's folder (installed); else models/ in the nearest folder
// above the binary (build tree). kNotFound names the variable.
Result<std::string> StylesFolder();

// Names, without the suffix, of the .onnx files in a folder, sorted; none where it cannot be read.
std::vector<std::string> ModelNamesIn(const std::string& folder);

// Those that tempera_list_styles finds in the folder, by name: what a plugin shows. What is left out, and
// what cannot be painted with, gets a note.
Result<std::vector<Style>> ListStyles();

// The model file meant by `name_or_path`: an existing file, or a bundled style's name (any case;
// spaces and underscores count as dashes). kNotFound suggests the nearest name; a picture or a film is
// refused as that.
Result<std::string> FindModel(const std::string& name_or_path);

// The same, and one style of a file of many: FILE.onnx:NAME, or a bundled style's name, whose own file goes
// before one that holds it among others.
//
// others: words that would do in its place, such as blur; messages suggest them too.
Result<ModelChoice> FindStyle(const std::string& word, const std::vector<std::string>& others = {});

// The bundled file that holds most of these styles among others, for --blend without --style; without any:
// DefaultModel.
Result<ModelChoice> FindBlend(const std::vector<std::string>& names);

// What stylize uses when --style is not given: starry-night, or else the first there is.
Result<ModelChoice> DefaultModel();

// The sample frame that previews are painted on.
Result<std::string> SampleFramePath();

// The name in `names` that takes the fewest edits to reach from `word`; "" when none is near.
std::string NearestName(const std::string& word, const std::vector<std::string>& names);

}  // namespace tempera::cli
