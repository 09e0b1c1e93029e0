// Through tempera.h with everything at once: bytes are decisions about a random network, its options and its
// frames (tests/door), or, where they begin as an .onnx file does, a model. A model may be refused; what is
// painted is the same with other threads, chains and through tensors, and in fp32 what plain loops paint.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "src/base/checked_math.h"
#include "src/engine/run/session.h"
#include "src/ops/specialize.h"
#include "tests/door/door_case.h"
#include "tests/fuzz/door_input.h"

namespace tempera {
namespace {

// At 64x64, as the door looks at it: values in all, and the products of two, hold at most this.
constexpr int64_t kMostElements = 1 << 18;
constexpr int64_t kMostWork = int64_t{1} << 30;

bool IsSmall(std::span<const uint8_t> bytes) {
  const auto model = engine::LoadModelMemory(bytes);
  if (!model.ok() || (*model)->nodes.size() > 48) return model.ok() ? false : true;
  std::vector<TensorInfo> infos;
  for (size_t i = 0; i < (*model)->inputs.size(); ++i) {
    TensorInfo info{(*model)->value((*model)->inputs[i]).info.dtype, {}};
    for (const onnx::Dim& dim : (*model)->input_dims[i])
      info.shape.push_back(dim.value >= 0 ? dim.value : 64);
    int64_t count = 0;
    if (!CheckedElementCount(info.shape, &count) || count > kMostElements) return false;
    infos.push_back(std::move(info));
  }
  const auto graph = ops::Specialize(**model, infos);
  if (!graph.ok()) return true;  // refused at that size; others are as small
  int64_t all = 0, work = 0;
  for (const graph::Node& node : graph->nodes) {
    int64_t most[2] = {1, 1};
    for (const auto* ids : {&node.inputs, &node.outputs}) {
      for (const graph::ValueId id : *ids) {
        int64_t count = 0;
        if (id == graph::kNoValue) continue;
        if (!CheckedElementCount(graph->value(id).info.shape, &count)) return false;
        int64_t& m = most[ids == &node.outputs];
        m = count > m ? count : m;
        if (!CheckedAdd(all, count, &all)) return false;
      }
    }
    int64_t product = 0;
    if (!CheckedMul(most[0], most[1], &product) || !CheckedAdd(work, product, &work)) return false;
  }
  return all <= kMostElements && work <= kMostWork;
}

}  // namespace
}  // namespace tempera

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const bool is_model = tempera::IsModel(bytes);
  if (is_model && !tempera::IsSmall(bytes)) return -1;
  // What is to be done with a model follows from its last bytes.
  tempera::door::Dice dice(is_model ? bytes.last(size < 16 ? size : 16) : bytes);
  const auto outcome =
      is_model ? tempera::door::RunModel(bytes, dice) : tempera::door::RunCase(tempera::door::DrawCase(dice));
  static int64_t painted = 0, compared = 0;
  painted += outcome.painted, compared += outcome.compared;
  static const bool counts =
      std::getenv("TEMPERA_DOOR_COUNTS") != nullptr &&
      std::atexit([] {
        std::fprintf(stderr, "door_fuzz: %lld frames painted, %lld of them compared with plain loops\n",
                     static_cast<long long>(painted), static_cast<long long>(compared));
      }) == 0;
  (void)counts;
  if (outcome.failure.empty()) return 0;
  std::fprintf(stderr, "door_fuzz: %s\n %s\n", outcome.failure.c_str(), outcome.recipe.c_str());
  std::abort();
}
