// What Slice and Split read, for whoever copies by other means than the plain loops.
#pragma once

#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/graph/graph.h"

namespace tempera::ops {

// The output's element [i0, i1, ...] is the input's `offset` + sum of i * strides; strides may be negative.
struct SliceView {
  int64_t offset = 0;
  Shape shape, strides;
};

// constants: the node's inputs as far as they are known, nullptr where absent. x: the first one's shape.
Result<SliceView> ViewOfSlice(const graph::Node& node, int opset, const Shape& x,
                              std::span<const Tensor* const> constants);

// The size of each of `parts` outputs along the axis of a Split, `total` long.
Result<std::vector<int64_t>> SplitSizes(const graph::Node& node, int opset, int64_t total, size_t parts,
                                        std::span<const Tensor* const> constants);

}  // namespace tempera::ops
