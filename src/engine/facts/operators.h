// What is known of an operator before any number is: one line each, in operators.cc. What runs it is in the
// planners' table (plan/planner_table.cc), which a test holds against this one.
#pragma once

#include <span>
#include <string_view>

#include "src/engine/facts/small_ranges.h"
#include "src/engine/facts/spread.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// Along which axes a result is one number, where its inputs are (flat.h).
enum class FlatWhen {
  kNever,
  kPlanes,  // a picture whose planes are one number each gives another, whatever their size: convolutions,
            // norms
  kFirst,   // along each axis along which the first input is, as broadcast: number by number
  kAlong,  // the same, but what happens along an axis may part numbers that were equal side by side: those of
           // a run that does not end with the axis
  kAll,    // along each along which all inputs are, as broadcast
  kConcat,     // the same, but for the axis along which they are joined
  kView,       // the numbers stay in their order, the shape changes
  kTranspose,  // the axes change places
};

// What becomes of a picture that lies interleaved (layouts.h).
enum class LayoutRole {
  kNeedsPlanes,
  kConv,        // makes such pictures, where it runs in a lower precision
  kAdd,         // makes one of two
  kNorm,        // leaves it where it lies, a scale and a shift pending
  kAffine,      // the same
  kActivation,  // the same with an activation
};

// Whether a result's numbers are shares of a whole, 0 to 1.
enum class Shares {
  kNotKnown,
  kAlways,  // whatever goes in
  kKept,    // when the first input's are: it cuts, turns or resamples them
};

struct OperatorFacts {
  std::string_view op_type;
  FlatWhen (*flat)(const graph::Node& node);
  RangeRule range;  // nullptr: what it makes is measured (kMeasured in operators.cc)
  LayoutRole layout;
  SmallRule small = nullptr;  // nullptr: nothing is known of small values that it makes
  Shares shares = Shares::kNotKnown;
};

// Of an operator without a line: never flat, measured, in planes, nothing else known.
const OperatorFacts& FactsOf(std::string_view op_type);
// Whether it has a line.
bool HasFacts(std::string_view op_type);

}  // namespace tempera::engine
