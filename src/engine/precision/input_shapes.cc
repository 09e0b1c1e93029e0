#include "src/engine/precision/input_shapes.h"

#include <algorithm>
#include <string>

#include "src/base/checked_math.h"
#include "src/ops/specialize.h"

namespace tempera::engine {
namespace {

// Features of a frame are smaller than it by a power of two, rounded up as convolutions of stride 2 round.
constexpr int64_t kLargestDivisor = 32;
// Of states that are not smaller by the same.
constexpr size_t kMostFreeStates = 3;

class ShapeFinder {
 public:
  ShapeFinder(const graph::Graph& model, const Shape& picture, size_t picture_input,
              std::span<const StateLink> states)
      : model_(model), picture_(picture), picture_input_(picture_input), states_(states) {}

  Result<std::vector<Shape>> Run() {
    for (size_t i = 0; i < model_.inputs.size(); ++i)
      shapes_.push_back(i == picture_input_ ? picture_ : Declared(i, 1));
    if (states_.empty()) return shapes_;
    for (int64_t divisor = 1; divisor <= kLargestDivisor; divisor *= 2) {
      for (const StateLink& link : states_) shapes_[link.input] = Declared(link.input, divisor);
      if (Fits()) return shapes_;
    }
    if (states_.size() > 1 && states_.size() <= kMostFreeStates && TryEach(0)) return shapes_;
    return InvalidArgument("the sizes of state input '" + model_.value(model_.inputs[states_[0].input]).name +
                           "'" + " do not follow from the picture's: no shape is also that of its output (" +
                           why_ + ")");
  }

 private:
  // Open sizes of a picture-like input are the picture's by `divisor`, other open ones 1.
  Shape Declared(size_t input, int64_t divisor) const {
    Shape shape;
    for (const onnx::Dim& d : model_.input_dims[input]) {
      const size_t at = shape.size();
      const bool spatial = at >= 2 && model_.input_dims[input].size() == 4 && picture_.size() == 4;
      shape.push_back(d.value >= 0 ? d.value : spatial ? CeilDiv(picture_[at], divisor) : 1);
    }
    return shape;
  }

  bool IsOpen(size_t input, size_t dim) const { return model_.input_dims[input][dim].value < 0; }

  // Whether the model takes these shapes and gives the states theirs; open sizes are those of the outputs
  // then.
  bool Fits() {
    for (int tries = 0; tries < 3; ++tries) {
      std::vector<TensorInfo> inputs;
      for (size_t i = 0; i < shapes_.size(); ++i)
        inputs.push_back({model_.value(model_.inputs[i]).info.dtype, shapes_[i]});
      const Result<graph::Graph> graph = ops::Specialize(model_, inputs);
      if (!graph.ok()) {
        if (why_.empty()) why_ = graph.status().message();
        return false;
      }
      bool fits = true;
      for (const StateLink& link : states_) {
        const Shape& made = graph->value(graph->outputs[link.output]).info.shape;
        Shape& taken = shapes_[link.input];
        if (made == taken) continue;
        if (made.size() != taken.size()) {
          why_ = "its output has shape " + ShapeToString(made);
          return false;
        }
        for (size_t d = 0; d < made.size(); ++d) {
          if (IsOpen(link.input, d)) taken[d] = made[d];
        }
        if (made != taken) {
          why_ = "its output has shape " + ShapeToString(made);
          return false;
        }
        fits = false;
      }
      if (fits) return true;
    }
    return false;
  }

  // All divisors for the states from `first` on.
  bool TryEach(size_t first) {
    if (first == states_.size()) {
      const std::vector<Shape> kept = shapes_;
      if (Fits()) return true;
      shapes_ = kept;
      return false;
    }
    for (int64_t divisor = 1; divisor <= kLargestDivisor; divisor *= 2) {
      shapes_[states_[first].input] = Declared(states_[first].input, divisor);
      if (TryEach(first + 1)) return true;
    }
    return false;
  }

  const graph::Graph& model_;
  const Shape& picture_;
  size_t picture_input_;
  std::span<const StateLink> states_;
  std::vector<Shape> shapes_;
  std::string why_;
};

}  // namespace

Result<std::vector<Shape>> InputShapesFor(const graph::Graph& model, const Shape& picture,
                                          size_t picture_input, std::span<const StateLink> states) {
  for (const StateLink& link : states) {
    if (link.input >= model.inputs.size() || link.output >= model.outputs.size())
      return InvalidArgument("a state goes from output " + std::to_string(link.output) + " to input " +
                             std::to_string(link.input) + ", which the model does not have");
  }
  return ShapeFinder(model, picture, picture_input, states).Run();
}

}  // namespace tempera::engine
