// Looks at the numbers a convolution is about to read, and keeps the least and the greatest of each channel,
// of all runs together.
#include <algorithm>
#include <limits>

#include "src/engine/facts/ranges.h"
#include "src/engine/plan/step_maker.h"
#include "src/kernels/planes/pointwise_f32.h"

namespace tempera::engine {
namespace {

class ObserveStep final : public Step {
 public:
  // `out` gets planes.channels numbers a side with the first Run and must outlive the step.
  ObserveStep(StorageId from, const kernels::Pointwise& pointwise, const Planes& planes, int64_t highway_bit,
              ChannelRanges* out)
      : from_(from),
        pointwise_(pointwise),
        planes_(planes),
        apply_(kernels::ChoosePointwiseF32(highway_bit).apply),
        out_(out) {
    info.kernel = "observe_f32";
    scratch_bytes = kPart * sizeof(float);
  }

  void Bind(const Memory& memory) override { input_ = memory.floats(from_); }

  Status Run(const RunContext& context) override {
    const auto channels = static_cast<size_t>(planes_.channels);
    if (!out_->known()) {
      out_->low.assign(channels, std::numeric_limits<float>::infinity());
      out_->high.assign(channels, -std::numeric_limits<float>::infinity());
    }
    context.pool.ParallelFor(static_cast<int>(channels), [&](int channel, int thread) {
      auto* numbers = static_cast<float*>(context.ScratchOf(thread));
      for (int64_t n = 0; n < planes_.n; ++n) {
        const int64_t plane = n * planes_.channels + channel;
        for (int64_t begin = 0; begin < planes_.plane(); begin += kPart) {
          const int64_t count = std::min(kPart, planes_.plane() - begin);
          apply_(pointwise_, plane, input_ + plane * planes_.plane() + begin, numbers, count);
          const auto [low, high] = std::minmax_element(numbers, numbers + count);
          float &lowest = out_->low[static_cast<size_t>(channel)],
                &highest = out_->high[static_cast<size_t>(channel)];
          lowest = std::min(lowest, *low);
          highest = std::max(highest, *high);
        }
      }
    });
    return OkStatus();
  }

 private:
  static constexpr int64_t kPart = 4096;  // numbers: 16 KiB, half of an L1

  StorageId from_;
  kernels::Pointwise pointwise_;
  Planes planes_;
  kernels::PointwiseF32::Apply apply_;
  ChannelRanges* out_;
  const float* input_ = nullptr;
};

}  // namespace

MadeStep MakeStep(const RangesWork& work, StepMaker& maker) {
  return NewStep<ObserveStep>(maker.read().storage, maker.PointwiseOf(maker.read()), maker.PictureOfRead(),
                              maker.highway_bit(), maker.observed(work.convolution));
}

}  // namespace tempera::engine
