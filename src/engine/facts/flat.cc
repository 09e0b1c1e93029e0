#include "src/engine/facts/flat.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "src/engine/facts/operators.h"
#include "src/graph/rewrite.h"

namespace tempera::engine {
namespace {

using graph::Graph;
using graph::IsPicture;
using graph::Node;
using graph::ValueId;

constexpr size_t kMostAxes = 32;

// A value is one number along these axes (a bit each) while those inputs are flat, and in storage its numbers
// come in runs of one of that length (or of what the last axes say, where that is more). An axis of one is
// one number anyway, and has its bit.
struct Flatness {
  uint32_t axes = 0;
  FlatInputs inputs = 0;
  int64_t run = 1;
};

constexpr uint32_t Bit(size_t axis) { return uint32_t{1} << axis; }

uint32_t AxesOfOne(const Shape& shape) {
  uint32_t axes = 0;
  for (size_t d = 0; d < shape.size() && d < kMostAxes; ++d) axes |= shape[d] == 1 ? Bit(d) : 0;
  return axes;
}

// Of a value of `shape`, as it is broadcast to `rank` axes.
uint32_t Broadcast(uint32_t axes, const Shape& shape, size_t rank) {
  const size_t more = rank - std::min(rank, shape.size());
  return axes << more | (Bit(more) - 1);
}

// Planes of h and w.
bool HasFlatPlanes(uint32_t axes) { return (axes >> 2 & 3) == 3; }

class FlatFinder {
 public:
  explicit FlatFinder(const Graph& graph) : graph_(graph), known_(graph.values.size()) {}

  std::vector<FlatInputs> Run() {
    for (size_t v = 0; v < known_.size(); ++v) known_[v].axes = AxesOfOne(ShapeOf(static_cast<ValueId>(v)));
    for (size_t i = 0; i < graph_.inputs.size(); ++i) {
      if (!IsPicture(graph_.value(graph_.inputs[i]).info)) continue;
      Add(graph_.inputs[i], {Bit(2) | Bit(3), FlatInput(i), 1});
    }
    for (const Node& node : graph_.nodes) Follow(node);
    std::vector<FlatInputs> flat(known_.size(), kNeverFlat);
    for (size_t v = 0; v < flat.size(); ++v) {
      const bool picture = IsPicture(graph_.value(static_cast<ValueId>(v)).info);
      if (picture && HasFlatPlanes(known_[v].axes)) flat[v] = known_[v].inputs;
    }
    return flat;
  }

 private:
  const Shape& ShapeOf(ValueId v) const { return graph_.value(v).info.shape; }
  const Flatness& KnownOf(ValueId v) const { return known_[static_cast<size_t>(v)]; }
  void Add(ValueId v, const Flatness& more) {
    Flatness& known = known_[static_cast<size_t>(v)];
    const int64_t run = std::max(more.run, RunOf(ShapeOf(v), more.axes));
    if ((more.axes & ~known.axes) == 0 && run <= known.run) return;
    known.axes |= more.axes;
    known.inputs |= more.inputs;
    known.run = run;
  }

  void Follow(const Node& node) {
    if (node.inputs.empty() || node.inputs[0] == graph::kNoValue) return;
    const FlatWhen when = FactsOf(node.op_type).flat(node);
    if (when == FlatWhen::kNever) return;
    for (const ValueId out : node.outputs) {
      if (out == graph::kNoValue || ShapeOf(out).size() >= kMostAxes) continue;
      Add(out, ResultOf(node, when, ShapeOf(out)));
    }
  }

