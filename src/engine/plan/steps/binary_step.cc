// Add, Sub, Mul, Div, Min, Max of two values with NumPy's broadcasting; what is pending on pictures of one
// shape is applied on the way.
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/bands.h"
#include "src/engine/plan/planners.h"
#include "src/engine/plan/step_maker.h"
#include "src/engine/plan/steps/add_step.h"
#include "src/engine/plan/walk.h"
#include "src/kernels/planes/binary_f32.h"
#include "src/ops/shape_rules.h"

namespace tempera::engine {
namespace {

using kernels::BinaryOp;

// Where the numbers of an operand lie, and what is done to them first.
struct Source {
  StorageId storage = -1;
  const float* constant = nullptr;  // instead of a storage
  kernels::Pointwise pointwise;

  const float* In(const Memory& memory) const {
    return constant != nullptr ? constant : memory.floats(storage);
  }
};

class BinaryStep final : public BandedStep {
 public:
  // Rows of the walk lie within `plane` numbers that have the same constants in what is pending. `rows`:
  // sizes that the result and every storage read have; height 0 where they differ.
  BinaryStep(BinaryOp op, const Source& a, const Source& b, StorageId to, Walk<3> walk, int64_t plane,
             const Planes& rows, int64_t highway_bit)
      : op_(op),
        a_(a),
        b_(b),
        to_(to),
        walk_(std::move(walk)),
        plane_(plane),
        rows_(rows),
        join_(kernels::ChooseBinaryF32(highway_bit)) {
    info.kernel = "binary_f32";
  }

  void Bind(const Memory& memory) override {
    x_ = a_.In(memory);
    y_ = b_.In(memory);
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
      join_(op_, a_.pointwise, b_.pointwise, at[2] / plane_, x_ + at[0], x_step, y_ + at[1], y_step,
            output_ + at[2], count);
    });
  }

 private:
  BinaryOp op_;
  Source a_, b_;
  StorageId to_;
  Walk<3> walk_;
  int64_t plane_;  // numbers with the same constants
  Planes rows_;
  kernels::BinaryF32 join_;
  const float *x_ = nullptr, *y_ = nullptr;
  float* output_ = nullptr;
};

Source SourceOf(const Operand& operand, StepMaker& maker) {
  Source source;
  if (operand.read < 0) {
    source.constant = maker.KeepFloats(operand.constant);
    return source;
  }
  const ReadData& read = maker.read(static_cast<size_t>(operand.read));
  source.storage = read.storage;
  source.pointwise = maker.PointwiseOf(read);
  return source;
}

}  // namespace

Result<bool> PlanBinaryNode(PlanBuilder& builder, const graph::Node& node) {
  if (PlannerOf(node.op_type, PlanBinaryNode) == nullptr || node.inputs.size() != 2) return false;
  const graph::ValueId v[2] = {node.inputs[0], node.inputs[1]}, out = node.outputs[0];
  const Shape shape = builder.shape(out);
  int64_t count = 0;
  if (!builder.is_float(out) || !CheckedElementCount(shape, &count) || count == 0) return false;
  for (graph::ValueId i : v) {
    if (!builder.CanRead(i)) return false;
  }
  // Tasks are counted in an int; rows of one number are the most.
  if (count > (int64_t{1} << 40)) return false;
  const bool by_planes =
      builder.shape(v[0]) == shape && builder.shape(v[1]) == shape && builder.is_picture(out);
  BinaryWork work;
  work.function = node.op_type;
  work.shape = shape;
  for (graph::ValueId i : v) {
    if (builder.ConstantFloats(i) != nullptr) continue;
    if (by_planes) {
      builder.DenseRead(i);
    } else {
      builder.Materialize(i);
    }
  }
  // Read after both are in place: they may be one value.
  std::vector<ReadData> reads;
  for (size_t i = 0; i < 2; ++i) {
    Operand& operand = i == 0 ? work.a : work.b;
    (i == 0 ? work.a_strides : work.b_strides) = ops::BroadcastStrides(builder.shape(v[i]), shape);
    if (builder.ConstantFloats(v[i]) != nullptr) {
      operand.constant = builder.NameOf(v[i]);
      continue;
    }
    operand.read = static_cast<int32_t>(reads.size());
    reads.push_back(builder.ReadOf(v[i]));
  }
  builder.Add(node, std::move(work), std::move(reads), {builder.NewStorage(out)});
  return true;
}

MadeStep MakeStep(const BinaryWork& work, StepMaker& maker) {
  if (IsPlainSum(work, maker)) return MakeAddStep(maker);
  const PlannerEntry* entry = PlannerOf(work.function, PlanBinaryNode);
  if (entry == nullptr) return Internal("there is no arithmetic '" + work.function + "'");
  const Storage& to = maker.written();
  const bool is_picture = IsPicture({to.type, to.shape});
  Planes rows = to.picture;
  bool pending = false;
  for (const ReadData& read : maker.node().reads) {
    pending = pending || !read.pending.empty();
    if (read.shape != work.shape) rows.h = 0;
  }
  if (!is_picture) rows.h = 0;
  int64_t count = 1;
  for (int64_t d : work.shape) count *= d;
  const int64_t plane = pending ? to.picture.plane() : count;
  Walk<3> walk = pending
                     ? Walk<3>(count / plane, plane)
                     : Walk<3>(work.shape, {work.a_strides, work.b_strides, ops::DenseStrides(work.shape)});
  const Source a = SourceOf(work.a, maker), b = SourceOf(work.b, maker);
  return NewStep<BinaryStep>(entry->binary, a, b, maker.node().writes[0], std::move(walk), plane, rows,
                             maker.highway_bit());
}

}  // namespace tempera::engine
