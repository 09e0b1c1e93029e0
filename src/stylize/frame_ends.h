// The two ends of the network where it works at the frame's own size: its first layer reads the frame's
// bytes, its last layer writes them, tile by tile, and no tensor lies between. The same numbers as
// FrameToTensor and TensorToFrame (frame_tensors.h), which serve the rest: frames that are scaled (rows at
// the tiles' edges would be scaled twice), paintings of another size than their source, and graphs whose ends
// are no convolutions that can (engine::Session::reads_source, writes_sink).
#pragma once

#include "src/engine/ends/picture_ends.h"
#include "src/stylize/frame_tensors.h"
#include "src/stylize/painting_look.h"

namespace tempera::stylize {

// A frame as the picture [3, padded.height, padded.width], its right and bottom margin mirrored.
class FrameSource {
 public:
  // kernels must outlive this.
  FrameSource(Size frame, metadata::ValueFormat values, const PixelKernels& kernels)
      : frame_(frame), values_(values), kernels_(&kernels) {}
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;

  // The frame that is read from now on; not while it is read.
  void Show(const Image& in) { in_ = in; }
  const engine::PictureSource& picture() const { return picture_; }

 private:
  void ReadRow(int64_t y, int64_t x, int64_t columns, RgbRow out) const;
  void ReadInside(int64_t y, int64_t x, int64_t columns, RgbRow out) const;
  static void Read(const void* self, const engine::Region& region, int64_t row_step, int64_t plane_step,
                   float* to);

  Size frame_;
  metadata::ValueFormat values_;
  const PixelKernels* kernels_;
  Image in_;
  engine::PictureSource picture_ = {&Read, this};
};

// The painting of a padded frame, on its way into a frame: crops the margin, and hands the rest to a
// FrameBlender.
class FrameSink {
 public:
  // kernels and blender must outlive this. any_format: frames may be subsampled, which needs tiles of even
  // sizes.
  FrameSink(Size frame, metadata::ValueFormat values, bool any_format, const PixelKernels& kernels,
            const FrameBlender& blender)
      : frame_(frame),
        values_(values),
        kernels_(&kernels),
        blender_(&blender),
        picture_{&Write, this, any_format ? 2 : 1} {}
  FrameSink(const FrameSink&) = delete;
  FrameSink& operator=(const FrameSink&) = delete;

  // What is written from now on is looked at; nullptr: no longer. Not while it is written.
  void LookWith(PaintingLook* look) { look_ = look; }

  const engine::PictureSink& picture() const { return picture_; }
  bool any_format() const { return picture_.step > 1; }

 private:
  static void Write(const void* self, const engine::Region& region, int64_t row_step, int64_t plane_step,
                    float* from);

  Size frame_;
  metadata::ValueFormat values_;
  const PixelKernels* kernels_;
  const FrameBlender* blender_;
  PaintingLook* look_ = nullptr;
  engine::PictureSink picture_;
};

}  // namespace tempera::stylize
