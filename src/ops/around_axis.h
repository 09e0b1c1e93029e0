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

// Calls f(at) for every line along that dimension: its numbers are `size` many, `inner` apart, the first at
// `at`.
template <typename F>
void ForEachLine(const AroundAxis& a, const F& f) {
  for (int64_t o = 0; o < a.outer; ++o) {
    for (int64_t i = 0; i < a.inner; ++i) f(o * a.size * a.inner + i);
  }
}

}  // namespace tempera::ops
