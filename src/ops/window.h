// The sliding window of convolutions and pools: kernel, strides, dilations, pads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/graph/graph.h"

namespace tempera::ops {

// One entry per spatial dimension (h, w for pictures), everything resolved: auto_pad has
// become numbers.
struct Window {
  std::vector<int64_t> kernel, strides, dilations;
  std::vector<int64_t> pads_begin, pads_end;
  std::vector<int64_t> output;  // spatial sizes

  // Taps reach over (kernel - 1) * dilation + 1 positions.
  int64_t reach(size_t d) const { return (kernel[d] - 1) * dilations[d] + 1; }
};

// `spatial` are the input's spatial sizes; `kernel` what the weights say (empty: the
// kernel_shape attribute, required). ceil_mode is honoured when the node has it.
Result<Window> ResolveWindow(const graph::Node& node, std::span<const int64_t> spatial,
                             std::span<const int64_t> kernel);

}  // namespace tempera::ops
