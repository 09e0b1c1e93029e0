// Copies of a value, with what is pending on it applied: as it is, through a function of single numbers, or
// from interleaved pixels into planes.
#include <algorithm>
#include <cstring>
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/bands.h"
#include "src/engine/plan/planners.h"
#include "src/engine/plan/step_maker.h"
#include "src/kernels/nhwc/pointwise_nhwc.h"
#include "src/kernels/planes/pointwise_f32.h"
#include "src/kernels/planes/unary_f32.h"
#include "src/kernels/task_share.h"

namespace tempera::engine {
namespace {

// Function: called as kernels::PointwiseF32::Apply is.
template <typename Function>
class PointwiseStep final : public BandedStep {
 public:
  PointwiseStep(Function function, StepMaker& maker)
      : from_(maker.read().storage),
        to_(maker.node().writes[0]),
        pointwise_(maker.PointwiseOf(maker.read())),
        planes_(maker.PictureOfRead()),
        apply_(function) {
    info.kernel = "pointwise_f32";
    parts_ = std::max<int64_t>(1, CeilDiv(planes_.plane(), kernels::kTaskNumbers));
  }

  void Bind(const Memory& memory) override {
    input_ = memory.floats(from_);
    output_ = memory.floats(to_);
  }

  int64_t tasks() const override { return planes_.n * planes_.channels * parts_; }
  Pictures pictures() const override { return {planes_, planes_}; }
  TaskRows RowsOf(int64_t task) const override {
    return SameRows(planes_, task / parts_ / planes_.channels, task % parts_ * kernels::kTaskNumbers,
                    kernels::kTaskNumbers);
  }

  void RunTask(int64_t task, void*) override {
    const int64_t channel = task / parts_, begin = task % parts_ * kernels::kTaskNumbers;
    const int64_t at = channel * planes_.plane() + begin;
    apply_(pointwise_, channel, input_ + at, output_ + at,
           std::min(kernels::kTaskNumbers, planes_.plane() - begin));
  }

 private:
  StorageId from_, to_;
  kernels::Pointwise pointwise_;
  Planes planes_;
  Function apply_;
  int64_t parts_;
  const float* input_ = nullptr;
  float* output_ = nullptr;
};

class ToPlanarStep final : public BandedStep {
 public:
  explicit ToPlanarStep(StepMaker& maker)
      : from_(maker.read().storage),
        to_(maker.node().writes[0]),
        pointwise_(maker.PointwiseOf(maker.read())),
        planes_(maker.PictureOfRead()),
        to_planar_(kernels::ChoosePointwiseNhwc(maker.highway_bit()).to_planar),
        stride_(kernels::NhwcChannels(planes_.channels)) {
    info.kernel = "to_planar f16";
    pixels_ = kernels::TaskLines(stride_);
    parts_ = CeilDiv(planes_.plane(), pixels_);
  }

  void Bind(const Memory& memory) override {
    input_ = static_cast<const uint16_t*>(memory.at(from_));
    output_ = memory.floats(to_);
  }

  int64_t tasks() const override { return planes_.n * parts_; }
  Pictures pictures() const override { return {planes_, planes_}; }
  TaskRows RowsOf(int64_t task) const override {
    return SameRows(planes_, task / parts_, task % parts_ * pixels_, pixels_);
  }

  void RunTask(int64_t task, void*) override {
    const int64_t plane = planes_.plane();
    const int64_t image = task / parts_, begin = task % parts_ * pixels_;
    to_planar_(pointwise_, image, planes_.channels, input_ + (image * plane + begin) * stride_,
               output_ + image * planes_.channels * plane + begin, plane, std::min(pixels_, plane - begin));
  }

 private:
  StorageId from_, to_;
  kernels::Pointwise pointwise_;
  Planes planes_;
  decltype(kernels::PointwiseNhwc::to_planar) to_planar_;
  int64_t stride_, pixels_, parts_;
  const uint16_t* input_ = nullptr;  // fp16
  float* output_ = nullptr;
};

class CopyStep final : public Step {
 public:
  CopyStep(StorageId from, StorageId to, size_t bytes) : from_(from), to_(to), bytes_(bytes) {
    info.kernel = "copy";
  }
  void Bind(const Memory& memory) override {
    input_ = memory.at(from_);
    output_ = memory.at(to_);
  }
  Status Run(const RunContext&) override {
    if (bytes_ != 0) std::memcpy(output_, input_, bytes_);
    return OkStatus();
  }

 private:
  StorageId from_, to_;
  size_t bytes_;
  const void* input_ = nullptr;
  void* output_ = nullptr;
};

}  // namespace

MadeStep MakeStep(const ApplyWork&, StepMaker& maker) {
  if (maker.ReadsInterleaved()) return NewStep<ToPlanarStep>(maker);
  if (maker.read().pending.empty()) {
    return NewStep<CopyStep>(maker.read().storage, maker.node().writes[0], maker.written().bytes);
  }
  const auto apply = kernels::ChoosePointwiseF32(maker.highway_bit()).apply;
  return NewStep<PointwiseStep<kernels::PointwiseF32::Apply>>(apply, maker);
}

MadeStep MakeStep(const FunctionWork& work, StepMaker& maker) {
  const auto op = UnaryOpOf(work.function);
  if (!op) return Internal("there is no function '" + work.function + "'");
  const kernels::UnaryFunction function = {*op, work.alpha, work.beta};
  const auto apply = [function, unary = kernels::ChooseUnaryF32(maker.highway_bit())](
                         const kernels::Pointwise& p, int64_t channel, const float* input, float* output,
                         int64_t count) { unary(function, p, channel, input, output, count); };
  std::unique_ptr<Step> step = std::make_unique<PointwiseStep<decltype(apply)>>(apply, maker);
  // As messages and charts call it: by the operator.
  const std::string& op_type = maker.node().op_type;
  std::string name = op_type.substr(op_type.find('.') + 1);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  step->info.kernel = name + "_f32";
  return step;
}

}  // namespace tempera::engine
