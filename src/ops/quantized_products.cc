// Convolutions and matrix products of 8-bit numbers: ConvInteger, MatMulInteger, QLinearConv, QLinearMatMul.
// Each is the loop of real numbers on numbers less their zero points, whose sums are exact.
#include <array>
#include <string>

#include "src/ops/conv_loop.h"
#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/quantize.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

Status CheckByte(const TensorInfo& t) {
  return t.dtype == DataType::kUint8 || t.dtype == DataType::kInt8 ? OkStatus() : UnsupportedType(t.dtype);
}

// Where an operator of real numbers puts its result, its inputs being a, b and perhaps bias; the bias is of
// the same type for that.
Status InferAs(const char* op_type, DataType type, const InferContext& c, const TensorInfo& a,
               const TensorInfo& b, const TensorInfo* bias, Shape* out) {
  const TensorInfo first = {type, a.shape}, second = {type, b.shape};
  const TensorInfo third = {type, bias == nullptr ? Shape{} : bias->shape};
  const std::array<const TensorInfo*, 3> inputs = {&first, &second, &third};
  std::vector<TensorInfo> outputs(1);
  InferContext as{c.node, c.opset, std::span(inputs).first(bias == nullptr ? 2 : 3), {}, outputs};
  TEMPERA_RETURN_IF_ERROR(FindOperator(op_type)->infer(as));
  *out = std::move(outputs[0].shape);
  return OkStatus();
}

// Zero points of `what`: one, or one for each place along `axis`.
Status CheckPoints(const TensorInfo* points, const TensorInfo& of, int64_t axis) {
  if (points == nullptr) return OkStatus();
  if (points->dtype != of.dtype) return CorruptModel("its zero points have another type than their numbers");
  return PerAxisOf(points->shape, of.shape, axis, "zero point").status();
}

Result<Tensor> Real(const Tensor& x, const Tensor* points, int64_t axis, DataType type) {
  PerAxis per;
  if (points != nullptr) {
    TEMPERA_ASSIGN_OR_RETURN(per, PerAxisOf(points->shape(), x.shape(), axis, "zero point"));
  }
  return WithoutZeroPoints(x, points, per, type);
}

// The dimension along which a matrix product's result has the operand's: a vector has none.
int64_t RowsOf(const Shape& a) { return a.size() < 2 ? kOnlyOne : -2; }
int64_t ColumnsOf(const Shape& b) { return b.size() < 2 ? kOnlyOne : -1; }

// The sums of x and w convolved, as float64 of the output's shape.
Result<Tensor> ConvolvedSums(const ComputeContext& c, const Tensor& x, const Tensor* x_points,
                             const Tensor& w, const Tensor* w_points) {
  TEMPERA_ASSIGN_OR_RETURN(const Tensor a, Real(x, x_points, kOnlyOne, DataType::kFloat32));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor b, Real(w, w_points, 0, DataType::kFloat32));
  TEMPERA_ASSIGN_OR_RETURN(Tensor sums, Tensor::Create(DataType::kFloat64, c.outputs[0]->shape()));
  TEMPERA_RETURN_IF_ERROR(Convolve(c.node, a, b, nullptr, &sums));
  return sums;
}

// What a and b multiply to, as int32, wrapped around. Zero points by row and by column.
Status MultipliedSums(const ComputeContext& c, const Tensor& a, const Tensor* a_points, const Tensor& b,
                      const Tensor* b_points, Tensor* sums) {
  TEMPERA_ASSIGN_OR_RETURN(const Tensor left, Real(a, a_points, RowsOf(a.shape()), DataType::kInt32));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor right, Real(b, b_points, ColumnsOf(b.shape()), DataType::kInt32));
  const std::array<const Tensor*, 2> inputs = {&left, &right};
  const std::array<Tensor*, 1> outputs = {sums};
  return Compute(*FindOperator("MatMul"), {c.node, c.opset, inputs, outputs});
}

