// Interval arithmetic: between which numbers one lies, and many.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace tempera::engine {

struct Interval {
  double low = 0, high = 0;
  bool operator==(const Interval&) const = default;
  bool finite() const { return std::isfinite(low) && std::isfinite(high); }
};

inline Interval Hull(const Interval& a, const Interval& b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}
inline Interval operator+(const Interval& a, const Interval& b) { return {a.low + b.low, a.high + b.high}; }
inline Interval operator-(const Interval& a, const Interval& b) { return {a.low - b.high, a.high - b.low}; }
inline Interval operator*(const Interval& a, const Interval& b) {
  const double p = a.low * b.low, q = a.low * b.high, r = a.high * b.low, s = a.high * b.high;
  return {std::min(std::min(p, q), std::min(r, s)), std::max(std::max(p, q), std::max(r, s))};
}
inline Interval operator/(const Interval& a, const Interval& b) {
  constexpr double kAnything = std::numeric_limits<double>::infinity();
  if (b.low <= 0 && b.high >= 0) return {-kAnything, kAnything};
  return a * Interval{1 / b.high, 1 / b.low};
}

// One for each of so many numbers; kept once where all have the same. Of no numbers: not known.
class Intervals {
 public:
  Intervals() = default;
  Intervals(int64_t count, const Interval& all) : count_(count), at_(1, all) {}
  explicit Intervals(std::vector<Interval> each) : count_(static_cast<int64_t>(each.size())) {
    const bool same =
        std::all_of(each.begin(), each.end(), [&](const Interval& i) { return i == each.front(); });
    if (same && !each.empty()) {
      at_.assign(1, each.front());
    } else {
      at_ = std::move(each);
    }
  }

  bool known() const { return count_ > 0; }
  int64_t count() const { return count_; }
  bool same() const { return at_.size() == 1; }
  // How many are kept.
  int64_t kept() const { return static_cast<int64_t>(at_.size()); }
  bool finite() const {
    return std::all_of(at_.begin(), at_.end(), [](const Interval& i) { return i.finite(); });
  }
  const Interval& operator[](int64_t i) const { return at_[same() ? 0 : static_cast<size_t>(i)]; }
  std::vector<Interval> each() const {
    return same() ? std::vector<Interval>(static_cast<size_t>(count_), at_[0]) : at_;
  }
  // f of each.
  template <typename F>
  Intervals Map(const F& f) const {
    Intervals mapped = *this;
    for (Interval& i : mapped.at_) i = f(i);
    return mapped;
  }

 private:
  int64_t count_ = 0;
  std::vector<Interval> at_;
};

}  // namespace tempera::engine
