#include "src/ops/strided_copy.h"

#include <cstring>

#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

template <typename T>
void CopyTyped(std::span<const int64_t> shape, const T* in, const Shape& in_strides, T* out,
               const Shape& out_strides) {
  const int64_t width = shape.empty() ? 1 : shape.back();
  const int64_t in_step = shape.empty() ? 1 : in_strides.back();
  const int64_t out_step = shape.empty() ? 1 : out_strides.back();
  ForEachRow<2>(shape, {in_strides, out_strides}, [&](const std::array<int64_t, 2>& offsets) {
    const T* from = in + offsets[0];
    T* to = out + offsets[1];
    if (in_step == 1 && out_step == 1) {
      std::memcpy(to, from, static_cast<size_t>(width) * sizeof(T));
    } else {
      for (int64_t x = 0; x < width; ++x) to[x * out_step] = from[x * in_step];
    }
  });
}

template <typename T>
void TableCopyTyped(std::span<const std::vector<int64_t>> tables, const T* in,
                    std::span<const int64_t> in_shape, T fill, T* out) {
  const size_t rank = tables.size();
  if (rank == 0) {
    *out = *in;
    return;
  }
  int64_t rows = 1;
  for (size_t d = 0; d + 1 < rank; ++d) rows *= static_cast<int64_t>(tables[d].size());
  const Shape strides = DenseStrides(in_shape);
  const std::vector<int64_t>& columns = tables[rank - 1];
  for (int64_t row = 0; row < rows; ++row) {
    int64_t rest = row, offset = 0;
    bool outside = false;
    for (size_t d = rank - 1; d-- > 0;) {
      const auto n = static_cast<int64_t>(tables[d].size());
      const int64_t i = tables[d][static_cast<size_t>(rest % n)];
      rest /= n;
      outside = outside || i < 0;
      offset += i * strides[d];
    }
    T* to = out + row * static_cast<int64_t>(columns.size());
    for (size_t x = 0; x < columns.size(); ++x) {
      to[x] = outside || columns[x] < 0 ? fill : in[offset + columns[x]];
    }
  }
}

}  // namespace

void StridedCopy(size_t element_size, std::span<const int64_t> full_shape, const void* in,
                 std::span<const int64_t> in_strides, void* out, std::span<const int64_t> out_strides) {
  // Without dimensions of 1, and neighbours that lie as one made one: long rows instead of many.
  Shape shape, from, to;
  for (size_t d = 0; d < full_shape.size(); ++d) {
    const int64_t size = full_shape[d];
    if (size == 1) continue;
    if (!shape.empty() && from.back() == in_strides[d] * size && to.back() == out_strides[d] * size) {
      shape.back() *= size;
      from.back() = in_strides[d], to.back() = out_strides[d];
      continue;
    }
    shape.push_back(size), from.push_back(in_strides[d]), to.push_back(out_strides[d]);
  }
  switch (element_size) {
    case 1:
      return CopyTyped(shape, static_cast<const uint8_t*>(in), from, static_cast<uint8_t*>(out), to);
    case 2:
      return CopyTyped(shape, static_cast<const uint16_t*>(in), from, static_cast<uint16_t*>(out), to);
    case 4:
      return CopyTyped(shape, static_cast<const uint32_t*>(in), from, static_cast<uint32_t*>(out), to);
    default:
      return CopyTyped(shape, static_cast<const uint64_t*>(in), from, static_cast<uint64_t*>(out), to);
  }
}

void TableCopy(size_t element_size, std::span<const std::vector<int64_t>> tables, const void* in,
               std::span<const int64_t> in_shape, const void* fill, void* out) {
  const auto typed = [&](auto zero) {
    using T = decltype(zero);
    T value;
    std::memcpy(&value, fill, sizeof(T));
    TableCopyTyped(tables, static_cast<const T*>(in), in_shape, value, static_cast<T*>(out));
  };
  switch (element_size) {
    case 1:
      return typed(uint8_t{});
    case 2:
      return typed(uint16_t{});
    case 4:
      return typed(uint32_t{});
    default:
      return typed(uint64_t{});
  }
}

}  // namespace tempera::ops
