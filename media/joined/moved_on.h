// Parts of a joined transport stream that number their streams in another way: only the pictures of one
// stream are painted. Private to media/.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "media/ffmpeg.h"

namespace tempera::media {

class MovedOn {
 public:
  // Takes the next packet of the file. True: it is sound that begins with pictures which are not painted, and
  // so has no place in this film. The first of it are not told from sound that begins late: they are kept,
  // half a second of some tracks. done: no more pictures are wanted.
  bool IsTheirs(const AVFormatContext& input, int video, bool done, const AVPacket& packet);

  // Another stream of pictures began, and ours has had a few packets since, or none.
  bool now() const { return now_; }

 private:
  std::set<size_t> others_;  // streams that were met
  bool now_ = false;
  int64_t ours_since_ = 0;
  int64_t met_ = 0, other_from_ = 0;  // packets so far; the number of the other one's first
  std::vector<int64_t> first_met_;    // the number of a stream's first packet, by stream
};

}  // namespace tempera::media
