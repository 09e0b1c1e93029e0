// What a controller moves, and how it is moved.
#pragma once

#include <string>

#include "src/base/status.h"

namespace tempera::live {

// "strength", "style_weights[great-wave]", "style_weights[0]", "height", "fps", "mirror", "freeze",
// "mask", "mask.feather", "mask.threshold", "mask.hold", "scene:3", "style:great-wave".
struct Target {
  enum class Kind {
    kParameter,
    kElement,
    kHeight,
    kFps,
    kMirror,
    kFreeze,
    kMask,
    kFeather,
    kThreshold,
    kHold,
    kScene,
    kStyle
  };
  Kind kind = Kind::kParameter;
  std::string name{};     // of the parameter, or the style
  std::string element{};  // its name, short name or number
  int number = 0;         // of the scene
  bool operator==(const Target&) const = default;
};
Result<Target> ParseTarget(const std::string& text);
std::string TargetText(const Target& target);

// A controller that moved. `from`: "midi:cc:1:21" (channel from 1, controller), "midi:cc14:1:21",
// "midi:note:1:36", "midi:program:1:5", "midi:bend:1", "osc:/fader/1".
struct ControlEvent {
  std::string from;
  double value = 0;  // 0 to 1: where it stands now; of a note, how hard it was struck, 0 when it is let go
};

}  // namespace tempera::live
