// A tensor seen as [outer, size, inner] around one of its dimensions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "src/base/tensor.h"

namespace tempera::ops {

struct AroundAxis {
  int64_t outer = 1, size = 1, inner = 1;

  AroundAxis(const Shape& shape, int64_t axis) {
    for (size_t d = 0; d < shape.size(); ++d) {
      const auto at = static_cast<int64_t>(d);
      (at < axis ? outer : at == axis ? size : inner) *= shape[d];
    }
  }
};

}  // namespace tempera::ops
