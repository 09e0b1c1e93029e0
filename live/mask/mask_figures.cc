#include "live/mask/mask_figures.h"

namespace tempera::live {

void MaskMeter::Add(const PaintedMask& mask) {
  last_.on = !mask.name.empty();
  if (!last_.on) return;
  if (last_.name != mask.name) {
    looks_ = empty_ = 0;
    sum_ = 0;
    last_.share_now = 0;
  }
  last_.name = mask.name;
  last_.ms = mask.ms;
  if (mask.share < 0) return;
  last_.share_now = mask.share;
  sum_ += mask.share;
  ++looks_;
  empty_ += mask.share < kNothing;
}

MaskFigures MaskMeter::figures() const {
  MaskFigures figures = last_;
  if (looks_ == 0) return figures;
  figures.share = sum_ / static_cast<double>(looks_);
  figures.empty_share = static_cast<double>(empty_) / static_cast<double>(looks_);
  return figures;
}

}  // namespace tempera::live
