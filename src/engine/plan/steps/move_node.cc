// Plans Concat, Split, Slice, Transpose, Expand, DepthToSpace and SpaceToDepth: numbers change their place,
// nothing else, and each is a list of strided copies.
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/plan_builder.h"
#include "src/ops/shape_rules.h"
#include "src/ops/slice.h"

namespace tempera::engine {
namespace {

// An input of any type that is constant; nullptr otherwise.
const Tensor* ConstantOf(const PlanBuilder& builder, const graph::Node& node, size_t input) {
  if (input >= node.inputs.size() || node.inputs[input] == graph::kNoValue) return nullptr;
  const auto& constant = builder.graph().value(node.inputs[input]).constant;
  return constant ? &*constant : nullptr;
}

bool NotEmpty(const Shape& shape) {
  int64_t count = 0;
  return CheckedElementCount(shape, &count) && count > 0;
}

// All of `shape`, dense in the output.
Move ToDense(const Shape& shape, Shape in_strides) {
  return {{}, 0, 0, shape, std::move(in_strides), ops::DenseStrides(shape)};
}

// The one way from v to the node's only output.
bool AddMove(PlanBuilder& builder, const graph::Node& node, graph::ValueId v, Move move) {
  std::vector<ReadData> reads;
  move.from = builder.OperandOf(v, &reads);
  builder.Add(node, MoveWork{{std::move(move)}}, std::move(reads), {builder.NewStorage(node.outputs[0])});
  return true;
}

}  // namespace

Result<bool> PlanConcatNode(PlanBuilder& builder, const graph::Node& node) {
  const Shape& out = builder.shape(node.outputs[0]);
  if (!NotEmpty(out)) return false;
  for (graph::ValueId v : node.inputs) {
    if (!builder.CanRead(v)) return false;
  }
  const auto axis = ops::NormalizeAxis(node.attributes.Int("axis", 0), out.size());
  if (!axis.ok()) return false;
  const Shape out_strides = ops::DenseStrides(out);
  MoveWork work;
  std::vector<ReadData> reads;
  int64_t offset = 0;
  for (graph::ValueId v : node.inputs) {
    const Shape& shape = builder.shape(v);
    if (NotEmpty(shape)) {
      work.moves.push_back(
          {builder.OperandOf(v, &reads), 0, offset, shape, ops::DenseStrides(shape), out_strides});
    }
    const auto a = static_cast<size_t>(axis.value());
    offset += shape[a] * out_strides[a];
  }
  builder.Add(node, std::move(work), std::move(reads), {builder.NewStorage(node.outputs[0])});
  return true;
}

Result<bool> PlanSplitNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  const Shape in = builder.shape(x);
  const auto axis = ops::NormalizeAxis(node.attributes.Int("axis", 0), in.size());
  if (!builder.CanRead(x) || !NotEmpty(in) || !axis.ok()) return false;
  const auto a = static_cast<size_t>(axis.value());
  const Tensor* const constants[] = {nullptr, ConstantOf(builder, node, 1)};
  const auto sizes = ops::SplitSizes(node, builder.graph().opset, in[a], node.outputs.size(), constants);
  if (!sizes.ok()) return false;
  const Shape strides = ops::DenseStrides(in);
  int64_t next = 0;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const int64_t start = next;
    next += sizes.value()[i] * strides[a];
    if (node.outputs[i] == graph::kNoValue) continue;
    Shape out = in;
    out[a] = sizes.value()[i];
    MoveWork work;
    std::vector<ReadData> reads;
    if (out[a] > 0) {
      work.moves.push_back(ToDense(out, strides));
      work.moves.back().from = builder.OperandOf(x, &reads);
      work.moves.back().in_offset = start;
    }
    builder.Add(node, std::move(work), std::move(reads), {builder.NewStorage(node.outputs[i])});
  }
  return true;
}

Result<bool> PlanSliceNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  if (!builder.CanRead(x) || !NotEmpty(builder.shape(node.outputs[0]))) return false;
  std::vector<const Tensor*> constants(node.inputs.size(), nullptr);
  for (size_t i = 1; i < constants.size(); ++i) constants[i] = ConstantOf(builder, node, i);
  const auto view = ops::ViewOfSlice(node, builder.graph().opset, builder.shape(x), constants);
  if (!view.ok()) return false;
  Move move = ToDense(view->shape, view->strides);
  move.in_offset = view->offset;
  return AddMove(builder, node, x, std::move(move));
}

Result<bool> PlanTransposeNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  const Shape in = builder.shape(x), out = builder.shape(node.outputs[0]);
  if (!builder.CanRead(x) || !NotEmpty(out)) return false;
  std::vector<int64_t> perm = node.attributes.Ints("perm");
  for (size_t d = in.size(); d-- > 0 && perm.size() < in.size();) perm.push_back(static_cast<int64_t>(d));
  const auto axes = ops::NormalizeAxes(std::move(perm), in.size());
  if (!axes.ok() || axes.value().size() != in.size()) return false;
  const Shape dense = ops::DenseStrides(in);
  Shape strides;
  for (int64_t p : axes.value()) strides.push_back(dense[static_cast<size_t>(p)]);
  return AddMove(builder, node, x, ToDense(out, strides));
}

// Both are one correspondence read in two directions: of a deep picture [n, channels * b * b, h, w] and a
// wide one [n, channels, h * b, w * b]. By rows of the deep one, so that the inner loop is as long as w.
Result<bool> PlanDepthSpaceNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  const Shape in = builder.shape(x), out = builder.shape(node.outputs[0]);
  if (!builder.CanRead(x) || !NotEmpty(out) || in.size() != 4) return false;
  const bool widens = node.op_type == "DepthToSpace";
  const Shape& deep = widens ? in : out;
  const Shape& wide = widens ? out : in;
  const int64_t b = node.attributes.Int("blocksize", 1), channels = wide[1], h = deep[2], w = deep[3];
  const int64_t plane = h * w;
  const bool columns_first = widens && node.attributes.String("mode", "DCR") == "CRD";
  const int64_t step_c = columns_first ? b * b * plane : plane;
  const int64_t step_i = columns_first ? b * plane : b * channels * plane;
  const int64_t step_j = columns_first ? plane : channels * plane;
  const Shape shape = {in[0], channels, b, h, b, w};
  const Shape deep_strides = {deep[1] * plane, step_c, step_i, w, step_j, 1};
  const Shape wide_strides = {channels * plane * b * b, plane * b * b, w * b, w * b * b, 1, b};
  return AddMove(
      builder, node, x,
      {{}, 0, 0, shape, widens ? deep_strides : wide_strides, widens ? wide_strides : deep_strides});
}

Result<bool> PlanExpandNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  const Shape out = builder.shape(node.outputs[0]);
  if (!builder.CanRead(x) || !NotEmpty(out)) return false;
  return AddMove(builder, node, x, ToDense(out, ops::BroadcastStrides(builder.shape(x), out)));
}

}  // namespace tempera::engine
