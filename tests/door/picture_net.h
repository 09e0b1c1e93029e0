// Networks from picture to picture that nobody thought of: layers, views, plain loops, further inputs and
// outputs as the dice fall. And networks from picture to mask.
#pragma once

#include <string>
#include <vector>

#include "src/onnx/model.h"
#include "tests/door/dice.h"
#include "tests/door/features.h"

namespace tempera::door {

// What its file lets a user turn.
struct NetParameter {
  std::string name;
  int count = 1;
  float low = 0, high = 1;
};

struct PictureNet {
  onnx::Model model;
  std::string recipe;  // for whoever reads a failure
  Features features;
  std::vector<NetParameter> parameters;
  bool has_states() const { return features.Has(Feature::kState); }
};

PictureNet DrawPictureNet(Dice& dice);
// A picture in, planes out of which one is a mask.
PictureNet DrawMaskNet(Dice& dice);

// The same with every weight changed by up to that share of it, and, where `frame` says so, the picture too:
// two paintings that differ much more tell of a network that is no measure for rounding.
onnx::Model Shaken(const onnx::Model& model, float share, bool frame);

}  // namespace tempera::door
