// ReverseSequence: in each batch the first so many time steps, backwards.
#include <cstring>
#include <string>

#include "src/ops/indices.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

struct Axes {
  int64_t batch = 1, time = 0;
};

Result<Axes> AxesOf(const graph::Node& node) {
  const Axes a{node.attributes.Int("batch_axis", 1), node.attributes.Int("time_axis", 0)};
  const bool right = (a.batch == 0 && a.time == 1) || (a.batch == 1 && a.time == 0);
  return right ? Result<Axes>(a) : CorruptModel("its batch_axis and time_axis are not 0 and 1");
}

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 2, 2));
  TEMPERA_RETURN_IF_ERROR(CheckIndexType(*c.inputs[1]));
  TEMPERA_ASSIGN_OR_RETURN(const Axes axes, AxesOf(c.node));
  const Shape& x = c.inputs[0]->shape;
  if (x.size() < 2 || c.inputs[1]->shape != Shape{x[static_cast<size_t>(axes.batch)]}) {
    return CorruptModel("its lengths " + ShapeToString(c.inputs[1]->shape) + " do not fit its input " +
                        ShapeToString(x));
  }
  c.outputs[0] = *c.inputs[0];
  return OkStatus();
}

Status Reference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const Axes axes, AxesOf(c.node));
  const Shape& x = c.inputs[0]->shape();
  const Shape strides = DenseStrides(x);
  const auto batch_axis = static_cast<size_t>(axes.batch), time_axis = static_cast<size_t>(axes.time);
  const auto bytes = static_cast<int64_t>(DataTypeSize(c.inputs[0]->dtype()));
  const int64_t slice = strides[1] * bytes;  // what lies behind the two axes
  const auto* in = c.inputs[0]->data<uint8_t>();
  auto* out = c.outputs[0]->data<uint8_t>();
  for (int64_t batch = 0; batch < x[batch_axis]; ++batch) {
    const int64_t length = IndexAt(*c.inputs[1], batch);
    if (length < 0 || length > x[time_axis]) {
      return InvalidArgument("a length of " + std::to_string(length) + " is outside its " +
                             std::to_string(x[time_axis]) + " time steps");
    }
    for (int64_t time = 0; time < x[time_axis]; ++time) {
      const int64_t from = time < length ? length - 1 - time : time;
      std::memcpy(out + (batch * strides[batch_axis] + time * strides[time_axis]) * bytes,
                  in + (batch * strides[batch_axis] + from * strides[time_axis]) * bytes,
                  static_cast<size_t>(slice));
    }
  }
  return OkStatus();
}

}  // namespace

Operator ReverseSequenceOperator() { return {"ReverseSequence", Infer, Reference}; }

}  // namespace tempera::ops
