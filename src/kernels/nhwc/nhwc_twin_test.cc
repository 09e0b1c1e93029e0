#include "src/kernels/nhwc/nhwc_twin_for_test.h"

#include <gtest/gtest.h>
#include <hwy/base.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "src/base/aligned_buffer.h"
#include "src/base/half.h"
#include "src/kernels/dot/amx_emulated.h"

namespace tempera::kernels {
namespace {

constexpr size_t kMargin = 256;
constexpr uint8_t kCanary = 0xA5;

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  float Uniform(float low, float high) { return std::uniform_real_distribution<float>(low, high)(engine_); }
  int Integer(int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine_); }

 private:
  std::mt19937 engine_;
};

size_t Count(int64_t a, int64_t b, int64_t c, int64_t d) { return static_cast<size_t>(a * b * c * d); }

std::vector<uint8_t> Stored(const std::vector<float>& planar, int64_t n, int64_t channels, int64_t pixels,
                            PictureLayout layout) {
  std::vector<uint8_t> bytes;
  if (layout == PictureLayout::kPlanarF32) {
    bytes.resize(planar.size() * 4);
    std::memcpy(bytes.data(), planar.data(), bytes.size());
    return bytes;
  }
  const int64_t step = NhwcChannels(channels);
  bytes.assign(static_cast<size_t>(n * pixels * step * 2), 0);
  for (int64_t i = 0; i < n * channels * pixels; ++i) {
    const int64_t image = i / pixels / channels, c = i / pixels % channels, p = i % pixels;
    const uint16_t half = FloatToHalf(planar[static_cast<size_t>(i)]);
    std::memcpy(bytes.data() + 2 * ((image * pixels + p) * step + c), &half, 2);
  }
  return bytes;
}

// Also checks that the padding channels are zeros.
std::vector<float> Planar(const uint8_t* bytes, int64_t n, int64_t channels, int64_t pixels,
                          PictureLayout layout) {
  std::vector<float> planar(static_cast<size_t>(n * channels * pixels));
  if (layout == PictureLayout::kPlanarF32) {
    std::memcpy(planar.data(), bytes, planar.size() * 4);
    return planar;
  }
  const int64_t step = NhwcChannels(channels);
  for (int64_t i = 0; i < n * pixels * step; ++i) {
    uint16_t half;
    std::memcpy(&half, bytes + 2 * i, 2);
    const int64_t image = i / step / pixels, p = i / step % pixels, c = i % step;
    if (c < channels) {
      planar[static_cast<size_t>((image * channels + c) * pixels + p)] = HalfToFloat(half);
    } else {
      EXPECT_EQ(half, 0) << "padding channel of pixel " << p;
    }
  }
  return planar;
}

}  // namespace

ConvShape TwinShape(int64_t in_channels, int64_t h, int64_t w, int64_t out_channels, int64_t kernel,
                    int64_t stride, int64_t pad, PadMode mode, int64_t upsample) {
  ConvShape s;
  s.in_channels = in_channels, s.in_h = h, s.in_w = w, s.out_channels = out_channels;
  s.kernel_h = s.kernel_w = kernel, s.stride_h = s.stride_w = stride, s.pad_top = s.pad_left = pad;
  s.pad_mode = mode, s.upsample = upsample;
  s.out_h = (h * upsample + 2 * pad - kernel) / stride + 1;
  s.out_w = (w * upsample + 2 * pad - kernel) / stride + 1;
  return s;
}

