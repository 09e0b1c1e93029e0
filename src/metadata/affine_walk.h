// Constants and the arithmetic with them that stands at the ends of a graph.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "src/graph/graph.h"
#include "src/graph/rewrite.h"

namespace tempera::metadata {

using ThreeNumbers = std::array<double, 3>;  // by channel

// y = gain * x + offset, by channel.
struct Affine {
  ThreeNumbers gain = {1, 1, 1}, offset = {0, 0, 0};
  bool identity() const;
};

// The numbers of a constant, an initializer or a node's, that is one number or one a channel; of any real
// type.
std::optional<ThreeNumbers> ConstantNumbers(const graph::Graph& graph, const graph::Uses& uses,
                                            graph::ValueId value);
std::optional<double> OneConstant(const graph::Graph& graph, const graph::Uses& uses, graph::ValueId value);

// What `node` makes of its input number `from`, where that is no more than such arithmetic: Add, Sub, Mul,
// Div with a constant, Neg, ImageScaler, BatchNormalization of constants, a 1x1 convolution that mixes
// no channels (how EDSR takes the mean off).
std::optional<Affine> AffineOf(const graph::Graph& graph, const graph::Uses& uses, const graph::Node& node,
                               size_t from);
// `second` done to what `first` gives.
Affine Then(const Affine& first, const Affine& second);

// Whether it hands on its first input's numbers, or means of them: it moves, cuts, repeats or converts them.
bool MovesNumbers(std::string_view op_type);

// The bounds of a Clip: inputs from opset 11 on, attributes before. Of a Max or a Min with a constant, that
// one.
struct Bounds {
  std::optional<double> low, high;
};
Bounds BoundsOf(const graph::Graph& graph, const graph::Uses& uses, const graph::Node& node);

}  // namespace tempera::metadata
