// The filter's settings in OBS's own store, and what they mean.
//   style            a style's name, or kOwnFile: then `file`
//   height, threads  as Look has them
//   mask             "" (the whole picture), kPerson, kAllButPerson, kOwnFile (then `mask.file`), or a word
//   for FindMask mask.class       of a file: one of its classes; mask.background: paint all but what a file
//   or word finds mask.outside     "" (the picture as it is), kBlur (of mask.blur pixels; 0: a share), a
//   style's name, or kOwnFile (then
//                    `mask.outside_file`)
//   mask.feather, mask.threshold, mask.hold, mask.every   as MaskNumbers has them
//   value.NAME       of a parameter of the model; absent: as the model's file says (steadiness:
//   kDefaultSteadiness) blend            whether share.NAME, a share of each style of the file, counts
//   instead of one style presets          an object: a preset's name, and what of the above it sets preset
//   the one that was chosen; preset_applied: the one that was applied last
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <obs-module.h>

#include "plugins/obs/painter.h"

namespace tempera::plugins::obs {

inline constexpr char kOwnFile[] = "*file";  // no style's name
inline constexpr char kPerson[] = "person";
inline constexpr char kAllButPerson[] = "*background";
inline constexpr char kBlur[] = "blur";
// What somebody wants to look at at once on a laptop: half a million pixels less than 720 lines have.
inline constexpr int kDefaultHeight = 360;
// As the command paints films.
inline constexpr double kDefaultSteadiness = 0.5;

struct DataRelease {
  void operator()(obs_data_t* data) const { obs_data_release(data); }
};
using Data = std::unique_ptr<obs_data_t, DataRelease>;

// A parameter of a model, as its file says.
struct ModelParameter {
  std::string name, line, unit;
  int kind = TEMPERA_PARAMETER_NUMBER;
  float minimum = 0, maximum = 1;
  std::vector<float> defaults;
  std::vector<std::string> elements;     // for people; may be fewer than there are
  std::vector<std::string> short_names;  // of styles
};

struct Model {
  std::vector<ModelParameter> parameters;
  // The parameter that blends styles, or null.
  const ModelParameter* Blend() const;
};

// The word for FindStyle.
std::string StyleWord(obs_data_t* settings);
// The words for FindMask.
MaskWords MaskWordsOf(obs_data_t* settings);
// What the chosen mask's file offers (OfferedClasses).
std::vector<std::string> MaskClasses(obs_data_t* settings);
// What the file that paints says of its parameters; null where there is none or it does not open.
std::shared_ptr<const Model> ChosenModel(obs_data_t* settings);
// The file that styles are blended in: the chosen one where it holds several, else the bundled one that does;
// null where there is none.
std::shared_ptr<const Model> BlendingModel(obs_data_t* settings);
// Reads no file: OBS hands on new settings on its render thread.
Look LookOf(obs_data_t* settings);
void SetDefaults(obs_data_t* settings);

// "value.NAME", "value.NAME.2" of several elements, "share.NAME".
std::string ValueKey(const ModelParameter& parameter, size_t element);
std::string ShareKey(const std::string& style);

// Presets. Names that are empty or unknown do nothing.
std::vector<std::string> PresetNames(obs_data_t* settings);
void SavePreset(obs_data_t* settings, const std::string& name);
void RemovePreset(obs_data_t* settings, const std::string& name);
// Where another preset was chosen than the one applied last: what it does not set is the default again.
void FollowPreset(obs_data_t* settings);

}  // namespace tempera::plugins::obs
