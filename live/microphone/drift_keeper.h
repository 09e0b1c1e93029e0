// Sound of a clock of its own, brought onto the clock that frames are timed by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tempera::live {

// A microphone counts samples by a crystal of its own: what it calls 48000 a second is some more or less by
// the steady clock, a frame and more after some minutes. Blocks that come with the moment of their first
// sample go out as one line of samples of which number n lies at start + n / rate. The two are kept together
// by resampling (a windowed sinc), at most half a percent faster or slower, which nobody hears; what is
// missing becomes silence, what comes twice is left out. One thread.
class DriftKeeper {
 public:
  static constexpr double kMostSpeed = 0.005;  // how far the ratio goes from 1

  DriftKeeper(int64_t start_ns, int rate, int channels);

  // `samples`: `frames` of them for each channel, interleaved; the first was heard at first_ns. Times may
  // come late by some milliseconds now and then, as those of a thread that was woken late are.
  // exact: they never do, and a period that was lost is silence at once.
  void Add(int64_t first_ns, const float* samples, size_t frames, bool exact = false);
  // Silence up to that moment: nothing came.
  void FillTo(int64_t ns);
  // Up to where there is sound or silence.
  int64_t end_ns() const;

  // What is ready, in order. Where so much was missing that silence is not worth its memory (five seconds at
  // once) the next run lies behind a gap.
  struct Run {
    int64_t at = 0;              // its first sample's number
    std::vector<float> samples;  // interleaved
  };
  std::vector<Run> Take();

  // Samples that come in for one that goes out: 1.001 of a clock that runs a thousandth fast.
  double ratio() const { return ratio_; }
  int64_t silent() const { return silent_; }      // samples of silence put in (each channel)
  int64_t left_out() const { return left_out_; }  // that lay before what was there already

 private:
  void Append(const float* samples, size_t frames);
  void AppendSilence(int64_t frames);
  void Render();
  double NumberAt(int64_t ns) const;
  void Steer(double late, size_t frames);

  const int64_t start_ns_;
  const int rate_;
  const size_t channels_;
  std::vector<float> kernel_;
  std::vector<float> held_;  // interleaved, with what the kernel needs before and behind
  double at_;                // where in it the next sample that goes out is read
  int64_t made_ = 0;         // samples that went out, gaps too
  std::vector<Run> ready_;
  double ratio_ = 1;
  double late_ = 0;       // smoothed: how much later than written the sound was heard, in samples
  int late_blocks_ = 0;   // one after the other that came much too late
  bool aligned_ = false;  // no silence since the last block
  int64_t silent_ = 0, left_out_ = 0;
};

}  // namespace tempera::live
