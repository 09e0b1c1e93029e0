#include "src/engine/run/behind_passes.h"

#include <string>
#include <utility>

#include "src/engine/run/states.h"
#include "src/graph/passes.h"
#include "src/ops/specialize.h"

namespace tempera::engine {
namespace {

// Inputs begin with one number for all, or with one for each.
Status CheckInitial(const graph::Graph& graph, const KnownInputs& inputs) {
  for (size_t i = 0; i < graph.inputs.size() && i < inputs.values.size(); ++i) {
    if (i == inputs.picture_input || !inputs.values[i]) continue;
    const std::vector<float>& initial = inputs.values[i]->initial;
    const graph::Value& value = graph.value(graph.inputs[i]);
    size_t count = 1;
    for (int64_t d : value.info.shape) count *= static_cast<size_t>(d);  // checked by Specialize
    if (initial.empty() || count == 0) continue;
    if (value.info.dtype != DataType::kFloat32 || (initial.size() != 1 && initial.size() != count)) {
      return InvalidArgument("input '" + value.name + "' takes " + std::to_string(count) + " numbers of " +
                             DataTypeName(value.info.dtype) + ", and was to begin with " +
                             std::to_string(initial.size()) + " of float32");
    }
  }
  return OkStatus();
}

}  // namespace

Result<std::vector<TensorInfo>> InputInfosOf(const graph::Graph& model, std::vector<Shape> shapes) {
  if (shapes.size() != model.inputs.size()) {
    return InvalidArgument("the model has " + std::to_string(model.inputs.size()) + " inputs, but " +
                           std::to_string(shapes.size()) + " shapes were given");
  }
  std::vector<TensorInfo> infos;
  for (size_t i = 0; i < shapes.size(); ++i)
    infos.push_back({model.value(model.inputs[i]).info.dtype, std::move(shapes[i])});
  return infos;
}

Result<graph::Graph> GraphBehindPasses(const graph::Graph& model, const std::vector<TensorInfo>& infos,
                                       const KnownInputs& inputs, bool only_loops) {
  if (inputs.picture_input != 0 && inputs.picture_input >= infos.size()) {
    return InvalidArgument("input " + std::to_string(inputs.picture_input) +
                           " was said to be the picture; the model has " + std::to_string(infos.size()));
  }
  TEMPERA_ASSIGN_OR_RETURN(graph::Graph graph, ops::Specialize(model, infos));
  TEMPERA_RETURN_IF_ERROR(CheckStates(graph, inputs.states, inputs.picture_input));
  TEMPERA_RETURN_IF_ERROR(CheckInitial(graph, inputs));
  if (!only_loops) TEMPERA_RETURN_IF_ERROR(graph::RunPasses(graph));
  return graph;
}

}  // namespace tempera::engine
