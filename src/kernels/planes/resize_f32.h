// Resizing of planes by separable sums of few taps: nearest, linear and cubic, any factor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tempera::kernels {

// Along one axis output i is the sum over t of weight * input[index].
struct ResizeAxis {
  int64_t in = 1, out = 1;
  int64_t taps = 1;            // at most kMostResizeTaps
  std::vector<int32_t> index;  // [taps][out], each in 0..in - 1
  std::vector<float> weight;   // [taps][out]
  bool is_identity = false;
};
inline constexpr int64_t kMostResizeTaps = 4;

// Output rows [first, last) of one plane. `output` is the plane's first number; scratch: ResizeScratchFloats
// numbers. Rows are resized along x once and used for every output row of the task that needs them.
using ResizeRowsF32 = void (*)(const ResizeAxis& y, const ResizeAxis& x, const float* input, float* output,
                               int64_t first, int64_t last, float* scratch);
ResizeRowsF32 ChooseResizeRowsF32(int64_t highway_bit);
int64_t ResizeScratchFloats(const ResizeAxis& x);

}  // namespace tempera::kernels
