// What a file of the trainer does to its painting behind the last layer, so that every runtime has the
// parameters keep_colors, brightness and contrast (docs/model-format.md): the same as FrameBlender does to
// frames, on numbers of 0..255. It stands here once, for who writes it and for who takes it out again
// (src/metadata/adjust_tail.h).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/onnx/model.h"

namespace tempera::onnx {

// What its nodes read and write.
enum AdjustValue : uint8_t {
  kRawPainting,
  kSourcePicture,
  kKeepColorsInput,
  kBrightnessInput,
  kContrastInput,
  // Constants.
  kBlack,
  kWhite,
  kOne,
  kMidGrey,
  kBrightnessLevels,
  kLumaOnly,
  // What node i writes is kFirstResult + i.
  kFirstResult,
  kClamped = kFirstResult,
  kDifference,
  kRecoloured,
  kKept,
  kColoured,
  kSeen,
  kContrasted,
  kGreyShare,
  kGrey,
  kLift,
  kOffset,
  kAdjusted,
  kFinal,
  kAdjustValues,
  kNothing = kAdjustValues
};

struct AdjustNode {
  const char* op;
  AdjustValue inputs[3];
};

// In their order; no attributes.
inline constexpr AdjustNode kAdjustNodes[] = {
    {"Clip", {kRawPainting, kBlack, kWhite}},
    // With the luma of the difference in all three channels: source + (luma of painting - luma of source).
    {"Sub", {kClamped, kSourcePicture, kNothing}},
    {"Conv", {kDifference, kLumaOnly, kNothing}},
    {"Mul", {kRecoloured, kKeepColorsInput, kNothing}},
    {"Add", {kClamped, kKept, kNothing}},
    {"Clip", {kColoured, kBlack, kWhite}},
    // About the middle: seen * contrast + (middle * (1 - contrast) + levels * brightness).
    {"Mul", {kSeen, kContrastInput, kNothing}},
    {"Sub", {kOne, kContrastInput, kNothing}},
    {"Mul", {kGreyShare, kMidGrey, kNothing}},
    {"Mul", {kBrightnessInput, kBrightnessLevels, kNothing}},
    {"Add", {kGrey, kLift, kNothing}},
    {"Add", {kContrasted, kOffset, kNothing}},
    {"Clip", {kAdjusted, kBlack, kWhite}}};
inline constexpr size_t kAdjustNodeCount = std::size(kAdjustNodes);
static_assert(kFirstResult + kAdjustNodeCount == kAdjustValues);

// The scalars kBlack to kBrightnessLevels.
inline constexpr float kAdjustScalars[] = {0, 255, 1, 127.5f, 128};
// What a difference of colours lacks to be grey of its luma, [3, 3, 1, 1]: frames of RGB have BT.709's.
inline constexpr float kLumaRed = 0.2126f, kLumaBlue = 0.0722f, kLumaGreen = 1 - kLumaRed - kLumaBlue;
inline constexpr std::array<float, 9> kLumaOnlyWeights = {kLumaRed - 1, kLumaGreen,     kLumaBlue,
                                                          kLumaRed,     kLumaGreen - 1, kLumaBlue,
                                                          kLumaRed,     kLumaGreen,     kLumaBlue - 1};

struct AdjustInput {
  const char* name;
  float preset;
  const char* parameter;  // metadata tempera.param.<name>; range and line of the built-in one
};
// kKeepColorsInput to kContrastInput.
inline constexpr AdjustInput kAdjustInputs[] = {
    {"keep_colors", 0, "kind = switch; line = Brightness from the painting, colours from the source"},
    {"brightness", 0, "range = -1..1; line = How much lighter what is seen becomes"},
    {"contrast", 1, "range = 0..2; line = How far colours lie from mid grey: 1 as painted"}};
static_assert(kKeepColorsInput + std::size(kAdjustInputs) == kBlack);
static_assert(kBlack + std::size(kAdjustScalars) == kLumaOnly);

// Puts it behind output 0, which one node writes and none reads, of a model whose picture is input 0; both
// are RGB of 0..255. Opset 11 or later. `initializers`: the inputs' defaults, which else metadata says (ONNX
// Runtime's JavaScript takes no values for inputs that have one).
inline Status AddAdjustTail(Model* model, bool initializers = true) {
  Graph& graph = model->graph;
  const std::string output = graph.outputs[0].name;
  std::array<std::string, kAdjustValues> names;
  for (size_t v = 0; v < names.size(); ++v) names[v] = "adjust_" + std::to_string(v);
  names[kRawPainting] = "painting";
  names[kSourcePicture] = graph.inputs[0].name;
  names[kFinal] = output;
  const auto constant = [&](const std::string& name, const Shape& shape, const float* numbers) -> Status {
    TEMPERA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(DataType::kFloat32, shape));
    std::copy_n(numbers, tensor.element_count(), tensor.data<float>());
    graph.initializers.push_back({name, std::move(tensor)});
    return OkStatus();
  };
  for (Node& node : graph.nodes) std::replace(node.outputs.begin(), node.outputs.end(), output, names[0]);
  for (size_t i = 0; i < std::size(kAdjustInputs); ++i) {
    const AdjustInput& input = kAdjustInputs[i];
    names[kKeepColorsInput + i] = input.name;
    graph.inputs.push_back({input.name, DataType::kFloat32, true, {{1, ""}}});
    if (initializers) TEMPERA_RETURN_IF_ERROR(constant(input.name, {1}, &input.preset));
    const std::string preset = initializers ? "" : input.preset == 0 ? "default = 0; " : "default = 1; ";
    model->metadata_props.emplace_back(std::string("tempera.param.") + input.name, preset + input.parameter);
  }
  for (size_t i = 0; i < std::size(kAdjustScalars); ++i)
    TEMPERA_RETURN_IF_ERROR(constant(names[kBlack + i], {}, &kAdjustScalars[i]));
  TEMPERA_RETURN_IF_ERROR(constant(names[kLumaOnly], {3, 3, 1, 1}, kLumaOnlyWeights.data()));
  for (size_t i = 0; i < kAdjustNodeCount; ++i) {
    std::vector<std::string> inputs;
    for (const AdjustValue v : kAdjustNodes[i].inputs) {
      if (v != kNothing) inputs.push_back(names[v]);
    }
    graph.nodes.push_back({"adjust_node_" + std::to_string(i),
                           kAdjustNodes[i].op,
                           "",
                           std::move(inputs),
                           {names[kFirstResult + i]},
                           {}});
  }
  return OkStatus();
}

}  // namespace tempera::onnx
