// Matrix products: MatMul (NumPy's rules, batches broadcast) and Gemm.
#include <algorithm>
#include <string>
#include <vector>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/saturate.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Status InferMatMul(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  Shape a = c.inputs[0]->shape, b = c.inputs[1]->shape;
  if (a.empty() || b.empty()) return CorruptModel("it multiplies a single number");
  if (c.inputs[0]->dtype != c.inputs[1]->dtype) return CorruptModel("its inputs have different types");
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  if (a[a.size() - 1] != b[b.size() - 2]) {
    return InvalidArgument("matrices " + ShapeToString(a) + " and " + ShapeToString(b) +
                           " do not fit together");
  }
  TEMPERA_ASSIGN_OR_RETURN(
      Shape out, BroadcastShapes(std::span(a).first(a.size() - 2), std::span(b).first(b.size() - 2)));
  if (!row) out.push_back(a[a.size() - 2]);
  if (!column) out.push_back(b[b.size() - 1]);
  c.outputs[0] = {c.inputs[0]->dtype, std::move(out)};
  return OkStatus();
}

// c[m, n] += a[m, k] * b[k, n]; element strides of a and b; c dense.
template <typename T, typename V>
void Multiply(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_row, int64_t a_column, const T* b,
              int64_t b_row, int64_t b_column, V* c) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t l = 0; l < k; ++l) {
      const V x = static_cast<V>(a[i * a_row + l * a_column]);
      for (int64_t j = 0; j < n; ++j) c[i * n + j] += x * static_cast<V>(b[l * b_row + j * b_column]);
    }
  }
}

// What products of T are summed in: floats as themselves, integers modulo 2^64 (cut to T at the end).
template <typename T>
using SumType = std::conditional_t<std::is_integral_v<T>, uint64_t, ComputeType<T>>;

Status MatMulReference(const ComputeContext& c) {
  if (c.inputs[0]->dtype() == DataType::kBool) return UnsupportedType(DataType::kBool);
  Shape a = c.inputs[0]->shape(), b = c.inputs[1]->shape(), out = c.outputs[0]->shape();
  if (a.size() == 1) {
    a.insert(a.begin(), 1);
    out.insert(out.end() - (b.size() > 1 ? 1 : 0), 1);
  }
  if (b.size() == 1) {
    b.push_back(1);
    out.push_back(1);
  }
  const int64_t m = a[a.size() - 2], k = a[a.size() - 1], n = b[b.size() - 1];
  const std::span<const int64_t> batch = std::span(out).first(out.size() - 2);
  // Offsets of each batch, in matrices: strides over the broadcast batch dimensions.
  Shape rows(batch.begin(), batch.end());
  rows.push_back(1);  // ForEachRow's row: one matrix
  Shape a_strides = BroadcastStrides(std::span(a).first(a.size() - 2), batch);
  Shape b_strides = BroadcastStrides(std::span(b).first(b.size() - 2), batch);
  a_strides.push_back(0);
  b_strides.push_back(0);
  // 8 bytes hold a sum of any type.
  TEMPERA_ASSIGN_OR_RETURN(Tensor sum_matrix, Tensor::Create(DataType::kUint64, {m * n}));
  TEMPERA_ASSIGN_OR_RETURN(const Widened wide_a, Widened::Of(*c.inputs[0]));
  TEMPERA_ASSIGN_OR_RETURN(const Widened wide_b, Widened::Of(*c.inputs[1]));
  TEMPERA_ASSIGN_OR_RETURN(WideOutput wide_out, WideOutput::For(c.outputs[0]));
  TEMPERA_RETURN_IF_ERROR(DispatchWide(c.inputs[0]->dtype(), [&]<typename T>() {
    using V = SumType<T>;
    V* sums = static_cast<V*>(sum_matrix.raw());
    T* to = (*wide_out)->data<T>();
    ForEachRow<2>(rows, {a_strides, b_strides}, [&](const std::array<int64_t, 2>& offsets) {
      std::fill_n(sums, m * n, V{0});
      Multiply(m, n, k, (*wide_a).data<T>() + offsets[0] * m * k, k, 1,
               (*wide_b).data<T>() + offsets[1] * k * n, n, 1, sums);
      for (int64_t i = 0; i < m * n; ++i) *to++ = static_cast<T>(sums[i]);
    });
    return OkStatus();
  }));
  return wide_out.Store();
}

Status InferGemm(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 3));
  Shape a = c.inputs[0]->shape, b = c.inputs[1]->shape;
  if (a.size() != 2 || b.size() != 2) return CorruptModel("its inputs are not matrices");
  if (c.inputs[0]->dtype != c.inputs[1]->dtype) return CorruptModel("its inputs have different types");
  if (c.node.attributes.Int("transA", 0) != 0) std::swap(a[0], a[1]);
  if (c.node.attributes.Int("transB", 0) != 0) std::swap(b[0], b[1]);
  if (a[1] != b[0]) {
    return InvalidArgument("matrices " + ShapeToString(a) + " and " + ShapeToString(b) +
                           " do not fit together");
  }
  const Shape out = {a[0], b[1]};
  if (const TensorInfo* bias = InputInfo(c, 2)) {
    const auto spread = BroadcastShapes(bias->shape, out);
    if (!spread.ok() || *spread != out || bias->dtype != c.inputs[0]->dtype) {
      return CorruptModel("its bias " + ShapeToString(bias->shape) + " does not fit its result " +
                          ShapeToString(out));
    }
  }
  c.outputs[0] = {c.inputs[0]->dtype, out};
  return OkStatus();
}

// y = alpha * a * b + beta * c
Status GemmReference(const ComputeContext& c) {
  const graph::Attributes& attributes = c.node.attributes;
  const bool trans_a = attributes.Int("transA", 0) != 0, trans_b = attributes.Int("transB", 0) != 0;
  const auto alpha = static_cast<double>(attributes.Float("alpha", 1)),
             beta = static_cast<double>(attributes.Float("beta", 1));
  const Shape& a = c.inputs[0]->shape();
  const Shape& b = c.inputs[1]->shape();
  const Shape& out = c.outputs[0]->shape();
  const int64_t m = out[0], n = out[1], k = trans_a ? a[0] : a[1];
  TEMPERA_ASSIGN_OR_RETURN(Tensor sum_matrix, Tensor::Create(DataType::kUint64, {m * n}));  // zeros
  return DispatchNumeric(c.inputs[0]->dtype(), [&]<typename T>() {
    using V = ComputeType<T>;
    using S = SumType<T>;
    S* sums = static_cast<S*>(sum_matrix.raw());
    Multiply(m, n, k, c.inputs[0]->data<T>(), trans_a ? 1 : a[1], trans_a ? a[1] : 1, c.inputs[1]->data<T>(),
             trans_b ? 1 : b[1], trans_b ? b[1] : 1, sums);
    const Tensor* bias = InputTensor(c, 2);
    const Shape bias_strides = bias ? BroadcastStrides(bias->shape(), out) : Shape{0, 0};
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double y = alpha * static_cast<double>(static_cast<V>(sums[i * n + j]));
        if (bias) {
          y += beta * static_cast<double>(
                          static_cast<V>(bias->data<T>()[i * bias_strides[0] + j * bias_strides[1]]));
        }
        c.outputs[0]->data<T>()[i * n + j] = static_cast<T>(SaturateCast<V>(y));
      }
    }
    return OkStatus();
  });
}

}  // namespace

Operator MatMulOperator() { return {"MatMul", InferMatMul, MatMulReference}; }
Operator GemmOperator() { return {"Gemm", InferGemm, GemmReference}; }

}  // namespace tempera::ops