NhwcTwin::NhwcTwin(const TwinCase& c) : c_(c), s_(c.shape) {
  const auto n_in = static_cast<size_t>(s_.n * s_.in_channels);
  input_.resize(Count(s_.n, s_.in_channels, s_.in_h, s_.in_w));
  weights_.resize(Count(s_.out_channels, s_.in_channels, s_.kernel_h, s_.kernel_w));
  bias_.resize(static_cast<size_t>(s_.out_channels));
  write_slope_.resize(bias_.size());
  scale_.assign(n_in, 1.0f);
  shift_.assign(n_in, 0.0f);
  read_slope_.resize(n_in);
  low_.resize(static_cast<size_t>(s_.in_channels));
  high_ = low_;
  Random random(7);
  for (float& b : bias_) b = random.Uniform(-1, 1);
  for (float& x : write_slope_) x = random.Uniform(-0.5, 0.5);
  for (float& x : read_slope_) x = random.Uniform(-0.5, 0.5);
  c_.exact ? MakeExactNumbers() : MakeRandomNumbers();
  if (c_.input == PictureLayout::kNhwcF16) {
    for (float& x : input_) x = HalfToFloat(FloatToHalf(x));
  }
  magnitude_.assign(bias_.size(), 0.0);
  for (size_t i = 0; i < weights_.size(); ++i) {
    const size_t o = i / (weights_.size() / bias_.size());
    const size_t channel = i / Count(s_.kernel_h, s_.kernel_w, 1, 1) % low_.size();
    magnitude_[o] += std::abs(weights_[i]) * (static_cast<double>(high_[channel]) - low_[channel]) / 255;
  }
  stored_input_ = Stored(input_, s_.n, s_.in_channels, s_.in_h * s_.in_w, c_.input);
  const auto set = [](Activation activation, const std::vector<float>& slope, Pointwise* p) {
    p->activation = activation;
    if (activation == Activation::kClamp) p->lo = 0, p->hi = 20;
    p->slope = slope.data();
  };
  if (c_.affine) read_.scale = scale_.data(), read_.shift = shift_.data();
  set(c_.read, read_slope_, &read_);
  set(c_.write, write_slope_, &write_);
  expected_.resize(Count(s_.n, s_.out_channels, s_.out_h, s_.out_w));
  ConvArgs args;
  args.input = input_.data();
  args.read = read_;
  args.write = write_;
  args.output = expected_.data();
  ConvReference(s_, weights_, bias_, args);
}

// Steps are powers of two, numbers multiples of them; each output channel's largest weight is 127 steps.
void NhwcTwin::MakeExactNumbers() {
  Random random(1);
  const auto step = [](size_t channel) { return channel % 2 == 0 ? 1.0f / 16 : 1.0f / 32; };
  for (size_t c = 0; c < low_.size(); ++c) {
    const auto zero = static_cast<float>(100 + c % 50);
    low_[c] = -zero * step(c);
    high_[c] = (255 - zero) * step(c);
  }
  if (c_.affine) {
    for (size_t i = 0; i < scale_.size(); ++i) {
      scale_[i] = i % 3 == 0 ? 2.0f : -0.5f;
      shift_[i] = static_cast<float>(random.Integer(-8, 8)) * step(i % low_.size());
    }
  }
  const size_t pixels = Count(s_.in_h, s_.in_w, 1, 1);
  for (size_t i = 0; i < input_.size(); ++i) {
    const size_t n_channel = i / pixels, c = n_channel % low_.size();
    const float x = low_[c] + static_cast<float>(random.Integer(0, 255)) * step(c);
    input_[i] = (x - shift_[n_channel]) / scale_[n_channel];
  }
  const size_t taps = Count(s_.kernel_h, s_.kernel_w, 1, 1);
  for (size_t i = 0; i < weights_.size(); ++i) {
    const size_t o = i / taps / low_.size(), c = i / taps % low_.size();
    const float out_step = o % 2 == 0 ? 1.0f / 256 : 1.0f / 1024;
    const int number = i % (taps * low_.size()) == 0 ? -127 : random.Integer(-127, 127);
    weights_[i] = static_cast<float>(number) * out_step / step(c) / 16;
  }
}

void NhwcTwin::MakeRandomNumbers() {
  Random random(2);
  for (float& w : weights_) w = random.Uniform(-1, 1);
  if (c_.affine) {
    for (float& x : scale_) x = random.Uniform(0.5, 2);
    for (float& x : shift_) x = random.Uniform(-1, 1);
  }
  for (size_t c = 0; c < low_.size(); ++c) {
    low_[c] = -3.0f - static_cast<float>(c % 3);
    high_[c] = 4.0f;
  }
  for (float& x : input_) x = random.Uniform(-1, 1);
}

