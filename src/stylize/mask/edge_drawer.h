// A small mask brought to the size of its frame, its edges where the frame's own are: soft where those are
// soft, and the same for any number of threads. kernels/edges/edges.h says how.
//
// Only what lies near an edge of the small mask is looked at; the rest is what the mask is there.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/kernels/edges/edges.h"
#include "src/stylize/image_rows.h"

namespace tempera::stylize {

class EdgeDrawer {
 public:
  // All must outlive this.
  EdgeDrawer(const PixelKernels& pixels, const kernels::EdgeKernels& edges, ThreadPool* pool)
      : pixels_(&pixels), edges_(&edges), pool_(pool) {}

  // `small`: the frame at a smaller size (or its own), planes of red, green and blue, 0..255, without gaps;
  // `mask`: of that size, likewise. Writes a byte a pixel of the frame, without gaps.
  void Draw(const Image& frame, Size size, const float* small, const uint8_t* mask, uint8_t* out);

 private:
  // The small picture is cut into squares of so many pixels a side: as many as an edge reaches, by two fits
  // and the pixels between which is interpolated (2 * kEdgeRadius + 1), and one.
  static constexpr int kBlock = 2 * kernels::kEdgeRadius + 2;

  // A row with room at both ends for what lies beyond them.
  static constexpr int kBefore = 16, kRoom = kBefore + kernels::kEdgePadding + 32;
  struct Scratch {
    std::vector<float> sums, boxes;  // rows of kEdgeSums
    std::vector<float> mask, row, mixed, colours;
    std::vector<uint8_t> drawn;
  };

  void Measure(Size frame, Size size);
  void FindBlocks(const uint8_t* mask);
  void FitRow(const float* small, const uint8_t* mask, int y, Scratch* s);
  void SmoothRow(int y, Scratch* s);
  void DrawRow(const Image& frame, int y, Scratch* s, uint8_t* out) const;
  // Makes the numbers of a row go on beyond its ends as they end.
  void Extend(float* row) const;
  float* Row(std::vector<float>& coefficients, int which, int y) const {
    return coefficients.data() + (static_cast<ptrdiff_t>(which) * size_.height + y) * stride_;
  }

  const PixelKernels* pixels_;
  const kernels::EdgeKernels* edges_;
  ThreadPool* pool_;
  Size frame_, size_, blocks_;
  ptrdiff_t stride_ = 0;
  std::vector<int> first_;  // of each column of the frame, as EdgeKernels::draw has it
  std::vector<float> between_;
  std::vector<int> block_columns_;  // the frame's column at which each block begins, and its width
  // Of each block: what the mask is in it and in its neighbours, or kEdge.
  static constexpr int kEdge = -1;
  std::vector<int> inside_, flat_;
  std::vector<uint8_t> fits_, smooths_;  // by row of the small picture: whether it is asked for
  std::vector<float> fitted_, smooth_;   // [4, height, stride_]
  std::vector<Scratch> scratch_;         // by thread
  uint8_t curve_[256] = {};              // of masks that have no edge near
};

}  // namespace tempera::stylize
