// Which streams of a film go on in which of the film that it is joined to. Private to media/.
#pragma once

#include <vector>

#include "media/ffmpeg.h"

namespace tempera::media {

// Whether packets of the one can stand among the other's: whether all that decoding asks of their heads is
// the same, whatever else stands there (digests, lengths, writers' names).
bool SameForm(const AVCodecParameters& a, const AVCodecParameters& b);

// Whether sound of the second form can be made into the first: that of AAC which says its form once.
bool CanReform(const AVCodecParameters& first, const AVCodecParameters& now);

struct Matched {
  std::vector<int> number;          // in the first film, by stream; -1: there is none for it
  bool reforms = false;             // sound of another form goes on somewhere
  std::vector<int> other_language;  // streams that go on in one of another language
};
// Of sound and texts; `video` and `their_video` go on in each other. The same language comes first.
Matched MatchStreams(const AVFormatContext& first, int video, const AVFormatContext& theirs, int their_video);

}  // namespace tempera::media
