#include "src/engine/run/memory_bound.h"

#include <string>
#include <unordered_set>

#include "src/base/memory.h"

namespace tempera::engine {

uint64_t BytesOf(const TensorInfo& info) {
  uint64_t bytes = DataTypeSize(info.dtype);
  for (int64_t d : info.shape) bytes *= static_cast<uint64_t>(d);  // checked by Specialize
  return bytes;
}

uint64_t WeightBytes(const Plan& plan) {
  uint64_t bytes = 0;
  for (const auto& step : plan.steps) bytes += step->weight_bytes - step->constant_bytes;
  std::unordered_set<const void*> counted;  // one may have several names and shapes
  for (const graph::Value& value : plan.graph->values) {
    if (value.constant && counted.insert(value.constant->raw()).second) bytes += value.constant->size_bytes();
  }
  return bytes;
}

Status CheckMemory(const MemoryInfo& memory, const Host& host) {
  if (host.most_bytes == 0) return OkStatus();
  uint64_t left = host.most_bytes;
  double all = 0;
  bool fits = true;
  for (const uint64_t bytes :
       {memory.activation_bytes, memory.kept_bytes, memory.end_bytes, memory.weight_bytes}) {
    all += static_cast<double>(bytes);
    fits = fits && bytes <= left;
    left -= fits ? bytes : 0;
  }
  if (fits) return OkStatus();
  return OutOfMemory("activations, inputs and weights of " + BytesToString(all) + " do not fit into the " +
                     BytesToString(static_cast<double>(host.most_bytes)) +
                     " that the host allows; use a smaller size");
}

}  // namespace tempera::engine
