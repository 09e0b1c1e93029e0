// Concat, Split, Slice, Transpose, Expand, DepthToSpace and SpaceToDepth: numbers change their place, nothing
// else.
#include <algorithm>
#include <cstring>
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/walk.h"
#include "src/kernels/planes/shuffle_f32.h"
#include "src/kernels/task_share.h"
#include "src/ops/shape_rules.h"
#include "src/ops/slice.h"

namespace tempera::engine {
namespace {

// One input's way into the output.
struct Piece {
  StorageId from = -1;
  const float* constant = nullptr;  // instead of a storage
  int64_t offset = 0;               // in the output
  Walk<2> walk;                     // input, output
  int64_t in_offset = 0;
};

class MoveStep final : public Step {
 public:
  MoveStep(std::vector<Piece> pieces, StorageId to) : pieces_(std::move(pieces)), to_(to) {
    for (const Piece& p : pieces_) {
      if (p.constant == nullptr) reads.push_back(p.from);
      first_task_.push_back(tasks_);
      tasks_ += p.walk.tasks();
    }
    writes = {to};
    inputs_.resize(pieces_.size());
    info.kernel = "move_f32";
  }

  void Bind(const Memory& memory) override {
    for (size_t i = 0; i < pieces_.size(); ++i) {
      inputs_[i] = pieces_[i].constant != nullptr ? pieces_[i].constant : memory.floats(pieces_[i].from);
    }
    output_ = memory.floats(to_);
  }

  Status Run(const RunContext& context) override {
    context.pool.ParallelFor(static_cast<int>(tasks_), [&](int task, int) {
      size_t i = pieces_.size() - 1;
      while (first_task_[i] > task) --i;
      const Piece& piece = pieces_[i];
      const int64_t in_step = piece.walk.step(0), out_step = piece.walk.step(1);
      piece.walk.RunTask(task - first_task_[i], [&](const std::array<int64_t, 2>& at, int64_t count) {
        const float* from = inputs_[i] + piece.in_offset + at[0];
        float* to = output_ + piece.offset + at[1];
        if (in_step == 1 && out_step == 1) {
          std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
        } else {
          for (int64_t k = 0; k < count; ++k) to[k * out_step] = from[k * in_step];
        }
      });
    });
    return OkStatus();
  }

 private:
  std::vector<Piece> pieces_;
  std::vector<int64_t> first_task_;  // of each piece
  int64_t tasks_ = 0;
  StorageId to_;
  std::vector<const float*> inputs_;
  float* output_ = nullptr;
};

// DepthToSpace: each row of the output is one of `block` planes, interleaved.
class SpreadStep final : public Step {
 public:
  struct Deep {
    int64_t n, channels, block, h, w;            // channels of the output; pixels of the input
    int64_t step_channel, step_row, step_pixel;  // from one channel, row and pixel of a block to the next
  };
  SpreadStep(const Deep& deep, StorageId from, StorageId to, int64_t highway_bit)
      : deep_(deep), from_(from), to_(to), interleave_(kernels::ChooseInterleaveF32(highway_bit)) {
    reads = {from};
    writes = {to};
    info.kernel = "depth_to_space_f32";
  }

  void Bind(const Memory& memory) override {
    input_ = memory.floats(from_);
    output_ = memory.floats(to_);
  }

  Status Run(const RunContext& context) override {
    const int64_t block = deep_.block, width = deep_.w * block;
    const int64_t rows = deep_.n * deep_.channels * deep_.h * block;
    const int64_t each = kernels::TaskLines(width);
    context.pool.ParallelFor(static_cast<int>(CeilDiv(rows, each)), [&](int task, int) {
      for (int64_t row = task * each; row < std::min(rows, (task + 1) * each); ++row) {
        const int64_t plane = row / block / deep_.h, y = row / block % deep_.h;
        const int64_t image = plane / deep_.channels, channel = plane % deep_.channels;
        const float* from = input_ + image * deep_.channels * block * block * deep_.h * deep_.w +
                            channel * deep_.step_channel + row % block * deep_.step_row + y * deep_.w;
        interleave_(from, deep_.step_pixel, block, deep_.w, output_ + row * width);
      }
    });
    return OkStatus();
  }

 private:
  Deep deep_;
  StorageId from_, to_;
  kernels::InterleaveF32 interleave_;
  const float* input_ = nullptr;
  float* output_ = nullptr;
};

// An input that a copy can read; its storage is asked for later.
bool CanRead(const PlanBuilder& builder, graph::ValueId v) {
  return v != graph::kNoValue && builder.is_float(v) &&
         (builder.reading(v).storage >= 0 || builder.ConstantFloats(v) != nullptr);
}

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

Piece MakePiece(PlanBuilder& builder, graph::ValueId v, int64_t offset, Walk<2> walk) {
  Piece piece{-1, nullptr, offset, std::move(walk)};
  if (const Tensor* constant = builder.ConstantFloats(v)) {
    piece.constant = constant->data<float>();
  } else {
    piece.from = builder.Materialize(v);
  }
  return piece;
}

bool AddMove(PlanBuilder& builder, const graph::Node& node, std::vector<Piece> pieces) {
  builder.Add(std::make_unique<MoveStep>(std::move(pieces), builder.NewStorage(node.outputs[0])), node);
  return true;
}

}  // namespace

Result<bool> PlanConcatNode(PlanBuilder& builder, const graph::Node& node) {
  const Shape& out = builder.info(node.outputs[0]).shape;
  if (!NotEmpty(out)) return false;
  for (graph::ValueId v : node.inputs) {
    if (!CanRead(builder, v)) return false;
  }
  const auto axis = ops::NormalizeAxis(node.attributes.Int("axis", 0), out.size());
  if (!axis.ok()) return false;
  const Shape out_strides = ops::DenseStrides(out);
  std::vector<Piece> pieces;
  int64_t offset = 0;
  for (graph::ValueId v : node.inputs) {
    const Shape shape = builder.info(v).shape;
    if (NotEmpty(shape)) {
      pieces.push_back(
          MakePiece(builder, v, offset, Walk<2>(shape, {ops::DenseStrides(shape), out_strides})));
    }
    const auto a = static_cast<size_t>(axis.value());
    offset += shape[a] * out_strides[a];
  }
  return AddMove(builder, node, std::move(pieces));
}

Result<bool> PlanSplitNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  const Shape in = builder.info(x).shape;
  const auto axis = ops::NormalizeAxis(node.attributes.Int("axis", 0), in.size());
  if (!CanRead(builder, x) || !NotEmpty(in) || !axis.ok()) return false;
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
    std::vector<Piece> pieces;
    if (out[a] > 0) {
      pieces.push_back(MakePiece(builder, x, 0, Walk<2>(out, {strides, ops::DenseStrides(out)})));
      pieces.back().in_offset = start;
    }
    builder.Add(std::make_unique<MoveStep>(std::move(pieces), builder.NewStorage(node.outputs[i])), node);
  }
  return true;
}

