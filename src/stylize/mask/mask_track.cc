#include "src/stylize/mask/mask_track.h"

#include <array>

namespace tempera::stylize {

void MaskTrack::ApplyThreshold(uint8_t* mask, Size size) const {
  const float threshold = masker_->params.threshold;
  if (threshold == 0.5f) return;
  std::array<uint8_t, 256> moved;
  for (size_t i = 0; i < moved.size(); ++i) {
    const float share = static_cast<float>(i) / 255;
    const float now =
        share < threshold ? 0.5f * share / threshold : 0.5f + 0.5f * (share - threshold) / (1 - threshold);
    moved[i] = static_cast<uint8_t>(255 * now + 0.5f);
  }
  pool_->ParallelFor(size.height, [&](int y, int) {
    uint8_t* row = mask + static_cast<ptrdiff_t>(y) * size.width;
    for (int x = 0; x < size.width; ++x) row[x] = moved[row[x]];
  });
}

Status MaskTrack::Make(const Image& in, bool, std::span<const int> channels) {
  TEMPERA_RETURN_IF_ERROR(masker_->Run(in));
  const Size size = in.size();
  if (masks_.size() < channels.size()) masks_.resize(channels.size());
  for (size_t i = 0; i < channels.size(); ++i) {
    masks_[i].resize(static_cast<size_t>(size.width) * static_cast<size_t>(size.height));
    masker_->Read(channels[i], {masks_[i].data(), size.width, size});
    ApplyThreshold(masks_[i].data(), size);
  }
  return OkStatus();
}

}  // namespace tempera::stylize
