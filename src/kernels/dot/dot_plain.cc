// The dot kernels in plain C++: what every other one is compared with, and what a processor without any of
// their instruction sets runs.
#include <cstring>

#include "src/base/half.h"
#include "src/kernels/dot/dot_entry.h"

namespace tempera::kernels {
namespace {

// Few enough that their sums stay in registers, as many as the narrowest layer has.
constexpr int64_t kColumns = 8;

template <typename Input, typename Weight, typename Sum>
Sum Product(Input x, Weight w) {
  if constexpr (std::is_same_v<Sum, float>) {
    return BfloatToFloat(x) * BfloatToFloat(w);
  } else {
    return static_cast<Sum>(static_cast<int32_t>(x) * static_cast<int32_t>(w));
  }
}

// Integer sums wrap, as dot_kernel.h promises. Weights stay as they come, [kernel_rows][row_k][columns].
template <typename Input, typename Weight, typename Sum>
void Run(const DotArgs& a) {
  const auto* input = static_cast<const Input*>(a.input);
  const auto* weights = static_cast<const Weight*>(a.weights);
  auto* sums = static_cast<Sum*>(a.sums);
  for (int64_t p = 0; p < a.pixels; ++p) {
    for (int64_t first = 0; first < a.columns; first += kColumns) {
      Sum block[kColumns] = {};
      for (int64_t r = 0; r < a.kernel_rows; ++r) {
        const Input* x = input + r * a.row_stride + p * a.pixel_stride;
        const Weight* w = weights + r * a.row_k * a.columns + first;
        for (int64_t k = 0; k < a.row_k; ++k, w += a.columns) {
          for (int64_t o = 0; o < kColumns; ++o) block[o] += Product<Input, Weight, Sum>(x[k], w[o]);
        }
      }
      std::memcpy(sums + p * a.columns + first, block, sizeof(block));
    }
  }
}

template <typename Weight>
std::vector<uint8_t> Pack(const void* weights, int64_t kernel_rows, int64_t row_k, int64_t columns) {
  const auto* bytes = static_cast<const uint8_t*>(weights);
  return {bytes, bytes + static_cast<size_t>(kernel_rows * row_k * columns) * sizeof(Weight)};
}

void Nothing() {}

}  // namespace

const DotKernel& PlainU8S8Dot() {
  static constexpr DotKernel kernel = {"plain_u8s8",
                                       DotElement::kU8S8,
                                       1,
                                       kColumns,
                                       1,
                                       &Nothing,
                                       &Nothing,
                                       &Run<uint8_t, int8_t, uint32_t>,
                                       &Pack<int8_t>,
                                       1};
  return kernel;
}
const DotKernel& PlainS16Dot() {
  static constexpr DotKernel kernel = {"plain_s16",
                                       DotElement::kS16,
                                       1,
                                       kColumns,
                                       1,
                                       &Nothing,
                                       &Nothing,
                                       &Run<int16_t, int16_t, uint32_t>,
                                       &Pack<int16_t>,
                                       1};
  return kernel;
}
const DotKernel& PlainBf16Dot() {
  static constexpr DotKernel kernel = {"plain_bf16",
                                       DotElement::kBf16,
                                       1,
                                       kColumns,
                                       1,
                                       &Nothing,
                                       &Nothing,
                                       &Run<uint16_t, uint16_t, float>,
                                       &Pack<uint16_t>,
                                       1};
  return kernel;
}

}  // namespace tempera::kernels
