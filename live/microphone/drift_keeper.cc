#include "live/microphone/drift_keeper.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tempera::live {
namespace {

constexpr int kHalf = 16;     // taps on each side
constexpr int kPhases = 256;  // between two samples; a straight line between two of these
constexpr double kLoopS = 2;  // seconds in which what is late is made up for
constexpr double kSmoothS = 0.5;
// Beyond these the line is cut, and not bent. Sound that is early is so for certain; what seems late may have
// been told late.
constexpr double kEarlyS = 0.03, kLateS = 0.03, kGapS = 0.1;
constexpr double kExactS = 0.008;  // of times that are exact, by which periods are counted
constexpr int kLateBlocks = 5;
constexpr double kMostSilenceS = 5;
constexpr double kFadeS = 0.005;  // sound does not begin behind silence with a click

// A sinc of the whole band under a Kaiser window (beta 9: 90 dB), for each phase.
std::vector<float> Kernel() {
  const auto bessel = [](double x) {
    double sum = 1, term = 1;
    for (int k = 1; k < 40; ++k) sum += term *= x * x / (4.0 * k * k);
    return sum;
  };
  std::vector<float> kernel(static_cast<size_t>((kPhases + 1) * 2 * kHalf));
  for (int phase = 0; phase <= kPhases; ++phase) {
    float* taps = &kernel[static_cast<size_t>(phase * 2 * kHalf)];
    double sum = 0;
    for (int i = 0; i < 2 * kHalf; ++i) {
      const double x = i - (kHalf - 1) - static_cast<double>(phase) / kPhases;
      const double part = x / kHalf;
      const double window = std::fabs(part) >= 1 ? 0 : bessel(9 * std::sqrt(1 - part * part)) / bessel(9);
      const double sinc = x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
      taps[i] = static_cast<float>(sinc * window);
      sum += sinc * window;
    }
    for (int i = 0; i < 2 * kHalf; ++i) taps[i] = static_cast<float>(taps[i] / sum);
  }
  return kernel;
}

}  // namespace

DriftKeeper::DriftKeeper(int64_t start_ns, int rate, int channels)
    : start_ns_(start_ns),
      rate_(rate),
      channels_(static_cast<size_t>(channels)),
      kernel_(Kernel()),
      held_(static_cast<size_t>(kHalf) * channels_),
      at_(kHalf) {}

// The number, with its fraction, of the sample that goes out at that moment.
double DriftKeeper::NumberAt(int64_t ns) const { return static_cast<double>(ns - start_ns_) * 1e-9 * rate_; }

int64_t DriftKeeper::end_ns() const {
  const double held = static_cast<double>(held_.size() / channels_) - at_;
  return start_ns_ + static_cast<int64_t>((static_cast<double>(made_) + held / ratio_) * 1e9 / rate_);
}

void DriftKeeper::Add(int64_t first_ns, const float* samples, size_t frames, bool exact) {
  // Where the block would go out if nothing were done, against where it was heard.
  double late = NumberAt(first_ns) - NumberAt(end_ns());
  late_blocks_ = late > kLateS * rate_ ? late_blocks_ + 1 : 0;
  const bool gap = late > kGapS * rate_ || late_blocks_ >= kLateBlocks;
  const bool off = exact ? std::fabs(late - late_) > kExactS * rate_ : gap || late < -kEarlyS * rate_;
  const bool cut = !aligned_ || off;
  size_t from = 0;
  if (cut && late > 0) AppendSilence(std::llround(late));
  if (cut && late < 0) {
    const double much = std::min(static_cast<double>(frames), std::round(-late));
    from = static_cast<size_t>(much);
    left_out_ += static_cast<int64_t>(from);
  }
  if (from == frames) return;  // and so it is with the next
  std::vector<float> faded;
  if (cut) {
    late_ = 0;
    late_blocks_ = 0;
    aligned_ = true;
    faded.assign(samples + from * channels_, samples + frames * channels_);
    const size_t fade = static_cast<size_t>(kFadeS * rate_);
    for (size_t i = 0; i < faded.size() && i / channels_ < fade; ++i)
      faded[i] *= static_cast<float>(i / channels_) / static_cast<float>(fade);
    Append(faded.data(), frames - from);
  } else {
    // What is late for one block only is not believed.
    if (late_blocks_ == 0) Steer(late, frames);
    Append(samples, frames);
  }
  Render();
}

void DriftKeeper::Steer(double late, size_t frames) {
  const double seconds = static_cast<double>(frames) / rate_;
  late_ += (late - late_) * (1 - std::exp(-seconds / kSmoothS));
  // Late sound is played more slowly: fewer samples of it for one that goes out.
  ratio_ = std::clamp(1 - late_ / (kLoopS * rate_), 1 - kMostSpeed, 1 + kMostSpeed);
}

void DriftKeeper::FillTo(int64_t ns) {
  const double missing = NumberAt(ns) - NumberAt(end_ns());
  if (missing < 1) return;
  AppendSilence(static_cast<int64_t>(missing));
  aligned_ = false;
  Render();
}

void DriftKeeper::Append(const float* samples, size_t frames) {
  held_.insert(held_.end(), samples, samples + frames * channels_);
}

// So much of it goes out.
void DriftKeeper::AppendSilence(int64_t frames) {
  if (frames <= 0) return;
  silent_ += frames;
  const int64_t most = static_cast<int64_t>(kMostSilenceS * rate_);
  if (frames > most) {
    // What is held goes out first; its end is all that the kernel would still see.
    held_.resize(held_.size() + static_cast<size_t>(kHalf) * channels_);
    Render();
    made_ += frames - kHalf;
    return;
  }
  const double in = static_cast<double>(frames) * ratio_;
  held_.resize(held_.size() + static_cast<size_t>(std::llround(in)) * channels_);
}

void DriftKeeper::Render() {
  const size_t held = held_.size() / channels_;
  if (ready_.empty() ||
      ready_.back().at + static_cast<int64_t>(ready_.back().samples.size() / channels_) != made_)
    ready_.push_back({made_, {}});
  std::vector<float>& out = ready_.back().samples;
  while (at_ + kHalf + 1 < static_cast<double>(held)) {
    const size_t whole = static_cast<size_t>(at_);
    const double phase = (at_ - static_cast<double>(whole)) * kPhases;
    const size_t step = static_cast<size_t>(phase);
    const float part = static_cast<float>(phase - static_cast<double>(step));
    const float* a = &kernel_[step * 2 * kHalf];
    const float* b = a + 2 * kHalf;
    const float* in = &held_[(whole - (kHalf - 1)) * channels_];
    for (size_t c = 0; c < channels_; ++c) {
      float sum = 0;
      for (size_t i = 0; i < 2 * kHalf; ++i) sum += (a[i] + part * (b[i] - a[i])) * in[i * channels_ + c];
      out.push_back(sum);
    }
    at_ += ratio_;
    ++made_;
  }
  const size_t done = static_cast<size_t>(at_) - kHalf;
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(done * channels_));
  at_ -= static_cast<double>(done);
}

std::vector<DriftKeeper::Run> DriftKeeper::Take() {
  std::vector<Run> taken;
  taken.swap(ready_);
  std::erase_if(taken, [](const Run& run) { return run.samples.empty(); });
  return taken;
}

}  // namespace tempera::live
