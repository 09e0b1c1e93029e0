#include "src/engine/ends/picture_ends.h"

#include <algorithm>

namespace tempera::engine {

bool IsFlat(const PictureSource& source, int64_t height, int64_t width) {
  constexpr int64_t kNumbers = 4096;
  float numbers[kNumbers], first[kMostSourceChannels];
  const int64_t channels = source.channels;
  if (channels < 1 || channels > kMostSourceChannels || height < 1 || width < 1) return false;
  const int64_t part = kNumbers / channels / PictureSource::kStep * PictureSource::kStep;
  source.read(source.context, {0, 0, 1, 1}, part, part, numbers);
  for (int64_t c = 0; c < channels; ++c) first[c] = numbers[c * part];
  const auto row_is_flat = [&](int64_t y) {
    for (int64_t x = 0; x < width; x += part) {
      const int64_t columns = std::min(part, width - x);
      source.read(source.context, {y, x, 1, columns}, part, part, numbers);
      for (int64_t c = 0; c < channels; ++c) {
        const float* p = numbers + c * part;
        if (!std::all_of(p, p + columns, [want = first[c]](float v) { return v == want; })) return false;
      }
    }
    return true;
  };
  // A film's black bars are above and below: the middle says at once that there is a picture between them.
  if (!row_is_flat(height / 2)) return false;
  for (int64_t y = 0; y < height; ++y) {
    if (!row_is_flat(y)) return false;
  }
  return true;
}

}  // namespace tempera::engine
