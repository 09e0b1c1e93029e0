// Pictures of any size brought to one size, one matrix and one range, shown whole between black bars: for
// what takes one form only (a loopback device, a stream).
#pragma once

#include <array>
#include <memory>

#include "media/frame.h"
#include "src/base/status.h"

namespace tempera::media {

class FilterGraph;

// The matrix that is assumed where nobody says one: BT.709 for high definition, else BT.601.
ColorMatrix UsualMatrix(int width, int height);

// One thread at a time.
class Fitter {
 public:
  // What comes out: I420 of that size and matrix, in limited range.
  Fitter(int width, int height, ColorMatrix matrix);
  ~Fitter();
  Fitter(const Fitter&) = delete;
  Fitter& operator=(const Fitter&) = delete;

  // A frame that fits already is handed back as it is. Sizes, formats and colours may change from one to the
  // next. Pixels are taken as squares.
  Result<Frame> Fit(const Frame& frame);

 private:
  Status Prepare(const Frame& frame);
  Result<Frame> Scale(const Frame& frame);

  const int width_, height_;
  const ColorMatrix matrix_;
  int inner_width_ = 0, inner_height_ = 0;  // of the picture without its bars
  std::array<int, 5> key_ = {};             // what the graph was made for
  std::unique_ptr<FilterGraph> graph_;
};

}  // namespace tempera::media
