// Passes over half-precision pixels, [n, h, w, c] (PictureLayout::kNhwcF16), with what is pending on a value
// applied on the way. `pixels` pixels of one image `image`; Pointwise constants count channels over n too:
// the first is number image * channels.
#pragma once

#include <cstdint>

#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/pointwise.h"

namespace tempera::kernels {

struct PointwiseNhwc {
  // out = a' + b'; all three kNhwcF16 with NhwcChannels(channels) numbers a pixel; out may be a or b.
  void (*add)(const Pointwise& a_pointwise, const Pointwise& b_pointwise, int64_t image, int64_t channels,
              const void* a, const void* b, void* out, int64_t pixels);
  // kNhwcF16 -> planes of fp32, plane_stride numbers apart.
  void (*to_planar)(const Pointwise& read, int64_t image, int64_t channels, const void* in, float* out,
                    int64_t plane_stride, int64_t pixels);
  // Planes of fp32 -> kNhwcF16, clamped to what fp16 can hold.
  void (*from_planar)(const Pointwise& read, int64_t image, int64_t channels, const float* in,
                      int64_t plane_stride, void* out, int64_t pixels);
};
const PointwiseNhwc& ChoosePointwiseNhwc(int64_t highway_bit);

}  // namespace tempera::kernels
