// Frames made into what a screen takes: colours converted, large ones halved.
#pragma once

#include <cstdint>
#include <vector>

#include "media/frame.h"

namespace tempera::live {

// I420 and NV12 alike: where each sample lies.
struct YuvView {
  int width = 0, height = 0;
  const uint8_t* y = nullptr;
  const uint8_t* u = nullptr;
  const uint8_t* v = nullptr;
  int y_stride = 0, u_stride = 0, v_stride = 0;  // bytes
  int chroma_step = 1;                           // bytes from one u to the next
  media::ColorMatrix matrix = media::ColorMatrix::kBt709;
  bool full_range = false;
};

// False for other formats than I420 and NV12, and for frames without pixels.
bool ViewOf(const media::Frame& frame, YuvView* view);

// Halved (means of two by two) as often as it stays at least as large as the target; the pixels then lie in
// *storage. A picture that is shrunk to less than half by neighbours alone would flicker.
YuvView Reduced(const YuvView& view, int target_width, int target_height, std::vector<uint8_t>* storage);

// Columns [x0, x1) of all rows to 0xffRRGGBB words; x0 is even. `out` is where column 0 of row 0 goes.
void ToRgb(const YuvView& view, int x0, int x1, uint32_t* out, int out_stride_words);

}  // namespace tempera::live
