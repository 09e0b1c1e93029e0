// What a plugin's user says of masks, in the words of the command's --mask, --mask-of and --outside, and what
// it means: found among the mask networks and styles that were installed with the plugin.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plugins/common/style_finder.h"

namespace tempera::plugins {

// Each "" as it begins.
struct MaskWords {
  std::string mask;  // "": the whole picture is painted; a bundled mask's name, a .onnx file; either :CLASS
  std::string of;    // "inside" ("mask"): what the mask finds is painted; "background": all but that
  std::string outside;  // the rest: "none", as it is; "blur", "blur:PX"; or a style, as FindStyle takes it
  bool operator==(const MaskWords&) const = default;
};

// Turned without another look at the disk. What lies outside a range counts as its nearest end.
struct MaskNumbers {
  double feather = 0;      // pixels, 0..1024
  double threshold = 0.5;  // 0.01..0.99
  double hold = 0.8;       // 0..1; as the command has it for films
  double every = 1;        // frames, 1..16
  bool operator==(const MaskNumbers&) const = default;
};

struct MaskChoice {
  std::string path;      // of the network; "": no mask
  std::string of_class;  // "": the file's own
  bool paints_background = false;
  std::optional<StyleChoice> outside;  // a style; or
  std::optional<float> blur;           // in pixels; 0: a share of the frame
  bool operator==(const MaskChoice&) const = default;
};

// Of a mask that is "" nothing else is looked at.
Expected<MaskChoice> FindMask(const MaskWords& words);

// What may stand behind the colon of a mask's file, for a menu: its classes in their order, each name once,
// where one has no name its number. Without the background, which is no class to be painted (MaskWords::of).
// Empty where the file does not open.
std::vector<std::string> OfferedClasses(const std::string& path);

}  // namespace tempera::plugins
