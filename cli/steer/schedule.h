// What of a model's parameters holds at each moment: Steering's names, found among those that the model has.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/steer/steering.h"
#include "src/base/status.h"
#include "tempera/tempera.h"

namespace tempera::cli {

// What a model can be turned by, as tempera_get_parameter_info tells it.
struct Control {
  std::string name;
  std::string line = {};
  std::string unit = {};
  int kind = TEMPERA_PARAMETER_NUMBER;
  float minimum = 0, maximum = 1;
  std::vector<float> defaults = {0};
  std::vector<std::string> elements = {}, short_names = {};  // of elements, or none
};
std::vector<Control> ControlsOf(const tempera_stylizer* stylizer);

class Schedule {
 public:
  // The names that `steering` has, and values within their ranges. kNotFound, kInvalidArgument: a line that
  // names what there is. `model`: what messages call the file.
  static Result<Schedule> Make(const std::vector<Control>& controls, const Steering& steering,
                               const std::string& model);

  struct Value {
    size_t control;
    std::vector<float> values;
  };
  // What is to be set before a frame of this moment; the same at every call with it.
  std::vector<Value> At(double time_s) const;
  // Whether that changes with time.
  bool moves() const { return moves_; }

 private:
  struct Key {
    double time_s;
    std::vector<float> values;
    bool smooth;
  };
  struct Track {
    size_t control;
    std::vector<Key> keys;  // at least one
  };
  class Maker;

  std::vector<Track> tracks_;
  bool moves_ = false;
};

}  // namespace tempera::cli
