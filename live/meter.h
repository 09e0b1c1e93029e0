// Rates and delays over the last moments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace tempera::live {

// How often something happens. One thread at a time.
class RateMeter {
 public:
  void Tick(int64_t now_ns);
  // A second, over the last two; 0 when nothing happened in them.
  double PerSecond(int64_t now_ns) const;

 private:
  std::deque<int64_t> times_;
};

// Quantiles of the last values.
class QuantileMeter {
 public:
  explicit QuantileMeter(size_t window) : window_(window) {}
  void Add(double value);
  double At(double share) const;  // 0.5: the median; 0 of nothing

 private:
  const size_t window_;
  std::deque<double> values_;
};

// Processor time of this process by wall time: 1 is one core busy. The first answer is 0.
class CpuMeter {
 public:
  double Share(int64_t now_ns);

 private:
  int64_t wall_ns_ = 0, cpu_ns_ = 0;
  double share_ = 0;
};

}  // namespace tempera::live
