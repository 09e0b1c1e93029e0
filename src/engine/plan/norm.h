// From moments to the scale and shift of an instance norm or a group norm.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/engine/facts/flat.h"
#include "src/engine/plan/bands.h"
#include "src/engine/types/statistics.h"
#include "src/kernels/moments.h"

namespace tempera::engine {

// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta per image and channel
// (Ulyanov, Vedaldi, Lempitsky 2016, "Instance normalization: the missing ingredient for fast stylization").
// Lives in the plan; steps hand it the moments they gathered. A group norm (Wu and He 2018, "Group
// normalization") is the same with the moments of several channels joined.
struct InstanceNorm {
  std::string name;  // the node's
  // One per channel. Where the graph computes them a step writes them in every run
  // (steps/parameters_step.cc), before the first that reads what is normalised; zeros until then.
  std::vector<float> gamma, beta;
  int64_t group_channels = 1;  // channels that share their mean and variance; divides their number
  float epsilon = 1e-5f;
  NormStatistics statistics = NormStatistics::kExact;
  float smoothing = 0;  // with kSmoothed: the share of the frames before
  bool stored_in_f16 = false;
  // n * channels numbers each: what the last Run normalised with, or what was given. Channels of a group have
  // the same.
  std::vector<double> mean, variance;
  // n * channels numbers: each channel's own mean in the last Run.
  std::vector<double> channel_mean;
  bool carried = false;  // mean and variance are of a frame before
  // Finish measures how far the picture's are from mean and variance, and leaves these as they are.
  bool held = false;
  // How far those of the last Finish were from mean and variance before it, in deviations and in logarithms
  // of the deviation, over all channels (root of the mean square).
  double change = 0;
  // What it normalises is one number per channel whenever these inputs of the graph are, and this time they
  // are: moments then hold rounding errors alone.
  FlatInputs flat_inputs = kNeverFlat;
  bool flat = false;
  // The last Finish was of such a picture, with its own statistics: scale and shift follow from that.
  bool finished_flat = false;
  // Where the result goes, of the same size.
  std::vector<float> scale, shift;

  // False when nobody needs to gather moments.
  bool wants_moments() const { return statistics != NormStatistics::kGiven; }
  // moments: [n * channels][tiles]. Tiles are joined in order, then the channels of a group, so the result
  // does not depend on which thread gathered which.
  void Finish(const std::vector<kernels::Moments>& moments, int64_t tiles);
  // mean, variance, gamma and beta -> scale and shift.
  void Apply();
};

// A step that can gather the moments of what it writes.
class GatheringStep : public BandedStep {
 public:
  // `norm` must outlive the step; its Finish is called by the step's.
  virtual void AddNorm(InstanceNorm* norm) = 0;

  void Finish() final {
    for (InstanceNorm* norm : norms_) norm->Finish(moments_, moment_tiles_);
  }
  bool finishes() const final { return !norms_.empty(); }

 protected:
  // Room for `count` moments, of which a channel of the norm has `tiles`; the same at every call.
  kernels::Moments* Gather(InstanceNorm* norm, int64_t count, int64_t tiles) {
    norms_.push_back(norm);
    moment_tiles_ = tiles;
    moments_.resize(static_cast<size_t>(count));
    return moments_.data();
  }

 private:
  std::vector<InstanceNorm*> norms_;
  std::vector<kernels::Moments> moments_;
  int64_t moment_tiles_ = 0;
};

}  // namespace tempera::engine
