// A network in the manner of robust video matting, small: four states at four scales, their sizes left open.
#pragma once

#include <string>
#include <vector>

#include "src/onnx/model_builder.h"

namespace tempera::engine {

// How it is written that a state has the size of the features it meets.
enum class Meets {
  kConcat,  // it must have it
  kExpand   // it may also be one pixel of one channel, and is enlarged; all its sizes are open
};

// Adds inputs r1..r4, of a half to a sixteenth of the picture. The names of the outputs: the painting, of the
// picture's size, then one for each state in order.
inline std::vector<std::string> AddMatting(onnx::ModelBuilder& m, const std::string& picture, Meets meets) {
  using B = onnx::ModelBuilder;
  const auto conv = [&m](const std::string& x, int64_t in, int64_t out, int64_t stride) {
    return m.Node("Conv", {x, m.Random({out, in, 3, 3}, -0.3f, 0.3f), m.Random({out})},
                  {B::Ints("strides", {stride, stride}), B::Ints("pads", {1, 1, 1, 1})});
  };
  const auto beside = [&m](const std::string& a, const std::string& b) {
    return m.Node("Concat", {a, b}, {B::Int("axis", 1)});
  };
  // Enlarged to the size of `like`, whatever a stride has rounded up.
  const auto enlarged = [&m](const std::string& x, const std::string& like) {
    const std::string size =
        m.Node("Slice", {m.Node("Shape", {like}), m.Int64s({2}), m.Int64s({4}), m.Int64s({0})});
    return m.Node("Resize", {x, "", "", m.Node("Concat", {m.Int64s({1, 4}), size}, {B::Int("axis", 0)})},
                  {B::Text("mode", "nearest")});
  };
  std::vector<std::string> features = {picture};
  for (int64_t in : {3, 4, 4, 4}) features.push_back(m.Node("Relu", {conv(features.back(), in, 4, 2)}));
  std::vector<std::string> outputs(5);
  std::string x = features[4];
  for (size_t scale = 4; scale > 0; --scale) {
    if (scale < 4) x = m.Node("Relu", {conv(beside(enlarged(x, features[scale]), features[scale]), 8, 4, 1)});
    const std::string name = "r" + std::to_string(scale);
    const bool expands = meets == Meets::kExpand;
    std::string state = m.Input(name, expands ? Shape{-1, -1, -1, -1} : Shape{1, 4, -1, -1});
    if (expands) state = m.Node("Expand", {state, m.Node("Shape", {x})});
    outputs[scale] = x = m.Node("Tanh", {conv(beside(x, state), 8, 4, 1)});
  }
  outputs[0] = conv(beside(enlarged(x, picture), picture), 7, 3, 1);
  return outputs;
}

}  // namespace tempera::engine