std::string NhwcTwin::Text() const {
  std::string t;
  for (int64_t x : {s_.n, s_.in_channels, s_.in_h, s_.in_w}) t += std::to_string(x) + " ";
  t += "->";
  for (int64_t x : {s_.out_channels, s_.out_h, s_.out_w}) t += " " + std::to_string(x);
  return t + " kernel " + std::to_string(s_.kernel_h) + "x" + std::to_string(s_.kernel_w) + " stride " +
         std::to_string(s_.stride_h) + "," + std::to_string(s_.stride_w) + " pad " +
         std::to_string(s_.pad_top) + "," + std::to_string(s_.pad_left) + " mode " +
         std::to_string(static_cast<int>(s_.pad_mode)) + " upsample " + std::to_string(s_.upsample) +
         " layouts " + std::to_string(static_cast<int>(c_.input)) +
         std::to_string(static_cast<int>(c_.output)) + " read " + std::to_string(static_cast<int>(c_.read)) +
         " shuffle " + std::to_string(s_.shuffle) + (c_.exact ? " exact" : "");
}

size_t NhwcTwin::At(int64_t n, size_t o, size_t p) const {
  const auto r = static_cast<size_t>(s_.shuffle), out_w = static_cast<size_t>(s_.out_w);
  const size_t channels = bias_.size() / r / r, rows = static_cast<size_t>(s_.out_h) * r;
  const size_t y = p / out_w * r + o / r % r, x = p % out_w * r + o % r;
  return ((static_cast<size_t>(n) * channels + o / r / r) * rows + y) * out_w * r + x;
}

NhwcTwin::Outcome NhwcTwin::Run(const CpuTarget& target, const DotKernel& dot, ConvPrecision precision) {
  Outcome outcome;
  ConvNhwcOptions options;
  options.precision = precision;
  options.input = c_.input;
  options.output = c_.output;
  if (precision == ConvPrecision::kInt8) options.low = low_, options.high = high_;
  options.highway_bit = target.highway_bit;
  options.dot = &dot;
  EXPECT_TRUE(ConvNhwcServes(s_, options));
  auto plan = PlanConvNhwc(s_, weights_, bias_, options);
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  if (!plan.ok()) return outcome;
  outcome.tiles = plan->tiles;
  outcome.moments.assign(static_cast<size_t>(s_.n * s_.out_channels * plan->tiles), Moments{-1, 0, 0});
  auto scratch = AlignedBuffer::Allocate(plan->scratch_bytes + kMargin);
  EXPECT_TRUE(scratch.ok());
  std::fill(scratch->data(), scratch->data() + scratch->size_bytes(), kCanary);
  const int64_t pixels = s_.out_h * s_.out_w * s_.pixels_a_channel();
  const int64_t channels = s_.out_channels / s_.pixels_a_channel();
  const size_t bytes = static_cast<size_t>(s_.n * pixels) *
                       (c_.output == PictureLayout::kNhwcF16 ? 2 * static_cast<size_t>(NhwcChannels(channels))
                                                             : 4 * static_cast<size_t>(channels));
  std::vector<uint8_t> output(bytes + 2 * kMargin, kCanary);
  ConvNhwcArgs args;
  // A copy that ends where its allocation ends, for the sanitizers.
  const std::vector<uint8_t> input = stored_input_;
  args.input = input.data();
  args.read = read_;
  args.write = write_;
  args.output = output.data() + kMargin;
  args.moments = outcome.moments.data();
  EXPECT_EQ(plan->tasks, s_.n * plan->tiles);
  for (int64_t task = plan->tasks - 1; task >= 0; --task) plan->RunTask(args, task, scratch->data());
  for (size_t i = 0; i < kMargin; ++i) {
    EXPECT_EQ(scratch->data()[plan->scratch_bytes + i], kCanary) << "scratch overrun at " << i;
    EXPECT_EQ(output[i], kCanary) << "output underrun";
    EXPECT_EQ(output[output.size() - 1 - i], kCanary) << "output overrun";
  }
  outcome.bytes.assign(output.begin() + kMargin, output.end() - kMargin);
  outcome.numbers = Planar(outcome.bytes.data(), s_.n, channels, pixels, c_.output);
  return outcome;
}

