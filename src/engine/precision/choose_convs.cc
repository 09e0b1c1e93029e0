#include "src/engine/precision/choose_convs.h"

#include <algorithm>
#include <utility>

#include "src/engine/facts/layouts.h"
#include "src/engine/facts/operators.h"
#include "src/engine/precision/conv_shape.h"
#include "src/graph/rewrite.h"
#include "src/kernels/nhwc/conv_cost.h"
#include "src/kernels/nhwc/depthwise_nhwc.h"

namespace tempera::engine {
namespace {

using graph::Graph;
using graph::Node;
using kernels::ConvNhwcOptions;
using kernels::PictureLayout;

// 8 bits must promise this much of the whole before a convolution is taken or given up: estimates are rough,
// and half the memory is worth something.
constexpr double kLeastGain = 0.002;
// A plan of two precisions must promise this much before fp32 is left for it: estimates of the whole are that
// rough (choose_convs_test.cc has recorded timings).
constexpr double kLeastGainOfPlan = 0.04;

int64_t NumbersOf(const Graph& graph, graph::ValueId v) {
  int64_t numbers = 1;
  for (int64_t d : graph.value(v).info.shape) numbers *= d;  // checked by Specialize
  return numbers;
}

}  // namespace

PlanCosts::PlanCosts(const Graph& graph, int64_t highway_bit)
    : graph_(graph), highway_bit_(highway_bit), depthwise_(DepthwiseOverPixels(graph)) {
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (graph::ConvOf(node) != nullptr) convs_.push_back(CostsOf(n));
    if (FactsOf(node.op_type).layout != LayoutRole::kAdd || node.outputs.empty()) continue;
    const int64_t numbers = NumbersOf(graph, node.outputs[0]);
    adds_.push_back({node.outputs[0], kernels::AddCost(numbers, PictureLayout::kPlanarF32, highway_bit),
                     kernels::AddCost(numbers, PictureLayout::kNhwcF16, highway_bit)});
  }
}

PlanCosts::Conv PlanCosts::CostsOf(size_t n) const {
  Conv conv;
  conv.node = n;
  const Node& node = graph_.nodes[n];
  const auto& in = graph_.value(node.inputs[0]).info.shape;
  if (in.size() != 4 || graph_.value(node.inputs[0]).constant) return conv;
  const kernels::ConvShape shape = ConvShapeOf(graph_, node);
  if (!kernels::CheckConvShape(shape).ok()) return conv;
  conv.f32 = kernels::ConvCostF32(shape, highway_bit_);
  if (kernels::DepthwiseNhwcServes(shape)) conv.depthwise = kernels::DepthwiseCostNhwc(shape, highway_bit_);
  ConvNhwcOptions options;
  options.highway_bit = highway_bit_;
  // What few channels are read from is a picture in planes.
  if (shape.in_channels <= 4) options.input = PictureLayout::kPlanarF32;
  for (std::vector<double>* costs : {&conv.int8, &conv.bf16}) {
    options.precision = costs == &conv.bf16 ? kernels::ConvPrecision::kBf16 : kernels::ConvPrecision::kInt8;
    options.output = PictureLayout::kPlanarF32;
    if (!kernels::ConvNhwcServes(shape, options)) continue;
    for (const PictureLayout output : {PictureLayout::kNhwcF16, PictureLayout::kPlanarF32}) {
      options.output = output;
      costs->push_back(kernels::ConvCostNhwc(shape, options));
    }
  }
  return conv;
}

double PlanCosts::Total(std::span<const Precision> precisions) const {
  std::vector<bool> low(graph_.nodes.size(), false);
  for (size_t i = 0; i < convs_.size(); ++i) {
    low[convs_[i].node] = precisions[i] != Precision::kFp32 && !Lower(convs_[i], precisions[i]).empty();
  }
  const std::vector<bool> interleaved = ChooseInterleaved(graph_, low, depthwise_);
  double total = 0;
  for (size_t i = 0; i < convs_.size(); ++i) {
    const auto out = static_cast<size_t>(graph_.nodes[convs_[i].node].outputs[0]);
    total += low[convs_[i].node] ? Lower(convs_[i], precisions[i])[interleaved[out] ? 0 : 1]
             : interleaved[out]  ? convs_[i].depthwise
                                 : convs_[i].f32;
  }
  for (const Add& add : adds_) total += interleaved[static_cast<size_t>(add.out)] ? add.pixels : add.planes;
  return total;
}

double PlanCosts::TotalFp32() const { return Total(std::vector<Precision>(convs_.size(), Precision::kFp32)); }

bool PlanCosts::Gains(std::span<const Precision> precisions) const {
  return Total(precisions) < TotalFp32() * (1 - kLeastGainOfPlan);
}

void PlanCosts::DropLosses(std::vector<Precision>* precisions) const {
  double total = Total(*precisions);
  for (bool changed = true; changed;) {
    changed = false;
    for (Precision& precision : *precisions) {
      if (precision == Precision::kFp32) continue;
      const Precision before = std::exchange(precision, Precision::kFp32);
      const double other = Total(*precisions);
      if (other < total) {
        total = other;
        changed = true;
      } else {
        precision = before;
      }
    }
  }
}

double PlanCosts::Improve(std::vector<Precision>* chosen) const {
  double total = Total(*chosen);
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < convs_.size(); ++i) {
      if (convs_[i].int8.empty()) continue;
      const Precision before = (*chosen)[i];
      (*chosen)[i] = before == Precision::kInt8 ? Precision::kFp32 : Precision::kInt8;
      const double other = Total(*chosen);
      if (other < total * (1 - kLeastGain)) {
        total = other;
        changed = true;
      } else {
        (*chosen)[i] = before;
      }
    }
  }
  return total;
}

std::vector<double> PlanCosts::Int8Gains() const {
  // Step by step from those that gain by themselves, and from all: convolutions on both sides of a depthwise
  // one gain together or not at all.
  std::vector<Precision> chosen, all;
  for (const Conv& conv : convs_) {
    const bool serves = !conv.int8.empty();
    chosen.push_back(serves && conv.int8[0] < conv.f32 ? Precision::kInt8 : Precision::kFp32);
    all.push_back(serves ? Precision::kInt8 : Precision::kFp32);
  }
  if (Improve(&all) < Improve(&chosen) * (1 - kLeastGain)) chosen = all;
  std::vector<double> gains;
  for (size_t i = 0; i < convs_.size(); ++i) {
    const bool taken = chosen[i] == Precision::kInt8;
    gains.push_back(taken ? std::max(convs_[i].f32 - convs_[i].int8[0], 1.0) : 0.0);
  }
  return gains;
}

std::vector<bool> DepthwiseOverPixels(const Graph& graph) {
  std::vector<bool> serves;
  for (const Node& node : graph.nodes) {
    serves.push_back(false);
    if (graph::ConvOf(node) == nullptr || graph.value(node.inputs[0]).info.shape.size() != 4) continue;
    const kernels::ConvShape shape = ConvShapeOf(graph, node);
    serves.back() = kernels::CheckConvShape(shape).ok() && kernels::DepthwiseNhwcServes(shape);
  }
  return serves;
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
