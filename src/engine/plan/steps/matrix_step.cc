// MatMul with broadcast batches, and Gemm.
#include <algorithm>
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/plan_builder.h"
#include "src/kernels/planes/matrix_f32.h"
#include "src/ops/shape_rules.h"

namespace tempera::engine {
namespace {

struct Operand {
  StorageId storage = -1;
  const float* constant = nullptr;  // instead of a storage
};

// What Gemm does to the product: alpha * product + beta * bias.
struct Ending {
  float alpha = 1, beta = 1;
  const float* bias = nullptr;
  int64_t bias_row = 0, bias_column = 0;  // strides
};

class MatrixStep final : public Step {
 public:
  // One product for each of `batches`: where its matrices begin in a and b; the results lie one behind the
  // other.
  MatrixStep(const kernels::MatrixShape& shape, std::vector<std::pair<int64_t, int64_t>> batches,
             const Operand& a, const Operand& b, const Ending& ending, StorageId to, int64_t highway_bit)
      : shape_(shape),
        batches_(std::move(batches)),
        a_(a),
        b_(b),
        ending_(ending),
        to_(to),
        run_task_(kernels::ChooseMatrixTaskF32(highway_bit)) {
    for (const Operand* o : {&a_, &b_}) {
      if (o->constant == nullptr) reads.push_back(o->storage);
    }
    writes = {to};
    scratch_bytes = kernels::MatrixScratchBytes();
    info.kernel = "matrix_f32";
    info.macs = shape.m * shape.n * shape.k * static_cast<int64_t>(batches_.size());
    // Only once for all batches.
    weight_bytes = static_cast<size_t>((a.constant != nullptr ? shape.m * shape.k : 0) +
                                       (b.constant != nullptr ? shape.n * shape.k : 0)) *
                   sizeof(float);
  }

  void Bind(const Memory& memory) override {
    x_ = a_.constant != nullptr ? a_.constant : memory.floats(a_.storage);
    y_ = b_.constant != nullptr ? b_.constant : memory.floats(b_.storage);
    output_ = memory.floats(to_);
  }

  Status Run(const RunContext& context) override {
    const int64_t each = kernels::MatrixTasks(shape_);
    context.pool.ParallelFor(static_cast<int>(each * static_cast<int64_t>(batches_.size())),
                             [&](int task, int thread) {
                               const auto& [a, b] = batches_[static_cast<size_t>(task / each)];
                               float* c = output_ + task / each * shape_.m * shape_.n;
                               run_task_(shape_, task % each, x_ + a, y_ + b, c, context.ScratchOf(thread));
                               End(task % each, c);
                             });
    return OkStatus();
  }

 private:
  void End(int64_t task, float* c) const {
    if (ending_.alpha == 1 && ending_.bias == nullptr) return;
    const int64_t across = CeilDiv(shape_.n, kernels::kMatrixColumns);
    const int64_t row = task / across * kernels::kMatrixRows,
                  column = task % across * kernels::kMatrixColumns;
    for (int64_t i = row; i < std::min(row + kernels::kMatrixRows, shape_.m); ++i) {
      for (int64_t j = column; j < std::min(column + kernels::kMatrixColumns, shape_.n); ++j) {
        const float bias =
            ending_.bias == nullptr ? 0 : ending_.bias[i * ending_.bias_row + j * ending_.bias_column];
        c[i * shape_.n + j] = ending_.alpha * c[i * shape_.n + j] + ending_.beta * bias;
      }
    }
  }

