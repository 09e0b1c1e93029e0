#include "src/engine/run/calibration_painter.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "src/engine/plan/plan.h"
#include "src/engine/precision/calibration_frame.h"
#include "src/engine/run/planned_session.h"

namespace tempera::engine {

PaintCalibrationFrame CalibrationPainter(const CpuTarget& target, const SessionOptions& options) {
  return
      [&target, &options](const graph::Graph& graph, const ValueRange& range, std::vector<ConvSetting> convs,
                          std::vector<ChannelRanges>* observed) -> Result<std::vector<Tensor>> {
        PlanOptions planning;
        planning.highway_bit = target.highway_bit;
        planning.target_name = target.name;
        planning.convs = std::move(convs);
        planning.observed = observed;
        planning.host = options.host.get();
        TEMPERA_ASSIGN_OR_RETURN(Plan plan, MakePlan(graph, planning));
        SessionOptions running;
        running.host = options.host;
        running.num_threads = options.num_threads;
        running.rewrites_inputs = true;
        TEMPERA_ASSIGN_OR_RETURN(const auto session, MakeSession(std::move(plan), running, {}, nullptr));
        for (size_t i = 0; i < session->input_count(); ++i) FillCalibrationFrame(session->input(i), range);
        TEMPERA_RETURN_IF_ERROR(session->Run());
        std::vector<Tensor> painted;
        for (size_t o = 0; o < session->output_count(); ++o) {
          const Tensor& output = session->output(o);
          if (output.dtype() != DataType::kFloat32) continue;
          TEMPERA_ASSIGN_OR_RETURN(Tensor copy, Tensor::Create(output.dtype(), output.shape()));
          std::copy_n(output.data<float>(), output.element_count(), copy.data<float>());
          painted.push_back(std::move(copy));
        }
        return painted;
      };
}

}  // namespace tempera::engine
