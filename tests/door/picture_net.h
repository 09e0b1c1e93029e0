// Networks from picture to picture that nobody thought of: layers, views, plain loops and several outputs as
// the dice fall.
#pragma once

#include <string>

#include "src/onnx/model.h"
#include "tests/door/dice.h"

namespace tempera::door {

struct PictureNet {
  onnx::Model model;
  std::string recipe;      // for whoever reads a failure
  bool only_size = false;  // its input names one size
};

PictureNet DrawPictureNet(Dice& dice);

// The same with every weight and the frame changed by a millionth or so: two paintings that differ much more
// tell of a network that is no measure for rounding.
onnx::Model Shaken(const onnx::Model& model);

}  // namespace tempera::door
