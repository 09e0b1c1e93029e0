#include "media/live/live_stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "media/ffmpeg.h"
#include "media/frame_bridge.h"

namespace tempera::media {
namespace {

int GivesUp(void* cancel) {
  return cancel != nullptr && static_cast<const std::atomic<bool>*>(cancel)->load() ? 1 : 0;
}

bool StartsWith(const std::string& text, std::string_view with) { return text.rfind(with, 0) == 0; }

const char* ContainerOf(const std::string& address) {
  if (StartsWith(address, "rtmp")) return "flv";
  return StartsWith(address, "rtp://") ? "rtp_mpegts" : "mpegts";
}

// Enough for a painting, whose strokes are finer than what cameras show: a bit and a half for ten pixels.
int64_t BitrateOf(const VideoInfo& info, const LiveStreamOptions& options) {
  if (options.bitrate_kbit > 0) return int64_t{options.bitrate_kbit} * 1000;
  const double fps =
      info.frame_rate.num > 0 ? static_cast<double>(info.frame_rate.num) / info.frame_rate.den : 30;
  return static_cast<int64_t>(std::clamp(0.15 * info.width * info.height * fps, 1e6, 3e7));
}

struct OutputDeleter {
  void operator()(AVFormatContext* p) const {
    if (p->pb && !(p->oformat->flags & AVFMT_NOFILE)) avio_closep(&p->pb);
    avformat_free_context(p);
  }
};

class Stream final : public LiveStream {
 public:
  Status Start(const std::string& address, const VideoInfo& info, const LiveStreamOptions& options) {
    CaptureFfmpegLog();
    address_ = address;
    time_base_ = {info.time_base.num, info.time_base.den};
    TEMPERA_RETURN_IF_ERROR(OpenEncoder(info, options));
    AVFormatContext* output = nullptr;
    if (avformat_alloc_output_context2(&output, nullptr, ContainerOf(address), address.c_str()) < 0)
      return Unsupported("cannot stream to '" + address + "': this FFmpeg lacks " + ContainerOf(address));
    output_.reset(output);
    output->interrupt_callback = {GivesUp, const_cast<std::atomic<bool>*>(options.cancel)};
    output->flags |= AVFMT_FLAG_FLUSH_PACKETS;
    stream_ = avformat_new_stream(output, nullptr);
    if (stream_ == nullptr || avcodec_parameters_from_context(stream_->codecpar, encoder_.get()) < 0)
      return OutOfMemory("no memory for a stream");
    stream_->time_base = encoder_->time_base;
    if (!(output->oformat->flags & AVFMT_NOFILE)) {
      Options wait;
      wait.Set("rw_timeout", "5000000");  // of a server that no longer answers, microseconds
      const int opened =
          avio_open2(&output->pb, address.c_str(), AVIO_FLAG_WRITE, &output->interrupt_callback, wait.get());
      if (opened < 0) return Failed("cannot open", opened);
    }
    if (const int written = avformat_write_header(output, nullptr); written < 0)
      return Failed("cannot begin to stream to", written);
    started_ = true;
    packet_.reset(av_packet_alloc());
    return packet_ ? OkStatus() : OutOfMemory("no memory for a packet");
  }

  Status Write(const Frame& frame) override {
    TEMPERA_ASSIGN_OR_RETURN(FramePtr av, ToAvFrame(frame));
    av->pts = frame.pts;
    av->pict_type = AV_PICTURE_TYPE_NONE;
    return Send(av.get());
  }

  Status Finish() override {
    if (!started_) return OkStatus();
    started_ = false;
    TEMPERA_RETURN_IF_ERROR(Send(nullptr));
    const int written = av_write_trailer(output_.get());
    return written < 0 ? Failed("cannot end the stream to", written) : OkStatus();
  }

