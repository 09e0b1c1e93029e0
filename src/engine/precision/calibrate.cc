#include "src/engine/precision/calibrate.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "src/engine/precision/calibration_cache.h"
#include "src/engine/precision/calibration_frame.h"
#include "src/engine/precision/calibration_search.h"
#include "src/engine/precision/input_settings.h"
#include "src/engine/precision/input_shapes.h"
#include "src/graph/passes.h"
#include "src/graph/rewrite.h"
#include "src/kernels/dot/dot_kernel.h"
#include "src/ops/specialize.h"

namespace tempera::engine {
namespace {

using graph::Graph;
using graph::Node;

// Statistics of a style network settle at this size, and one run takes a fraction of a second.
constexpr int64_t kCalibrationExtent = 256;

std::vector<std::vector<int64_t>> SignatureOf(const Graph& graph) {
  std::vector<std::vector<int64_t>> signature;
  for (const Node& node : graph.nodes) {
    if (graph::ConvOf(node) != nullptr) signature.push_back(graph.value(node.inputs[1]).info.shape);
  }
  return signature;
}

class Calibrator {
 public:
  Calibrator(const Graph& model, const Graph& graph, std::span<const TensorInfo> inputs,
             const CpuTarget& target, const CalibrationOptions& options, const PaintCalibrationFrame& paint)
      : model_(model),
        graph_(graph),
        inputs_(inputs.begin(), inputs.end()),
        target_(target),
        options_(options),
        paint_(paint) {
    out_.asked = options.precision;
    out_.target = target.name;
    out_.inputs = {options.input_range.value_or(DeclaredValueRange(graph)), options.picture_input,
                   options.input_values, options.states};
    out_.plain_dot_kernels = options.plain_dot_kernels;
    out_.signature = SignatureOf(graph);
  }

  Result<CalibrationPtr> Run();

 private:
  bool Serves(const Calibration& c) const;
  Status ChooseSmallSize();

  const Graph& model_;
  const Graph& graph_;  // at the session's size
  std::vector<TensorInfo> inputs_;
  const CpuTarget& target_;
  const CalibrationOptions& options_;
  const PaintCalibrationFrame& paint_;
  Graph small_;  // at the calibration's
  Calibration out_;
};

bool Calibrator::Serves(const Calibration& c) const {
  return c.asked == out_.asked && c.target == out_.target && SameInputs(c.inputs, out_.inputs) &&
         c.plain_dot_kernels == out_.plain_dot_kernels && c.signature == out_.signature &&
         (c.info.psnr_db >= 0 || !options_.measures_precision);
}

// The session's own size stays where the model takes no other, or is another graph there.
Status Calibrator::ChooseSmallSize() {
  small_ = graph_;
  std::vector<TensorInfo> inputs = inputs_;
  for (TensorInfo& info : inputs) {
    if (info.shape.size() != 4) continue;
    for (size_t d : {2, 3}) info.shape[d] = std::min(info.shape[d], kCalibrationExtent);
  }
  if (!options_.states.empty()) {
    const size_t picture = options_.picture_input;
    const auto shapes =
        InputShapesFor(model_, inputs[picture].shape, picture, options_.states, options_.host.get());
    if (shapes.status().code() == StatusCode::kCancelled) return shapes.status();
    if (!shapes.ok()) return OkStatus();
    for (const StateLink& link : options_.states) inputs[link.input].shape = (*shapes)[link.input];
  }
  Result<Graph> small = ops::Specialize(model_, inputs);
  if (!small.ok()) return OkStatus();
  // The shapes of states were found with other inputs as declared; these may be others here.
  for (const StateLink& link : options_.states) {
    if (small->value(small->outputs[link.output]).info.shape !=
        small->value(small->inputs[link.input]).info.shape)
      return OkStatus();
  }
  if (!graph::RunPasses(*small).ok() || SignatureOf(*small) != out_.signature) return OkStatus();
  small_ = std::move(small).value();
  return OkStatus();
}

Result<CalibrationPtr> Calibrator::Run() {
  if (options_.calibration != nullptr && Serves(*options_.calibration)) return options_.calibration;
  if (options_.precision == Precision::kBf16 && !options_.plain_dot_kernels &&
      !FastDotKernels(target_.highway_bit).bf16) {
    return Unsupported("precision bf16 needs AMX, AVX-512 BF16 or ARM's BF16, which the target " +
                       target_.name + " does not have here; use --precision auto, int8 or fp32");
  }
  TEMPERA_RETURN_IF_ERROR(ChooseSmallSize());
  const CalibrationCache cache(options_.host != nullptr ? options_.host->cache.get() : nullptr, small_, out_,
                               target_.highway_bit, options_.measures_precision);
  if (!cache.Load(&out_)) {
    TEMPERA_RETURN_IF_ERROR(FindCalibration({small_, target_, options_, paint_}, &out_));
    cache.Store(out_);
  }
  return std::make_shared<const Calibration>(std::move(out_));
}

}  // namespace

DotKernels FastDotKernels(int64_t highway_bit) {
  DotKernels fast;
  for (const kernels::DotKernel* kernel : kernels::DotKernelsFor(highway_bit)) {
    if (kernel == &kernels::PlainDotKernel(kernel->element)) continue;
    (kernel->element == kernels::DotElement::kBf16 ? fast.bf16 : fast.int8) = true;
  }
  return fast;
}

Result<CalibrationPtr> Calibrate(const Graph& model, const Graph& graph, std::span<const TensorInfo> inputs,
                                 const CpuTarget& target, const CalibrationOptions& options,
                                 const PaintCalibrationFrame& paint) {
  return Calibrator(model, graph, inputs, target, options, paint).Run();
}

}  // namespace tempera::engine
