// MatMul with broadcast batches, and Gemm.
#include <algorithm>
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/step_maker.h"
#include "src/kernels/planes/matrix_f32.h"
#include "src/ops/shape_rules.h"

namespace tempera::engine {
namespace {

kernels::MatrixShape ShapeOf(const MatrixWork& w) {
  return {w.m, w.n, w.k, w.a_row, w.a_column, w.b_row, w.b_column};
}

class MatrixStep final : public Step {
 public:
  MatrixStep(const MatrixWork& work, StepMaker& maker)
      : shape_(ShapeOf(work)),
        batches_(work.batches),
        a_(maker.StorageOf(work.a)),
        b_(maker.StorageOf(work.b)),
        to_(maker.node().writes[0]),
        x_(maker.KeepFloats(work.a)),
        y_(maker.KeepFloats(work.b)),
        bias_(maker.KeepFloats(work.bias)),
        bias_row_(work.bias_row),
        bias_column_(work.bias_column),
        alpha_(work.alpha),
        beta_(work.beta),
        run_task_(kernels::ChooseMatrixTaskF32(maker.highway_bit())) {
    scratch_bytes = kernels::MatrixScratchBytes();
    info.kernel = "matrix_f32";
    info.macs = work.m * work.n * work.k * static_cast<int64_t>(batches_.size());
    // Only once for all batches.
    weight_bytes = constant_bytes =
        static_cast<size_t>((a_ < 0 ? work.m * work.k : 0) + (b_ < 0 ? work.n * work.k : 0)) * sizeof(float);
  }

  void Bind(const Memory& memory) override {
    if (a_ >= 0) x_ = memory.floats(a_);
    if (b_ >= 0) y_ = memory.floats(b_);
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
    if (alpha_ == 1 && bias_ == nullptr) return;
    const int64_t across = CeilDiv(shape_.n, kernels::kMatrixColumns);
    const int64_t row = task / across * kernels::kMatrixRows,
                  column = task % across * kernels::kMatrixColumns;
    for (int64_t i = row; i < std::min(row + kernels::kMatrixRows, shape_.m); ++i) {
      for (int64_t j = column; j < std::min(column + kernels::kMatrixColumns, shape_.n); ++j) {
        const float bias = bias_ == nullptr ? 0 : bias_[i * bias_row_ + j * bias_column_];
        c[i * shape_.n + j] = alpha_ * c[i * shape_.n + j] + beta_ * bias;
      }
    }
  }

  kernels::MatrixShape shape_;
  std::vector<std::pair<int64_t, int64_t>> batches_;
  StorageId a_, b_, to_;  // -1: a constant
  const float *x_, *y_;
  const float* bias_;
  int64_t bias_row_, bias_column_;
  float alpha_, beta_;
  kernels::MatrixTaskF32 run_task_;
  float* output_ = nullptr;
};

bool Fits(const MatrixWork& w) {
  int64_t tasks = 0;
  return w.m > 0 && w.n > 0 && w.k > 0 && !w.batches.empty() &&
         CheckedMul(kernels::MatrixTasks(ShapeOf(w)), static_cast<int64_t>(w.batches.size()), &tasks) &&
         tasks <= (int64_t{1} << 30);
}

void AddProduct(PlanBuilder& builder, const graph::Node& node, MatrixWork work) {
  std::vector<ReadData> reads;
  work.a = builder.OperandOf(node.inputs[0], &reads);
  work.b = builder.OperandOf(node.inputs[1], &reads);
  builder.Add(node, std::move(work), std::move(reads), {builder.NewStorage(node.outputs[0])});
}

}  // namespace

Result<bool> PlanMatMulNode(PlanBuilder& builder, const graph::Node& node) {
  if (!builder.CanRead(node.inputs[0]) || !builder.CanRead(node.inputs[1])) return false;
  Shape a = builder.shape(node.inputs[0]), b = builder.shape(node.inputs[1]);
  Shape batch = builder.shape(node.outputs[0]);
  // A vector is one row, or one column; the result lacks that dimension.
  if (a.size() > 1) batch.pop_back();
  if (b.size() > 1) batch.pop_back();
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  MatrixWork w;
  w.m = a[a.size() - 2], w.k = a[a.size() - 1], w.n = b[b.size() - 1];
  w.a_row = w.k, w.b_row = w.n;
  int64_t count = 0;
  if (!CheckedElementCount(batch, &count) || count == 0 || count > (1 << 20)) return false;
  const Shape a_strides = ops::BroadcastStrides(std::span(a).first(a.size() - 2), batch),
              b_strides = ops::BroadcastStrides(std::span(b).first(b.size() - 2), batch);
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i, at_a = 0, at_b = 0;
    for (size_t d = batch.size(); d-- > 0; rest /= batch[d]) {
      at_a += rest % batch[d] * a_strides[d];
      at_b += rest % batch[d] * b_strides[d];
    }
    w.batches.emplace_back(at_a * w.m * w.k, at_b * w.k * w.n);
  }
  if (!Fits(w)) return false;
  AddProduct(builder, node, std::move(w));
  return true;
}

Result<bool> PlanGemmNode(PlanBuilder& builder, const graph::Node& node) {
  if (!builder.CanRead(node.inputs[0]) || !builder.CanRead(node.inputs[1])) return false;
  const Shape &a = builder.shape(node.inputs[0]), &b = builder.shape(node.inputs[1]),
              &out = builder.shape(node.outputs[0]);
  const bool trans_a = node.attributes.Int("transA", 0) != 0, trans_b = node.attributes.Int("transB", 0) != 0;
  MatrixWork w;
  w.m = out[0], w.n = out[1], w.k = trans_a ? a[0] : a[1];
  w.a_row = trans_a ? 1 : a[1], w.a_column = trans_a ? a[1] : 1;
  w.b_row = trans_b ? 1 : b[1], w.b_column = trans_b ? b[1] : 1;
  w.batches = {{0, 0}};
  w.alpha = node.attributes.Float("alpha", 1), w.beta = node.attributes.Float("beta", 1);
  if (node.inputs.size() > 2 && node.inputs[2] != graph::kNoValue) {
    const Tensor* bias = builder.ConstantFloats(node.inputs[2]);
    if (bias == nullptr) return false;
    const Shape strides = ops::BroadcastStrides(bias->shape(), out);
    w.bias = builder.NameOf(node.inputs[2]);
    w.bias_row = strides[0], w.bias_column = strides[1];
  }
  if (!Fits(w)) return false;
  AddProduct(builder, node, std::move(w));
  return true;
}

MadeStep MakeStep(const MatrixWork& work, StepMaker& maker) { return NewStep<MatrixStep>(work, maker); }

}  // namespace tempera::engine
