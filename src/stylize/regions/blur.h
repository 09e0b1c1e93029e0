// A blurred picture: a Gaussian of any width, at the cost of a narrow one. A wide one is taken of the picture
// averaged over squares of a third of its deviation, and enlarged again by a cubic.
//
// Of a picture of which only some pixels count, they alone are blurred (normalised convolution, Knutsson &
// Westin 1993): their weighted sum, divided by the blurred weights on the coarse grid. Else what stands
// before a ground would glow in it.
#pragma once

#include <vector>

#include "src/base/thread_pool.h"
#include "src/stylize/image_rows.h"
#include "src/stylize/regions/color_fill.h"
#include "src/stylize/resample.h"

namespace tempera::stylize {

inline constexpr float kMostBlur = 256;  // pixels of standard deviation

// The same for any number of threads.
class Blur {
 public:
  // kernels and pool must outlive this.
  Blur(const PixelKernels& kernels, ThreadPool* pool) : kernels_(&kernels), pool_(pool), fill_(pool) {}

  // Writes `in`, blurred by a standard deviation of `pixels` (0 < pixels <= kMostBlur), to `out`, which has
  // its size and shares no pixel with it; transparency is copied.
  // shares: how much of each pixel counts, of 255; of the frame's size, rows without gaps. Beyond the reach
  // of those that count the nearest of them go on, and a pixel of share 0 has no part in any other. nullptr,
  // or no share at all: every pixel counts.
  void Run(const Image& in, float pixels, const uint8_t* shares, const Image& out);

 private:
  void Measure(Size frame, float pixels);
  void FetchRow(const Image& in, const uint8_t* shares, int y, float* planes) const;
  void NarrowRow(const Image& in, const uint8_t* shares, int y, size_t thread);
  void Narrow(const Image& in, const uint8_t* shares);
  void Enlarge(const Image& in, const Image& out);
  void SoftenAlong(int y, size_t thread);
  void SoftenAcross(int begin, int count, size_t thread);

  const PixelKernels* kernels_;
  ThreadPool* pool_;
  Size frame_, small_size_;
  float pixels_ = 0;
  int planes_ = 3;  // of small_: colours, and their weight where not all count alike
  ResampleAxis narrow_x_, narrow_y_, wide_x_, wide_y_;
  std::vector<float> bell_x_, bell_y_;      // from the middle on
  std::vector<RowResampler> wide_;          // by thread
  std::vector<float> small_;                // [small height, planes_, small width]
  std::vector<std::vector<float>> padded_;  // by thread: a row of the small picture and its ends
  std::vector<std::vector<float>> above_;   // by thread: strips of rows as they were
  std::vector<std::vector<float>> rows_;    // by thread: two rows of the frame
  std::vector<int> kept_;                   // by thread: which row of the frame the first of them is
  ColorFill fill_;
};

}  // namespace tempera::stylize
