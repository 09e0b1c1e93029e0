#include "src/engine/plan_data/plan_data.h"

#include <iterator>

namespace tempera::engine {
const char* NameOf(StorageLayout layout) {
  return layout == StorageLayout::kInterleavedF16 ? "interleaved" : "dense";
}

const char* NameOf(StorageKind kind) {
  return kind == StorageKind::kInput ? "input" : kind == StorageKind::kOutput ? "output" : "arena";
}

const char* KindOf(const Work& work) {
  static constexpr const char* kNames[] = {"loop",  "convolution", "statistics", "ranges",   "parameters",
                                           "apply", "pool",        "resize",     "function", "binary",
                                           "move",  "pad",         "matrix",     "softmax",  "layer_norm"};
  static_assert(std::size(kNames) == std::variant_size_v<Work>);
  return kNames[work.index()];
}

}  // namespace tempera::engine