  kernels::MatrixShape shape_;
  std::vector<std::pair<int64_t, int64_t>> batches_;
  Operand a_, b_;
  Ending ending_;
  StorageId to_;
  kernels::MatrixTaskF32 run_task_;
  const float *x_ = nullptr, *y_ = nullptr;
  float* output_ = nullptr;
};

bool CanRead(const PlanBuilder& builder, graph::ValueId v) {
  return builder.is_float(v) && (builder.reading(v).storage >= 0 || builder.ConstantFloats(v) != nullptr);
}

Operand OperandOf(PlanBuilder& builder, graph::ValueId v) {
  if (const Tensor* constant = builder.ConstantFloats(v)) return {-1, constant->data<float>()};
  return {builder.Materialize(v), nullptr};
}

bool Fits(const kernels::MatrixShape& s, size_t batches) {
  int64_t tasks = 0;
  return s.m > 0 && s.n > 0 && s.k > 0 && batches > 0 &&
         CheckedMul(kernels::MatrixTasks(s), static_cast<int64_t>(batches), &tasks) &&
         tasks <= (int64_t{1} << 30);
}

Result<bool> AddProduct(PlanBuilder& builder, const graph::Node& node, const kernels::MatrixShape& shape,
                        std::vector<std::pair<int64_t, int64_t>> batches, const Ending& ending) {
  const Operand a = OperandOf(builder, node.inputs[0]), b = OperandOf(builder, node.inputs[1]);
  const StorageId to = builder.NewStorage(node.outputs[0]);
  builder.Add(
      std::make_unique<MatrixStep>(shape, std::move(batches), a, b, ending, to, builder.highway_bit()), node);
  return true;
}

}  // namespace

Result<bool> PlanMatMulNode(PlanBuilder& builder, const graph::Node& node) {
  if (!CanRead(builder, node.inputs[0]) || !CanRead(builder, node.inputs[1])) return false;
  Shape a = builder.info(node.inputs[0]).shape, b = builder.info(node.inputs[1]).shape;
  Shape batch = builder.info(node.outputs[0]).shape;
  // A vector is one row, or one column; the result lacks that dimension.
  if (a.size() > 1) batch.pop_back();
  if (b.size() > 1) batch.pop_back();
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  kernels::MatrixShape s;
  s.m = a[a.size() - 2], s.k = a[a.size() - 1], s.n = b[b.size() - 1];
  s.a_row = s.k, s.a_column = 1, s.b_row = s.n, s.b_column = 1;
  int64_t count = 0;
  if (!CheckedElementCount(batch, &count) || count == 0 || count > (1 << 20)) return false;
  const Shape a_strides = ops::BroadcastStrides(std::span(a).first(a.size() - 2), batch),
              b_strides = ops::BroadcastStrides(std::span(b).first(b.size() - 2), batch);
  std::vector<std::pair<int64_t, int64_t>> batches;
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i, at_a = 0, at_b = 0;
    for (size_t d = batch.size(); d-- > 0; rest /= batch[d]) {
      at_a += rest % batch[d] * a_strides[d];
      at_b += rest % batch[d] * b_strides[d];
    }
    batches.emplace_back(at_a * s.m * s.k, at_b * s.k * s.n);
  }
  if (!Fits(s, batches.size())) return false;
  return AddProduct(builder, node, s, std::move(batches), {});
}

Result<bool> PlanGemmNode(PlanBuilder& builder, const graph::Node& node) {
  if (!CanRead(builder, node.inputs[0]) || !CanRead(builder, node.inputs[1])) return false;
  const Shape &a = builder.info(node.inputs[0]).shape, &b = builder.info(node.inputs[1]).shape,
              &out = builder.info(node.outputs[0]).shape;
  const bool trans_a = node.attributes.Int("transA", 0) != 0, trans_b = node.attributes.Int("transB", 0) != 0;
  kernels::MatrixShape s;
  s.m = out[0], s.n = out[1], s.k = trans_a ? a[0] : a[1];
  s.a_row = trans_a ? 1 : a[1], s.a_column = trans_a ? a[1] : 1;
  s.b_row = trans_b ? 1 : b[1], s.b_column = trans_b ? b[1] : 1;
  Ending ending = {node.attributes.Float("alpha", 1), node.attributes.Float("beta", 1)};
  if (node.inputs.size() > 2 && node.inputs[2] != graph::kNoValue) {
    const Tensor* bias = builder.ConstantFloats(node.inputs[2]);
    if (bias == nullptr) return false;
    const Shape strides = ops::BroadcastStrides(bias->shape(), out);
    ending.bias = bias->data<float>();
    ending.bias_row = strides[0], ending.bias_column = strides[1];
  }
  if (!Fits(s, 1)) return false;
  return AddProduct(builder, node, s, {{0, 0}}, ending);
}

}  // namespace tempera::engine
