// Where nothing of a film is in its file: lost in transmission, or skipped by a clock that jumps by less than
// what is known for a jump. No FFmpeg here: moments are microseconds. Private to media/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tempera::media {

class Gaps {
 public:
  // orderly: the format's clocks do not jump, so that films without sound may stand still in it.
  explicit Gaps(bool orderly) : orderly_(orderly) {}

  // A packet of pictures or sound, in the order of decoding.
  void Add(size_t stream, bool sound, int64_t at_us, int64_t duration_us);

  // Of the film that begins at `origin_us` and is `length_us` long. A pause of the pictures over which sound
  // goes on is none, and neither is one among others in a film of uneven frames. "" for nothing.
  std::string Note(size_t pictures, int64_t origin_us, int64_t length_us) const;

 private:
  struct Hole {
    int64_t begin, end;
  };
  struct Line {
    bool met = false, sound = false;
    int64_t begin = 0, last = 0, step = 0;
    int64_t length = 0;           // what the last packet says of its own; 0: nothing
    int64_t steps = 0, like = 0;  // and those that were like the one before
    std::vector<Hole> holes;
  };
  bool IsGap(const Hole& hole, const Line& pictures) const;

  bool orderly_;
  std::vector<Line> lines_;
};

}  // namespace tempera::media
