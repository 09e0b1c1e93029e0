// One clock for all streams of a film, whatever the file's own clocks do: joined transport streams and HLS
// discontinuities begin anew, broadcasts wrap at 33 bits, encoders' clocks are stepped. What the file holds
// follows without gap or overlap, and streams stay beside each other as they lie in each part. The rules are
// those of the ffmpeg command with a short look ahead, so that the place of
// a new part is right for all streams, not only for the one that is met first. No FFmpeg here: moments are
// microseconds. Private to media/.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace tempera::media {

class Timeline {
 public:
  // A moment that is not known.
  static constexpr int64_t kUnknown = INT64_MIN;
  // Moments farther from zero are as good as unknown: 36,000 years. So sums of a few of them are numbers.
  static constexpr int64_t kMostUs = int64_t{1} << 60;

  struct Stream {
    bool leads = false;   // pictures or sound, whose packets come without long pauses: others follow these
    int64_t step_us = 0;  // the usual time from packet to packet; 0 = unknown
    int64_t turn_us = 0;  // after which the stream's clock begins at zero again; 0 = never
  };
  struct Stamp {
    int stream = 0;
    int64_t dts_us = kUnknown, pts_us = kUnknown;
    int64_t duration_us = 0;  // 0 = unknown
    int64_t bytes = 0;        // of the packet, which bounds how many are held back
    int part = 0;         // number of the file among joined ones: a new one has clocks of its own; never less
    bool hidden = false;  // it is not shown, and so follows
  };
  // Where a packet belongs.
  struct Place {
    bool trusted = true;                   // false: its moments are wrong; it follows the one before
    int64_t shift_us = 0;                  // to be added to its moments
    int64_t dts_turns = 0, pts_turns = 0;  // whole turns of its clock, to be added as well
  };

  // rewinds: the format lets clocks begin anew (FFmpeg's AVFMT_TS_DISCONT): then 10 s forwards are no pause
  // but another clock, and so is 0.1 s backwards. In other formats that takes an hour, and a second, or to
  // where the stream began.
  explicit Timeline(bool rewinds) : rewinds_(rewinds) { epochs_.emplace_back(); }

  // Streams are numbered as they are met; unknown numbers below `index` get the default.
  void SetStream(int index, const Stream& stream);

  // Takes packets in the order of the file, and gives their places in the same order: at once, except at a
  // join, where up to three seconds are held back until it is clear where the new part belongs.
  void Push(const Stamp& stamp);
  std::optional<Place> Pop();
  // The end of the file, or of interest: what is held back is decided.
  void End();

  struct Jump {
    int64_t at_us = 0;  // in the film
    int64_t by_us = 0;  // what the file's clock did
  };
  // The jumps that were taken out, in order; of very many the first. Where a new part begins is none.
  const std::vector<Jump>& jumps() const { return jumps_; }

 private:
  // A stretch in which one clock goes on.
  struct Epoch {
    int64_t shift = 0;         // from the file's moments to the film's
    int64_t front = kUnknown;  // the newest of its leading streams' moments
    int part = 0;
  };
  struct State {
    Stream is;
    int64_t epoch = -1;       // by number; -1: none yet
    int64_t last = kUnknown;  // the newest moment
    int64_t next = kUnknown;  // where the next one is expected
    int64_t end = kUnknown;   // of what was shown
    int64_t step = 0;         // seen last
    bool in_order = false;    // `last` is a moment of decoding, rather than one of showing
    // Of a stream that has come into the open epoch: where it stood in the film, and its first moments here.
    int64_t film_next = kUnknown, film_end = kUnknown;
    int64_t first = kUnknown, first_shown = kUnknown;
  };
  struct Item {
    int64_t epoch = 0;  // by number; -1: its shift stands in `place`
    Place place;
    // Of a leading stream's packet: when it is, and where its stream stood before.
    int stream = -1;
    int64_t moment = kUnknown, shown = kUnknown;
    int64_t next_before = kUnknown, end_before = kUnknown;
  };

  Epoch& At(int64_t number) { return epochs_[static_cast<size_t>(number - first_epoch_)]; }
  int64_t Newest() const { return first_epoch_ + static_cast<int64_t>(epochs_.size()) - 1; }
  static Place Unwrap(Stamp* stamp, int64_t reference, int64_t turn_us);
  int64_t Forwards() const;
  int64_t Backwards(const State& s, bool dts_known) const;
  bool GoesOn(const State& s, int64_t moment, bool dts_known);
  int64_t Nearest(int64_t moment, int64_t from, int64_t within);
  int64_t Choose(const State& s, int64_t moment, bool dts_known, int part);
  int64_t Follow(int64_t moment);
  bool WasGlitch(int stream, int64_t moment, bool dts_known);
  void Open(int stream, int64_t moment, int part);
  void ForgetOldest();
  void TakeBack(State* s);
  void Enter(State* s, int64_t epoch, const Stamp& stamp, int64_t moment);
  void Advance(State* s, const Stamp& stamp, int64_t moment);
  bool AllCameIn();
  void TakeAlong();
  void Decide();

  bool rewinds_;
  std::vector<State> streams_;
  std::deque<Epoch> epochs_;
  int64_t first_epoch_ = 0;  // the number of epochs_.front()
  std::deque<Item> held_;

  // A join that is not decided: the newest epoch is open.
  bool open_ = false;
  int opener_ = -1;
  State opener_before_;
  size_t opener_item_ = 0;  // in held_
  int64_t opened_at_ = 0, old_epoch_ = 0;
  int64_t held_bytes_ = 0;
  int64_t entered_ = 0;  // packets of leading streams in the open epoch

  std::vector<Jump> jumps_;
};

}  // namespace tempera::media
