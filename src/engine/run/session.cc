#include "src/engine/run/session.h"

#include <algorithm>
#include <utility>

#include "src/base/cpu.h"
#include "src/base/platform/platform.h"
#include "src/engine/plan/plan.h"
#include "src/engine/precision/calibrate.h"
#include "src/engine/run/behind_passes.h"
#include "src/engine/run/calibration_painter.h"
#include "src/engine/run/planned_session.h"

namespace tempera::engine {

Result<std::unique_ptr<Session>> Session::Create(ModelPtr model, std::vector<Shape> input_shapes,
                                                 const SessionOptions& given) {
  if (model == nullptr) return InvalidArgument("no model was given");
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<TensorInfo> inputs,
                           InputInfosOf(*model, std::move(input_shapes)));
  TEMPERA_ASSIGN_OR_RETURN(const CpuTarget target, ChooseCpuTarget(given.cpu));
  SessionOptions options = given;
  TEMPERA_ASSIGN_OR_RETURN(options.host, HostWithPool(given.host, given.num_threads, given.pin_threads));
  const Host& host = *options.host;
  host.Report("planning", 0);
  TEMPERA_RETURN_IF_ERROR(host.CheckCancelled());
  TEMPERA_ASSIGN_OR_RETURN(graph::Graph graph,
                           GraphBehindPasses(*model, inputs, InputsOf(options), options.reference));
  TEMPERA_RETURN_IF_ERROR(host.CheckCancelled());
  PlanOptions plan_options;
  plan_options.host = &host;
  plan_options.reference = options.reference;
  plan_options.highway_bit = target.highway_bit;
  plan_options.target_name = target.name;
  plan_options.statistics = options.norm_statistics;
  plan_options.smoothing = std::clamp(options.norm_smoothing, 0.0f, 1.0f);
  PrecisionInfo precision;
  CalibrationPtr calibration;
  if (!options.reference && options.precision != Precision::kFp32) {
    const CalibrationOptions calibrating = {
        .precision = options.precision,
        .input_range = options.input_range,
        .picture_input = options.picture_input,
        .input_values = options.input_values,
        .states = options.states,
        .measures_precision = options.measures_precision,
        .plain_dot_kernels = options.plain_dot_kernels,
        .calibration = options.calibration,
        .host = options.host,
    };
    TEMPERA_ASSIGN_OR_RETURN(calibration, Calibrate(*model, graph, inputs, target, calibrating,
                                                    CalibrationPainter(target, options)));
    plan_options.convs = calibration->convs;
    precision = calibration->info;
  }
  host.Report("planning", kCalibrated);
  TEMPERA_ASSIGN_OR_RETURN(Plan plan, MakePlan(std::move(graph), plan_options));
  // Weights now lie packed in the plan. Where the caller keeps no model these go, and what calibration and
  // import have freed goes back to the system, before the arena asks for more.
  model.reset();
  platform::ReturnFreedMemory();
  TEMPERA_ASSIGN_OR_RETURN(
      auto session, MakeSession(std::move(plan), options, std::move(precision), std::move(calibration)));
  host.Report("planning", 1);
  return session;
}

}  // namespace tempera::engine
