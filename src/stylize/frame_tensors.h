// The two ends of the network for one pair of sizes: frame -> input tensor, painted tensor ->
// frame, where the network cannot read and write the frame itself (frame_ends.h). Tables and scratch
// are made once; frames then flow without allocation, in row bands.
#pragma once

#include <vector>

#include "src/base/tensor.h"
#include "src/base/thread_pool.h"
#include "src/metadata/model_metadata.h"
#include "src/stylize/frame_blender.h"
#include "src/stylize/geometry.h"
#include "src/stylize/resample.h"

namespace tempera::stylize {

// Frame -> tensor [1, 3, padded.height, padded.width]: converts, scales to `working`, mirrors the
// right and bottom margin.
class FrameToTensor {
 public:
  // kernels and pool must outlive this.
  FrameToTensor(Size frame, Size working, Size padded, metadata::ValueFormat values,
                const PixelKernels& kernels, ThreadPool* pool);
  void Run(const Image& in, Tensor& tensor);

 private:
  RgbRow TensorRow(Tensor& tensor, int y) const;
  void LoadRow(const Image& in, int y, RgbRow out, int thread);

  Size frame_, working_, padded_;
  metadata::ValueFormat values_;
  const PixelKernels* kernels_;
  ThreadPool* pool_;
  ResampleAxis x_, y_;
  bool scales_;
  std::vector<RowResampler> resamplers_;  // one per thread; empty when no scaling
};

// A painting's transparency on its way to the frame.
struct TransparencyOfRows {
  const Tensor* tensor = nullptr;  // [1, 3, H, W] as the painted tensor's, its planes equal
  metadata::ValueFormat values;    // of it
  const uint8_t* frame = nullptr;  // the same in the frame's pixels, rows without gaps
};

// Painted tensor [1, 3, painted.height, painted.width] -> frame: crops the margin, scales, and hands the rest
// to a FrameBlender.
class TensorToFrame {
 public:
  // The painted tensor shows the padded picture, at any resolution. kernels and pool must
  // outlive this.
  TensorToFrame(Size painted, Size padded, Size working, Size frame, metadata::ValueFormat values,
                const PixelKernels& kernels, ThreadPool* pool);
  // With `transparency`, colours that are scaled weigh as much as they can be seen.
  void Run(const Tensor& tensor, const FrameBlender& blender,
           const TransparencyOfRows* transparency = nullptr);

 private:
  void PaintedRow(const Tensor& tensor, const TransparencyOfRows* transparency, int y, RgbRow out,
                  int thread);
  // A row of the painted tensor in 0..255.
  void FetchRow(const Tensor& tensor, const TransparencyOfRows* transparency, int row, int width, RgbRow to);

  Size painted_, frame_;
  metadata::ValueFormat values_;
  const PixelKernels* kernels_;
  ThreadPool* pool_;
  ResampleAxis x_, y_;
  bool scales_;
  std::vector<RowResampler> resamplers_;
  std::vector<std::vector<float>> rows_;  // per thread: two painted rows
};

}  // namespace tempera::stylize
