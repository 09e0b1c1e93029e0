// The sizes of a picture.
#pragma once

#include <cstdint>

namespace tempera::engine {

// Sizes of a [n, c, h, w] value; other ranks count as one channel.
struct Planes {
  int64_t n = 1, channels = 1, h = 1, w = 1;
  int64_t plane() const { return h * w; }
  bool operator==(const Planes&) const = default;
};

// A Reshape leaves numbers where they are and makes another picture of them. So whoever concludes from one
// step's rows, channels or tiles on another's (picture ends, gathered statistics, chains) asks first whether
// both see one picture in the storage that they share.
inline bool SamePicture(const Planes& a, const Planes& b) { return a == b; }

}  // namespace tempera::engine