  Flatness ResultOf(const Node& node, FlatWhen when, const Shape& out) const {
    const ValueId x = node.inputs[0];
    const Shape& in = ShapeOf(x);
    const Flatness& first = KnownOf(x);
    if (in.size() >= kMostAxes) return {};
    switch (when) {
      case FlatWhen::kPlanes:
        return in.size() == 4 && out.size() == 4 && HasFlatPlanes(first.axes)
                   ? Flatness{Bit(2) | Bit(3), first.inputs, 1}
                   : Flatness{};
      case FlatWhen::kAlong:
        return {Broadcast(first.axes, in, out.size()), first.inputs, 1};
      case FlatWhen::kFirst:
        return {Broadcast(first.axes, in, out.size()), first.inputs, in == out ? first.run : 1};
      case FlatWhen::kAll:
      case FlatWhen::kConcat:
        return OfAll(node, when, out);
      case FlatWhen::kView:
        return {AxesOfRuns(first.run, out), first.inputs, first.run};
      case FlatWhen::kTranspose:
        return {AxesOfTranspose(node, first.axes, in.size()), first.inputs, 1};
      case FlatWhen::kNever:
        break;
    }
    return {};
  }

  Flatness OfAll(const Node& node, FlatWhen when, const Shape& out) const {
    Flatness all = {~uint32_t{0}, 0, 0};
    for (const ValueId v : node.inputs) {
      if (v == graph::kNoValue) continue;
      if (ShapeOf(v).size() > out.size()) return {};
      all.axes &= Broadcast(KnownOf(v).axes, ShapeOf(v), out.size());
      all.inputs |= KnownOf(v).inputs;
      // One number for all leaves runs as they are.
      if (AxesOfOne(ShapeOf(v)) + 1 != Bit(ShapeOf(v).size()))
        all.run = std::gcd(all.run, ShapeOf(v) == out ? KnownOf(v).run : 1);
    }
    if (when == FlatWhen::kConcat || all.run == 0) all.run = 1;
    if (when == FlatWhen::kConcat) {
      const int64_t axis = node.attributes.Int("axis", 0);
      all.axes &= ~Bit(static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(out.size()) : axis));
    }
    return all;
  }

  // The last axes that are one number make a run.
  static int64_t RunOf(const Shape& shape, uint32_t axes) {
    int64_t run = 1;
    for (size_t d = std::min(shape.size(), kMostAxes); d > 0 && (axes & Bit(d - 1)) != 0; --d)
      run *= shape[d - 1];
    return run;
  }

  // What divides a run into rows, planes and so on has them of one number too.
  static uint32_t AxesOfRuns(int64_t run, const Shape& out) {
    uint32_t axes = AxesOfOne(out);
    int64_t part = 1;
    for (size_t d = out.size(); d > 0; --d) {
      part *= out[d - 1];
      if (part == 0 || run % part != 0) break;
      axes |= Bit(d - 1);
    }
    return axes;
  }

  static uint32_t AxesOfTranspose(const Node& node, uint32_t in_axes, size_t rank) {
    const std::vector<int64_t> order = node.attributes.Ints("perm");
    uint32_t axes = 0;
    for (size_t d = 0; d < rank; ++d) {
      auto from = rank - 1 - d;
      if (d < order.size())
        from = static_cast<size_t>(order[d] < 0 ? order[d] + static_cast<int64_t>(rank) : order[d]);
      if (from < rank && (in_axes & Bit(from)) != 0) axes |= Bit(d);
    }
    return axes;
  }

  const Graph& graph_;
  std::vector<Flatness> known_;  // by ValueId
};

}  // namespace

std::vector<FlatInputs> FlatWhenInputsAre(const Graph& graph) { return FlatFinder(graph).Run(); }

bool IsFlat(const Tensor& picture) {
  if (picture.dtype() != DataType::kFloat32 || picture.shape().size() != 4) return false;
  const int64_t plane = picture.shape()[2] * picture.shape()[3];
  if (plane == 0) return false;
  const float* p = picture.data<float>();
  for (int64_t i = 0; i < picture.shape()[0] * picture.shape()[1]; ++i, p += plane) {
    if (!std::all_of(p, p + plane, [first = *p](float x) { return x == first; })) return false;
  }
  return true;
}

}  // namespace tempera::engine
