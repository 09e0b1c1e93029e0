// Packets beside the pictures, cut to what of the film is wanted. Private to media/.
#pragma once

#include <cstdint>

#include "media/ffmpeg.h"

namespace tempera::media {

// Moments of a file are in this many ticks either side of zero, 36,000 years in microseconds; others are as
// good as none. So sums of some of them, and of steps and jumps, are numbers.
inline constexpr int64_t kMostTicks = int64_t{1} << 60;
// `ts`, or AV_NOPTS_VALUE where it is that or out of bounds.
int64_t Moment(int64_t ts);
int64_t Bounded(int64_t ticks);

// What becomes of one.
enum class Side {
  kKept,
  kBefore,  // of what is wanted: left out
  kBehind,  // so are all that follow of its stream
};

// Counts the packet's moments from `origin_us` on; the film ends `end_us` behind that. starts: its beginning
// is cut off. A text that is shown as the film begins is shown from there on.
Side CutSidePacket(const AVStream& stream, int64_t origin_us, int64_t end_us, bool starts, AVPacket* packet);

}  // namespace tempera::media