 private:
  Status OpenEncoder(const VideoInfo& info, const LiveStreamOptions& options) {
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    if (codec == nullptr) return Unsupported("this FFmpeg lacks libx264, which streams are encoded with");
    if (info.width % 2 || info.height % 2)
      return InvalidArgument("streams have even sizes, and the picture has " + std::to_string(info.width) +
                             "x" + std::to_string(info.height));
    encoder_.reset(avcodec_alloc_context3(codec));
    if (!encoder_) return OutOfMemory("no memory for an encoder");
    encoder_->width = info.width;
    encoder_->height = info.height;
    encoder_->time_base = time_base_;
    encoder_->pix_fmt = ToAvFormat(info.format);
    encoder_->colorspace = static_cast<AVColorSpace>(info.color_space);
    encoder_->color_range = static_cast<AVColorRange>(info.color_range);
    encoder_->color_primaries = static_cast<AVColorPrimaries>(info.color_primaries);
    encoder_->color_trc = static_cast<AVColorTransferCharacteristic>(info.color_transfer);
    const double fps =
        info.frame_rate.num > 0 ? static_cast<double>(info.frame_rate.num) / info.frame_rate.den : 30;
    encoder_->framerate = {static_cast<int>(fps * 1000), 1000};
    encoder_->gop_size = std::max(2, static_cast<int>(2 * fps));
    encoder_->max_b_frames = 0;
    encoder_->bit_rate = encoder_->rc_max_rate = BitrateOf(info, options);
    encoder_->rc_buffer_size = static_cast<int>(std::min<int64_t>(encoder_->bit_rate, INT32_MAX));
    encoder_->thread_count = 1;  // the cores are the painting's
    if (!std::strcmp(ContainerOf(address_), "flv")) encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    Options fast;
    fast.Set("preset", "veryfast");
    fast.Set("tune", "zerolatency");
    const int opened = avcodec_open2(encoder_.get(), codec, fast.get());
    return opened < 0 ? Failed("cannot encode for", opened) : OkStatus();
  }

  Status Send(const AVFrame* frame) {
    int status = avcodec_send_frame(encoder_.get(), frame);
    if (status < 0 && status != AVERROR_EOF) return Failed("cannot encode for", status);
    while ((status = avcodec_receive_packet(encoder_.get(), packet_.get())) >= 0) {
      packet_->stream_index = 0;
      av_packet_rescale_ts(packet_.get(), time_base_, stream_->time_base);
      const int written = av_interleaved_write_frame(output_.get(), packet_.get());
      if (written < 0) return Failed("the stream is lost:", written);
    }
    if (status != AVERROR(EAGAIN) && status != AVERROR_EOF) return Failed("cannot encode for", status);
    return OkStatus();
  }

  Status Failed(const char* what, int error) {
    if (error == AVERROR_EXIT) return {StatusCode::kCancelled, "stopped"};
    std::string why = TakeFfmpegError();
    if (why.empty()) {
      char text[AV_ERROR_MAX_STRING_SIZE] = {};
      av_strerror(error, text, sizeof text);
      why = text;
    }
    return IoError(std::string(what) + " '" + address_ + "': " + why);
  }

  std::string address_;
  AVRational time_base_ = {1, 90000};
  CodecPtr encoder_;
  std::unique_ptr<AVFormatContext, OutputDeleter> output_;
  AVStream* stream_ = nullptr;
  PacketPtr packet_;
  bool started_ = false;
};

}  // namespace

Result<std::unique_ptr<LiveStream>> LiveStream::Open(const std::string& address, const VideoInfo& info,
                                                     const LiveStreamOptions& options) {
  auto stream = std::make_unique<Stream>();
  TEMPERA_RETURN_IF_ERROR(stream->Start(address, info, options));
  return std::unique_ptr<LiveStream>(std::move(stream));
}

bool IsLiveAddress(const std::string& text) {
  static constexpr std::array kSchemes = {"rtmp://", "rtmps://", "srt://", "udp://", "rtp://", "tcp://"};
  return std::any_of(kSchemes.begin(), kSchemes.end(), [&](const char* s) { return StartsWith(text, s); });
}

}  // namespace tempera::media
