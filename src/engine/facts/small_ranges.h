// Between which numbers small computed values lie (scales and shifts of norms, gates), when it is known
// between which the inputs do that they follow from: interval arithmetic, number by number, through the
// operators that such values are made with. Memory and work are bounded, whatever the graph: what goes beyond
// is not known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/engine/facts/intervals.h"
#include "src/engine/types/inputs.h"
#include "src/graph/graph.h"

namespace tempera::engine {

class SmallRanges {
 public:
  explicit SmallRanges(const graph::Graph& graph);

  // What is known of an fp32 input.
  void SetInput(graph::ValueId v, const InputValues& known);
  // Every node, in order. What no later one reads is forgotten at the next call.
  void Visit(const graph::Node& node);
  // One a number, of a constant as well; empty: not known.
  std::vector<Interval> Of(graph::ValueId v) const;
  bool Knows(graph::ValueId v) const;

  // Intervals kept at the moment.
  int64_t kept() const { return kept_; }

 private:
  struct Numbers {
    Intervals at = {};
    // None is negative, and together they are 1; or `most`: no more than 1. Weights of a mean, which lies
    // between the least and the greatest of what they weigh.
    bool shares = false, most = false;
    bool known() const { return at.known(); }
  };
  // No number of the value is less than the sum of all of `of`'s.
  struct SumOf {
    graph::ValueId of = graph::kNoValue;
    bool exactly = false;  // and it is that
  };

  Numbers Read(graph::ValueId v) const;
  void Keep(graph::ValueId v, Numbers numbers);
  void Forget(graph::ValueId v);
  const Shape& ShapeOf(graph::ValueId v) const { return graph_.value(v).info.shape; }
  // False when the graph has taken all the work that it gets.
  bool Afford(int64_t work);

  Numbers Ranges(const graph::Node& node);
  Numbers Moved(const graph::Node& node);
  Numbers Mapped(const graph::Node& node);
  Numbers Joined(const graph::Node& node);
  Numbers Multiplied(const graph::Node& node);
  Numbers Gathered(const graph::Node& node);
  Numbers Reduced(const graph::Node& node);
  Numbers Part(graph::ValueId whole, graph::ValueId part, const Shape& begin);
  void Split(const graph::Node& node);
  Numbers Sliced(const graph::Node& node);
  Numbers Concatenated(const graph::Node& node);
  SumOf SumBelow(const graph::Node& node) const;

  const graph::Graph& graph_;
  std::vector<Numbers> values_;
  std::vector<SumOf> sums_;  // by ValueId
  std::vector<std::vector<graph::ValueId>> last_uses_;
  size_t visited_ = 0;
  int64_t kept_ = 0, work_ = 0;
};

}  // namespace tempera::engine
