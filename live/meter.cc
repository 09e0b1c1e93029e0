#include "live/meter.h"

#include <algorithm>
#include <ctime>

namespace tempera::live {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kSpan = 2 * kSecond;

}  // namespace

void RateMeter::Tick(int64_t now_ns) {
  times_.push_back(now_ns);
  while (now_ns - times_.front() > kSpan) times_.pop_front();
}

double RateMeter::PerSecond(int64_t now_ns) const {
  const auto first =
      std::find_if(times_.begin(), times_.end(), [&](int64_t t) { return now_ns - t <= kSpan; });
  const auto count = times_.end() - first;
  if (count < 2 || times_.back() == *first) return 0;
  // One that has become late counts as if it came now, so that a source that stops is seen to slow down.
  const double usual = static_cast<double>(times_.back() - *first) / static_cast<double>(count - 1);
  const auto since = static_cast<double>(now_ns - times_.back());
  if (since > 2 * usual) return static_cast<double>(count) * kSecond / static_cast<double>(now_ns - *first);
  return kSecond / usual;
}

void QuantileMeter::Add(double value) {
  values_.push_back(value);
  if (values_.size() > window_) values_.pop_front();
}

double QuantileMeter::At(double share) const {
  if (values_.empty()) return 0;
  std::vector<double> sorted(values_.begin(), values_.end());
  const auto at = static_cast<size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5);
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(at), sorted.end());
  return sorted[at];
}

double CpuMeter::Share(int64_t now_ns) {
  if (wall_ns_ != 0 && now_ns - wall_ns_ < kSecond / 2) return share_;
  timespec t = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  const int64_t cpu = t.tv_sec * kSecond + t.tv_nsec;
  if (wall_ns_ != 0) share_ = static_cast<double>(cpu - cpu_ns_) / static_cast<double>(now_ns - wall_ns_);
  wall_ns_ = now_ns;
  cpu_ns_ = cpu;
  return share_;
}

}  // namespace tempera::live
