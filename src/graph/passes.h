// Passes: rewrites of a specialised graph (shapes concrete) that let fewer, larger kernels do
// the work. A file holds one, or a few that belong together. A pass leaves every graph output with the same
// numbers, up to rounding; values nobody reads any more stay in Graph::values.
//
// What they make, and what it says, is in fused.h.
// All carry `operators`, the ONNX operators they stand for, joined by '+'.
#pragma once

#include "src/base/status.h"
#include "src/graph/graph.h"

namespace tempera::graph {

// Conv and ConvTranspose with constant weights, two spatial dimensions -> tempera.Conv, auto_pad resolved.
Status LowerConv(Graph& graph);
// Mean, variance and the arithmetic around them, as older exporters write it -> InstanceNormalization, or
// tempera.GroupNorm of one group where they are over all channels.
Status RecognizeInstanceNorm(Graph& graph);
// Reshape, InstanceNormalization, Reshape back; GroupNormalization -> InstanceNormalization or
// tempera.GroupNorm.
Status UnwrapInstanceNorm(Graph& graph);
// x * Sigmoid(x), x * Clip(x + 3, 0, 6) / 6 and other activations of several operators -> one function.
Status FuseFunctions(Graph& graph);
// HardSigmoid -> tempera.Affine, Clip.
Status LowerHardSigmoid(Graph& graph);
// The HardSwish that no convolution took in -> tempera.Affine, Clip, Mul.
Status LowerHardSwish(Graph& graph);
// AveragePool of small windows -> tempera.Conv.
Status LowerAveragePool(Graph& graph);
// Transpose, Softmax, Transpose back -> tempera.Softmax.
Status FoldTransposedSoftmax(Graph& graph);
// Reshape, Transpose, Reshape that make blocks of pixels from channels -> DepthToSpace.
Status RecognizeDepthToSpace(Graph& graph);
// Pad before tempera.Conv -> its pads.
Status FoldPads(Graph& graph);
// Nearest enlargement by two (Resize, Upsample, or Concat with itself) before tempera.Conv -> its upsample.
Status FoldUpsample(Graph& graph);
// BatchNormalization, and arithmetic with one number per channel, constant or computed -> tempera.Affine.
Status LowerAffine(Graph& graph);
// tempera.Affine after tempera.Conv or a norm -> their weights; one with computed numbers after another one
// -> one of both.
Status FoldAffine(Graph& graph);
// Relu, LeakyRelu, PRelu, Clip, HardSwish after tempera.Conv -> its activation.
Status FuseActivation(Graph& graph);
// DepthToSpace after tempera.Conv -> its shuffle.
Status FoldDepthToSpace(Graph& graph);

// What small inputs alone decide (scales and shifts of a blend of styles) comes before all else, so that
// nothing between two layers waits for it.
Status SmallValuesFirst(Graph& graph);

// All of them, in the order that serves.
Status RunPasses(Graph& graph);

}  // namespace tempera::graph
