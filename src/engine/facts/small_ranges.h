// Between which numbers small computed values lie (scales and shifts of norms, gates), when it is known
// between which the inputs do that they follow from: interval arithmetic, number by number, through the
// operators that such values are made with.
#pragma once

#include <cstdint>
#include <vector>

#include "src/engine/types/inputs.h"
#include "src/graph/graph.h"

namespace tempera::engine {

struct Interval {
  double low = 0, high = 0;
};

class SmallRanges {
 public:
  explicit SmallRanges(const graph::Graph& graph) : graph_(graph), values_(graph.values.size()) {}

  // What is known of an fp32 input.
  void SetInput(graph::ValueId v, const InputValues& known);
  // Nodes in order.
  void Visit(const graph::Node& node);
  // One a number, of a constant as well; empty: not known.
  std::vector<Interval> Of(graph::ValueId v) const;

 private:
  struct Numbers {
    std::vector<Interval> at;
    // None is negative, and together they are 1; or `most`: no more than 1. Weights of a mean, which lies
    // between the least and the greatest of what they weigh.
    bool shares = false, most = false;
    bool known() const { return !at.empty(); }
  };

  Numbers Read(graph::ValueId v) const;
  void Keep(graph::ValueId v, Numbers numbers);
  const Shape& ShapeOf(graph::ValueId v) const { return graph_.value(v).info.shape; }

  Numbers Moved(const graph::Node& node) const;
  Numbers Mapped(const graph::Node& node) const;
  Numbers Joined(const graph::Node& node) const;
  Numbers Multiplied(const graph::Node& node) const;
  Numbers Gathered(const graph::Node& node) const;
  Numbers Reduced(const graph::Node& node) const;
  Numbers Part(graph::ValueId whole, graph::ValueId part, const Shape& begin) const;
  Numbers Sliced(const graph::Node& node) const;
  Numbers Concatenated(const graph::Node& node) const;
  bool DividesByItsSum(const graph::Node& div, bool* most) const;

  const graph::Graph& graph_;
  std::vector<Numbers> values_;
};

}  // namespace tempera::engine
