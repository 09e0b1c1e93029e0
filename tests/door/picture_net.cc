#include "tests/door/picture_net.h"

#include <algorithm>
#include <utility>

#include "tests/door/net_maker.h"

namespace tempera::door {

PictureNet DrawPictureNet(Dice& dice) { return NetMaker(dice).MakePainter(); }

PictureNet DrawMaskNet(Dice& dice) { return NetMaker(dice).MakeMask(); }

onnx::Model Shaken(const onnx::Model& model, float share, bool frame) {
  onnx::Model shaken = model;
  if (frame) {
    // Rounding differs from pixel to pixel, also in a frame of one colour: the mean of nine with zeros around
    // the frame does too, at its border.
    for (onnx::Node& node : shaken.graph.nodes)
      std::replace(node.inputs.begin(), node.inputs.end(), std::string(kFrameInput), std::string("shaken"));
    Tensor little = Tensor::Create(DataType::kFloat32, {}).value();
    little.data<float>()[0] = share;
    shaken.graph.initializers.push_back({"little", std::move(little)});
    onnx::Node mean = {
        "mean",   "AveragePool",
        "",       {kFrameInput},
        {"mean"}, {Ints("kernel_shape", {3, 3}), Ints("pads", {1, 1, 1, 1}), Int("count_include_pad", 1)}};
    const std::vector<onnx::Node> head = {std::move(mean),
                                          {"part", "Mul", "", {"mean", "little"}, {"part"}, {}},
                                          {"sum", "Add", "", {kFrameInput, "part"}, {"shaken"}, {}}};
    shaken.graph.nodes.insert(shaken.graph.nodes.begin(), head.begin(), head.end());
  }
  Dice dice({}, 1);
  for (auto& initializer : shaken.graph.initializers) {
    // Single numbers are bounds and factors; four in a row may be the scales of a Resize.
    if (initializer.tensor.dtype() != DataType::kFloat32 || initializer.tensor.element_count() < 2 ||
        initializer.tensor.shape() == Shape{4})
      continue;
    Tensor copy = Tensor::Create(DataType::kFloat32, initializer.tensor.shape()).value();
    for (int64_t i = 0; i < copy.element_count(); ++i) {
      const float number = std::as_const(initializer.tensor).data<float>()[i];
      copy.data<float>()[i] = number * (1 + dice.Uniform(-share, share));
    }
    initializer.tensor = std::move(copy);
  }
  return shaken;
}

}  // namespace tempera::door
