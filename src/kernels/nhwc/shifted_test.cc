// Few output channels without moments are stored in one pass: the same bytes as with them, which take two.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/cpu.h"
#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/nhwc/nhwc_twin_for_test.h"

namespace tempera::kernels {
namespace {

struct Layer {
  ConvShape shape;
  ConvPrecision precision;
  Activation write;
};

class ShiftedStore {
 public:
  explicit ShiftedStore(const Layer& layer) : layer_(layer) {
    std::mt19937 random(7);
    std::uniform_real_distribution<float> uniform(-1, 1);
    const ConvShape& s = layer.shape;
    const auto fill = [&](std::vector<float>& v, int64_t count) {
      v.resize(static_cast<size_t>(count));
      for (float& x : v) x = uniform(random);
    };
    fill(weights_, s.out_channels * s.in_channels * s.kernel_h * s.kernel_w);
    fill(bias_, s.out_channels);
    low_.assign(static_cast<size_t>(s.in_channels), -1.0f);
    high_.assign(static_cast<size_t>(s.in_channels), 1.5f);
    input_.resize(static_cast<size_t>(s.n * s.in_h * s.in_w * NhwcChannels(s.in_channels)));
    for (size_t i = 0; i < input_.size(); ++i) {
      // fp16 from 2^-3 to 2, either sign; channels that are padding hold zeros.
      const bool used = static_cast<int64_t>(i) % NhwcChannels(s.in_channels) < s.in_channels;
      input_[i] = used ? static_cast<uint16_t>(0x3000 + random() % 0x1000 + (random() % 2 << 15)) : 0;
    }
  }

  // nullptr: the dot kernel does not take the shape by shifts.
  std::vector<float> Run(const CpuTarget& target, const DotKernel& dot, bool moments) {
    const ConvShape& s = layer_.shape;
    ConvNhwcOptions options;
    options.precision = layer_.precision;
    options.output = PictureLayout::kPlanarF32;
    if (layer_.precision == ConvPrecision::kInt8) options.low = low_, options.high = high_;
    options.highway_bit = target.highway_bit;
    options.dot = &dot;
    auto plan = PlanConvNhwc(s, weights_, bias_, options);
    EXPECT_TRUE(plan.ok()) << plan.status().message();
    shifts_ = plan->shifts;
    std::vector<Moments> gathered(static_cast<size_t>(s.n * s.out_channels * plan->tiles));
    std::vector<float> output(static_cast<size_t>(s.n * s.out_channels * s.out_h * s.out_w) + kMargin,
                              -77.0f);
    auto scratch = AlignedBuffer::Allocate(plan->scratch_bytes);
    EXPECT_TRUE(scratch.ok());
    ConvNhwcArgs args;
    args.input = input_.data();
    args.output = output.data();
    args.write.activation = layer_.write;
    args.write.lo = -0.5f;
    args.write.hi = 2.0f;
    args.moments = moments ? gathered.data() : nullptr;
    for (int64_t task = 0; task < plan->tasks; ++task) plan->RunTask(args, task, scratch->data());
    for (size_t i = output.size() - kMargin; i < output.size(); ++i) EXPECT_EQ(output[i], -77.0f);
    return output;
  }
  int64_t shifts() const { return shifts_; }

 private:
  static constexpr size_t kMargin = 16;
  Layer layer_;
  int64_t shifts_ = 0;
  std::vector<float> weights_, bias_, low_, high_;
  std::vector<uint16_t> input_;
};

TEST(ShiftedStore, SameBytesAsInTwoPasses) {
  int shifted = 0;
  for (const CpuTarget& target : AvailableCpuTargets()) {
    for (int64_t out : {1, 2, 3, 4}) {
      for (int64_t kernel : {3, 5, 7, 9}) {
        for (int64_t width : {1, 3, 4, 17, 130}) {
          for (Activation write : {Activation::kNone, Activation::kClamp}) {
            for (ConvPrecision precision : {ConvPrecision::kInt8, ConvPrecision::kBf16}) {
#if defined(__wasm__)
              if (precision == ConvPrecision::kBf16) continue;  // left out of a browser's build
#endif
              const Layer layer = {TwinShape(kernel == 9 ? 32 : 8, 5, width, out, kernel, 1, kernel / 2),
                                   precision, write};
              ShiftedStore store(layer);
              for (const DotKernel* dot : DotKernelsFor(target.highway_bit)) {
                if ((dot->element == DotElement::kBf16) != (precision == ConvPrecision::kBf16)) continue;
                const std::vector<float> once = store.Run(target, *dot, false);
                shifted += store.shifts() > 1;
                const std::vector<float> twice = store.Run(target, *dot, true);
                ASSERT_EQ(0, std::memcmp(once.data(), twice.data(), once.size() * sizeof(float)))
                    << target.name << " " << dot->name << " " << out << " channels, kernel " << kernel
                    << ", width " << width;
              }
            }
          }
        }
      }
    }
  }
  EXPECT_GT(shifted, 100);  // or the shapes above miss what they are for
}

}  // namespace
}  // namespace tempera::kernels