void NhwcTwin::CheckInt8(const Outcome& got) const {
  const auto plane = static_cast<size_t>(s_.out_h * s_.out_w);
  const double half = c_.output == PictureLayout::kNhwcF16 ? 1.0 / 2048 : 0;
  const auto reach = static_cast<double>(s_.in_channels * s_.kernel_h * s_.kernel_w);
  for (size_t o = 0; o < bias_.size(); ++o) {
    // Steps of the weights (in units of the input's): the largest weight over 127, or with an enlargement
    // the largest sum of up to kernel^2 weights.
    double most = 0;
    const size_t per = weights_.size() / bias_.size();
    for (size_t i = o * per; i < (o + 1) * per; ++i) {
      const size_t c = i / Count(s_.kernel_h, s_.kernel_w, 1, 1) % low_.size();
      most = std::max(most, std::abs(weights_[i]) * (static_cast<double>(high_[c]) - low_[c]) / 255);
    }
    if (s_.upsample == 2) most *= static_cast<double>((s_.kernel_h + 1) / 2 * ((s_.kernel_w + 1) / 2));
    const double weight_step = most / 127;
    // Each input is off by half a step at most, each weight by half of its own.
    const double bound = c_.exact ? 255 * 2e-7 * magnitude_[o] + 1e-5
                                  : 0.501 * magnitude_[o] + reach * weight_step / 2 * 160 + 1e-4;
    // The steepest that the activation gets.
    const double slope = c_.write == Activation::kSlope       ? std::max(1.0f, std::abs(write_slope_[o]))
                         : c_.write == Activation::kHardSwish ? 1.5
                                                              : 1;
    double squares = 0;
    for (int64_t n = 0; n < s_.n; ++n) {
      for (size_t p = 0; p < plane; ++p) {
        const size_t i = At(n, o, p);
        ASSERT_NEAR(got.numbers[i], expected_[i], bound * slope + half * std::abs(expected_[i]))
            << "channel " << o << " pixel " << p;
        squares += std::pow(got.numbers[i] - expected_[i], 2);
      }
    }
    // The errors are independent and even, so they grow with the root of the number of products: 1/12 of
    // a step squared each. Numbers here are below 100 steps.
    const double expected_square = magnitude_[o] * magnitude_[o] / reach * (4.0 / 3) / 12 +
                                   reach * weight_step * weight_step / 12 * 60 * 60;
    if (!c_.exact && plane >= 50) {
      const double rms = std::sqrt(squares / static_cast<double>(plane) / static_cast<double>(s_.n));
      ASSERT_LE(rms, 2 * std::sqrt(expected_square) + 0.01) << "channel " << o;
    }
  }
}

void NhwcTwin::CheckBf16(const Outcome& got) const {
  // Both factors are rounded to 8 bits; no product exceeds the largest input times the largest weight.
  double most_x = std::abs(s_.pad_value), most_w = 0;
  for (size_t i = 0; i < input_.size(); ++i) {
    const size_t channel = i / Count(s_.in_h, s_.in_w, 1, 1);
    most_x = std::max<double>(most_x, std::abs(input_[i] * scale_[channel]) + std::abs(shift_[channel]));
  }
  for (float w : weights_) most_w = std::max<double>(most_w, std::abs(w));
  if (s_.upsample == 2) most_w *= 4;
  const auto reach = static_cast<double>(s_.in_channels * s_.kernel_h * s_.kernel_w);
  // Two roundings of 2^-9 each; they add up like a random walk, six sigma of it.
  const double bound = most_x * most_w * std::min(reach, 6 * std::sqrt(reach)) * 2 / 512 + 1e-4;
  for (size_t i = 0; i < expected_.size(); ++i) {
    ASSERT_NEAR(got.numbers[i], expected_[i], bound + std::abs(expected_[i]) / 2048) << "at " << i;
  }
}

