#include "src/engine/precision/choose_convs.h"

#include <algorithm>

#include "src/engine/facts/layouts.h"
#include "src/engine/precision/conv_shape.h"
#include "src/kernels/nhwc/conv_cost.h"

namespace tempera::engine {
namespace {

using graph::Graph;
using graph::Node;
using kernels::ConvNhwcOptions;
using kernels::PictureLayout;

// 8 bits must promise this much of the whole before a convolution is taken or given up: estimates are rough,
// and half the memory is worth something.
constexpr double kLeastGain = 0.002;

class Chooser {
 public:
  Chooser(const Graph& graph, int64_t highway_bit) : graph_(graph), highway_bit_(highway_bit) {
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      if (graph.nodes[n].op_type == "tempera.Conv") convs_.push_back(Costs(n));
    }
  }

  std::vector<double> Run() {
    std::vector<bool> low(graph_.nodes.size(), false);
    for (const Conv& conv : convs_) low[conv.node] = conv.serves && conv.nhwc[0] < conv.f32;
    double total = Total(low);
    for (bool changed = true; changed;) {
      changed = false;
      for (const Conv& conv : convs_) {
        if (!conv.serves) continue;
        low[conv.node] = !low[conv.node];
        const double other = Total(low);
        if (other < total * (1 - kLeastGain)) {
          total = other;
          changed = true;
        } else {
          low[conv.node] = !low[conv.node];
        }
      }
    }
    std::vector<double> gains;
    for (const Conv& conv : convs_) {
      gains.push_back(low[conv.node] ? std::max(conv.f32 - conv.nhwc[0], 1.0) : 0.0);
    }
    return gains;
  }

 private:
  struct Conv {
    size_t node;
    bool serves = false;
    double f32 = 0, nhwc[2] = {};  // into interleaved pixels, into planes
  };

  Conv Costs(size_t n) const {
    Conv conv = {n};
    const Node& node = graph_.nodes[n];
    const auto& in = graph_.value(node.inputs[0]).info.shape;
    if (in.size() != 4 || graph_.value(node.inputs[0]).constant) return conv;
    const kernels::ConvShape shape = ConvShapeOf(graph_, node);
    if (!kernels::CheckConvShape(shape).ok()) return conv;
    conv.f32 = kernels::ConvCostF32(shape, highway_bit_);
    ConvNhwcOptions options;
    options.highway_bit = highway_bit_;
    // What few channels are read from is a picture in planes.
    if (shape.in_channels <= 4) options.input = PictureLayout::kPlanarF32;
    options.output = PictureLayout::kPlanarF32;
    conv.serves = kernels::ConvNhwcServes(shape, options);
    if (!conv.serves) return conv;
    for (const PictureLayout output : {PictureLayout::kNhwcF16, PictureLayout::kPlanarF32}) {
      options.output = output;
      conv.nhwc[output == PictureLayout::kPlanarF32] = kernels::ConvCostNhwc(shape, options);
    }
    return conv;
  }

  double Total(const std::vector<bool>& low) const {
    const std::vector<bool> interleaved = ChooseInterleaved(graph_, low);
    double total = 0;
    for (const Conv& conv : convs_) {
      const auto out = static_cast<size_t>(graph_.nodes[conv.node].outputs[0]);
      total += low[conv.node] ? conv.nhwc[interleaved[out] ? 0 : 1] : conv.f32;
    }
    for (const Node& node : graph_.nodes) {
      if (node.op_type != "Add" || node.outputs.empty()) continue;
      const auto out = node.outputs[0];
      int64_t numbers = 1;
      for (int64_t d : graph_.value(out).info.shape) numbers *= d;  // checked by Specialize
      const auto layout =
          interleaved[static_cast<size_t>(out)] ? PictureLayout::kNhwcF16 : PictureLayout::kPlanarF32;
      total += kernels::AddCost(numbers, layout, highway_bit_);
    }
    return total;
  }

  const Graph& graph_;
  int64_t highway_bit_;
  std::vector<Conv> convs_;
};

}  // namespace

std::vector<double> Int8Gains(const Graph& graph, int64_t highway_bit) {
  return Chooser(graph, highway_bit).Run();
}

std::vector<LayerNoise> MostGain(std::vector<LayerNoise> layers, double most) {
  std::sort(layers.begin(), layers.end(), [](const LayerNoise& a, const LayerNoise& b) {
    const double of_a = a.noise * b.gain, of_b = b.noise * a.gain;
    return of_a != of_b ? of_a < of_b : a.convs < b.convs;
  });
  double noise = 0;
  std::vector<LayerNoise> kept;
  for (const LayerNoise& layer : layers) {
    if (noise + layer.noise > most) continue;
    noise += layer.noise;
    kept.push_back(layer);
  }
  return kept;
}

}  // namespace tempera::engine
