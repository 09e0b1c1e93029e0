// A blurred picture: a Gaussian of any width, at the cost of a narrow one. A wide one is taken of the picture
// averaged over squares of a third of its deviation, and enlarged again by a cubic.
#pragma once

#include <vector>

#include "src/base/thread_pool.h"
#include "src/stylize/image_rows.h"
#include "src/stylize/resample.h"

namespace tempera::stylize {

inline constexpr float kMostBlur = 256;  // pixels of standard deviation

// The same for any number of threads.
class Blur {
 public:
  // kernels and pool must outlive this.
  Blur(const PixelKernels& kernels, ThreadPool* pool) : kernels_(&kernels), pool_(pool) {}

  // Writes `in`, blurred by a standard deviation of `pixels` (0 < pixels <= kMostBlur), to `out`, which has
  // its size and shares no pixel with it; transparency is copied.
  void Run(const Image& in, float pixels, const Image& out);

 private:
  void Measure(Size frame, float pixels);
  void SoftenAlong(int y, size_t thread);
  void SoftenAcross(int y);

  const PixelKernels* kernels_;
  ThreadPool* pool_;
  Size frame_, small_size_;
  float pixels_ = 0;
  ResampleAxis narrow_x_, narrow_y_, wide_x_, wide_y_;
  std::vector<float> bell_x_, bell_y_;       // from the middle on
  std::vector<RowResampler> narrow_, wide_;  // by thread
  std::vector<float> small_, soft_;          // [small height, 3, small width]
  std::vector<std::vector<float>> padded_;   // by thread: a row of the small picture and its ends
  std::vector<std::vector<float>> rows_;     // by thread: two rows of the frame
};

}  // namespace tempera::stylize
