#include "src/graph/passes.h"

namespace tempera::graph {

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
  return OkStatus();
}

}  // namespace tempera::graph
