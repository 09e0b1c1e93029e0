#include "media/film/timeline.h"

#include <algorithm>
#include <cstdlib>

namespace tempera::media {
namespace {

constexpr int64_t kSecond = 1000000;

// Epochs that are remembered: a stream that was silent for longer begins anew.
constexpr size_t kMostEpochs = 32;

// A multiplex lets sound lag behind the pictures by up to a second; the far end of it has come by after
// three.
constexpr int64_t kLongestJoin = 3 * kSecond;
constexpr size_t kMostHeld = 8192;
constexpr size_t kMostJumps = 10000;
constexpr int64_t kMostHeldBytes = int64_t{64} << 20;

// A stream that lies this far behind the others has ended, or pauses: a join does not wait for it.
constexpr int64_t kLongestLag = 2 * kSecond;

// As long as a stream is that near to where it is expected, it goes on.
constexpr int64_t kNear = kSecond;

// Packets may be a little out of order.
constexpr int64_t kStepsBack = 3;
// In the order of decoding pictures may lie that far behind the latest (H.264 and HEVC hold 16 back).
constexpr int64_t kMostReordered = 17;

bool Known(int64_t moment) { return moment != Timeline::kUnknown; }
int64_t Bounded(int64_t us) { return std::clamp(us, -Timeline::kMostUs, Timeline::kMostUs); }
int64_t Moment(int64_t us) {
  return us >= -Timeline::kMostUs && us <= Timeline::kMostUs ? us : Timeline::kUnknown;
}

// How many turns bring `moment` nearest to `reference`.
int64_t Turns(int64_t moment, int64_t reference, int64_t turn) {
  if (turn <= 0 || !Known(moment) || !Known(reference)) return 0;
  const int64_t distance = reference - moment;
  return (distance + (distance < 0 ? -turn / 2 : turn / 2)) / turn;
}

}  // namespace

// ffmpeg's thresholds are 10 s where formats rewind, and 30 hours elsewhere. The latter would let a film
// stand still for a day: an hour is no pause any more.
int64_t Timeline::Forwards() const { return (rewinds_ ? 10 : 3600) * kSecond; }

// ffmpeg's 0.1 s. In other formats, and where only the moments of showing are known, which are not in order,
// more: slides that stand for seconds step back by many.
int64_t Timeline::Backwards(const State& s, bool dts_known) const {
  if (rewinds_ || dts_known) return rewinds_ && dts_known ? kSecond / 10 : kSecond;
  return std::max(kSecond, kMostReordered * (s.is.step_us > 0 ? s.is.step_us : s.step));
}

void Timeline::SetStream(int index, const Stream& stream) {
  if (index < 0) return;
  if (static_cast<size_t>(index) >= streams_.size()) streams_.resize(static_cast<size_t>(index) + 1);
  State& s = streams_[static_cast<size_t>(index)];
  s.is = stream;
  s.is.step_us = std::clamp<int64_t>(stream.step_us, 0, 10 * kSecond);
  // A clock that turns within a minute tells nothing.
  s.is.turn_us = stream.turn_us > 60 * kSecond && stream.turn_us <= kMostUs ? stream.turn_us : 0;
}

// Whether the stream's own clock simply goes on at `moment`.
bool Timeline::GoesOn(const State& s, int64_t moment, bool dts_known) {
  // A container that tells moments of showing gets those of decoding from FFmpeg, some packets late.
  dts_known = dts_known && s.in_order;
  if (moment < s.last - Backwards(s, dts_known)) return false;
  // A short film that is shown once more is back where it began.
  const int64_t usual = s.step > 0 ? s.step : s.is.step_us;
  if (dts_known && Known(s.first) && moment <= s.first && moment < s.last - kStepsBack * usual) return false;
  return moment - std::max(At(s.epoch).front, s.next) <= Forwards();
}

// The epoch from `from` on whose front is nearest to `moment`, at most `within` away; -1 when there is none.
int64_t Timeline::Nearest(int64_t moment, int64_t from, int64_t within) {
  int64_t best = -1, best_distance = within;
  for (int64_t e = std::max(from, first_epoch_); e <= Newest(); ++e) {
    if (!Known(At(e).front)) continue;
    const int64_t distance = std::abs(moment - At(e).front);
    // Of two equally near the later one.
    if (distance <= best_distance) best = e, best_distance = distance;
  }
  return best;
}

// The epoch of a packet of a stream that follows: files are joined one behind the other, so that it is the
// part that was come to last, of which it may lie ahead, unless it is far from all of that.
int64_t Timeline::Follow(int64_t moment) {
  const int64_t front = At(Newest()).front;
  if (!Known(front) || std::abs(moment - front) <= Forwards()) return Newest();
  const int64_t nearest = Nearest(moment, first_epoch_, 2 * kMostUs);
  return nearest >= 0 ? nearest : Newest();
}

// The epoch to which a packet of a leading stream belongs; -1: to a new one.
int64_t Timeline::Choose(const State& s, int64_t moment, bool dts_known, int part) {
  if (At(Newest()).part < part) return -1;
  if (s.epoch < 0 ? part > 0 : At(s.epoch).part < part) return Newest();
  if (s.epoch < 0) {
    // The first packet of all, or of its stream.
    const bool nothing_yet = !Known(At(Newest()).front);
    return nothing_yet ? Newest() : Nearest(moment, first_epoch_, Forwards());
  }
  const bool goes_on = GoesOn(s, moment, dts_known);
  const int64_t off_by = std::abs(moment - s.next);
  if (goes_on && off_by <= kNear) return s.epoch;
  const int64_t later = Nearest(moment, s.epoch + 1, Forwards());
  if (later < 0) return goes_on ? s.epoch : -1;
  if (goes_on && off_by <= std::abs(moment - At(later).front)) return s.epoch;
  // What has been shown is not shown over: a stream that would begin in the midst of it has a clock of its
  // own.
  const bool decided = !open_ || later != Newest();
  if (decided && moment + At(later).shift < s.next + At(s.epoch).shift - kNear) {
    return goes_on ? s.epoch : -1;
  }
  return later;
}

// After a single packet with a moment of its own its stream goes on as before: that moment was wrong.
bool Timeline::WasGlitch(int stream, int64_t moment, bool dts_known) {
  if (!open_ || stream != opener_ || entered_ != 1 || opener_before_.epoch < 0) return false;
  if (At(Newest()).part != At(old_epoch_).part) return false;
  const State& now = streams_[static_cast<size_t>(stream)];
  return GoesOn(opener_before_, moment, dts_known) && std::abs(moment - now.next) > kNear &&
         std::abs(moment - opener_before_.next) <= kNear;
}

void Timeline::Open(int stream, int64_t moment, int part) {
  if (open_) Decide();
  const State& s = streams_[static_cast<size_t>(stream)];
  open_ = true;
  opener_ = stream;
  opener_before_ = s;
  opener_item_ = held_.size();
  opened_at_ = moment;
  old_epoch_ = s.epoch >= 0 ? s.epoch : Newest();
  entered_ = 0;
  epochs_.emplace_back();
  epochs_.back().shift = At(old_epoch_).shift;
  epochs_.back().part = part;
  if (epochs_.size() > kMostEpochs) ForgetOldest();
}

void Timeline::ForgetOldest() {
  for (Item& item : held_) {
    if (item.epoch != first_epoch_) continue;
    item.place.shift_us = epochs_.front().shift;
    item.epoch = -1;
  }
  epochs_.pop_front();
  ++first_epoch_;
  old_epoch_ = std::max(old_epoch_, first_epoch_);
  for (State& s : streams_) {
    if (s.epoch < first_epoch_) s.epoch = -1;
  }
  if (opener_before_.epoch < first_epoch_) opener_before_.epoch = -1;
}

// The open epoch was none: its one packet belongs to the clock before, at a moment that is not known.
void Timeline::TakeBack(State* s) {
  const int64_t removed = Newest();
  held_[opener_item_].place.trusted = false;
  for (Item& item : held_) {
    if (item.epoch == removed) item.epoch = old_epoch_;
  }
  epochs_.pop_back();
  open_ = false;
  held_bytes_ = 0;
  *s = opener_before_;
}

// The stream's first packet in an epoch.
void Timeline::Enter(State* s, int64_t epoch, const Stamp& stamp, int64_t moment) {
  s->film_next = s->film_end = kUnknown;
  if (s->epoch >= 0) {
    const int64_t shift = At(s->epoch).shift;
    s->film_next = s->next + shift;
    s->film_end = s->end + shift;
  }
  s->epoch = epoch;
  s->in_order = Known(stamp.dts_us);
  s->last = s->next = s->end = kUnknown;
  s->first = moment;
  s->first_shown = Known(stamp.pts_us) ? stamp.pts_us : moment;
}

void Timeline::Advance(State* s, const Stamp& stamp, int64_t moment) {
  if (Known(s->last) && moment > s->last) s->step = std::min(moment - s->last, 10 * kSecond);
  const int64_t usual = s->step > 0 ? s->step : s->is.step_us;
  const int64_t length = stamp.duration_us > 0 ? std::min(stamp.duration_us, 10 * kSecond) : usual;
  const int64_t shown = Known(stamp.pts_us) ? stamp.pts_us : moment;
  const bool in_order = Known(stamp.dts_us);
  s->last = Known(s->last) && (s->in_order || !in_order) ? std::max(s->last, moment) : moment;
  s->in_order = in_order;
  s->next = moment + length;
  s->end = std::max(Known(s->end) ? s->end : INT64_MIN, shown + length);
  Epoch& epoch = At(s->epoch);
  epoch.front = Known(epoch.front) ? std::max(epoch.front, moment) : moment;
}

// Whether all that lead and are alive have come into the open epoch.
bool Timeline::AllCameIn() {
  const int64_t front = At(old_epoch_).front;
  for (const State& s : streams_) {
    if (!s.is.leads || s.epoch != old_epoch_ || s.epoch == Newest()) continue;
    if (!Known(front) || front - s.next <= kLongestLag) return false;
  }
  return true;
}

// A stream that stepped back by no more than a frame or some is behind the overlap of two parts, of which the
// others' clocks show nothing: they go along from the same moment on, or they would no longer be beside it.
void Timeline::TakeAlong() {
  if (opener_before_.epoch < 0 || std::abs(opened_at_ - opener_before_.next) > kNear) return;
  for (size_t i = 0; i < streams_.size(); ++i) {
    State& s = streams_[i];
    if (!s.is.leads || s.epoch != old_epoch_ || old_epoch_ == Newest()) continue;
    bool crossed = false;
    for (Item& item : held_) {
      if (item.stream != static_cast<int>(i) || item.epoch != old_epoch_) continue;
      if (!crossed && (!Known(item.moment) || item.moment < opened_at_)) continue;
      if (!crossed) {
        const int64_t shift = At(old_epoch_).shift;
        s.film_next = Known(item.next_before) ? item.next_before + shift : kUnknown;
        s.film_end = Known(item.end_before) ? item.end_before + shift : kUnknown;
        s.first = item.moment;
        s.first_shown = item.shown;
        s.epoch = Newest();
        crossed = true;
      }
      item.epoch = Newest();
    }
  }
}

// The new part goes to where none of its streams overlaps what that stream has shown.
void Timeline::Decide() {
  open_ = false;
  held_bytes_ = 0;
  const int64_t newest = Newest();
  const bool new_part = At(newest).part != At(old_epoch_).part;
  if (!new_part) TakeAlong();
  int64_t shift = kUnknown;
  for (const State& s : streams_) {
    if (!s.is.leads || s.epoch != newest || !Known(s.film_next)) continue;
    shift = std::max({shift, s.film_next - s.first, s.film_end - s.first_shown});
  }
  if (!Known(shift)) {
    // Nobody who comes in was there before: it goes on where the others are.
    const Epoch& old = At(old_epoch_);
    shift = (Known(old.front) ? old.front : 0) + old.shift - opened_at_;
  }
  At(newest).shift = Bounded(shift);
  if (new_part || jumps_.size() >= kMostJumps) return;
  jumps_.push_back({opened_at_ + At(newest).shift, At(old_epoch_).shift - At(newest).shift});
}

// By whole turns to where its stream, or else the newest clock, is.
Timeline::Place Timeline::Unwrap(Stamp* stamp, int64_t reference, int64_t turn_us) {
  Place place;
  place.dts_turns = Turns(stamp->dts_us, reference, turn_us);
  if (Known(stamp->dts_us)) stamp->dts_us = Bounded(stamp->dts_us + place.dts_turns * turn_us);
  const int64_t near = Known(stamp->dts_us) ? stamp->dts_us : reference;
  place.pts_turns = Turns(stamp->pts_us, near, turn_us);
  if (Known(stamp->pts_us)) stamp->pts_us = Bounded(stamp->pts_us + place.pts_turns * turn_us);
  return place;
}

void Timeline::Push(const Stamp& given) {
  Stamp stamp = given;
  stamp.stream = std::clamp(stamp.stream, 0, 1 << 16);
  if (static_cast<size_t>(stamp.stream) >= streams_.size()) SetStream(stamp.stream, {});
  State& s = streams_[static_cast<size_t>(stamp.stream)];
  stamp.dts_us = Moment(stamp.dts_us);
  stamp.pts_us = Moment(stamp.pts_us);
  stamp.duration_us = std::max<int64_t>(0, stamp.duration_us);
  Item item;
  item.place = Unwrap(&stamp, s.epoch >= 0 ? s.next : At(Newest()).front, s.is.turn_us);
  const bool dts_known = Known(stamp.dts_us);
  const int64_t moment = dts_known ? stamp.dts_us : stamp.pts_us;
  if (!Known(moment)) {
    item.epoch = s.epoch >= 0 ? s.epoch : Newest();
    if (s.epoch >= 0) s.next += s.step > 0 ? s.step : s.is.step_us;
  } else if (!s.is.leads || stamp.hidden) {
    if (At(Newest()).part < stamp.part) Open(stamp.stream, moment, stamp.part);
    item.epoch = Follow(moment);
  } else {
    if (WasGlitch(stamp.stream, moment, dts_known)) TakeBack(&s);
    int64_t epoch = Choose(s, moment, dts_known, stamp.part);
    if (epoch < 0) {
      Open(stamp.stream, moment, stamp.part);
      epoch = Newest();
    }
    item.stream = stamp.stream;
    item.moment = moment;
    item.shown = Known(stamp.pts_us) ? stamp.pts_us : moment;
    item.next_before = s.next;
    item.end_before = s.end;
    // What follows may have opened the part.
    if (open_ && epoch == Newest() && entered_ == 0) opened_at_ = moment;
    if (epoch != s.epoch) Enter(&s, epoch, stamp, moment);
    Advance(&s, stamp, moment);
    if (Known(stamp.pts_us) && open_ && epoch == Newest()) {
      s.first_shown = std::min(s.first_shown, stamp.pts_us);
    }
    if (open_ && epoch == Newest()) ++entered_;
    item.epoch = epoch;
  }
  // Shown an hour before or after it is decoded: one of the two is wrong.
  if (dts_known && Known(stamp.pts_us) && std::abs(stamp.pts_us - stamp.dts_us) > 3600 * kSecond) {
    item.place.trusted = false;
  }
  held_.push_back(item);
  if (!open_) return;
  held_bytes_ += std::clamp<int64_t>(stamp.bytes, 0, kMostHeldBytes);
  // The second packet tells a jump from a glitch.
  const int64_t front = At(Newest()).front;
  if ((entered_ > 1 && AllCameIn()) || (Known(front) && front - opened_at_ > kLongestJoin) ||
      held_.size() > kMostHeld || held_bytes_ > kMostHeldBytes) {
    Decide();
  }
}

std::optional<Timeline::Place> Timeline::Pop() {
  if (held_.empty() || (open_ && held_.front().epoch == Newest())) return std::nullopt;
  // In the order of the file: what follows an undecided packet waits behind it.
  Item item = held_.front();
  held_.pop_front();
  if (open_ && opener_item_ > 0) --opener_item_;
  if (item.epoch >= 0) item.place.shift_us = At(item.epoch).shift;
  return item.place;
}

void Timeline::End() {
  if (open_) Decide();
}

}  // namespace tempera::media
