#include "media/sound/blocks.h"

#include <algorithm>

extern "C" {
#include <libavutil/audio_fifo.h>
#include <libavutil/channel_layout.h>
#include <libavutil/samplefmt.h>
}

namespace tempera::media {

void Blocks::FreeFifo::operator()(AVAudioFifo* p) const { av_audio_fifo_free(p); }

Result<std::unique_ptr<Blocks>> Blocks::For(const AVCodecContext& encoder) {
  std::unique_ptr<Blocks> blocks(new Blocks());
  const bool any_size = encoder.codec->capabilities & AV_CODEC_CAP_VARIABLE_FRAME_SIZE;
  blocks->block_ = any_size ? 0 : encoder.frame_size;
  blocks->format_ = encoder.sample_fmt;
  blocks->rate_ = encoder.sample_rate;
  blocks->fifo_.reset(av_audio_fifo_alloc(encoder.sample_fmt, encoder.ch_layout.nb_channels, 4096));
  if (!blocks->fifo_ || encoder.ch_layout.order == AV_CHANNEL_ORDER_CUSTOM ||
      av_channel_layout_copy(&blocks->layout_, &encoder.ch_layout) < 0) {
    return OutOfMemory("no memory to convert sound");
  }
  return blocks;
}

Result<FramePtr> Blocks::Frame(int samples) const {
  FramePtr frame(av_frame_alloc());
  if (!frame) return OutOfMemory("no memory to convert sound");
  frame->format = format_;
  frame->sample_rate = rate_;
  frame->nb_samples = samples;
  if (av_channel_layout_copy(&frame->ch_layout, &layout_) < 0 || av_frame_get_buffer(frame.get(), 0) < 0)
    return OutOfMemory("no memory to convert sound");
  return frame;
}

Status Blocks::Take(int samples, std::vector<FramePtr>* ready) {
  TEMPERA_ASSIGN_OR_RETURN(FramePtr frame, Frame(samples));
  if (av_audio_fifo_read(fifo_.get(), reinterpret_cast<void**>(frame->extended_data), samples) != samples)
    return Internal("sound that was held is gone");
  frame->pts = begin_;
  begin_ += samples;
  ready->push_back(std::move(frame));
  return OkStatus();
}

// What is held is whole with so much silence behind it, or with as much as its block wants.
Status Blocks::Pause(int64_t samples, std::vector<FramePtr>* ready) {
  const int held = av_audio_fifo_size(fifo_.get());
  const int silence = static_cast<int>(std::clamp<int64_t>(samples, 0, std::max(0, block_ - held)));
  if (held == 0 || silence == 0) return OkStatus();
  TEMPERA_ASSIGN_OR_RETURN(const FramePtr frame, Frame(silence));
  av_samples_set_silence(frame->extended_data, 0, silence, layout_.nb_channels, format_);
  if (av_audio_fifo_write(fifo_.get(), reinterpret_cast<void**>(frame->extended_data), silence) < silence)
    return OutOfMemory("no memory to convert sound");
  return held + silence == block_ ? Take(block_, ready) : OkStatus();
}

Status Blocks::Push(const AVFrame& frame, std::vector<FramePtr>* ready) {
  // Clocks of files are coarser than samples.
  const int64_t nearly = rate_ / 50;
  if (begin_ == AV_NOPTS_VALUE) begin_ = frame.pts == AV_NOPTS_VALUE ? 0 : frame.pts;
  const int64_t expected = begin_ + av_audio_fifo_size(fifo_.get());
  if (frame.pts != AV_NOPTS_VALUE && frame.pts - expected > nearly) {
    TEMPERA_RETURN_IF_ERROR(Pause(frame.pts - expected, ready));
    begin_ = frame.pts - av_audio_fifo_size(fifo_.get());
  }
  if (frame.nb_samples > 0 && av_audio_fifo_write(fifo_.get(), reinterpret_cast<void**>(frame.extended_data),
                                                  frame.nb_samples) < frame.nb_samples) {
    return OutOfMemory("no memory to convert sound");
  }
  while (const int held = av_audio_fifo_size(fifo_.get())) {
    if (held < block_) break;
    TEMPERA_RETURN_IF_ERROR(Take(block_ > 0 ? block_ : held, ready));
  }
  return OkStatus();
}

Status Blocks::End(std::vector<FramePtr>* ready) {
  const int held = av_audio_fifo_size(fifo_.get());
  return held > 0 ? Take(held, ready) : OkStatus();
}

}  // namespace tempera::media
