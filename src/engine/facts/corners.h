// Small values that follow from what the caller turns (a style's weights, a strength) so that each moves them
// along a straight line while the others stand still: sums and products of those that do not share an input,
// as rows of a table blended by weights are. Such a value is greatest and least at corners, where every input
// is at an end, and so is whatever is convex in it. Numbers at every corner are kept: bounds that interval
// arithmetic, which does not know that weights and what is left of them are one whole, makes many times too
// wide.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "src/engine/types/inputs.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// A value's numbers at every corner of the inputs that it follows from.
struct CornerNumbers {
  uint64_t inputs = 0;          // bits of them; none: not known, or it follows from nothing
  int64_t count = 0;            // of numbers at one corner
  std::vector<double> at = {};  // corner by corner; the first input's end changes first

  bool known() const { return inputs != 0; }
};

class Corners {
 public:
  // What is known of a new input of `count` numbers: of shares, that one of them is all; of others, that each
  // is at one of two ends by itself. Nothing where there would be too many.
  CornerNumbers Input(int64_t count, const InputValues& known);

  // How many corners these inputs have together.
  int64_t CountOf(uint64_t inputs) const;
  // By input which end it is at, of the corner of `inputs` with this index; into ends().
  void Enter(uint64_t inputs, int64_t corner);
  // Its numbers where Enter stands, which was called with all inputs of it or more.
  std::span<const double> Here(const CornerNumbers& numbers) const;
  // Without the inputs that change nothing.
  CornerNumbers Needed(CornerNumbers numbers) const;

 private:
  int64_t PlaceOf(uint64_t inputs) const;

  std::vector<int64_t> ends_;  // by input, how many
  std::vector<int64_t> here_;
};

// Whether each output of the node is a straight line in every input that it follows from, when all it reads
// is: `inputs` has the bits of each of its operands.
bool KeepsStraight(const graph::Node& node, std::span<const uint64_t> inputs);

}  // namespace tempera::engine
