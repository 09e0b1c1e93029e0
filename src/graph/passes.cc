#include "src/graph/passes.h"

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "src/graph/rewrite.h"

namespace tempera::graph {
namespace {

// Constants that nobody reads any more, since a pass replaced them, are forgotten; of those that are left
// each gets a name of its own: passes name what they make after the node, once for each time that they change
// it, and two nodes of a file may have one name.
void TellConstantsApart(Graph& graph) {
  const Uses uses(graph);
  std::unordered_set<ValueId> inputs(graph.inputs.begin(), graph.inputs.end());
  std::unordered_map<std::string, int64_t> times;  // that a name was met
  for (size_t i = 0; i < graph.values.size(); ++i) {
    const auto v = static_cast<ValueId>(i);
    Value& value = graph.value(v);
    if (!value.constant) continue;
    if (uses.readers(v).empty() && !uses.is_output(v) && !inputs.contains(v)) {
      value.constant.reset();
      continue;
    }
    const std::string name = value.name;
    for (int64_t n = times[name]++; n > 0 && times.contains(value.name); ++n) {
      value.name = name + "#" + std::to_string(n);
    }
    times.emplace(value.name, 1);
  }
}

}  // namespace

Status RunPasses(Graph& graph) {
  TEMPERA_RETURN_IF_ERROR(RecognizeInstanceNorm(graph));
  TEMPERA_RETURN_IF_ERROR(UnwrapInstanceNorm(graph));
  TEMPERA_RETURN_IF_ERROR(FuseFunctions(graph));
  TEMPERA_RETURN_IF_ERROR(RecognizeDepthToSpace(graph));
  TEMPERA_RETURN_IF_ERROR(LowerConv(graph));
  TEMPERA_RETURN_IF_ERROR(LowerAveragePool(graph));
  TEMPERA_RETURN_IF_ERROR(LowerHardSigmoid(graph));
  TEMPERA_RETURN_IF_ERROR(FoldTransposedSoftmax(graph));
  TEMPERA_RETURN_IF_ERROR(FoldPads(graph));
  TEMPERA_RETURN_IF_ERROR(FoldUpsample(graph));
  TEMPERA_RETURN_IF_ERROR(LowerAffine(graph));
  TEMPERA_RETURN_IF_ERROR(FoldAffine(graph));
  TEMPERA_RETURN_IF_ERROR(FuseActivation(graph));
  TEMPERA_RETURN_IF_ERROR(FoldDepthToSpace(graph));
  TEMPERA_RETURN_IF_ERROR(FuseActivation(graph));  // those behind a DepthToSpace
  TEMPERA_RETURN_IF_ERROR(LowerHardSwish(graph));
  TEMPERA_RETURN_IF_ERROR(SmallValuesFirst(graph));
  TellConstantsApart(graph);
  return OkStatus();
}

}  // namespace tempera::graph