void NhwcTwin::CheckMoments(const Outcome& got) const {
  // Of a shuffle, channels that become one stand side by side.
  const auto together = static_cast<size_t>(s_.pixels_a_channel());
  const size_t plane = static_cast<size_t>(s_.out_h * s_.out_w) * together;
  const size_t tiles = static_cast<size_t>(got.tiles) * together;
  const bool half = c_.output == PictureLayout::kNhwcF16;
  for (size_t channel = 0; channel < static_cast<size_t>(s_.n * s_.out_channels) / together; ++channel) {
    Moments all;
    for (size_t t = 0; t < tiles; ++t) all.Join(got.moments[channel * tiles + t]);
    double mean = 0, square = 0, most = 0;
    for (size_t i = 0; i < plane; ++i) {
      mean += got.numbers[channel * plane + i];
      most = std::max<double>(most, std::abs(got.numbers[channel * plane + i]));
    }
    mean /= static_cast<double>(plane);
    for (size_t i = 0; i < plane; ++i) square += std::pow(got.numbers[channel * plane + i] - mean, 2);
    // The moments are of numbers before rounding.
    const double fuzz = half ? most / 2048 : 1e-6 * most;
    ASSERT_EQ(all.count, static_cast<double>(plane));
    ASSERT_NEAR(all.mean, mean, fuzz + 1e-6);
    ASSERT_NEAR(std::sqrt(all.m2 / all.count), std::sqrt(square / static_cast<double>(plane)),
                2 * fuzz + 1e-4 * most + 1e-6);
  }
}

namespace {

// Those of the target, and beside the best target's those in AMX over emulated tiles.
std::vector<const DotKernel*> KernelsToTry(const CpuTarget& target) {
  std::vector<const DotKernel*> kernels = DotKernelsFor(target.highway_bit);
  if (target.highway_bit == AvailableCpuTargets().front().highway_bit) {
    kernels.push_back(&amx::EmulatedInt8Dot());
    kernels.push_back(&amx::EmulatedBf16Dot());
  }
  return kernels;
}

}  // namespace

void NhwcTwin::RunInt8(const CpuTarget& target) {
  const Outcome plain = Run(target, PlainDotKernel(DotElement::kU8S8), ConvPrecision::kInt8);
  SCOPED_TRACE(target.name + " " + Text());
  if (testing::Test::HasFailure()) return;
  CheckInt8(plain);
  CheckMoments(plain);
  for (const DotKernel* dot : KernelsToTry(target)) {
    if (dot->element == DotElement::kBf16) continue;
    SCOPED_TRACE(dot->name);
    const Outcome got = Run(target, *dot, ConvPrecision::kInt8);
    // With fewer bits a weight other weights are rounded to; the plain loops can be asked for them.
    DotKernel as_coarse = PlainDotKernel(DotElement::kU8S8);
    as_coarse.weight_limit = dot->weight_limit;
    const Outcome want = dot->weight_limit == 127 ? plain : Run(target, as_coarse, ConvPrecision::kInt8);
    for (size_t i = 0; i < got.numbers.size(); ++i) {
      ASSERT_EQ(got.numbers[i], want.numbers[i]) << "differs from the plain kernel at " << i;
    }
    ASSERT_EQ(got.bytes, want.bytes);
    ASSERT_EQ(got.tiles, want.tiles);
  }
}

void NhwcTwin::RunBf16(const CpuTarget& target) {
#if defined(__wasm__)
  return;  // left out of a browser's build, where PlanConvNhwc refuses it
#endif
  SCOPED_TRACE(target.name + " bf16 " + Text());
  for (const DotKernel* dot : KernelsToTry(target)) {
    if (dot->element != DotElement::kBf16) continue;
    SCOPED_TRACE(dot->name);
    const Outcome got = Run(target, *dot, ConvPrecision::kBf16);
    if (testing::Test::HasFailure()) return;
    CheckBf16(got);
    CheckMoments(got);
  }
}

}  // namespace tempera::kernels
