// Whether a painting's numbers are what was taken for them: a network of 0..1 that is read as 0..255 paints
// black, one of 0..255 read as 0..1 clips nearly all.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "src/base/tensor.h"
#include "src/metadata/picture_format.h"
#include "src/stylize/image_rows.h"

namespace tempera::stylize {

// Which of the 256 levels from black to white there are, of any colour.
struct Levels {
  int count = 0;
  int span = 0;      // from the darkest to the lightest
  double black = 0;  // what share of the numbers is next to black
  // Enough for its painting to have some: a film may begin black.
  bool ShowSomething() const { return count >= 32; }
};

// Looks at one painting's numbers before they are clamped.
class PaintingLook {
 public:
  explicit PaintingLook(const metadata::ValueFormat& values) : values_(values) {}

  // `n` numbers of one colour (0 red). Any thread, several at a time.
  void Add(const float* numbers, int64_t n, size_t colour);
  // All of [1, 3, h, w].
  void AddAll(const Tensor& painting);

  // What is wrong with them, or nothing: they give no more than two of 256 levels; or lie together in a
  // quarter of these where the source spans half; or nearly all are next to black where half of the source
  // is not; or a quarter of them lies far outside of black and white,
  // or a quarter beyond either.
  std::optional<std::string> Wrong(const Levels& source) const;

 private:
  Levels Met() const;
  std::string Seen() const;  // between which numbers they lie

  metadata::ValueFormat values_;
  std::array<std::atomic<uint64_t>, 4> levels_ = {};  // a bit for each of 256 that was met
  std::atomic<int64_t> count_{0}, below_{0}, above_{0}, far_{0}, black_{0};
  std::atomic<float> least_{std::numeric_limits<float>::infinity()};
  std::atomic<float> most_{-std::numeric_limits<float>::infinity()};
};

// Of a part of a picture's rows.
Levels LevelsOf(const PixelKernels& kernels, const Image& image);

}  // namespace tempera::stylize
