// Separable scaling of float planes, one output row at a time: exact area averages when an axis
// shrinks, Catmull-Rom (Catmull & Rom 1974; cubic, a = -1/2) when it grows. Rows come from a
// callback, so a large frame is never held as floats.
#pragma once

#include <algorithm>
#include <vector>

#include "src/stylize/image_rows.h"

namespace tempera::stylize {

// One axis. Output i = sum over k < taps of weights[i * taps + k] * source[first[i] + k];
// first[i] >= 0 and first[i] + taps <= source_count; each output's weights sum to 1.
struct ResampleAxis {
  int source_count = 0;
  int count = 0;  // outputs
  int taps = 0;
  std::vector<int> first;
  std::vector<float> weights;
  bool identity() const { return taps == 1 && source_count == count; }
};

// Maps source positions [begin, begin + extent), in pixels, onto `count` outputs. The range lies
// within [0, source_count]; source pixels outside it are never read when shrinking.
ResampleAxis MakeResampleAxis(int source_count, double begin, double extent, int count);

// Produces rows of a scaled picture. Owns its scratch: one per thread, one task at a time.
// Axes and kernels must outlive it.
class RowResampler {
 public:
  RowResampler(const ResampleAxis& x, const ResampleAxis& y, const PixelKernels& kernels);

  // Forgets rows kept from an earlier picture.
  void Reset() { std::fill(kept_.begin(), kept_.end(), -1); }

  // Row `row` of the output; fetch(source_row, RgbRow) delivers a row of source pixels.
  template <typename Fetch>
  void Row(int row, Fetch&& fetch, RgbRow out) {
    const float* weights = &y_->weights[static_cast<size_t>(row) * static_cast<size_t>(y_->taps)];
    const int first = y_->first[static_cast<size_t>(row)];
    if (vertical_first_) {
      // Few rows out of many: sum whole source rows (cheap, vectorised), then narrow the sum once.
      const RgbRow sum = scratch_row(1, x_->source_count);
      for (int k = 0; k < y_->taps; ++k) {
        if (weights[k] == 0.0f && k > 0) continue;
        if (kept_[0] != first + k) {
          fetch(first + k, scratch_row(0, x_->source_count));
          kept_[0] = first + k;
        }
        Accumulate(scratch_row(0, x_->source_count), weights[k], k == 0, x_->source_count, sum);
      }
      Horizontal(sum, out);
      return;
    }
    // Many rows out of few: each source row is widened once and kept while rows need it.
    for (int k = 0; k < y_->taps; ++k) {
      const int slot = (first + k) % y_->taps;
      if (kept_[static_cast<size_t>(slot)] != first + k) {
        const RgbRow source = scratch_row(0, x_->source_count);
        fetch(first + k, source);
        Horizontal(source, wide_row(slot));
        kept_[static_cast<size_t>(slot)] = first + k;
      }
      Accumulate(wide_row(slot), weights[k], k == 0, x_->count, out);
    }
  }

 private:
  // out = (or +=) weight * in
  void Accumulate(RgbRow in, float weight, bool set, int width, RgbRow out) const;
  void Horizontal(RgbRow in, RgbRow out) const;
  RgbRow scratch_row(int index, int width) { return RowAt(scratch_, index, width); }
  RgbRow wide_row(int slot) { return RowAt(wide_, slot, x_->count); }
  static RgbRow RowAt(std::vector<float>& all, int index, int width) {
    float* p = all.data() + static_cast<size_t>(index) * 3 * static_cast<size_t>(width);
    return {p, p + width, p + 2 * static_cast<size_t>(width)};
  }

  const ResampleAxis* x_;
  const ResampleAxis* y_;
  const PixelKernels* kernels_;
  bool vertical_first_;
  std::vector<float> scratch_;  // two source rows
  std::vector<float> wide_;     // taps rows of output width
  std::vector<int> kept_;       // which source row each slot holds, -1 = none
};

}  // namespace tempera::stylize
