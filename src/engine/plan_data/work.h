// What the nodes of a plan do, as structs. Everything is resolved to numbers, whatever way the file says it
// (auto_pad, negative axes, coordinate modes), so that a back end needs no rule of ONNX. Sizes of what is
// read and written stand with NodeData; the constants named are the graph's.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "src/base/tensor.h"
#include "src/engine/types/precision.h"
#include "src/graph/fused.h"

namespace tempera::engine {

// One of several things that a node works on: its place in NodeData::reads, or else a constant's name.
struct Operand {
  int32_t read = -1;
  std::string constant;

  bool absent() const { return read < 0 && constant.empty(); }
};

// A convolution with all that was folded into it.
struct ConvWork {
  graph::FusedConv conv;
  int64_t kernel_h = 0, kernel_w = 0, in_channels = 0, out_channels = 0;  // before the shuffle
  Precision precision = Precision::kFp32;
  std::string weights, bias, slope;  // "": none
  // kInt8: what each input channel is clamped to, after what is pending.
  std::vector<float> range_low, range_high;
};

// Reads a value and writes none: gathers the statistics of the norm that NodeData::gathers names.
struct StatisticsWork {};

// While calibrating: keeps the least and the greatest number of each channel that a convolution will read.
struct RangesWork {
  int64_t convolution = 0;  // which tempera.Conv of the graph, counted from 0
};

// Writes no storage: what it reads are numbers per channel that the graph computes, gamma and beta of a norm,
// or else those that scale and shift name in PlanData::numbers.
struct ParametersWork {
  int32_t norm = -1, scale = -1, shift = -1;
  // Which of NodeData::reads becomes gamma or scale, and which beta or shift; -1: a constant, there already.
  int32_t scale_read = -1, shift_read = -1;
};

// Writes what it reads as the graph means it: pending work done, in dense layout.
struct ApplyWork {};

// The largest number or the mean of a window of each channel; numbers outside the picture are passed over.
struct PoolWork {
  bool mean = false;
  // A mean's divisor counts taps on the padding too, but none behind it.
  bool counts_padding = false;
  int64_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  int64_t out_h = 1, out_w = 1;
};

// Output i of an axis is the sum over t of weight[t * out + i] * input[index[t * out + i]].
struct ResizeTaps {
  int64_t in = 1, out = 1, taps = 1;
  std::vector<int32_t> index;
  std::vector<float> weight;
};

// A picture resampled, rows and columns apart: nearest, linear and cubic in every coordinate mode.
struct ResizeWork {
  ResizeTaps rows, columns;
};

// y = f(x) for each number.
struct FunctionWork {
  std::string function;  // as ONNX calls it ("Elu"), or "Square", "Gelu", "Mish", "Silu"
  float alpha = 1, beta = 0;
};

// y = f(a, b) for each number of `shape`, which the written storage has; strides in numbers, 0 where one is
// repeated.
struct BinaryWork {
  std::string function;  // "Add", "Sub", "Mul", "Div", "Min", "Max"
  Operand a, b;
  Shape shape, a_strides, b_strides;
};

// One stretch of a MoveWork: element [i0, i1, ...] of `shape` goes from in_offset + sum of i * in_strides to
// out_offset + sum of i * out_strides.
struct Move {
  Operand from;
  int64_t in_offset = 0, out_offset = 0;
  Shape shape, in_strides, out_strides;
};

// Numbers change their place, nothing else: Concat, Split, Slice, Transpose, Expand, DepthToSpace,
// SpaceToDepth. Together the moves write every number once.
struct MoveWork {
  std::vector<Move> moves;
};

// Margins around each plane; negative ones crop.
struct PadWork {
  graph::Padding padding;
};

// c = alpha * (a times b) + beta * bias for each of `batches`, which say where a and b begin; the results lie
// one behind the other, dense [m, n]. All strides in numbers.
struct MatrixWork {
  Operand a, b;
  int64_t m = 1, n = 1, k = 1;
  int64_t a_row = 1, a_column = 1, b_row = 1, b_column = 1;
  std::vector<std::pair<int64_t, int64_t>> batches;
  float alpha = 1, beta = 1;
  std::string bias;  // "": none
  int64_t bias_row = 0, bias_column = 0;
};

// Over the middle one of [outer, size, inner].
struct SoftmaxWork {
  int64_t outer = 1, size = 1, inner = 1;
};

// `count` stretches of `size` numbers, each taken to mean 0 and variance 1, then scaled and shifted.
struct LayerNormWork {
  int64_t count = 1, size = 1;
  std::string scale, bias;  // `size` numbers each or one for all; bias "": none
  float epsilon = 1e-5f;
};

// Any other node, run by the operator's plain loop: NodeData::op_type with its attributes. Its inputs, and
// for each output its place in NodeData::writes (-1: not wanted).
struct LoopWork {
  std::vector<Operand> inputs;
  std::vector<int32_t> outputs;
};

using Work = std::variant<LoopWork, ConvWork, StatisticsWork, RangesWork, ParametersWork, ApplyWork, PoolWork,
                          ResizeWork, FunctionWork, BinaryWork, MoveWork, PadWork, MatrixWork, SoftmaxWork,
                          LayerNormWork>;

// "loop", "convolution", "statistics", ...
const char* KindOf(const Work& work);

// field(name, value) for each, in a fixed order; values are numbers, bools, strings, lists of numbers,
// Operands, ResizeTaps or lists of Moves. What a convolution says besides is ForEachField of its FusedConv.
template <typename F>
void ForEachField(const ConvWork& w, const F& field) {
  field("kernel_h", w.kernel_h);
  field("kernel_w", w.kernel_w);
  field("in_channels", w.in_channels);
  field("out_channels", w.out_channels);
  field("precision", std::string(PrecisionName(w.precision)));
  field("weights", w.weights);
  if (!w.bias.empty()) field("bias", w.bias);
  if (!w.slope.empty()) field("slope", w.slope);
  if (!w.range_low.empty()) field("range_low", w.range_low);
  if (!w.range_high.empty()) field("range_high", w.range_high);
}
template <typename F>
void ForEachField(const RangesWork& w, const F& field) {
  field("convolution", w.convolution);
}
template <typename F>
void ForEachField(const ParametersWork& w, const F& field) {
  field("norm", w.norm);
  field("scale", w.scale);
  field("shift", w.shift);
  field("scale_read", w.scale_read);
  field("shift_read", w.shift_read);
}
template <typename F>
void ForEachField(const PoolWork& w, const F& field) {
  field("mean", w.mean);
  field("counts_padding", w.counts_padding);
  field("kernel_h", w.kernel_h);
  field("kernel_w", w.kernel_w);
  field("stride_h", w.stride_h);
  field("stride_w", w.stride_w);
  field("dilation_h", w.dilation_h);
  field("dilation_w", w.dilation_w);
  field("pad_top", w.pad_top);
  field("pad_left", w.pad_left);
  field("pad_bottom", w.pad_bottom);
  field("pad_right", w.pad_right);
  field("out_h", w.out_h);
  field("out_w", w.out_w);
}
template <typename F>
void ForEachField(const ResizeWork& w, const F& field) {
  field("rows", w.rows);
  field("columns", w.columns);
}
template <typename F>
void ForEachField(const FunctionWork& w, const F& field) {
  field("function", w.function);
  field("alpha", w.alpha);
  field("beta", w.beta);
}
template <typename F>
void ForEachField(const BinaryWork& w, const F& field) {
  field("function", w.function);
  field("a", w.a);
  field("b", w.b);
  field("shape", w.shape);
  field("a_strides", w.a_strides);
  field("b_strides", w.b_strides);
}
template <typename F>
void ForEachField(const MoveWork& w, const F& field) {
  field("moves", w.moves);
}
template <typename F>
void ForEachField(const PadWork& w, const F& field) {
  field("top", w.padding.top);
  field("left", w.padding.left);
  field("bottom", w.padding.bottom);
  field("right", w.padding.right);
  field("kind", std::string(graph::NameOf(w.padding.kind)));
  field("value", w.padding.value);
}
template <typename F>
void ForEachField(const MatrixWork& w, const F& field) {
  field("a", w.a);
  field("b", w.b);
  field("m", w.m);
  field("n", w.n);
  field("k", w.k);
  field("a_row", w.a_row);
  field("a_column", w.a_column);
  field("b_row", w.b_row);
  field("b_column", w.b_column);
  field("batches", w.batches);
  field("alpha", w.alpha);
  field("beta", w.beta);
  if (w.bias.empty()) return;
  field("bias", w.bias);
  field("bias_row", w.bias_row);
  field("bias_column", w.bias_column);
}
template <typename F>
void ForEachField(const SoftmaxWork& w, const F& field) {
  field("outer", w.outer);
  field("size", w.size);
  field("inner", w.inner);
}
template <typename F>
void ForEachField(const LayerNormWork& w, const F& field) {
  field("count", w.count);
  field("size", w.size);
  field("scale", w.scale);
  if (!w.bias.empty()) field("bias", w.bias);
  field("epsilon", w.epsilon);
}
template <typename F>
void ForEachField(const LoopWork& w, const F& field) {
  field("inputs", w.inputs);
  field("outputs", w.outputs);
}
template <typename F>
void ForEachField(const StatisticsWork&, const F&) {}
template <typename F>
void ForEachField(const ApplyWork&, const F&) {}

}  // namespace tempera::engine
