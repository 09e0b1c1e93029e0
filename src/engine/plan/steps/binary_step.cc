// Add, Sub, Mul, Div, Min, Max of two values with NumPy's broadcasting; what is pending on pictures of one
// shape is applied on the way.
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/bands.h"
#include "src/engine/plan/planners.h"
#include "src/engine/plan/walk.h"
#include "src/kernels/planes/binary_f32.h"
#include "src/ops/shape_rules.h"

namespace tempera::engine {
namespace {

using kernels::BinaryOp;

struct Operand {
  Reading reading;
  const float* constant = nullptr;  // instead of a storage
};

class BinaryStep final : public BandedStep {
 public:
  // Rows of the walk lie within `plane` numbers that have the same constants in what is pending. `rows`:
  // sizes that the result and every storage read have; height 0 where they differ.
  BinaryStep(BinaryOp op, const Operand& a, const Operand& b, StorageId to, Walk<3> walk, int64_t plane,
             const Planes& rows, int64_t highway_bit)
      : op_(op),
        a_(a),
        b_(b),
        to_(to),
        walk_(std::move(walk)),
        plane_(plane),
        rows_(rows),
        join_(kernels::ChooseBinaryF32(highway_bit)) {
    for (const Operand* o : {&a_, &b_}) {
      if (o->constant == nullptr) reads.push_back(o->reading.storage);
    }
    writes = {to};
    info.kernel = "binary_f32";
  }

  void Bind(const Memory& memory) override {
    x_ = a_.constant != nullptr ? a_.constant : memory.floats(a_.reading.storage);
    y_ = b_.constant != nullptr ? b_.constant : memory.floats(b_.reading.storage);
    output_ = memory.floats(to_);
  }

  int64_t tasks() const override { return walk_.tasks(); }
  Pictures pictures() const override { return {rows_, rows_}; }
  TaskRows RowsOf(int64_t task) const override {
    const auto [begin, end] = walk_.Range(task);
    const int64_t plane = rows_.plane(), image = rows_.channels * plane;
    Rows rows = RowsOfPixels(begin / image, begin % plane, begin % plane + end - begin, rows_.w, rows_.h);
    // A task of several planes: all rows of their images.
    if (begin / plane != (end - 1) / plane)
      rows = {begin / image * rows_.h, ((end - 1) / image + 1) * rows_.h};
    return {rows, rows};
  }

  void RunTask(int64_t task, void*) override {
    const int64_t x_step = walk_.step(0), y_step = walk_.step(1);
    walk_.RunTask(task, [&](const std::array<int64_t, 3>& at, int64_t count) {
      join_(op_, a_.reading.pointwise, b_.reading.pointwise, at[2] / plane_, x_ + at[0], x_step, y_ + at[1],
            y_step, output_ + at[2], count);
    });
  }

 private:
  BinaryOp op_;
  Operand a_, b_;
  StorageId to_;
  Walk<3> walk_;
  int64_t plane_;  // numbers with the same constants
  Planes rows_;
  kernels::BinaryF32 join_;
  const float *x_ = nullptr, *y_ = nullptr;
  float* output_ = nullptr;
};

}  // namespace

Result<bool> PlanBinaryNode(PlanBuilder& builder, const graph::Node& node) {
  const PlannerEntry* entry = PlannerOf(node.op_type, PlanBinaryNode);
  if (entry == nullptr || node.inputs.size() != 2) return false;
  const graph::ValueId v[2] = {node.inputs[0], node.inputs[1]}, out = node.outputs[0];
  const Shape shape = builder.info(out).shape;
  int64_t count = 0;
  if (!builder.is_float(out) || !CheckedElementCount(shape, &count) || count == 0) return false;
  for (graph::ValueId i : v) {
    if (builder.reading(i).storage < 0 && builder.ConstantFloats(i) == nullptr) return false;
  }
  const bool same = builder.info(v[0]).shape == shape && builder.info(v[1]).shape == shape;
  const bool by_planes = same && builder.is_picture(out);
  Planes rows = builder.PlanesOf(out);
  for (graph::ValueId i : v) {
    if (!builder.is_picture(out) || (builder.ConstantFloats(i) == nullptr && builder.info(i).shape != shape))
      rows.h = 0;
  }
  Operand operands[2];
  std::array<Shape, 3> strides;
  for (size_t i = 0; i < 2; ++i) {
    if (const Tensor* constant = builder.ConstantFloats(v[i])) {
      operands[i].constant = constant->data<float>();
    } else if (by_planes) {
      builder.PlanarReading(v[i]);
    } else {
      operands[i].reading = {builder.Materialize(v[i]), {}};
    }
    strides[i] = ops::BroadcastStrides(builder.info(v[i]).shape, shape);
  }
  // Read after both are in place: they may be one value.
  for (size_t i = 0; i < 2 && by_planes; ++i) {
    if (operands[i].constant == nullptr) operands[i].reading = builder.reading(v[i]);
  }
  strides[2] = ops::DenseStrides(shape);
  const bool pending =
      !operands[0].reading.pointwise.is_identity() || !operands[1].reading.pointwise.is_identity();
  const int64_t plane = pending ? builder.PlanesOf(out).plane() : count;
  Walk<3> walk = pending ? Walk<3>(count / plane, plane) : Walk<3>(shape, strides);
  if (walk.tasks() > (int64_t{1} << 30)) return false;
  const StorageId to = builder.NewStorage(out);
  builder.Add(std::make_unique<BinaryStep>(entry->binary, operands[0], operands[1], to, std::move(walk),
                                           plane, rows, builder.highway_bit()),
              node);
  return true;
}

}  // namespace tempera::engine
