#include "src/base/peaks.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>

#include "src/base/aligned_buffer.h"
#include "src/base/platform/peaks_x86.h"
#include "src/base/thread_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/base/peaks.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tempera {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Multiply-accumulates done. Twelve sums hide four cycles of latency at up to three a cycle, and with two
// operands they fit sixteen registers.
double Fp32Loop(int64_t rounds) {
  const hn::ScalableTag<float> d;
  using V = decltype(hn::Zero(d));
  const V b = hn::Set(d, 0.999f), c = hn::Set(d, 0.001f);
  V s0 = hn::Iota(d, 0), s1 = hn::Iota(d, 1), s2 = hn::Iota(d, 2), s3 = hn::Iota(d, 3), s4 = hn::Iota(d, 4),
    s5 = hn::Iota(d, 5), s6 = hn::Iota(d, 6), s7 = hn::Iota(d, 7), s8 = hn::Iota(d, 8), s9 = hn::Iota(d, 9),
    s10 = hn::Iota(d, 10), s11 = hn::Iota(d, 11);
  for (int64_t i = 0; i < rounds; ++i) {
    s0 = hn::MulAdd(s0, b, c), s1 = hn::MulAdd(s1, b, c), s2 = hn::MulAdd(s2, b, c);
    s3 = hn::MulAdd(s3, b, c), s4 = hn::MulAdd(s4, b, c), s5 = hn::MulAdd(s5, b, c);
    s6 = hn::MulAdd(s6, b, c), s7 = hn::MulAdd(s7, b, c), s8 = hn::MulAdd(s8, b, c);
    s9 = hn::MulAdd(s9, b, c), s10 = hn::MulAdd(s10, b, c), s11 = hn::MulAdd(s11, b, c);
  }
  const V sum = hn::Add(
      hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)),
      hn::Add(hn::Add(hn::Add(s4, s5), hn::Add(s6, s7)), hn::Add(hn::Add(s8, s9), hn::Add(s10, s11))));
  KeepForPeaks(hn::GetLane(hn::SumOfLanes(d, sum)));
  return static_cast<double>(rounds) * 12 * static_cast<double>(hn::Lanes(d));
}

// Operands come from the nearest cache, as in a real kernel; PeakBarrier keeps the loop from being solved at
// compile time.
double S16Loop(int64_t rounds) {
  const hn::ScalableTag<int16_t> d;
  const hn::ScalableTag<int32_t> d32;
  using V = decltype(hn::Zero(d32));
  HWY_ALIGN int16_t numbers[4 * hn::MaxLanes(d)];
  std::fill_n(numbers, 4 * hn::Lanes(d), int16_t{3});
  V s0 = hn::Zero(d32), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, carry = s0;
  for (int64_t i = 0; i < rounds; ++i) {
    PeakBarrier(numbers);
    const auto a = hn::Load(d, numbers), b = hn::Load(d, numbers + hn::Lanes(d)),
               u = hn::Load(d, numbers + 2 * hn::Lanes(d)), v = hn::Load(d, numbers + 3 * hn::Lanes(d));
    s0 = hn::ReorderWidenMulAccumulate(d32, a, u, s0, carry),
    s1 = hn::ReorderWidenMulAccumulate(d32, a, v, s1, carry);
    s2 = hn::ReorderWidenMulAccumulate(d32, b, u, s2, carry),
    s3 = hn::ReorderWidenMulAccumulate(d32, b, v, s3, carry);
    s4 = hn::ReorderWidenMulAccumulate(d32, a, a, s4, carry),
    s5 = hn::ReorderWidenMulAccumulate(d32, b, b, s5, carry);
    s6 = hn::ReorderWidenMulAccumulate(d32, u, u, s6, carry),
    s7 = hn::ReorderWidenMulAccumulate(d32, v, v, s7, carry);
  }
  const V sum = hn::Add(hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)),
                        hn::Add(hn::Add(hn::Add(s4, s5), hn::Add(s6, s7)), carry));
  KeepForPeaks(static_cast<float>(hn::GetLane(hn::SumOfLanes(d32, sum))));
  return static_cast<double>(rounds) * 8 * static_cast<double>(hn::Lanes(d));
}

