// Paints the built-in scenes (calibration_frame.h) with settings of a graph's convolutions, and says how far
// the outputs are from those of fp32.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/engine/precision/calibration_frame.h"
#include "src/engine/precision/setting.h"
#include "src/engine/types/precision.h"

namespace tempera::engine {

// One caller at a time. Scenes are painted in fp32 when they are first asked for, and kept.
class SceneJudge {
 public:
  // Copies of the fp32 outputs of a scene; `convs` empty: in fp32. Into `observed`, where it is given, go the
  // least and greatest numbers that each convolution reads, beside what is there.
  using Paint = std::function<Result<std::vector<Tensor>>(
      std::vector<ConvSetting> convs, std::vector<ChannelRanges>* observed, CalibrationScene scene)>;

  // pictures: the range of the model's pictures. convs: how many convolutions there are.
  SceneJudge(Paint paint, ValueRange pictures, size_t convs)
      : paint_(std::move(paint)), pictures_(pictures), observed_(convs) {}

  // What convolutions read in kMeasuredScenes, by convolution.
  Result<std::span<const ChannelRanges>> MeasureRanges();

  // Of the worst output, in dB. Its peak is the range of the model's pictures, or what the output spans where
  // that is less (scores, masks): on the usual scene, or on all scenes after SpanAll. 0 where these settings
  // cannot be planned.
  Result<double> Psnr(const std::vector<ConvSetting>& convs, CalibrationScene scene);

  // From now on the span of an output is that of all scenes: the usual one may hold nothing that a mask looks
  // for.
  void SpanAll() { spans_all_ = true; }

 private:
  Status PaintAll();
  Status PaintTruth(CalibrationScene scene, std::vector<ChannelRanges>* observed);

  Paint paint_;
  ValueRange pictures_;
  std::vector<ChannelRanges> observed_;
  bool measured_ = false, spans_all_ = false;
  std::map<CalibrationScene, std::vector<Tensor>> truths_;
  std::vector<ValueRange> spans_;  // of each output, over truths_
};

}  // namespace tempera::engine
