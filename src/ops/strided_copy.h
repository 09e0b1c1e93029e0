// Moving elements without looking at them: most shape operators are one of these two copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "src/base/tensor.h"

namespace tempera::ops {

// out[i0, i1, ...] = in[...] for every index of `shape`. Strides in elements; they may be 0 (repeat) or
// negative (backwards, with `in` at the first element read). element_size is 1, 2, 4 or 8 bytes.
void StridedCopy(size_t element_size, std::span<const int64_t> shape, const void* in,
                 std::span<const int64_t> in_strides, void* out, std::span<const int64_t> out_strides);

// Dense out of shape [tables[0].size(), tables[1].size(), ...]:
//   out[i0, i1, ...] = in[tables[0][i0], tables[1][i1], ...], or *fill where a table says -1.
// in is dense with shape in_shape; fill is one element.
void TableCopy(size_t element_size, std::span<const std::vector<int64_t>> tables, const void* in,
               std::span<const int64_t> in_shape, const void* fill, void* out);

}  // namespace tempera::ops
