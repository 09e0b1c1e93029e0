// The options that turn a model's parameters: --blend, --stroke, --param, --animate, --animate-ease,
// --timeline.
#pragma once

#include <string>
#include <vector>

#include "cli/steer/steering.h"

namespace CLI {
class App;
}

namespace tempera::cli {

struct SteerOptions {
  std::string blend, animate, stroke, timeline;
  std::string ease = "linear";
  std::vector<std::string> params;

  void AddTo(CLI::App& verb);
  // What they say; a keyframe file is read.
  Result<Steering> Read() const;
};

// The names in it that may be styles, for whoever looks for a file that has them.
std::vector<std::string> StyleWords(const Steering& steering);

// Whether --param or a keyframe turns this parameter.
bool Turns(const Steering& steering, const std::string& parameter);

// What reports call the painting: the blend as "a=0.7,b=0.3", or `style`.
std::string PaintedName(const Steering& steering, const std::string& style);

}  // namespace tempera::cli
