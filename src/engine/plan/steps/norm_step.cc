// Instance norm and group norm: statistics gathered by the convolution before it where there is one,
// otherwise by a pass of their own. The normalisation itself stays pending on the value.
#include <algorithm>
#include <cmath>
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/norm.h"
#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/step_maker.h"
#include "src/engine/plan/steps/parameters_node.h"
#include "src/kernels/task_share.h"

namespace tempera::engine {

namespace {

// Moments are of numbers before they are rounded to fp16. In a flat channel (a black frame) all are one
// number, and where epsilon alone is divided by, its rounding error would come out 300 times as large: there
// the mean is rounded as the numbers were. Flat: a deviation below a quarter of fp16's step.
double MeanAsStored(double mean, double variance) {
  int exponent = 0;
  std::frexp(mean, &exponent);                                        // |mean| in [0.5, 1) * 2^exponent
  const double step = std::ldexp(1.0, std::max(exponent - 11, -24));  // 11 bits; subnormals end at 2^-24
  return 16 * variance < step * step ? std::nearbyint(mean / step) * step : mean;
}

double SquaredChange(double mean_difference, double variance, double other_variance) {
  const double logarithm = 0.5 * std::log(variance / other_variance);
  return mean_difference * mean_difference / (0.5 * (variance + other_variance)) + logarithm * logarithm;
}

}  // namespace

void InstanceNorm::Finish(const std::vector<kernels::Moments>& moments, int64_t tiles) {
  double squares = 0;
  // The frames before count only once there were some.
  const double before = statistics == NormStatistics::kSmoothed && carried ? smoothing : 0;
  const auto together = static_cast<size_t>(group_channels);
  for (size_t first = 0; first < scale.size(); first += together) {
    kernels::Moments all;
    for (size_t i = first; i < first + together; ++i) {
      kernels::Moments channel;
      for (int64_t t = 0; t < tiles; ++t)
        channel.Join(moments[i * static_cast<size_t>(tiles) + static_cast<size_t>(t)]);
      if (flat) channel.m2 = 0;
      if (stored_in_f16) channel.mean = MeanAsStored(channel.mean, channel.variance());
      channel_mean[i] = channel.mean;
      all.Join(channel);
    }
    for (size_t i = first; i < first + together; ++i) {
      squares += SquaredChange(mean[i] - all.mean, variance[i] + epsilon, all.variance() + epsilon);
      if (held) continue;
      mean[i] = before == 0 ? all.mean : before * mean[i] + (1 - before) * all.mean;
      variance[i] = before == 0 ? all.variance() : before * variance[i] + (1 - before) * all.variance();
    }
  }
  change = std::sqrt(squares / static_cast<double>(scale.size()));
  if (held) return;
  carried = true;
  finished_flat = flat;
  Apply();
}

void InstanceNorm::Apply() {
  for (size_t i = 0; i < scale.size(); ++i) {
    const size_t channel = i % gamma.size();
    if (finished_flat) {
      // Each channel is one number, but for rounding: what it becomes is known, whatever frames before it
      // have their part in the statistics. Alone in its group, without such frames, it is beta.
      const double deviations = (channel_mean[i] - mean[i]) / std::sqrt(variance[i] + epsilon);
      scale[i] = 0;
      shift[i] = static_cast<float>(beta[channel] + deviations * gamma[channel]);
      continue;
    }
    const double a = gamma[channel] / std::sqrt(variance[i] + static_cast<double>(epsilon));
    scale[i] = static_cast<float>(a);
    shift[i] = static_cast<float>(beta[channel] - mean[i] * a);
  }
}

namespace {

// Rows a task reads: about 64 KiB of one channel.
class NormStep final : public BandedStep {
 public:
  NormStep(InstanceNorm* norm, StorageId from, const Planes& planes, int64_t highway_bit)
      : norm_(norm),
        from_(from),
        planes_(planes),
        region_moments_(kernels::ChooseRegionMomentsF32(highway_bit)) {
    info.kernel = "moments_f32";
    rows_ = std::clamp<int64_t>(kernels::kTaskNumbers / planes_.w, 1, planes_.h);
    tiles_ = CeilDiv(planes_.h, rows_);
    moments_.resize(static_cast<size_t>(planes_.n * planes_.channels * tiles_));
  }

  void Bind(const Memory& memory) override { input_ = memory.floats(from_); }

  int64_t tasks() const override { return static_cast<int64_t>(moments_.size()); }
  Pictures pictures() const override { return {planes_, planes_}; }
  TaskRows RowsOf(int64_t task) const override {
    const int64_t first = task / tiles_ / planes_.channels * planes_.h + task % tiles_ * rows_;
    const Rows rows = {first, first + std::min(rows_, planes_.h - task % tiles_ * rows_)};
    return {rows, rows};
  }

  void RunTask(int64_t task, void*) override {
    const int64_t y = task % tiles_ * rows_;
    const float* data = input_ + task / tiles_ * planes_.plane() + y * planes_.w;
    moments_[static_cast<size_t>(task)] =
        region_moments_(data, std::min(rows_, planes_.h - y), planes_.w, planes_.w);
  }
  void Finish() override { norm_->Finish(moments_, tiles_); }
  bool finishes() const override { return true; }

 private:
  InstanceNorm* norm_;
  StorageId from_;
  Planes planes_;
  kernels::RegionMomentsF32 region_moments_;
  int64_t rows_, tiles_;
  std::vector<kernels::Moments> moments_;
  const float* input_ = nullptr;
};

}  // namespace

Result<bool> PlanNormNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0];
  if (!builder.is_picture(x) || !builder.is_computed(x) || !HasParameters(builder, node)) return false;
  const Planes planes = builder.PlanesOf(x);
  const auto* group = std::get_if<graph::FusedGroupNorm>(&node.fused);
  NormData norm;
  norm.name = node.name;
  norm.images = planes.n;
  norm.channels = planes.channels;
  norm.group_channels = group != nullptr ? planes.channels / group->groups : 1;
  norm.epsilon = group != nullptr ? group->epsilon : node.attributes.Float("epsilon", 1e-5f);
  norm.gamma = ParameterName(builder, node.inputs[1]);
  norm.beta = ParameterName(builder, node.inputs[2]);
  norm.flat_inputs = builder.flat_inputs(x);
  const int32_t index = builder.AddNorm(std::move(norm));
  AddParametersNode(builder, node, ParametersWork{.norm = index});

  // Interleaved pictures come from convolutions that can gather (facts/layouts.h).
  const bool gathered = builder.GathererOf(x) >= 0;
  const ReadData from = gathered ? builder.ReadOf(x) : builder.Materialize(x);
  Reading normalized = builder.reading(x);
  normalized.pending.norm = index;
  if (gathered || !builder.wants_statistics()) {
    if (builder.wants_statistics()) builder.Gathers(builder.GathererOf(x), index);
    builder.SetReading(node.outputs[0], normalized);
    builder.Credit(node.outputs[0], node);
  } else {
    builder.Add(node, StatisticsWork{}, {from}, {});
    builder.Gathers(builder.last_node(), index);
    builder.SetReading(node.outputs[0], normalized);
  }
  return true;
}

MadeStep MakeStep(const StatisticsWork&, StepMaker& maker) {
  return NewStep<NormStep>(maker.norm(maker.node().gathers[0]), maker.read().storage, maker.PictureOfRead(),
                           maker.highway_bit());
}

}  // namespace tempera::engine
