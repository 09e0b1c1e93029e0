// Sound cut into the blocks that an encoder wants, whatever comes: parts of another form, pauses, overlaps.
// Private to media/.
#pragma once

#include <memory>
#include <vector>

#include "media/ffmpeg.h"

struct AVAudioFifo;

namespace tempera::media {

class Blocks {
 public:
  // Of the form that the opened encoder takes.
  static Result<std::unique_ptr<Blocks>> For(const AVCodecContext& encoder);

  // Takes samples, their time counted in samples (or unknown), and appends the blocks that are full. What
  // comes twice is moved behind. A pause is filled with silence up to the end of a block.
  Status Push(const AVFrame& frame, std::vector<FramePtr>* ready);
  // The rest, which is a shorter block.
  Status End(std::vector<FramePtr>* ready);

 private:
  struct FreeFifo {
    void operator()(AVAudioFifo* p) const;
  };
  Blocks() = default;
  Result<FramePtr> Frame(int samples) const;
  Status Take(int samples, std::vector<FramePtr>* ready);
  Status Pause(int64_t samples, std::vector<FramePtr>* ready);

  std::unique_ptr<AVAudioFifo, FreeFifo> fifo_;
  AVSampleFormat format_ = AV_SAMPLE_FMT_NONE;
  AVChannelLayout layout_ = {};
  int rate_ = 0;
  int block_ = 0;                   // samples; 0: any number is a block
  int64_t begin_ = AV_NOPTS_VALUE;  // of what is held
};

}  // namespace tempera::media
