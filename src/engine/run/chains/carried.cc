#include "src/engine/run/chains/carried.h"

#include <algorithm>
#include <utility>

namespace tempera::engine {
namespace {

// A brightness that jumps by a twentieth of the deviation when statistics are renewed is two levels of a
// usual painting.
constexpr double kMostChange = 0.05;
constexpr int kLongestPause = 31;

}  // namespace

bool CarriedStatistics::MayCarry(bool flat) {
  const bool was_flat = std::exchange(was_flat_, flat);
  if (!fresh_ || flat || was_flat) return false;
  if (pause_ == 0) return true;
  --pause_;
  return false;
}

bool CarriedStatistics::Serves(std::span<const std::unique_ptr<InstanceNorm>> norms) {
  // A change that is no number is no small one.
  const bool small =
      std::all_of(norms.begin(), norms.end(), [](const auto& norm) { return norm->change <= kMostChange; });
  pause_ = small ? 0 : next_pause_;
  next_pause_ = small ? 0 : std::min(2 * next_pause_ + 1, kLongestPause);
  return small;
}

}  // namespace tempera::engine
