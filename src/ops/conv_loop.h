// Conv's plain loop, which quantised convolutions sum with too.
#pragma once

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/graph/graph.h"

namespace tempera::ops {

// x, w and bias (nullptr: none) are float32, and fit as Conv's shape rule has it; y is float32 or float64.
// Sums are float64: of products of integers below 2^9 they are exact.
Status Convolve(const graph::Node& node, const Tensor& x, const Tensor& w, const Tensor* bias, Tensor* y);

}  // namespace tempera::ops
