// The way to the wanted moment in a file that cannot be asked for it: packets of the pictures are kept from a
// key frame on until that moment comes by. Private to media/.
#pragma once

#include <deque>

#include "media/ffmpeg.h"

namespace tempera::media {

class Walk {
 public:
  // Takes a packet of the pictures; ticks: when it is decoded, in the stream's time base, or AV_NOPTS_VALUE.
  // False when there was no memory for it.
  bool Add(const AVPacket& packet, int64_t ticks, int64_t ticks_a_second);
  // Whether what is kept should be decoded now: it holds all that the frame at tick 0 needs, or is all that
  // may be kept, or times are unknown, so that frames must be counted.
  bool arrived() const { return arrived_; }
  // The oldest packet; nullptr when none is left.
  PacketPtr Next();

 private:
  struct Kept {
    PacketPtr packet;
    int64_t ticks;
  };
  std::deque<Kept> kept_;
  int64_t first_ = 0;         // the number of kept_.front() among all packets
  std::deque<int64_t> keys_;  // the numbers of those kept that are key frames
  int64_t bytes_ = 0;
  bool arrived_ = false;
};

}  // namespace tempera::media