void ReadLoop(const float* data, int64_t count) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  for (int64_t i = 0; i + 4 * lanes <= count; i += 4 * lanes) {
    s0 = hn::Add(s0, hn::Load(d, data + i)), s1 = hn::Add(s1, hn::Load(d, data + i + lanes));
    s2 = hn::Add(s2, hn::Load(d, data + i + 2 * lanes)), s3 = hn::Add(s3, hn::Load(d, data + i + 3 * lanes));
  }
  KeepForPeaks(hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)))));
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera {
HWY_EXPORT(Fp32Loop);
HWY_EXPORT(S16Loop);
HWY_EXPORT(ReadLoop);

namespace {

// The entry of a HWY_EXPORT table for one target, or the next worse one this file was compiled for.
template <typename Function, size_t kSize>
Function EntryOf(Function const (&table)[kSize], int64_t highway_bit) {
  if constexpr (kSize == 1) {
    return table[0];
  } else {
    hwy::ChosenTarget chosen;
    chosen.Update(hwy::SupportedTargets() & ~(highway_bit - 1));
    return table[chosen.GetIndex()];
  }
}

// Seconds that the calling thread computed: what a busy neighbour takes away does not count.
double ThreadSeconds() {
  timespec t = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

constexpr int kRepeats = 5;

// 1e9 multiply-accumulates a second of a loop that every thread runs at once: each by its own clock, the best
// of several tries of about 4 ms.
double PeakOf(double (*loop)(int64_t rounds), ThreadPool& pool) {
  int64_t rounds = 1024;
  for (double s = 0; s < 0.002; rounds *= 2) {
    s = -ThreadSeconds();
    loop(rounds);
    s += ThreadSeconds();
  }
  double best = 0;
  std::vector<double> speeds(static_cast<size_t>(pool.num_threads()));
  for (int i = 0; i < kRepeats; ++i) {
    pool.ParallelFor(pool.num_threads(), [&](int task, int) {
      const double start = ThreadSeconds();
      const double macs = loop(rounds);
      speeds[static_cast<size_t>(task)] = macs / (ThreadSeconds() - start);
    });
    double sum = 0;
    for (double s : speeds) sum += s;
    best = std::max(best, sum * 1e-9);
  }
  return best;
}

using ReadFunction = void (*)(const float* data, int64_t count);

// 1e9 bytes a second. Threads share the memory, so all of them together count by the clock on the wall; what
// one alone reaches by its own clock is the least that is there.
Result<double> ReadSpeed(ReadFunction read, ThreadPool& pool) {
  // Well beyond any last-level cache's share of two cores; written first, so that every page is its own.
  constexpr int64_t kFloats = int64_t{48} << 20;
  TEMPERA_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::Allocate(kFloats * sizeof(float)));
  auto* data = reinterpret_cast<float*>(buffer.data());
  const int64_t threads = pool.num_threads(), share = kFloats / threads / 1024 * 1024;
  pool.ParallelFor(pool.num_threads(), [&](int task, int) { std::fill_n(data + task * share, share, 1.0f); });
  double best = 0;
  for (int i = 0; i < kRepeats; ++i) {
    const double alone = ThreadSeconds();
    read(data, share);
    best = std::max(best, static_cast<double>(share) / (ThreadSeconds() - alone));
    const auto start = std::chrono::steady_clock::now();
    pool.ParallelFor(pool.num_threads(), [&](int task, int) { read(data + task * share, share); });
    const std::chrono::duration<double> together = std::chrono::steady_clock::now() - start;
    best = std::max(best, static_cast<double>(share * threads) / together.count());
  }
  return best * sizeof(float) * 1e-9;
}

}  // namespace

const UnitPeak& MachinePeaks::UnitOf(std::string_view kernel) const {
  for (const UnitPeak& unit : units) {
    if (unit.name != "fp32" && kernel.find(unit.name) != std::string_view::npos) return unit;
  }
  return units.front();
}

double MachinePeaks::Roof(const UnitPeak& unit, double macs, double bytes) const {
  if (bytes <= 0) return unit.gmac_per_s;
  return std::min(unit.gmac_per_s, read_gb_per_s * macs / bytes);
}

Result<MachinePeaks> MeasurePeaks(const CpuTarget& target, int threads) {
  TEMPERA_ASSIGN_OR_RETURN(const std::unique_ptr<ThreadPool> pool, ThreadPool::Create(std::max(1, threads)));
  MachinePeaks peaks;
  peaks.threads = pool->num_threads();
  peaks.units.push_back({"fp32", PeakOf(EntryOf(HWY_DISPATCH_TABLE(Fp32Loop), target.highway_bit), *pool)});
  peaks.units.push_back({"s16", PeakOf(EntryOf(HWY_DISPATCH_TABLE(S16Loop), target.highway_bit), *pool)});
  for (const X86Loop& unit : X86LoopsOf(target)) peaks.units.push_back({unit.name, PeakOf(unit.loop, *pool)});

  TEMPERA_ASSIGN_OR_RETURN(peaks.read_gb_per_s,
                           ReadSpeed(EntryOf(HWY_DISPATCH_TABLE(ReadLoop), target.highway_bit), *pool));
  return peaks;
}

}  // namespace tempera
#endif  // HWY_ONCE
