// The sound of a film that plays live, for recordings of what is painted from it.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "media/reader.h"

struct AVPacket;

namespace tempera::live {

// Between a source, whose decoding thread puts packets in, and recordings that come and go. Safe from any
// thread. Packets of the last seconds are kept: a recording that begins with a frame of a moment ago has
// their sound.
class FilmSound {
 public:
  FilmSound();
  ~FilmSound();

  // By the source: the reader of this pass (all passes are of one file), its film time 0 by the steady clock.
  // A later call for the same pass moves what comes from then on.
  void BeginPass(std::shared_ptr<media::VideoReader> reader);
  void SetStart(int64_t start_ns);
  // A packet of the pass, timed from its origin in its stream's time base; pass_ns: the pass's begin behind
  // SetStart's moment. The packet stays the caller's.
  void Put(const AVPacket* packet, int64_t pass_ns);

  // What a writer takes as its source: it must be told the steady moment that is the recording's time 0
  // before its sink is set. Null while no pass has begun.
  class Tap : public media::VideoReader {
   public:
    virtual void StartAt(int64_t first_ns) = 0;
  };
  static std::unique_ptr<Tap> MakeTap(std::shared_ptr<FilmSound> sound);

 private:
  class TapOfSound;
  struct Kept;
  void Forward(const Kept& kept, TapOfSound* tap);  // with mutex_ held

  std::mutex mutex_;
  std::shared_ptr<media::VideoReader> reader_;
  int64_t start_ns_ = -1;
  std::deque<Kept> kept_;
  std::list<TapOfSound*> taps_;
};

}  // namespace tempera::live
