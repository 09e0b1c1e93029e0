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

// Painted tensor [1, 3, painted.height, painted.width] -> frame: crops the margin, scales, and hands the rest
// to a FrameBlender.
class TensorToFrame {
 public:
  // The painted tensor shows the padded picture, at any resolution. kernels and pool must
  // outlive this.
  TensorToFrame(Size painted, Size padded, Size working, Size frame, metadata::ValueFormat values,
                const PixelKernels& kernels, ThreadPool* pool);
  void Run(const Tensor& tensor, const FrameBlender& blender);

 private:
  void PaintedRow(const Tensor& tensor, int y, RgbRow out, int thread);

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
