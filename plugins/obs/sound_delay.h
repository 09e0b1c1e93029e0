// A delay line for a source's sound, so that it meets its painted picture.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tempera::plugins::obs {

// Set from one thread, Process on another.
class SoundDelay {
 public:
  // How late pictures come at present. Followed where they stay late (or early) for a while: a picture that
  // was late once moves no sound.
  void SetLateness(double seconds) { lateness_s_ = seconds; }

  // Replaces `frames` samples of each of `channels` planes by those of some time before. A change of delay is
  // faded over the call's samples. Unused planes are null.
  void Process(float* const* planes, size_t channels, size_t frames, uint32_t samples_per_second);

 private:
  size_t Wanted(size_t frames, uint32_t samples_per_second);

  std::atomic<double> lateness_s_ = 0;
  size_t delay_ = 0;                       // samples, as used last
  double apart_s_ = 0;                     // how long what is wanted has been another
  size_t at_ = 0;                          // where the next sample goes
  std::vector<std::vector<float>> rings_;  // a channel each, of one size
};

}  // namespace tempera::plugins::obs
