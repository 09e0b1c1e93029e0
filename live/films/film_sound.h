// The sound of a film that plays live, or of a microphone, for recordings of what is painted meanwhile.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "media/reader.h"

struct AVFormatContext;
struct AVPacket;

namespace tempera::live {

// Between a source, whose decoding thread puts packets in, and recordings that come and go on threads of
// their own. Nothing is written and no reader is kept here, so that neither waits for the other. Safe from
// any thread.
class FilmSound {
 public:
  // samples: what comes was never encoded, and recordings encode it.
  explicit FilmSound(bool samples = false);
  ~FilmSound();
  bool samples() const { return samples_; }

  // By the decoding thread, which alone looks at `input`: what streams there are. `anew`: the source was
  // opened (again), not begun again by its loop; its time starts over.
  void BeginPass(AVFormatContext* input, int video_stream, bool anew);
  // The steady moment of film time 0; a later call moves what comes from then on.
  void SetStart(int64_t start_ns);
  // A packet of sound, timed from its pass's origin in its stream's time base; pass_ns: where in film time
  // the pass begins. The packet stays the caller's. By the decoding thread.
  void Put(AVFormatContext* input, const AVPacket* packet, int64_t pass_ns);

  // What a writer takes as its source. One thread: that of the recording.
  class Tap : public media::VideoReader {
   public:
    // The steady moment that is the recording's time 0; sound of the seconds before is at hand.
    virtual void StartAt(int64_t first_ns) = 0;
    // Hands the sink what has come since. An error is the sink's, and is told once.
    virtual Status Drain() = 0;
    // Packets that came faster than they were drained.
    virtual int64_t lost() const = 0;
  };
  // Null while nothing was opened, or where the film has no sound.
  static std::unique_ptr<Tap> MakeTap(std::shared_ptr<FilmSound> sound);

 private:
  class TapOfSound;
  struct Kept;
  struct FormatFree {
    void operator()(AVFormatContext* p) const;
  };
  using Format = std::unique_ptr<AVFormatContext, FormatFree>;
  static Format CopyForm(const AVFormatContext& input);

  const bool samples_;
  std::mutex mutex_;
  Format form_;  // streams without anything that is read from
  int video_stream_ = -1;
  int64_t opened_ = 0;  // how often
  int64_t start_ns_ = -1;
  std::deque<Kept> kept_;
  std::list<TapOfSound*> taps_;
};

}  // namespace tempera::live
