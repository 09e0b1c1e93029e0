#include "src/engine/facts/operators.h"

#include <algorithm>
#include <string>

#include "src/engine/facts/range_rules.h"
#include "src/engine/facts/small_rules.h"
#include "src/graph/rewrite.h"

namespace tempera::engine {
namespace {

using graph::Node;

FlatWhen Never(const Node&) { return FlatWhen::kNever; }
FlatWhen First(const Node&) { return FlatWhen::kFirst; }
FlatWhen Along(const Node&) { return FlatWhen::kAlong; }
FlatWhen All(const Node&) { return FlatWhen::kAll; }

FlatWhen Planes(const Node&) { return FlatWhen::kPlanes; }
FlatWhen Concat(const Node&) { return FlatWhen::kConcat; }
FlatWhen View(const Node&) { return FlatWhen::kView; }
FlatWhen Transposed(const Node&) { return FlatWhen::kTranspose; }

FlatWhen ByMaxPool(const Node& node) {
  return MayMissThePicture(node) ? FlatWhen::kNever : FlatWhen::kPlanes;
}

// Zeros around the picture count where it says so.
FlatWhen ByAveragePool(const Node& node) {
  return node.attributes.Int("count_include_pad", 0) == 0 && !node.attributes.Has("auto_pad") &&
                 !MayMissThePicture(node)
             ? FlatWhen::kPlanes
             : FlatWhen::kNever;
}

FlatWhen ByPad(const Node& node) {
  const std::string mode = node.attributes.String("mode", "constant");
  return mode == "reflect" || mode == "edge" ? FlatWhen::kPlanes : FlatWhen::kNever;
}

FlatWhen ByConv(const Node& node) {
  const graph::FusedConv& conv = *graph::ConvOf(node);
  // A transposed convolution with a stride has fewer taps at some places than at others; a shuffle makes
  // neighbours of channels, as DepthToSpace does.
  if (conv.transposed || conv.shuffle != 1) return FlatWhen::kNever;
  const bool shows_itself = conv.padding.kind != graph::PadKind::kConstant || conv.padding.empty();
  return shows_itself ? FlatWhen::kPlanes : FlatWhen::kNever;
}

FlatWhen ByResize(const Node& node) {
  const bool crops = node.attributes.String("coordinate_transformation_mode", "") == "tf_crop_and_resize";
  return crops ? FlatWhen::kNever : FlatWhen::kPlanes;
}

// Nothing follows from the graph: where a convolution in 8 bits reads it, the built-in scenes say. So are
// channels that are normalised in groups: each keeps a mean and a deviation of its own, which may be several
// times those of the group.
constexpr RangeRule kMeasured = nullptr;
constexpr SmallRule kUnknown = nullptr;

constexpr OperatorFacts kOperators[] = {
    // operator, flat when, range, layout, small values, shares
    {"Abs", First, RangeOfAbs, LayoutRole::kNeedsPlanes, NumbersOfAbs},
    {"Add", All, RangeOfSum, LayoutRole::kAdd, NumbersOfAdd},
    {"And", All, kMeasured, LayoutRole::kNeedsPlanes},
    {"AveragePool", ByAveragePool, RangeOfAveragePool, LayoutRole::kNeedsPlanes, kUnknown, Shares::kKept},
    {"Cast", First, kMeasured, LayoutRole::kNeedsPlanes, kUnknown, Shares::kKept},
    {"Ceil", First, kMeasured, LayoutRole::kNeedsPlanes},
    {"Celu", First, RangeOfElu, LayoutRole::kNeedsPlanes},
    {"Clip", First, RangeOfActivation, LayoutRole::kActivation, NumbersOfClip},
    {"Concat", Concat, RangeOfConcat, LayoutRole::kNeedsPlanes, NumbersOfConcat},
    {"Cos", First, RangeOfUnits, LayoutRole::kNeedsPlanes},
    {"DepthToSpace", Never, RangeOfAllChannels, LayoutRole::kNeedsPlanes, kUnknown, Shares::kKept},
    {"Div", All, kMeasured, LayoutRole::kNeedsPlanes, NumbersOfDiv},
    {"Dropout", First, RangeKept, LayoutRole::kNeedsPlanes, NumbersKept, Shares::kKept},
    {"Elu", First, RangeOfElu, LayoutRole::kNeedsPlanes},
    {"Equal", All, kMeasured, LayoutRole::kNeedsPlanes},
    {"Erf", First, RangeOfUnits, LayoutRole::kNeedsPlanes},
    {"Exp", First, kMeasured, LayoutRole::kNeedsPlanes, NumbersOfExp},
    {"Expand", Never, RangeOfAllChannels, LayoutRole::kNeedsPlanes, NumbersOfExpand, Shares::kKept},
    {"Flatten", View, RangeOfAllChannels, LayoutRole::kNeedsPlanes, NumbersKept, Shares::kKept},
    {"Floor", First, kMeasured, LayoutRole::kNeedsPlanes},
    {"Gather", Never, RangeOfAllChannels, LayoutRole::kNeedsPlanes, NumbersOfGather, Shares::kKept},
    {"Gemm", Never, kMeasured, LayoutRole::kNeedsPlanes, NumbersOfGemm},
    {"GlobalAveragePool", Never, RangeKept, LayoutRole::kNeedsPlanes},
    {"GlobalMaxPool", Never, RangeKept, LayoutRole::kNeedsPlanes},
    {"Greater", All, kMeasured, LayoutRole::kNeedsPlanes},
    {"GreaterOrEqual", All, kMeasured, LayoutRole::kNeedsPlanes},
    {"HardSigmoid", First, RangeOfShares, LayoutRole::kNeedsPlanes, NumbersOfHardSigmoid, Shares::kAlways},
    {"HardSwish", First, RangeOfHardSwish, LayoutRole::kNeedsPlanes},
    {"Identity", First, RangeKept, LayoutRole::kNeedsPlanes, NumbersKept, Shares::kKept},
    {"InstanceNormalization", Planes, RangeOfNorm, LayoutRole::kNorm},
    {"LayerNormalization", Never, kMeasured, LayoutRole::kNeedsPlanes},
    {"LeakyRelu", First, RangeOfActivation, LayoutRole::kActivation},
    {"Less", All, kMeasured, LayoutRole::kNeedsPlanes},
    {"LessOrEqual", All, kMeasured, LayoutRole::kNeedsPlanes},
    {"Log", First, kMeasured, LayoutRole::kNeedsPlanes},
    {"LogSoftmax", Along, kMeasured, LayoutRole::kNeedsPlanes},
    {"MatMul", Never, kMeasured, LayoutRole::kNeedsPlanes, NumbersOfMatMul},
    {"Max", All, kMeasured, LayoutRole::kNeedsPlanes, NumbersOfMax},
    {"MaxPool", ByMaxPool, RangeOfMaxPool, LayoutRole::kNeedsPlanes, kUnknown, Shares::kKept},
    {"Mean", All, kMeasured, LayoutRole::kNeedsPlanes},
    {"Min", All, kMeasured, LayoutRole::kNeedsPlanes, NumbersOfMin},
    {"Mish", First, RangeOfMish, LayoutRole::kNeedsPlanes},
    {"Mul", All, RangeOfProduct, LayoutRole::kNeedsPlanes, NumbersOfMul},
    {"Neg", First, RangeOfNegative, LayoutRole::kNeedsPlanes, NumbersOfNeg},
    {"Not", First, kMeasured, LayoutRole::kNeedsPlanes},
    {"Or", All, kMeasured, LayoutRole::kNeedsPlanes},
    {"PRelu", All, RangeOfActivation, LayoutRole::kActivation},
    {"Pad", ByPad, RangeOfPad, LayoutRole::kNeedsPlanes},
    {"Pow", All, kMeasured, LayoutRole::kNeedsPlanes},
    {"Reciprocal", First, kMeasured, LayoutRole::kNeedsPlanes},
    {"ReduceMean", Never, RangeOfAllChannels, LayoutRole::kNeedsPlanes, NumbersOfReduceMean},
    {"ReduceSum", Never, kMeasured, LayoutRole::kNeedsPlanes, NumbersOfReduceSum},
    {"Relu", First, RangeOfActivation, LayoutRole::kActivation, NumbersOfRelu},
    {"Reshape", View, RangeOfAllChannels, LayoutRole::kNeedsPlanes, NumbersKept, Shares::kKept},
    {"Resize", ByResize, RangeOfResize, LayoutRole::kNeedsPlanes, kUnknown, Shares::kKept},
    {"Round", First, kMeasured, LayoutRole::kNeedsPlanes},
    {"Selu", First, RangeOfSelu, LayoutRole::kNeedsPlanes},
    {"Sigmoid", First, RangeOfShares, LayoutRole::kNeedsPlanes, NumbersOfSigmoid, Shares::kAlways},
    {"Sign", First, kMeasured, LayoutRole::kNeedsPlanes},
    {"Sin", First, RangeOfUnits, LayoutRole::kNeedsPlanes},
    {"Slice", Along, RangeOfAllChannels, LayoutRole::kNeedsPlanes, NumbersOfSlice, Shares::kKept},
    {"Softmax", Along, RangeOfShares, LayoutRole::kNeedsPlanes, NumbersOfSoftmax, Shares::kAlways},
    {"Softplus", First, RangeOfSoftplus, LayoutRole::kNeedsPlanes, NumbersOfSoftplus},
    {"Softsign", First, RangeOfUnits, LayoutRole::kNeedsPlanes},
    {"SpaceToDepth", Planes, RangeOfAllChannels, LayoutRole::kNeedsPlanes, kUnknown, Shares::kKept},
    {"Split", Along, RangeOfAllChannels, LayoutRole::kNeedsPlanes, NumbersOfSplit, Shares::kKept},
    {"Sqrt", First, kMeasured, LayoutRole::kNeedsPlanes, NumbersOfSqrt},
    {"Squeeze", View, RangeOfAllChannels, LayoutRole::kNeedsPlanes, NumbersKept, Shares::kKept},
    {"Sub", All, RangeOfDifference, LayoutRole::kNeedsPlanes, NumbersOfSub},
    {"Sum", All, kMeasured, LayoutRole::kNeedsPlanes},
    {"Tanh", First, RangeOfUnits, LayoutRole::kNeedsPlanes, NumbersOfTanh},
    {"ThresholdedRelu", First, kMeasured, LayoutRole::kNeedsPlanes},
    {"Transpose", Transposed, RangeOfAllChannels, LayoutRole::kNeedsPlanes, NumbersOfTranspose,
     Shares::kKept},
    {"Unsqueeze", View, RangeOfAllChannels, LayoutRole::kNeedsPlanes, NumbersKept, Shares::kKept},
    {"Upsample", ByResize, RangeOfResize, LayoutRole::kNeedsPlanes, kUnknown, Shares::kKept},
    {"Where", All, kMeasured, LayoutRole::kNeedsPlanes},
    {"Xor", All, kMeasured, LayoutRole::kNeedsPlanes},
    {"tempera.Affine", Planes, RangeOfAffine, LayoutRole::kAffine, NumbersOfAffine},
    {"tempera.Conv", ByConv, RangeOfConv, LayoutRole::kConv},
    {"tempera.Gelu", First, RangeOfGelu, LayoutRole::kNeedsPlanes},
    {"tempera.GroupNorm", Planes, kMeasured, LayoutRole::kNorm},
    {"tempera.Mish", First, RangeOfMish, LayoutRole::kNeedsPlanes},
    {"tempera.Silu", First, RangeOfSilu, LayoutRole::kNeedsPlanes},
    {"tempera.Softmax", Along, RangeOfShares, LayoutRole::kNeedsPlanes, NumbersOfSoftmax},
};
constexpr OperatorFacts kOther = {"", Never, kMeasured, LayoutRole::kNeedsPlanes};

const OperatorFacts* Find(std::string_view op_type) {
  const auto* at =
      std::lower_bound(std::begin(kOperators), std::end(kOperators), op_type,
                       [](const OperatorFacts& o, std::string_view name) { return o.op_type < name; });
  return at != std::end(kOperators) && at->op_type == op_type ? at : nullptr;
}

static_assert(std::is_sorted(std::begin(kOperators), std::end(kOperators),
                             [](const OperatorFacts& a, const OperatorFacts& b) {
                               return a.op_type < b.op_type;
                             }));

}  // namespace

const OperatorFacts& FactsOf(std::string_view op_type) {
  const OperatorFacts* found = Find(op_type);
  return found != nullptr ? *found : kOther;
}

bool HasFacts(std::string_view op_type) { return Find(op_type) != nullptr; }

}  // namespace tempera::engine
