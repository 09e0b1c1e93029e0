// What is known of a step without running it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/tensor.h"

namespace tempera::engine {

// One line of `tempera inspect` and `bench --per-step`.
struct StepInfo {
  std::string name;       // the node(s) it computes, joined by '+'
  std::string operators;  // "Pad+Conv+InstanceNormalization+Relu"
  std::string kernel;     // "conv_f32 3x3 s1 planar AVX2" or "reference"
  Shape output_shape;
  int64_t macs = 0;   // multiply-accumulates of the graph as written
  int64_t bytes = 0;  // activations read and written once each, and weights
  // Steps whose output it reads, by index into Session::steps(), ascending; -1 for an input of the session.
  std::vector<int32_t> sources;
  double last_ms = 0;  // of the last Run, when profiling is on
};

}  // namespace tempera::engine