Result<bool> PlanSliceNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  if (!CanRead(builder, x) || !NotEmpty(builder.info(node.outputs[0]).shape)) return false;
  std::vector<const Tensor*> constants(node.inputs.size(), nullptr);
  for (size_t i = 1; i < constants.size(); ++i) constants[i] = ConstantOf(builder, node, i);
  const auto view = ops::ViewOfSlice(node, builder.graph().opset, builder.info(x).shape, constants);
  if (!view.ok()) return false;
  std::vector<Piece> pieces;
  pieces.push_back(
      MakePiece(builder, x, 0, Walk<2>(view->shape, {view->strides, ops::DenseStrides(view->shape)})));
  pieces.back().in_offset = view->offset;
  return AddMove(builder, node, std::move(pieces));
}

Result<bool> PlanTransposeNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  const Shape in = builder.info(x).shape, out = builder.info(node.outputs[0]).shape;
  if (!CanRead(builder, x) || !NotEmpty(out)) return false;
  std::vector<int64_t> perm = node.attributes.Ints("perm");
  for (size_t d = in.size(); d-- > 0 && perm.size() < in.size();) perm.push_back(static_cast<int64_t>(d));
  const auto axes = ops::NormalizeAxes(std::move(perm), in.size());
  if (!axes.ok() || axes.value().size() != in.size()) return false;
  const Shape dense = ops::DenseStrides(in);
  Shape strides;
  for (int64_t p : axes.value()) strides.push_back(dense[static_cast<size_t>(p)]);
  std::vector<Piece> pieces;
  pieces.push_back(MakePiece(builder, x, 0, Walk<2>(out, {strides, ops::DenseStrides(out)})));
  return AddMove(builder, node, std::move(pieces));
}

// Both are one correspondence read in two directions: of a deep picture [n, channels * b * b, h, w] and a
// wide one [n, channels, h * b, w * b]. Walked by rows of the deep one, so that the inner loop is as long as
// w.
Result<bool> PlanDepthSpaceNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  const Shape in = builder.info(x).shape, out = builder.info(node.outputs[0]).shape;
  if (!CanRead(builder, x) || !NotEmpty(out) || in.size() != 4) return false;
  const bool widens = node.op_type == "DepthToSpace";
  const Shape& deep = widens ? in : out;
  const Shape& wide = widens ? out : in;
  const int64_t b = node.attributes.Int("blocksize", 1), channels = wide[1], h = deep[2], w = deep[3];
  const int64_t plane = h * w;
  const bool columns_first = widens && node.attributes.String("mode", "DCR") == "CRD";
  const int64_t step_c = columns_first ? b * b * plane : plane;
  const int64_t step_i = columns_first ? b * plane : b * channels * plane;
  const int64_t step_j = columns_first ? plane : channels * plane;
  if (widens && builder.ConstantFloats(x) == nullptr) {
    const StorageId from = builder.Materialize(x);
    builder.Add(
        std::make_unique<SpreadStep>(SpreadStep::Deep{in[0], channels, b, h, w, step_c, step_i, step_j}, from,
                                     builder.NewStorage(node.outputs[0]), builder.highway_bit()),
        node);
    return true;
  }
  const Shape shape = {in[0], channels, b, h, b, w};
  const Shape deep_strides = {deep[1] * plane, step_c, step_i, w, step_j, 1};
  const Shape wide_strides = {channels * plane * b * b, plane * b * b, w * b, w * b * b, 1, b};
  std::vector<Piece> pieces;
  pieces.push_back(MakePiece(
      builder, x, 0,
      Walk<2>(shape, {widens ? deep_strides : wide_strides, widens ? wide_strides : deep_strides})));
  return AddMove(builder, node, std::move(pieces));
}

Result<bool> PlanExpandNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  const Shape out = builder.info(node.outputs[0]).shape;
  if (!CanRead(builder, x) || !NotEmpty(out)) return false;
  std::vector<Piece> pieces;
  const Shape strides = ops::BroadcastStrides(builder.info(x).shape, out);
  pieces.push_back(MakePiece(builder, x, 0, Walk<2>(out, {strides, ops::DenseStrides(out)})));
  return AddMove(builder, node, std::move(pieces));
}

}  // namespace tempera::engine
