#include "live/microphone/drift_keeper.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

namespace tempera::live {
namespace {

constexpr int kRate = 48000;
constexpr int64_t kStartNs = 5'000'000'000'000;

// A device whose clock runs `fast` times too fast, and hears `sound` of the true time in seconds.
class Device {
 public:
  Device(double fast, std::function<double(double)> sound) : rate_(kRate * fast), sound_(std::move(sound)) {}

  // The next `frames`, told so many seconds too late; skipped: heard by nobody.
  void Give(DriftKeeper* keeper, size_t frames, double told_late = 0, bool skipped = false,
            bool exact = false) {
    std::vector<float> block;
    for (size_t i = 0; i < frames; ++i) {
      const auto value =
          static_cast<float>(sound_((static_cast<double>(number_) + static_cast<double>(i)) / rate_));
      block.push_back(value);
      block.push_back(-value);
    }
    const double at = static_cast<double>(number_) / rate_ + told_late;
    if (!skipped) keeper->Add(kStartNs + static_cast<int64_t>(at * 1e9), block.data(), frames, exact);
    number_ += static_cast<int64_t>(frames);
  }
  double seconds() const { return static_cast<double>(number_) / rate_; }

 private:
  const double rate_;
  const std::function<double(double)> sound_;
  int64_t number_ = 0;
};

// Left samples, silence in gaps.
void Collect(DriftKeeper* keeper, std::vector<float>* line) {
  for (const DriftKeeper::Run& run : keeper->Take()) {
    ASSERT_GE(run.at, static_cast<int64_t>(line->size()));
    line->resize(static_cast<size_t>(run.at));
    for (size_t i = 0; i < run.samples.size(); i += 2) {
      line->push_back(run.samples[i]);
      ASSERT_EQ(run.samples[i], -run.samples[i + 1]);
    }
  }
}

// A short hill at each whole second.
double Tick(double t) {
  const double from = t - std::round(t);
  return std::exp(-from * from / (2 * 0.0005 * 0.0005));
}

// Milliseconds by which the tick of that second comes late in the line; 1000 where there is none.
double LateMs(const std::vector<float>& line, int second) {
  const int middle = second * kRate, reach = kRate / 5;
  float most = 0.3F;
  int at = middle + kRate;
  for (int n = middle - reach; n < middle + reach && n < static_cast<int>(line.size()); ++n) {
    if (line[static_cast<size_t>(n)] > most) most = line[static_cast<size_t>(n)], at = n;
  }
  return (at - middle) * 1e3 / kRate;
}

TEST(DriftKeeper, FollowsAClockThatRunsFastOrSlow) {
  for (const double fast : {1.001, 0.999, 1.0}) {
    DriftKeeper keeper(kStartNs, kRate, 2);
    Device device(fast, Tick);
    std::vector<float> line;
    unsigned seed = 7;
    while (device.seconds() < 60.5) {
      // As threads are woken: up to eight milliseconds late.
      seed = seed * 1664525 + 1013904223;
      device.Give(&keeper, 1024, 0.008 * (seed >> 8) / (1 << 24));
      Collect(&keeper, &line);
    }
    for (int second = 1; second <= 60; ++second)
      EXPECT_NEAR(LateMs(line, second), 2, 9) << second << " " << fast;
    EXPECT_NEAR(keeper.ratio(), fast, 0.0008);
    EXPECT_LE(keeper.silent(), kRate / 100);  // in the beginning
    EXPECT_EQ(keeper.left_out(), 0);
  }
}

TEST(DriftKeeper, ATimeThatIsExactIsKeptToTwoMilliseconds) {
  DriftKeeper keeper(kStartNs, kRate, 2);
  Device device(1.001, Tick);
  std::vector<float> line;
  while (device.seconds() < 30.5) {
    device.Give(&keeper, 480);
    Collect(&keeper, &line);
  }
  for (int second = 1; second <= 30; ++second) EXPECT_NEAR(LateMs(line, second), 0, 2.2) << second;
}

TEST(DriftKeeper, LeavesATonePure) {
  DriftKeeper keeper(kStartNs, kRate, 2);
  Device device(1.001, [](double t) { return 0.5 * std::sin(2 * std::numbers::pi * 6000 * t); });
  std::vector<float> line;
  while (device.seconds() < 20.5) {
    device.Give(&keeper, 1024);
    Collect(&keeper, &line);
  }
  // The second from 19 on, without what of it is that tone.
  double s = 0, c = 0, all = 0;
  const auto phase = [](int n) { return 2 * std::numbers::pi * 6000 * n / kRate; };
  for (int n = 0; n < kRate; ++n) {
    const double value = line.at(static_cast<size_t>(19 * kRate + n));
    s += value * std::sin(phase(n)) * 2 / kRate;
    c += value * std::cos(phase(n)) * 2 / kRate;
    all += value * value / kRate;
  }
  const double tone = (s * s + c * c) / 2;
  EXPECT_NEAR(std::sqrt(2 * tone), 0.5, 0.001);
  EXPECT_LT(10 * std::log10((all - tone) / tone), -60);
}

TEST(DriftKeeper, WhatIsMissingIsSilence) {
  DriftKeeper keeper(kStartNs, kRate, 2);
  Device device(1, [](double t) { return t < 1.9 ? 0.5 : Tick(t); });
  std::vector<float> line;
  while (device.seconds() < 1.5) device.Give(&keeper, 480);
  EXPECT_NEAR(static_cast<double>(keeper.end_ns() - kStartNs), 1.5e9, 1e5);
  while (device.seconds() < 1.8) device.Give(&keeper, 480, 0, /*skipped=*/true);
  while (device.seconds() < 2.5) device.Give(&keeper, 480);
  Collect(&keeper, &line);
  EXPECT_NEAR(static_cast<double>(keeper.silent()), 0.3 * kRate, 10);
  EXPECT_NEAR(LateMs(line, 2), 0, 0.1);
  EXPECT_NEAR(line.at(kRate * 8 / 5), 0, 0.01);
  EXPECT_NEAR(line.at(kRate * 14 / 10), 0.5, 0.01);
}

TEST(DriftKeeper, AfterSilenceSoundFindsItsPlace) {
  DriftKeeper keeper(kStartNs, kRate, 2);
  Device device(1, Tick);
  std::vector<float> line;
  while (device.seconds() < 0.5) device.Give(&keeper, 480);
  // Silence reaches beyond where sound begins again: what lies before is left out.
  while (device.seconds() < 1.5) device.Give(&keeper, 480, 0, true);
  keeper.FillTo(kStartNs + 1'600'000'000);
  EXPECT_NEAR(static_cast<double>(keeper.end_ns() - kStartNs), 1.6e9, 1e5);
  while (device.seconds() < 3.5) device.Give(&keeper, 480);
  Collect(&keeper, &line);
  EXPECT_NEAR(static_cast<double>(keeper.left_out()), 0.1 * kRate, 10);
  EXPECT_EQ(LateMs(line, 1), 1000);
  EXPECT_NEAR(LateMs(line, 2), 0, 0.1);
  EXPECT_NEAR(LateMs(line, 3), 0, 0.1);
}

TEST(DriftKeeper, ALongPauseTakesNoMemory) {
  DriftKeeper keeper(kStartNs, kRate, 2);
  Device device(1, Tick);
  std::vector<float> line;
  while (device.seconds() < 1.5) device.Give(&keeper, 480);
  while (device.seconds() < 9.5) device.Give(&keeper, 480, 0, true);
  while (device.seconds() < 10.5) device.Give(&keeper, 480);
  const auto runs = keeper.Take();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_LT(runs[0].samples.size(), size_t{2} * kRate * 16 / 10);
  EXPECT_NEAR(static_cast<double>(runs[1].at), 9.5 * kRate, 40);
  float most = 0;
  size_t at = 0;
  for (size_t i = 0; i < runs[1].samples.size(); i += 2) {
    if (runs[1].samples[i] > most) most = runs[1].samples[i], at = i / 2;
  }
  EXPECT_NEAR(static_cast<double>(runs[1].at) + static_cast<double>(at), 10.0 * kRate, 5);
}

// A period that an overloaded machine loses, of a device that counts them.
TEST(DriftKeeper, APeriodThatIsLostMovesNothing) {
  DriftKeeper keeper(kStartNs, kRate, 2);
  Device device(1.001, Tick);
  std::vector<float> line;
  for (int i = 0; device.seconds() < 10.5; ++i) device.Give(&keeper, 1024, 0, i % 19 == 7, true);
  Collect(&keeper, &line);
  const int lost = static_cast<int>(10.5 * kRate / 1024 / 19);
  EXPECT_NEAR(static_cast<double>(keeper.silent()), lost * 1024, 2500);
  int heard = 0;
  for (int second = 1; second <= 10; ++second) {
    const double late = LateMs(line, second);
    if (late == 1000) continue;  // its own tick was lost
    EXPECT_NEAR(late, 0, 2.5) << second;
    ++heard;
  }
  EXPECT_GE(heard, 8);
}

// A moment that is told late once moves nothing; a line that has become late for good is followed.
TEST(DriftKeeper, OneTimeToldLateIsNotBelieved) {
  DriftKeeper keeper(kStartNs, kRate, 2);
  Device device(1, Tick);
  std::vector<float> line;
  while (device.seconds() < 2.5)
    device.Give(&keeper, 480, device.seconds() > 1 && device.seconds() < 1.03 ? 0.06 : 0);
  EXPECT_LE(keeper.silent(), 1);
  Collect(&keeper, &line);
  EXPECT_NEAR(LateMs(line, 2), 0, 0.5);
  while (device.seconds() < 4.5) device.Give(&keeper, 480, 0.06);
  Collect(&keeper, &line);
  EXPECT_NEAR(LateMs(line, 4), 60, 2);
}

}  // namespace
}  // namespace tempera::live
