// The convolutions that style networks are made of.
#pragma once

#include "src/kernels/conv/conv_f32.h"

namespace tempera::bench {

struct ConvLayer {
  const char* name;
  int64_t in_channels, h, w, out_channels, kernel, stride, upsample;  // h, w: of the input
  bool ends = false;  // first or last of its network: planes of fp32 on the outer side
};

// johnson's layers at 856x480, 16 channels at that size, then those of the bundled styles at 640x360.
inline constexpr ConvLayer kConvLayers[] = {
    {"3x3 128->128 214x120", 128, 120, 214, 128, 3, 1, 1},
    {"3x3 32->32 856x480", 32, 480, 856, 32, 3, 1, 1},
    {"3x3 16->16 856x480", 16, 480, 856, 16, 3, 1, 1},
    {"9x9 3->32 856x480", 3, 480, 856, 32, 9, 1, 1, true},
    {"9x9 32->3 856x480", 32, 480, 856, 3, 9, 1, 1, true},
    {"3x3s2 32->64 856x480", 32, 480, 856, 64, 3, 2, 1},
    {"3x3s2 64->128 428x240", 64, 240, 428, 128, 3, 2, 1},
    {"up 3x3 128->64 214x120", 128, 120, 214, 64, 3, 1, 2},
    {"up 3x3 64->32 428x240", 64, 240, 428, 32, 3, 1, 2},
    {"5x5s2 3->16 640x360", 3, 360, 640, 16, 5, 2, 1, true},
    {"3x3s2 16->32 320x180", 16, 180, 320, 32, 3, 2, 1},
    {"3x3 32->32 160x90", 32, 90, 160, 32, 3, 1, 1},
    {"up 3x3 32->16 160x90", 32, 90, 160, 16, 3, 1, 2},
    {"up 3x3 16->8 320x180", 16, 180, 320, 8, 3, 1, 2},
    {"5x5 8->3 640x360", 8, 360, 640, 3, 5, 1, 1, true},
};

inline kernels::ConvShape ShapeOf(const ConvLayer& l) {
  kernels::ConvShape s;
  s.in_channels = l.in_channels, s.in_h = l.h, s.in_w = l.w, s.out_channels = l.out_channels;
  s.kernel_h = s.kernel_w = l.kernel, s.stride_h = s.stride_w = l.stride;
  s.pad_top = s.pad_left = l.kernel / 2, s.pad_mode = kernels::PadMode::kReflect, s.upsample = l.upsample;
  s.out_h = (l.h * l.upsample - 1) / l.stride + 1;
  s.out_w = (l.w * l.upsample - 1) / l.stride + 1;
  return s;
}

}  // namespace tempera::bench
