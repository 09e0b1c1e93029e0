#include "src/engine/precision/scene_judge.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tempera::engine {

Status SceneJudge::PaintTruth(CalibrationScene scene, std::vector<ChannelRanges>* observed) {
  if (truths_.contains(scene) && observed == nullptr) return OkStatus();
  TEMPERA_ASSIGN_OR_RETURN(std::vector<Tensor> painted, paint_({}, observed, scene));
  spans_.resize(painted.size(), {std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()});
  for (size_t o = 0; o < painted.size(); ++o) {
    for (const float x : painted[o].span<float>()) {
      if (!std::isfinite(x)) continue;
      spans_[o] = {std::min(spans_[o].low, x), std::max(spans_[o].high, x)};
    }
  }
  truths_[scene] = std::move(painted);
  return OkStatus();
}

Result<std::span<const ChannelRanges>> SceneJudge::MeasureRanges() {
  if (!measured_) {
    for (const CalibrationScene scene : kMeasuredScenes) {
      TEMPERA_RETURN_IF_ERROR(PaintTruth(scene, &observed_));
      // Their numbers are not compared.
      if (scene != CalibrationScene::kUsual) truths_.erase(scene);
    }
    measured_ = true;
  }
  return std::span<const ChannelRanges>(observed_);
}

Status SceneJudge::PaintAll() {
  TEMPERA_RETURN_IF_ERROR(PaintTruth(CalibrationScene::kUsual, nullptr));
  for (const CalibrationScene scene : kJudgedScenes) TEMPERA_RETURN_IF_ERROR(PaintTruth(scene, nullptr));
  return OkStatus();
}

Result<double> SceneJudge::Psnr(const std::vector<ConvSetting>& convs, CalibrationScene scene) {
  TEMPERA_RETURN_IF_ERROR(spans_all_ ? PaintAll() : PaintTruth(scene, nullptr));
  Result<std::vector<Tensor>> result = paint_(convs, nullptr, scene);
  if (!result.ok()) {
    // What fp32 can paint and these settings cannot is no error of the network's.
    const StatusCode code = result.status().code();
    if (code == StatusCode::kCancelled || code == StatusCode::kOutOfMemory) return result.status();
    return 0.0;
  }
  const std::vector<Tensor>& painted = *result;
  const std::vector<Tensor>& truth = truths_[scene];
  double worst = 200;
  const double pictures = static_cast<double>(pictures_.high) - pictures_.low;
  for (size_t o = 0; o < truth.size(); ++o) {
    if (truth[o].element_count() == 0) continue;
    const double spans = std::max(0.0, static_cast<double>(spans_[o].high) - spans_[o].low);
    worst = std::min(worst, PsnrDb(painted[o], truth[o], std::min(pictures, spans)));
  }
  return std::max(worst, 0.0);
}

}  // namespace tempera::engine
