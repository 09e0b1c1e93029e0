// Random convolutions of small size: every stride, padding, enlargement, group and shuffle that kernels take.
#pragma once

#include <cstdint>
#include <random>

#include "src/kernels/conv/conv_geometry.h"

namespace tempera::kernels {

class ShapeDice {
 public:
  explicit ShapeDice(uint32_t seed) : engine_(seed * 7919 + 17) {}
  int64_t Of(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(engine_() % static_cast<uint32_t>(most - least + 1));
  }
  bool Rarely() { return Of(0, 3) == 0; }

 private:
  std::mt19937 engine_;
};

// Output size from padding; false where the window does not fit.
inline bool SizeOutput(ConvShape& s, int64_t pad_bottom, int64_t pad_right) {
  const auto out = [&](int64_t in, int64_t before, int64_t after, int64_t kernel, int64_t dilation,
                       int64_t stride) {
    const int64_t room = in * s.upsample + before + after - (kernel - 1) * dilation - 1;
    return room < 0 ? 0 : room / stride + 1;
  };
  s.out_h = out(s.in_h, s.pad_top, pad_bottom, s.kernel_h, s.dilation_h, s.stride_h);
  s.out_w = out(s.in_w, s.pad_left, pad_right, s.kernel_w, s.dilation_w, s.stride_w);
  return s.out_h > 0 && s.out_w > 0 && CheckConvShape(s).ok();
}

inline ConvShape RandomConvShape(uint32_t seed) {
  for (ShapeDice dice(seed);;) {
    ConvShape s;
    s.n = dice.Rarely() ? 2 : 1;
    s.group = dice.Rarely() ? dice.Of(2, 3) : 1;
    s.in_channels = s.group * dice.Of(1, 17), s.out_channels = s.group * dice.Of(1, 20);
    s.in_h = dice.Of(1, 37), s.in_w = dice.Of(1, 70);
    s.kernel_h = dice.Of(1, 9), s.kernel_w = dice.Rarely() ? dice.Of(1, 9) : s.kernel_h;
    s.stride_h = dice.Of(1, 2), s.stride_w = dice.Rarely() ? dice.Of(1, 3) : s.stride_h;
    if (dice.Rarely()) s.dilation_h = s.dilation_w = 2;
    s.pad_mode = static_cast<PadMode>(dice.Of(0, 2));
    s.pad_top = dice.Of(0, s.kernel_h / 2), s.pad_left = dice.Of(0, s.kernel_w / 2);
    if (dice.Rarely()) s.pad_value = s.pad_mode == PadMode::kConstant ? 0.5f : 0;
    if (dice.Rarely()) s.upsample = 2, s.stride_h = s.stride_w = 1;
    if (dice.Rarely()) {
      s.transposed = true, s.upsample = 1, s.dilation_h = s.dilation_w = 1;
      s.pad_mode = PadMode::kConstant, s.pad_value = 0;
      s.stride_w = s.stride_h;
      s.out_h = (s.in_h - 1) * s.stride_h + s.kernel_h - 2 * s.pad_top;
      s.out_w = (s.in_w - 1) * s.stride_w + s.kernel_w - 2 * s.pad_left;
      if (s.out_h > 0 && s.out_w > 0 && CheckConvShape(s).ok()) return s;
      continue;
    }
    if (s.group == 1 && s.upsample == 1 && dice.Rarely()) {
      s.shuffle = dice.Of(2, 3);
      s.out_channels *= s.pixels_a_channel();
    }
    if (SizeOutput(s, dice.Of(0, s.kernel_h / 2), dice.Of(0, s.kernel_w / 2))) return s;
  }
}

inline ConvShape RandomDepthwiseShape(uint32_t seed) {
  for (ShapeDice dice(seed);;) {
    ConvShape s;
    s.n = dice.Rarely() ? 2 : 1;
    s.in_channels = s.group = dice.Of(1, 19);
    s.out_channels = s.in_channels * (dice.Rarely() ? 2 : 1);
    s.in_h = dice.Of(1, 50), s.in_w = dice.Of(1, 90);
    s.kernel_h = dice.Of(1, 7), s.kernel_w = dice.Rarely() ? dice.Of(1, 7) : s.kernel_h;
    s.stride_h = dice.Of(1, 3), s.stride_w = dice.Rarely() ? dice.Of(1, 3) : s.stride_h;
    if (dice.Rarely()) s.dilation_h = dice.Of(1, 3), s.dilation_w = dice.Of(1, 3);
    s.pad_mode = static_cast<PadMode>(dice.Of(0, 2));
    s.pad_top = dice.Of(0, s.kernel_h / 2), s.pad_left = dice.Of(0, s.kernel_w / 2);
    if (dice.Rarely()) s.upsample = 2, s.stride_h = s.stride_w = 1;
    if (SizeOutput(s, dice.Of(0, s.kernel_h / 2), dice.Of(0, s.kernel_w / 2))) return s;
  }
}

inline ConvShape RandomMixShape(uint32_t seed) {
  for (ShapeDice dice(seed);;) {
    ConvShape s;
    s.n = dice.Rarely() ? 2 : 1;
    s.in_channels = dice.Of(1, 40), s.out_channels = dice.Of(1, 90);
    s.in_h = dice.Of(1, 30), s.in_w = dice.Of(1, 70);
    if (dice.Rarely()) s.stride_h = dice.Of(1, 3), s.stride_w = dice.Of(1, 3);
    if (s.stride_h == 1 && s.stride_w == 1 && dice.Rarely()) s.upsample = 2;
    if (s.upsample == 1 && dice.Rarely()) {
      s.shuffle = 2;
      s.out_channels *= 4;
    }
    if (s.shuffle == 1 && dice.Rarely()) {
      s.group = dice.Of(2, 4);
      s.in_channels *= s.group, s.out_channels *= s.group;
      if (s.in_channels == s.group || s.out_channels == s.group) continue;
    }
    if (SizeOutput(s, 0, 0)) return s;
  }
}

}  // namespace tempera::kernels
