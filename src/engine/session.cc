#include "src/engine/session.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <utility>

#include "src/base/cpu.h"
#include "src/engine/plan.h"
#include "src/engine/planned_session.h"
#include "src/engine/precision/calibrate.h"
#include "src/engine/specialize.h"
#include "src/graph/passes.h"

namespace tempera::engine {

const char* PrecisionName(Precision precision) {
  switch (precision) {
    case Precision::kAuto:
      return "auto";
    case Precision::kFp32:
      return "fp32";
    case Precision::kBf16:
      return "bf16";
    case Precision::kInt8:
      return "int8";
  }
  return "unknown";
}

Result<std::unique_ptr<Session>> Session::Create(ModelPtr model, std::vector<Shape> input_shapes,
                                                 const SessionOptions& options) {
  if (model == nullptr) return InvalidArgument("no model was given");
  if (input_shapes.size() != model->inputs.size()) {
    return InvalidArgument("the model has " + std::to_string(model->inputs.size()) + " inputs, but " +
                           std::to_string(input_shapes.size()) + " shapes were given");
  }
  TEMPERA_ASSIGN_OR_RETURN(const CpuTarget target, ChooseCpuTarget(options.cpu));
  std::vector<TensorInfo> inputs;
  for (size_t i = 0; i < input_shapes.size(); ++i) {
    inputs.push_back({model->value(model->inputs[i]).info.dtype, std::move(input_shapes[i])});
  }
  TEMPERA_ASSIGN_OR_RETURN(graph::Graph graph, Specialize(*model, inputs));
  if (!options.reference) TEMPERA_RETURN_IF_ERROR(graph::RunPasses(graph));
  PlanOptions plan_options;
  plan_options.reference = options.reference;
  plan_options.highway_bit = target.highway_bit;
  plan_options.target_name = target.name;
  plan_options.statistics = options.norm_statistics;
  plan_options.smoothing = std::clamp(options.norm_smoothing, 0.0f, 1.0f);
  PrecisionInfo precision;
  CalibrationPtr calibration;
  if (!options.reference && options.precision != Precision::kFp32) {
    TEMPERA_ASSIGN_OR_RETURN(calibration, Calibrate(*model, graph, inputs, target, options));
    plan_options.convs = calibration->convs;
    precision = calibration->info;
  }
  TEMPERA_ASSIGN_OR_RETURN(Plan plan, MakePlan(std::move(graph), plan_options));
  // Weights now lie packed in the plan. Where the caller keeps no model these go, and what calibration and
  // import have freed goes back to the system, before the arena asks for more.
  model.reset();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  return MakeSession(std::move(plan), options, std::move(precision), std::move(calibration));
}

}  // namespace tempera::engine
