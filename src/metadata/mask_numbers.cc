#include "src/metadata/mask_numbers.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

#include "src/engine/facts/operators.h"
#include "src/engine/facts/ranges.h"
#include "src/graph/rewrite.h"
#include "src/metadata/affine_walk.h"
#include "src/metadata/picture_format.h"
#include "src/metadata/recognise_values.h"

namespace tempera::metadata {
namespace {

using graph::Graph;
using graph::Node;
using graph::Uses;
using graph::ValueId;

template <size_t N>
bool IsOneOf(std::string_view op, const std::string_view (&ops)[N]) {
  return std::find(std::begin(ops), std::end(ops), op) != std::end(ops);
}

// The node behind which a value is only cut, turned, converted and resampled, and which of its results that
// is; nullptr: an input of the graph.
struct End {
  const Node* node = nullptr;
  ValueId value = graph::kNoValue;
};
End EndOf(const Graph& model, const Uses& uses, ValueId value) {
  // As many steps as there are nodes: a graph has no circle.
  for (size_t i = 0; i < model.nodes.size(); ++i) {
    const int64_t maker = uses.producer(value);
    if (maker < 0) return {};
    const Node& node = model.nodes[static_cast<size_t>(maker)];
    const bool kept =
        engine::FactsOf(node.op_type).shares == engine::Shares::kKept || MovesNumbers(node.op_type);
    if (!kept || graph::InputOf(node, 0) == graph::kNoValue) return {&node, value};
    value = node.inputs[0];
  }
  return {};
}
End EndOf(const Graph& model, const Uses& uses) {
  return model.outputs.empty() ? End{} : EndOf(model, uses, model.outputs[0]);
}

// TopK gives the greatest numbers first, and then where they are.
bool IsIndexOf(const End& end) {
  if (end.node->op_type == "ArgMax") return true;
  return end.node->op_type == "TopK" && end.node->outputs.size() > 1 && end.value == end.node->outputs[1];
}

// Whether it adds up along one axis, and not along rows of pixels: planes, or the channels behind them.
bool SumsClasses(const Graph& model, const Uses& uses, const Node& sum) {
  if (sum.op_type != "ReduceSum" && sum.op_type != "ReduceL1") return false;
  std::optional<double> axis;
  if (const ValueId axes = graph::InputOf(sum, 1); axes != graph::kNoValue)
    axis = OneConstant(model, uses, axes);
  if (const auto axes = sum.attributes.Ints("axes"); axes.size() == 1) axis = static_cast<double>(axes[0]);
  return axis && *axis != 2 && *axis != -2;
}

// Numbers that are never below 0 over their own sum: a softmax written out, or norms.
bool IsShareOfSum(const Graph& model, const Uses& uses, const Node& end) {
  constexpr std::string_view kNotBelowZero[] = {"Exp", "Relu", "Abs", "Softplus", "Sqrt"};
  if (end.op_type != "Div" || graph::InputOf(end, 1) == graph::kNoValue) return false;
  const Node* const numbers = EndOf(model, uses, end.inputs[0]).node;
  if (numbers == nullptr) return false;
  const bool shares = engine::FactsOf(numbers->op_type).shares == engine::Shares::kAlways;
  if (!shares && !IsOneOf(numbers->op_type, kNotBelowZero)) return false;
  const Node* sum = EndOf(model, uses, end.inputs[1]).node;
  // What keeps the sum away from 0 may stand between.
  constexpr std::string_view kGuards[] = {"Add", "Max", "Clip"};
  if (sum != nullptr && IsOneOf(sum->op_type, kGuards))
    sum = EndOf(model, uses, graph::InputOf(*sum, 0)).node;
  return sum != nullptr && SumsClasses(model, uses, *sum) && graph::InputOf(*sum, 0) == end.inputs[0];
}

// What only arithmetic or the type tells; nullopt: nothing does.
std::optional<engine::ValueRange> RangeTold(const Graph& model, const Uses& uses, const Node& end) {
  if (end.op_type == "Clip") {
    const Bounds bounds = BoundsOf(model, uses, end);
    if (bounds.low && bounds.high && *bounds.low >= 0 && *bounds.high <= 1) return engine::ValueRange{0, 1};
  }
  const RecognisedValues told = RecogniseOutput(model);
  if (told.range && told.bounds) return told.range;
  return std::nullopt;
}

// Layers that give numbers of any size.
constexpr std::string_view kLinear[] = {"Conv",   "ConvTranspose", "Gemm", "MatMul",
                                        "Add",    "Sub",           "Sum",  "BatchNormalization",
                                        "Einsum", "QLinearConv",   "Mul",  "DequantizeLinear",
                                        "Concat", "LogSoftmax",    "Clip"};
constexpr std::string_view kTrueOrFalse[] = {
    "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "And", "Or", "Xor"};

}  // namespace

bool ParseMaskValues(const std::string& text, MaskMeaning* out) {
  if (text == "logits" || text == "index") {
    *out = {text == "index" ? MaskNumbers::kIndex : MaskNumbers::kLogits, {0, 1}};
    return true;
  }
  engine::ValueRange range;
  if (!engine::ParseValueRange(text, &range)) return false;
  *out = {MaskNumbers::kShares, range};
  return true;
}

std::string MaskValuesText(const MaskMeaning& meaning) {
  if (meaning.are == MaskNumbers::kLogits) return "logits";
  return meaning.are == MaskNumbers::kIndex ? "index" : RangeText(meaning.range);
}

RecognisedMeaning RecogniseMaskMeaning(const Graph& model, DataType dtype, int64_t channels) {
  const Uses uses(model);
  const End last = EndOf(model, uses);
  const Node* const end = last.node;
  const std::string op = end == nullptr ? "nothing" : end->op_type;
  const auto shares = [](const engine::ValueRange& range) {
    return RecognisedMeaning{{MaskNumbers::kShares, range}};
  };
  if (end != nullptr && channels == 1 && IsIndexOf(last)) return {{MaskNumbers::kIndex, {0, 1}}};
  if (engine::FactsOf(op).shares == engine::Shares::kAlways || IsOneOf(op, kTrueOrFalse))
    return shares({0, 1});
  if (dtype == DataType::kBool) return shares({0, 1});
  const bool is_integer = dtype != DataType::kFloat32 && dtype != DataType::kFloat64 &&
                          dtype != DataType::kFloat16 && dtype != DataType::kBfloat16;
  if (dtype == DataType::kUint8) {
    return {{MaskNumbers::kShares, {0, 255}}, "its bytes are taken for 0, nothing, to 255, everything"};
  }
  if (is_integer && channels == 1) {
    return {{MaskNumbers::kIndex, {0, 1}},
            std::string("its ") + DataTypeName(dtype) + " numbers are taken for those of classes"};
  }
  if (end != nullptr) {
    if (const auto range = RangeTold(model, uses, *end)) return shares(*range);
    if (IsShareOfSum(model, uses, *end)) return shares({0, 1});
  }
  RecognisedMeaning logits = {{MaskNumbers::kLogits, {0, 1}}};
  if (!IsOneOf(op, kLinear)) {
    logits.guess =
        channels == 1 ? "its one channel ends" : "its " + std::to_string(channels) + " channels end";
    logits.guess += " in " + op + (channels == 1 ? " and is" : " and are") + " taken for logits";
  }
  return logits;
}

int64_t ClassesBehindArgMax(const Graph& concrete) {
  const Uses uses(concrete);
  const Node* const end = EndOf(concrete, uses).node;
  if (end == nullptr || end->op_type != "ArgMax") return 0;
  const Shape& shape = concrete.value(end->inputs[0]).info.shape;
  const auto rank = static_cast<int64_t>(shape.size());
  const int64_t axis = end->attributes.Int("axis", 0);
  if (axis < -rank || axis >= rank) return 0;
  return shape[static_cast<size_t>(axis < 0 ? axis + rank : axis)];
}

}  // namespace tempera::metadata
