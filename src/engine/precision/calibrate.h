// Finds out how a model's convolutions can be computed: the ranges of their inputs for 8 bits, and, when
// asked for the fastest precision, which one keeps the picture.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/base/host.h"
#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/engine/precision/calibration_frame.h"
#include "src/engine/precision/setting.h"
#include "src/engine/types/precision.h"
#include "src/graph/graph.h"

namespace tempera::engine {

// Against fp32 on the usual scene, in dB. 40: nobody sees it, even side by side. 35, which auto promises in 8
// bits: a hundredth of the range of noise without structure, below what one step of an 8-bit video encoder
// costs. One more is asked for on the scene, as photographs are not it.
inline constexpr double kLeastPsnrInt8 = 36, kLeastPsnrBf16 = 40;
// On kJudgedScenes, of 8 bits whose ranges were measured (on kMeasuredScenes) or where a number of the whole
// frame decides: photographs are unlike all of these. At 35 the worst of 50 photographs was 4.5 dB below
// (UltraFace).
inline constexpr double kLeastPsnrMeasured = 38;

// Where calibrating ends on the way from nothing to a session (Host::progress): it takes most of the time.
inline constexpr double kCalibrated = 0.9;

// Raise it when the same graph on the same processor may get another finding than before (candidates, limits,
// the calibration frame, ranges, sums that round differently): findings on disk are then found out anew.
inline constexpr int kCalibrationVersion = 12;

struct Calibration {
  std::vector<ConvSetting> convs;  // one per tempera.Conv, in node order
  PrecisionInfo info;
  // What it holds for.
  Precision asked = Precision::kAuto;
  std::string target;
  KnownInputs inputs;
  bool plain_dot_kernels = false;
  std::vector<std::vector<int64_t>> signature;  // shapes of the convolutions' weights
};

struct CalibrationOptions {  // as SessionOptions says
  Precision precision = Precision::kAuto;
  std::optional<ValueRange> input_range = {};
  size_t picture_input = 0;
  std::vector<std::optional<InputValues>> input_values = {};
  std::vector<StateLink> states = {};
  bool measures_precision = false;
  bool plain_dot_kernels = false;
  CalibrationPtr calibration = nullptr;
  std::shared_ptr<const Host> host = nullptr;
};

// Paints a calibration frame with `graph` and `convs` (empty: in fp32), at every one of InputSettings and,
// where something comes back, as the first frame and as a later one. Returns copies of the fp32 outputs, of
// the first and of those that do not come back. observed: as PlanOptions::observed. `graph` and `inputs` are
// the same at every call.
using PaintCalibrationFrame = std::function<Result<std::vector<Tensor>>(
    const graph::Graph& graph, const KnownInputs& inputs, std::vector<ConvSetting> convs,
    std::vector<ChannelRanges>* observed, CalibrationScene scene)>;

// `graph`: the model at `inputs`, passes done. Takes options.calibration where it holds, or what lies in
// the host's cache (calibration_cache.h). Otherwise ranges come from the graph (PropagateRanges); those it
// cannot tell from kMeasuredScenes, and PSNRs from the usual scene, at a size of at most 256 pixels a side
// where the model takes one, painted at several settings of the other inputs (input_settings.h), and where
// something comes back as the first frame and as a later one. Where 8 bits use measured ranges, or a
// convolution follows from numbers of the whole frame (ConvInput::follows_whole), PSNRs are the worst of that
// scene and of kJudgedScenes, which no range was measured on. Candidates are tried in an order that depends
// on the target alone, so the choice is the same at every start. What a candidate cannot do is no error: fp32
// always serves. kCancelled between candidates. kUnsupported: bf16 was asked for, and the processor has no
// such instructions.
Result<CalibrationPtr> Calibrate(const graph::Graph& model, const graph::Graph& graph,
                                 std::span<const TensorInfo> inputs, const CpuTarget& target,
                                 const CalibrationOptions& options, const PaintCalibrationFrame& paint);

}  // namespace tempera::engine
