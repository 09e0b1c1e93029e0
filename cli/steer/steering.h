// What the command line says of a model's parameters: --blend, --param, --animate. Words become numbers here;
// which parameter a name means is found out once the model is open (schedule.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace tempera::cli {

// "strength = 0.5", "style_weights = 0.2, 0.8" or "great-wave": a parameter, or one style of a blend.
struct Turn {
  std::string name;
  std::vector<float> values;  // at least one
};

struct Keyframe {
  double time_s = 0;
  std::vector<Turn> turns;
  bool smooth = false;  // how values come here from the keyframe before: along a line, or an S
};

struct Steering {
  std::string style;        // of a file of many, alone; or ""
  std::vector<Turn> blend;  // styles, one value each
  std::vector<Turn> params;
  std::vector<Keyframe> keys;  // later and later

  bool empty() const { return style.empty() && blend.empty() && params.empty() && keys.empty(); }
};

// "a=0.7,b=0.3"; a name alone means 1.
Result<std::vector<Turn>> ParseBlend(std::string_view text);
// "name=value[,value...]"
Result<Turn> ParseParam(std::string_view text);
// "0s:a=1,strength=0.5; 1:02:b=1 smooth", or the name of a .json file of keyframes. `smooth`: those that say
// nothing of it.
Result<std::vector<Keyframe>> ParseAnimation(const std::string& text, bool smooth);
// The contents of such a file: {"ease": "smooth", "keyframes": [{"time": "0:04.5", "values": {"a": 1}}]}.
Result<std::vector<Keyframe>> ParseKeyframesJson(std::string_view json, bool smooth);

}  // namespace tempera::cli
