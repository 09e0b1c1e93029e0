// Indices that a model or a frame holds: of either integer type, counted from the back when negative, and not
// to be trusted.
#pragma once

#include <cstdint>
#include <string>

#include "src/base/status.h"
#include "src/base/tensor.h"

namespace tempera::ops {

inline Status CheckIndexType(const TensorInfo& indices) {
  return indices.dtype == DataType::kInt64 || indices.dtype == DataType::kInt32
             ? OkStatus()
             : CorruptModel("its indices are not integers");
}

// Of a tensor that passed CheckIndexType.
inline int64_t IndexAt(const Tensor& indices, int64_t i) {
  return indices.dtype() == DataType::kInt64 ? indices.data<int64_t>()[i] : indices.data<int32_t>()[i];
}

// index in [-count, count) -> [0, count).
inline Result<int64_t> PlaceOf(int64_t index, int64_t count) {
  if (index < -count || index >= count) {
    return InvalidArgument("index " + std::to_string(index) + " is outside its " + std::to_string(count) +
                           " entries");
  }
  return index < 0 ? index + count : index;
}

}  // namespace tempera::ops
