#include "plugins/obs/sound_delay.h"

#include <algorithm>
#include <cmath>

namespace tempera::plugins::obs {
namespace {

// Longer than any picture is late that one still wants to look at; memory for it is 96 kB a channel.
constexpr double kMostSeconds = 0.5;
// Less than this apart nobody notices (ITU-R BT.1359: from 45 ms on), and the lateness trembles as much.
constexpr double kSlackSeconds = 0.012;
constexpr double kPatienceSeconds = 1;

}  // namespace

// The delay to go over to, or the present one.
size_t SoundDelay::Wanted(size_t frames, uint32_t samples_per_second) {
  const double lateness = std::clamp(lateness_s_.load(), 0.0, kMostSeconds);
  const double present = static_cast<double>(delay_) / samples_per_second;
  // Where nothing is painted, sound goes as it came.
  const bool apart = lateness == 0 ? delay_ != 0 : std::fabs(lateness - present) > kSlackSeconds;
  apart_s_ = apart ? apart_s_ + static_cast<double>(frames) / samples_per_second : 0;
  if (apart_s_ < kPatienceSeconds) return delay_;
  apart_s_ = 0;
  return static_cast<size_t>(lateness * samples_per_second);
}

void SoundDelay::Process(float* const* planes, size_t channels, size_t frames, uint32_t samples_per_second) {
  if (frames == 0 || samples_per_second == 0) return;
  const size_t before = delay_;
  delay_ = Wanted(frames, samples_per_second);
  if (delay_ == 0 && before == 0 && rings_.empty()) return;
  // The longest delay and this call's samples.
  const size_t size = static_cast<size_t>(kMostSeconds * samples_per_second) + 1 + frames;
  if (rings_.size() != channels || (!rings_.empty() && rings_[0].size() < size)) {
    rings_.assign(channels, std::vector<float>(size, 0.0f));
    at_ = 0;
  }
  if (rings_.empty()) return;
  const size_t ring_size = rings_[0].size();
  for (size_t channel = 0; channel < channels; ++channel) {
    float* samples = planes[channel];
    std::vector<float>& ring = rings_[channel];
    if (samples == nullptr) continue;
    for (size_t i = 0; i < frames; ++i) {
      const size_t now = (at_ + i) % ring_size;
      ring[now] = samples[i];
      const float is = ring[(now + ring_size - delay_) % ring_size];
      const float was = ring[(now + ring_size - before) % ring_size];
      const float share = static_cast<float>(i) / static_cast<float>(frames);
      samples[i] = delay_ == before ? is : was + (is - was) * share;
    }
  }
  at_ = (at_ + frames) % ring_size;
}

}  // namespace tempera::plugins::obs