// x, w, zero point of x, zero points of w
Status InferConvInteger(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 4));
  TEMPERA_RETURN_IF_ERROR(CheckByte(*c.inputs[0]));
  TEMPERA_RETURN_IF_ERROR(CheckByte(*c.inputs[1]));
  TEMPERA_RETURN_IF_ERROR(CheckPoints(InputInfo(c, 2), *c.inputs[0], kOnlyOne));
  TEMPERA_RETURN_IF_ERROR(CheckPoints(InputInfo(c, 3), *c.inputs[1], 0));
  c.outputs[0].dtype = DataType::kInt32;
  return InferAs("Conv", DataType::kFloat32, c, *c.inputs[0], *c.inputs[1], nullptr, &c.outputs[0].shape);
}

Status ConvIntegerReference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(
      const Tensor sums, ConvolvedSums(c, *c.inputs[0], InputTensor(c, 2), *c.inputs[1], InputTensor(c, 3)));
  for (int64_t i = 0; i < sums.element_count(); ++i) {
    c.outputs[0]->data<int32_t>()[i] = static_cast<int32_t>(static_cast<int64_t>(sums.data<double>()[i]));
  }
  return OkStatus();
}

// a, b, zero points of a, zero points of b
Status InferMatMulInteger(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 4));
  TEMPERA_RETURN_IF_ERROR(CheckByte(*c.inputs[0]));
  TEMPERA_RETURN_IF_ERROR(CheckByte(*c.inputs[1]));
  TEMPERA_RETURN_IF_ERROR(CheckPoints(InputInfo(c, 2), *c.inputs[0], RowsOf(c.inputs[0]->shape)));
  TEMPERA_RETURN_IF_ERROR(CheckPoints(InputInfo(c, 3), *c.inputs[1], ColumnsOf(c.inputs[1]->shape)));
  c.outputs[0].dtype = DataType::kInt32;
  return InferAs("MatMul", DataType::kInt32, c, *c.inputs[0], *c.inputs[1], nullptr, &c.outputs[0].shape);
}

Status MatMulIntegerReference(const ComputeContext& c) {
  return MultipliedSums(c, *c.inputs[0], InputTensor(c, 2), *c.inputs[1], InputTensor(c, 3), c.outputs[0]);
}

// What the QLinear operators' first eight inputs are: x, its scale and zero point; w, the same; the scale and
// the zero point of the result.
Status CheckQLinear(const InferContext& c, int64_t x_axis, int64_t w_axis) {
  for (const size_t operand : {size_t{0}, size_t{3}}) {
    const int64_t axis = operand == 0 ? x_axis : w_axis;
    const TensorInfo& numbers = *c.inputs[operand];
    TEMPERA_RETURN_IF_ERROR(CheckByte(numbers));
    TEMPERA_RETURN_IF_ERROR(CheckScale(*c.inputs[operand + 1]));
    TEMPERA_RETURN_IF_ERROR(PerAxisOf(c.inputs[operand + 1]->shape, numbers.shape, axis, "scale").status());
    TEMPERA_RETURN_IF_ERROR(CheckPoints(c.inputs[operand + 2], numbers, axis));
  }
  TEMPERA_RETURN_IF_ERROR(CheckScale(*c.inputs[6]));
  TEMPERA_RETURN_IF_ERROR(CheckByte(*c.inputs[7]));
  for (const size_t i : {size_t{6}, size_t{7}}) {
    TEMPERA_RETURN_IF_ERROR(PerAxisOf(c.inputs[i]->shape, {}, kOnlyOne, "result's scale").status());
  }
  return OkStatus();
}

Status InferQLinearConv(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 8, 9));
  TEMPERA_RETURN_IF_ERROR(CheckQLinear(c, kOnlyOne, 0));
  const TensorInfo* bias = InputInfo(c, 8);
  if (bias != nullptr && bias->dtype != DataType::kInt32) return CorruptModel("its bias is not int32");
  c.outputs[0].dtype = c.inputs[7]->dtype;
  return InferAs("Conv", DataType::kFloat32, c, *c.inputs[0], *c.inputs[3], bias, &c.outputs[0].shape);
}

