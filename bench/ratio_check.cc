// Fails when a fast kernel is no longer faster than the plain loops that it is tested against: both in this
// process, in turns, the least of many tries by the thread's own clock. The floors lie far below the usual
// ratios, so that a busy machine does not fail it; a kernel that lost its vectors, or its place in the table,
// does.
//   bench_ratio                  one line per kernel and target; exit 1 when one is below its floor
//   bench_ratio --plain          times the plain loops against themselves: must exit 1 (the check of the
//   check)
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/planned_conv.h"
#include "src/base/cpu.h"
#include "src/kernels/dot/dot_kernel.h"
#include "src/kernels/moments.h"
#include "src/kernels/pixels/pixels.h"
#include "src/kernels/planes/unary_f32.h"

namespace tempera::bench {
namespace {

double ThreadSeconds() {
  timespec t = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Seconds of one call, the mean of as many as fill about a millisecond.
double TimeOf(const std::function<void()>& run, int calls) {
  const double start = ThreadSeconds();
  for (int i = 0; i < calls; ++i) run();
  return (ThreadSeconds() - start) / calls;
}

class Checker {
 public:
  explicit Checker(bool plain) : plain_(plain) {}

  // `floor`: the least that plain time over fast time may be.
  void Check(const std::string& name, double floor, const std::function<void()>& fast,
             const std::function<void()>& reference) {
    const std::function<void()>& first = plain_ ? reference : fast;
    double best = std::numeric_limits<double>::infinity(), best_reference = best;
    const int calls = CallsOf(first), reference_calls = CallsOf(reference);
    // More tries while it looks bad: a neighbour may have emptied the cache. The check of the check needs
    // none.
    for (int tries = 0; tries < 3 || (!plain_ && tries < 20 && best_reference / best < 1.3 * floor);
         ++tries) {
      best = std::min(best, TimeOf(first, calls));
      if (tries < 5) best_reference = std::min(best_reference, TimeOf(reference, reference_calls));
    }
    const double ratio = best_reference / best;
    const bool good = ratio >= floor;
    std::printf("%-6s %-44s %9.1f us, plain loops %9.1f us, ratio %6.1f, floor %4.1f\n",
                good ? "ok" : "FAILED", name.c_str(), best * 1e6, best_reference * 1e6, ratio, floor);
    failures_ += good ? 0 : 1;
    ++checks_;
  }
  int failures() const { return failures_; }
  int checks() const { return checks_; }

 private:
  static int CallsOf(const std::function<void()>& run) {
    run();
    const double once = TimeOf(run, 1);
    return static_cast<int>(std::clamp(0.001 / std::max(once, 1e-9), 1.0, 100000.0));
  }

  bool plain_;
  int failures_ = 0, checks_ = 0;
};

// Small pictures: the plain loops should not take seconds.
constexpr ConvLayer kLayers[] = {
    {"3x3 16->16", 16, 16, 32, 16, 3, 1, 1},     {"3x3 32->32", 32, 12, 32, 32, 3, 1, 1},
    {"3x3s2 16->32", 16, 24, 32, 32, 3, 2, 1},   {"up 3x3 32->16", 32, 12, 16, 16, 3, 1, 2},
    {"1x1 32->16", 32, 24, 32, 16, 1, 1, 1},     {"5x5s2 3->16", 3, 32, 64, 16, 5, 2, 1, true},
    {"9x9 3->16", 3, 12, 32, 16, 9, 1, 1, true}, {"9x9 16->3", 16, 12, 32, 3, 9, 1, 1, true},
};

void CheckConvolutions(const CpuTarget& target, double fp32_floor, double int8_floor, Checker& checker) {
  for (const ConvLayer& layer : kLayers) {
    const auto reference = PlainLayer(layer);
    for (const ConvKind kind : {ConvKind::kFp32, ConvKind::kInt8, ConvKind::kBf16}) {
      auto fast = PlanLayer(layer, kind, target);
      if (!fast.ok()) continue;
      checker.Check(
          target.name + " conv " + ConvKindName(kind) + " " + layer.name,
          kind == ConvKind::kFp32 ? fp32_floor : int8_floor, [&] { (*fast)->Run(); },
          [&] { reference->Run(); });
    }
  }
}

// Numbers in and out of a row of pixels; long enough to count, short enough for the nearest cache.
constexpr int kRow = 1000;

void CheckPointwise(const CpuTarget& target, Checker& checker) {
  const kernels::UnaryF32 unary = kernels::ChooseUnaryF32(target.highway_bit);
  std::vector<float> x(kRow), out(kRow);
  for (int i = 0; i < kRow; ++i) x[i] = 0.01f * static_cast<float>(i - kRow / 2);
  checker.Check(
      target.name + " tanh", 2, [&] { unary({kernels::UnaryOp::kTanh}, {}, 0, x.data(), out.data(), kRow); },
      [&] { std::transform(x.begin(), x.end(), out.begin(), [](float v) { return std::tanh(v); }); });
  // The C library's exp is as fast as four lanes on newer processors: 1.13 to 1.2 on Zen 5 with SSE4.
  checker.Check(
      target.name + " sigmoid", 1.05,
      [&] { unary({kernels::UnaryOp::kSigmoid}, {}, 0, x.data(), out.data(), kRow); },
      [&] {
        std::transform(x.begin(), x.end(), out.begin(), [](float v) { return 1 / (1 + std::exp(-v)); });
      });
}

void CheckMoments(const CpuTarget& target, Checker& checker) {
  const auto fast = kernels::ChooseRegionMomentsF32(target.highway_bit);
  std::vector<float> x(kRow);
  for (int i = 0; i < kRow; ++i) x[i] = static_cast<float>(i % 37);
  volatile double sink = 0;
  checker.Check(
      target.name + " moments", 1.5, [&] { sink = fast(x.data(), 1, kRow, kRow).m2; },
      [&] {
        kernels::Moments all;
        for (float v : x) all.Join({1, v, 0});
        sink = all.m2;
      });
}

// What a frame's bytes go through, as a plain loop would do it.
void CheckPixels(const CpuTarget& target, Checker& checker) {
  const kernels::PixelKernels& f = kernels::ChoosePixelKernels(target.highway_bit);
  std::vector<uint8_t> bytes(4 * kRow);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7);
  std::vector<float> planes(3 * kRow);
  const kernels::RgbRow row = {planes.data(), planes.data() + kRow, planes.data() + 2 * kRow};
  // The plain loops must do the work number by number: the optimiser would make vectors of them too.
  volatile uint8_t* const out = bytes.data();
  checker.Check(
      target.name + " write rgba", 1.5, [&] { f.write_interleaved[0](row, kRow, bytes.data()); },
      [&] {
        for (int i = 0; i < kRow; ++i) {
          for (int c = 0; c < 3; ++c) {
            const float v = planes[static_cast<size_t>(c * kRow + i)];
            out[4 * i + c] = static_cast<uint8_t>(std::lround(std::clamp(v, 0.0f, 255.0f)));
          }
        }
      });
}

// The innermost sums of 8-bit and bf16 convolutions: a row of a 3x3 window over 32 channels.
void CheckDots(const CpuTarget& target, Checker& checker) {
  constexpr int64_t kPixels = 256, kRows = 3, kChannels = 32, kRowK = 3 * 64, kColumns = 64;
  for (const kernels::DotKernel* dot : kernels::DotKernelsFor(target.highway_bit)) {
    const kernels::DotKernel& plain = kernels::PlainDotKernel(dot->element);
    if (std::string_view(dot->name).find("plain") != std::string_view::npos) continue;
    const size_t element = kernels::DotElementSize(dot->element);
    const int64_t row = (kPixels + 64) * kChannels + kRowK;
    std::vector<uint8_t> input(static_cast<size_t>(kRows * row) * element),
        weights(static_cast<size_t>(kRows * kRowK * kColumns) * element);
    if (dot->element == kernels::DotElement::kBf16) {
      std::fill(input.begin(), input.end(), uint8_t{0x3c});
      std::fill(weights.begin(), weights.end(), uint8_t{0x3c});
    }
    const std::vector<uint8_t> packed = dot->pack(weights.data(), kRows, kRowK, kColumns);
    const std::vector<uint8_t> packed_plain = plain.pack(weights.data(), kRows, kRowK, kColumns);
    auto sums = AlignedBuffer::Allocate(static_cast<size_t>((kPixels + 64) * kColumns) * 4);
    if (!sums.ok()) continue;
    kernels::DotArgs args = {input.data(),  row,     kChannels, kRows,       kRowK,
                             packed.data(), kPixels, kColumns,  sums->data()};
    kernels::DotArgs plain_args = args;
    plain_args.weights = packed_plain.data();
    checker.Check(
        target.name + " dot " + dot->name, 1.5,
        [&] {
          if (dot->begin) dot->begin();
          dot->run(args);
          if (dot->end) dot->end();
        },
        [&] { plain.run(plain_args); });
  }
}

int Main(bool plain) {
  Checker checker(plain);
  for (const CpuTarget& target : AvailableCpuTargets()) {
    // The plain convolution spends 5 ns a multiply-accumulate, 100 to 900 times what four or more vector
    // lanes do.
    const bool wide = target.name != "sse4";
    CheckConvolutions(target, wide ? 40 : 20, wide ? 60 : 10, checker);
    CheckPointwise(target, checker);
    CheckMoments(target, checker);
    CheckPixels(target, checker);
    CheckDots(target, checker);
  }
  std::printf("%d kernels, %d below their floors\n", checker.checks(), checker.failures());
  return checker.failures() == 0 && checker.checks() > 0 ? 0 : 1;
}

}  // namespace
}  // namespace tempera::bench

int main(int argc, char** argv) {
  return tempera::bench::Main(argc > 1 && std::string_view(argv[1]) == "--plain");
}
