// The last thing that happens to painted pixels: colours kept, mixed with what lies under by strength and
// mask, made lighter or darker, written. The same whether they come from a tensor (frame_tensors.h) or from
// the network's last layer (frame_ends.h).
#pragma once

#include "src/stylize/image_rows.h"
#include "src/stylize/mask/frame_mask.h"

namespace tempera::stylize {

class Steadier;

// What the user asks for. Pictures have one size; each shares all of its pixels with `out`, or none.
struct Blending {
  Image source;
  Image under;  // what lies under the painting; mostly the source
  Image out;
  bool under_is_source = true;
  float strength = 1;               // 0 = under, 1 = painting
  const FrameMask* mask = nullptr;  // multiplies strength; nullptr = 1 everywhere
  // The painting's own transparency, a byte a pixel, rows without gaps; nullptr = the source's.
  const uint8_t* alpha = nullptr;
  bool keep_colors = false;            // luma from the painting, chroma from the source
  Steadier* steadier = nullptr;        // keeps the painting, and nothing is written; nullptr = nobody does
  float brightness = 0, contrast = 1;  // of what is written

  bool adjusts() const { return brightness != 0 || contrast != 1; }
};

class FrameBlender {
 public:
  // kernels must outlive this.
  explicit FrameBlender(const PixelKernels& kernels) : kernels_(&kernels) {}

  // What is written from now on; not while it is written.
  void Show(const Blending& blending) {
    blending_ = blending;
    luma_ = RgbToYuvOf(blending.source);
  }
  // Pixels [x, x + columns) of rows [y, y + rows), as WritePixels takes them, in 0..255, which are scribbled
  // on. Both rows are read, of source and under, before either is written. Any thread, each pixel once.
  void Write(int y, int rows, int x, int columns, const RgbRow painted[2]) const;

 private:
  // Columns of two rows that stay in the L1 with what they are mixed with: 2 * 2 * 3 * 4 * 256 bytes are 12
  // KiB.
  static constexpr int kPart = 256;
  void Adjust(int columns, RgbRow row) const;
  void WritePart(int y, int rows, int x, int columns, const RgbRow painted[2]) const;

  const PixelKernels* kernels_;
  Blending blending_;
  kernels::RgbToYuv luma_ = {};
};

}  // namespace tempera::stylize