// Sums become the result's numbers: in float, as ONNX Runtime has it.
Status QLinearConvReference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const Tensor sums,
                           ConvolvedSums(c, *c.inputs[0], c.inputs[2], *c.inputs[3], c.inputs[5]));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor x_scale, ToFloat32(*c.inputs[1]));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor w_scale, ToFloat32(*c.inputs[4]));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor y_scale, ToFloat32(*c.inputs[6]));
  const Tensor* bias = InputTensor(c, 8);
  const Shape& y = c.outputs[0]->shape();
  PerAxis channels{y[1], 1};
  for (size_t d = 2; d < y.size(); ++d) channels.inner *= y[d];
  const int64_t zero = IntegerAt(*c.inputs[7], 0);
  for (int64_t i = 0; i < sums.element_count(); ++i) {
    const int64_t channel = channels.NumberOf(i);
    const double sum = sums.data<double>()[i] +
                       (bias == nullptr ? 0.0 : static_cast<double>(bias->data<int32_t>()[channel]));
    const float scale = *x_scale.data<float>() *
                        w_scale.data<float>()[w_scale.element_count() == 1 ? 0 : channel] /
                        *y_scale.data<float>();
    StoreQuantized(static_cast<float>(sum) * scale, zero, i, c.outputs[0]);
  }
  return OkStatus();
}

Status InferQLinearMatMul(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 8, 8));
  TEMPERA_RETURN_IF_ERROR(CheckQLinear(c, RowsOf(c.inputs[0]->shape), ColumnsOf(c.inputs[3]->shape)));
  c.outputs[0].dtype = c.inputs[7]->dtype;
  return InferAs("MatMul", DataType::kInt32, c, *c.inputs[0], *c.inputs[3], nullptr, &c.outputs[0].shape);
}

Status QLinearMatMulReference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(Tensor sums, Tensor::Create(DataType::kInt32, c.outputs[0]->shape()));
  TEMPERA_RETURN_IF_ERROR(MultipliedSums(c, *c.inputs[0], c.inputs[2], *c.inputs[3], c.inputs[5], &sums));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor a_scale, ToFloat32(*c.inputs[1]));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor b_scale, ToFloat32(*c.inputs[4]));
  TEMPERA_ASSIGN_OR_RETURN(const Tensor y_scale, ToFloat32(*c.inputs[6]));
  // A vector is a row or a column, and has one scale where a matrix has several.
  const PerAxis rows{a_scale.element_count(),
                     c.inputs[3]->shape().size() == 1 ? 1 : c.inputs[3]->shape().back()};
  const PerAxis columns{b_scale.element_count(), 1};
  const int64_t zero = IntegerAt(*c.inputs[7], 0);
  for (int64_t i = 0; i < sums.element_count(); ++i) {
    const float scale = a_scale.data<float>()[rows.NumberOf(i)] * b_scale.data<float>()[columns.NumberOf(i)] /
                        *y_scale.data<float>();
    StoreQuantized(static_cast<float>(sums.data<int32_t>()[i]) * scale, zero, i, c.outputs[0]);
  }
  return OkStatus();
}

}  // namespace

Operator ConvIntegerOperator() { return {"ConvInteger", InferConvInteger, ConvIntegerReference}; }
Operator MatMulIntegerOperator() { return {"MatMulInteger", InferMatMulInteger, MatMulIntegerReference}; }
Operator QLinearConvOperator() { return {"QLinearConv", InferQLinearConv, QLinearConvReference}; }
Operator QLinearMatMulOperator() { return {"QLinearMatMul", InferQLinearMatMul, QLinearMatMulReference}; }

}  // namespace tempera::ops
