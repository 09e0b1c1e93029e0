// Between which numbers small computed values lie (scales and shifts of norms, gates), when it is known
// between which the inputs do that they follow from: interval arithmetic, number by number, through the
// operators that such values are made with. Memory and work are bounded, whatever the graph: what goes beyond
// is not known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "src/engine/facts/corners.h"
#include "src/engine/facts/intervals.h"
#include "src/engine/types/inputs.h"
#include "src/graph/graph.h"

namespace tempera::engine {

struct SmallContext;

// What is known of a value's numbers.
struct SmallNumbers {
  // No number of the value is less than the sum of all of `value`'s, where none of those is negative.
  struct SumOf {
    graph::ValueId value = graph::kNoValue;
    bool exactly = false;  // and each is that sum
  };

  Intervals at = {};
  // None is negative, and together they are 1; or `most`: no more than 1. Weights of a mean, which lies
  // between the least and the greatest of what they weigh.
  bool shares = false, most = false;
  SumOf sum = {};  // may be known where `at` is not
  bool known() const { return at.known(); }
};

class SmallRanges {
 public:
  explicit SmallRanges(const graph::Graph& graph);

  // What is known of an fp32 input.
  void SetInput(graph::ValueId v, const InputValues& known);
  // Every node, in order, each by its operator's rule (operators.h). What no later one reads is forgotten at
  // the next call.
  void Visit(const graph::Node& node);
  // One a number, of a constant as well; empty: not known.
  std::vector<Interval> Of(graph::ValueId v) const;
  bool Knows(graph::ValueId v) const;
  // All that Of gives, and what else is known.
  SmallNumbers Read(graph::ValueId v) const;

  // The numbers of both at every corner of the inputs that they follow from (corners.h); false, and nothing
  // is called, where that is not known of one of them, or where they follow from none.
  using AtCorner = std::function<void(std::span<const double>, std::span<const double>)>;
  bool VisitCorners(graph::ValueId a, graph::ValueId b, const AtCorner& visit);

  // Before a rule takes more than a few steps for each number that its node reads or makes: false when the
  // graph has taken all the work that it gets.
  bool Afford(int64_t work);
  // Intervals kept at the moment.
  int64_t kept() const { return kept_; }

 private:
  void Keep(graph::ValueId v, SmallNumbers numbers);
  void KeepCorners(graph::ValueId v, CornerNumbers numbers);
  bool FollowStraight(const graph::Node& node, uint64_t* inputs) const;
  void FindCorners(const graph::Node& node, SmallNumbers (*rule)(const SmallContext&), size_t output);
  CornerNumbers CornersOf(graph::ValueId v) const;
  bool AffordCorner(int64_t work);
  void Forget(graph::ValueId v);
  const Shape& ShapeOf(graph::ValueId v) const { return graph_.value(v).info.shape; }

  const graph::Graph& graph_;
  std::vector<SmallNumbers> values_;  // by ValueId
  std::vector<std::vector<graph::ValueId>> last_uses_;
  size_t visited_ = 0;
  int64_t kept_ = 0, work_ = 0;
  Corners corners_;
  std::vector<CornerNumbers> at_corners_;  // by ValueId
  bool in_corner_ = false;                 // Read gives numbers where corners_ stands
  int64_t corners_kept_ = 0, corner_work_ = 0;
};

// A small output of a node whose first input is there.
struct SmallContext {
  const graph::Graph& graph;
  const graph::Node& node;
  SmallRanges& known;
  size_t output = 0;  // which, of those of the node

  const Shape& made() const { return graph.value(node.outputs[output]).info.shape; }
  int64_t count() const;       // of its numbers
  int64_t count_read() const;  // of those of the first input
  // Of inputs that are there.
  const Shape& shape(size_t input = 0) const { return graph.value(node.inputs[input]).info.shape; }
  // Nothing of an input that is left out.
  SmallNumbers Read(size_t input = 0) const;
};
using SmallRule = SmallNumbers (*)(const SmallContext& context);

}  // namespace tempera::engine
