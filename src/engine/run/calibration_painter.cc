#include "src/engine/run/calibration_painter.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "src/engine/plan/plan.h"
#include "src/engine/plan/shared_convs.h"
#include "src/engine/precision/calibration_frame.h"
#include "src/engine/precision/input_settings.h"
#include "src/engine/run/planned_session.h"

namespace tempera::engine {
namespace {

// Frames until what comes back is no longer what a first frame makes of zeros.
constexpr int kStateFrames = 4;

bool IsStateInput(const KnownInputs& inputs, size_t i) {
  return std::any_of(inputs.states.begin(), inputs.states.end(),
                     [i](const StateLink& link) { return link.input == i; });
}

// The painting, and what else comes out; what only comes back shows in later paintings.
bool IsJudged(const KnownInputs& inputs, size_t output) {
  return output == 0 || std::none_of(inputs.states.begin(), inputs.states.end(),
                                     [output](const StateLink& link) { return link.output == output; });
}

// What all candidates of a calibration have in common.
struct Painter {
  SharedConvs convs;
  std::map<std::pair<CalibrationScene, size_t>, Tensor> frames;  // by input; each once it was asked for

  Status FillInputs(Session& session, const KnownInputs& inputs, const InputSetting& setting,
                    CalibrationScene scene);
};

Status Painter::FillInputs(Session& session, const KnownInputs& inputs, const InputSetting& setting,
                           CalibrationScene scene) {
  for (size_t i = 0; i < session.input_count(); ++i) {
    if (IsStateInput(inputs, i)) continue;
    Tensor& input = session.input(i);
    if (!setting[i].empty()) {
      std::copy(setting[i].begin(), setting[i].end(), input.data<float>());
      continue;
    }
    Tensor& frame = frames[{scene, i}];
    if (!frame.defined()) {
      TEMPERA_ASSIGN_OR_RETURN(frame, Tensor::Create(input.dtype(), input.shape()));
      FillCalibrationFrame(frame, inputs.picture, scene);
    }
    if (input.size_bytes() != 0) std::memcpy(input.raw(), frame.raw(), input.size_bytes());
  }
  return OkStatus();
}

Status CopyOutputs(const Session& session, const KnownInputs& inputs, std::vector<Tensor>* painted) {
  for (size_t o = 0; o < session.output_count(); ++o) {
    const Tensor& output = session.output(o);
    if (output.dtype() != DataType::kFloat32 || !IsJudged(inputs, o)) continue;
    TEMPERA_ASSIGN_OR_RETURN(Tensor copy, Tensor::Create(output.dtype(), output.shape()));
    std::copy_n(output.data<float>(), output.element_count(), copy.data<float>());
    painted->push_back(std::move(copy));
  }
  return OkStatus();
}

}  // namespace

PaintCalibrationFrame CalibrationPainter(const CpuTarget& target, const SessionOptions& options) {
  return [&target, &options, painter = std::make_shared<Painter>()](
             const graph::Graph& graph, const KnownInputs& inputs, std::vector<ConvSetting> convs,
             std::vector<ChannelRanges>* observed, CalibrationScene scene) -> Result<std::vector<Tensor>> {
    PlanOptions planning;
    planning.highway_bit = target.highway_bit;
    planning.target_name = target.name;
    planning.convs = std::move(convs);
    planning.observed = observed;
    planning.host = options.host.get();
    planning.shared_convs = &painter->convs;
    TEMPERA_ASSIGN_OR_RETURN(Plan plan, MakePlan(graph, planning));
    SessionOptions running;
    running.host = options.host;
    running.num_threads = options.num_threads;
    running.picture_input = inputs.picture_input;
    running.states = inputs.states;
    running.rewrites_inputs = true;
    TEMPERA_ASSIGN_OR_RETURN(const auto session, MakeSession(std::move(plan), running, {}, nullptr));
    std::vector<Tensor> painted;
    const int frames = inputs.states.empty() ? 1 : kStateFrames;
    for (const InputSetting& setting : InputSettings(graph, inputs)) {
      session->ResetState();
      for (int frame = 1; frame <= frames; ++frame) {
        TEMPERA_RETURN_IF_ERROR(painter->FillInputs(*session, inputs, setting, scene));
        TEMPERA_RETURN_IF_ERROR(session->Run());
        if (frame == 1 || frame == frames) TEMPERA_RETURN_IF_ERROR(CopyOutputs(*session, inputs, &painted));
      }
    }
    return painted;
  };
}

}  // namespace tempera::engine
