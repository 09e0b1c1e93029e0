// The masks of a film's frames, made of what a network says of each: at the frame's size, one byte a pixel.
// The mask is always that of the very frame it is made for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/stylize/image_rows.h"
#include "src/stylize/mask/masker.h"

namespace tempera::stylize {

// The same for any number of threads.
class MaskTrack {
 public:
  // All must outlive this. The masker is used by nobody else.
  MaskTrack(Masker* masker, ThreadPool* pool) : masker_(masker), pool_(pool) {}

  // Masks of these channels (Masker::classes) of a frame; `cut`: it does not follow from the one before.
  Status Make(const Image& in, bool cut, std::span<const int> channels);
  // Of the i-th of these channels: rows of the last frame's width without gaps, until the next Make.
  const uint8_t* mask(size_t i) const { return masks_[i].data(); }

  // The next frame follows none.
  void Reset() {}

 private:
  // Has the edge lie where `threshold` says.
  void ApplyThreshold(uint8_t* mask, Size size) const;

  Masker* masker_;
  ThreadPool* pool_;
  std::vector<std::vector<uint8_t>> masks_;
};

}  // namespace tempera::stylize
