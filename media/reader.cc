#include "media/reader.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <thread>

extern "C" {
#include <libavutil/dovi_meta.h>
#include <libavutil/mathematics.h>
}

#include "media/ffmpeg.h"
#include "media/frame_bridge.h"
#include "media/normalizer.h"
#include "src/base/thread_pool.h"

namespace tempera::media {
namespace {

constexpr AVRational kMicroseconds{1, 1000000};

// AAC runs in over 21 to 46 ms, Opus over 80.
constexpr int64_t kLongestRunInUs = 100000;

// A step in time longer than this is a broken clock, not a pause: the film goes on without it.
constexpr int64_t kLongestStepUs = int64_t{3600} * 1000000;

// Between two looks at an input that has nothing yet.
constexpr std::chrono::milliseconds kAgain{2};

// What may come of other streams before the first frame: a minute of sound without loss.
constexpr int64_t kMostEarlyBytes = int64_t{64} << 20;

// Moments of a file are in this many ticks either side of zero, 36,000 years in microseconds; others are as
// good as none. So sums of some of them, and of steps and jumps, are numbers.
constexpr int64_t kMostTicks = int64_t{1} << 60;

// `ts`, or AV_NOPTS_VALUE where it is that or out of bounds.
int64_t Moment(int64_t ts) { return ts >= -kMostTicks && ts <= kMostTicks ? ts : AV_NOPTS_VALUE; }
int64_t Bounded(int64_t ticks) { return std::clamp(ticks, -kMostTicks, kMostTicks); }

// "12.5", without trailing zeros.
std::string Seconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", seconds);
  return text;
}

bool IsSinglePicture(const AVFormatContext& input) {
  const std::string name = input.iformat->name;
  // Of a numbered series it counts the pictures.
  if (name == "image2") return input.streams[0]->duration <= 1;
  return name.size() > 5 && name.compare(name.size() - 5, 5, "_pipe") == 0;
}

class Reader final : public VideoReader {
 public:
  Status Start(const std::string& path, const ReaderOptions& options);

  const VideoInfo& info() const override { return info_; }
  Result<std::optional<Frame>> Read() override;
  Status SetPacketSink(PacketSink sink) override;
  void Stop() override { stop_ = true; }
  std::vector<std::string> notices() const override;
  AVFormatContext* input() override { return input_.get(); }
  int video_stream() const override { return video_; }
  int64_t origin_us() const override { return origin_us_; }
  int64_t end_us() const override { return end_us_; }

 private:
  Status CheckStream();
  void Seek(double start_s);
  Status Prime();
  void Describe(const AVFrame& first);
  Status ReadPacket();
  Status Decode(const AVPacket* packet);
  Status Accept(AVFrame* frame);
  Status PassOn(AVPacket* packet);
  bool OthersDone() const;
  void TimeFrame(AVFrame* frame);

  std::string name_;
  ReaderOptions options_;
  std::atomic<bool> stop_{false};
  Cancels cancels_{nullptr, &stop_};
  InputPtr input_;
  int video_ = -1;
  CodecPtr decoder_;
  std::unique_ptr<Normalizer> normalizer_;
  PacketPtr packet_;
  FramePtr decoded_;
  VideoInfo info_;
  AVRational time_base_{1, 1};
  int64_t origin_us_ = 0, end_us_ = INT64_MAX;
  int64_t origin_ticks_ = 0;
  std::vector<FramePtr> scratch_;
  std::deque<FramePtr> ready_;
  std::deque<PacketPtr> early_packets_;  // before the first frame
  int64_t early_bytes_ = 0, left_out_ = 0;
  std::vector<bool> stream_done_;
  PacketSink sink_;
  bool primed_ = false;
  bool video_done_ = false;  // no further frame will come
  bool input_done_ = false;  // no further packet will come
  int64_t last_pts_ = AV_NOPTS_VALUE;
  int64_t step_ = 1;  // ticks between frames, when the file does not say
  int64_t jump_ = 0;  // ticks taken out of a broken clock
  int64_t concealed_ = 0, lost_ = 0, given_ = 0;
  std::string ended_early_;
};

Status Reader::CheckStream() {
  video_ = -1;
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    // A cover picture of an audio file is no video.
    if (input_->streams[i]->disposition & AV_DISPOSITION_ATTACHED_PIC) {
      input_->streams[i]->discard = AVDISCARD_DEFAULT;
    }
  }
  const int best = av_find_best_stream(input_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (best >= 0 && !(input_->streams[best]->disposition & AV_DISPOSITION_ATTACHED_PIC)) video_ = best;
  if (video_ < 0) return InvalidArgument(name_ + " holds no video");
  const AVStream& stream = *input_->streams[video_];
  const AVCodecParameters& par = *stream.codecpar;
  if (par.width > kMaxSide || par.height > kMaxSide) {
    return InvalidArgument(name_ + " is " + std::to_string(par.width) + "x" + std::to_string(par.height) +
                           " pixels: at most " + std::to_string(kMaxSide) +
                           " a side can be painted; scale it down first");
  }
  if (const uint8_t* data = StreamSideData(stream, AV_PKT_DATA_DOVI_CONF)) {
    const auto* dovi = reinterpret_cast<const AVDOVIDecoderConfigurationRecord*>(data);
    if (dovi->dv_profile == 5) {
      return Unsupported(name_ +
                         " is Dolby Vision profile 5, whose colours FFmpeg cannot convert: "
                         "export it as HDR10 or SDR first");
    }
  }
  return OkStatus();
}

void Reader::Seek(double start_s) {
  const int64_t file_start = Moment(input_->start_time) == AV_NOPTS_VALUE ? 0 : input_->start_time;
  origin_us_ = Bounded(file_start + std::llround(std::clamp(start_s * 1e6, 0.0, 1e18)));
  origin_ticks_ = Bounded(av_rescale_q(origin_us_, kMicroseconds, time_base_));
  if (options_.duration_s >= 0) end_us_ = std::llround(options_.duration_s * 1e6);
  // To the key frame before; inputs that cannot seek are decoded from their beginning.
  if (start_s > 0) avformat_seek_file(input_.get(), -1, INT64_MIN, origin_us_, origin_us_, 0);
}

Status Reader::Start(const std::string& path, const ReaderOptions& options) {
  name_ = ShownName(path);
  options_ = options;
  cancels_.first = options.cancel;
  TEMPERA_ASSIGN_OR_RETURN(input_, OpenInput(path, &cancels_));
  TEMPERA_RETURN_IF_ERROR(CheckStream());
  AVStream& stream = *input_->streams[video_];
  time_base_ = stream.time_base;
  stream_done_.assign(input_->nb_streams, false);
  // Four threads outrun any network; each costs a frame of memory.
  const int threads = options.threads > 0 ? options.threads : std::min(4, AvailableCpus());
  auto decoder = OpenDecoder(stream, threads);
  if (!decoder.ok()) return Status(decoder.status().code(), name_ + ": " + decoder.status().message());
  decoder_ = std::move(decoder).value();
  const uint8_t* matrix = StreamSideData(stream, AV_PKT_DATA_DISPLAYMATRIX);
  normalizer_ = std::make_unique<Normalizer>(Target::kVideo, TurnOf(reinterpret_cast<const int32_t*>(matrix)),
                                             time_base_, threads);
  packet_.reset(av_packet_alloc());
  decoded_.reset(av_frame_alloc());
  if (!packet_ || !decoded_) return OutOfMemory("no memory to read " + name_);

  AVRational rate = stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate;
  if (rate.num > 0 && rate.den > 0 && av_q2d(rate) <= 1000) {
    info_.frame_rate = {rate.num, rate.den};
    step_ = std::clamp<int64_t>(av_rescale_q(1, av_inv_q(rate), time_base_), 1, int64_t{1} << 40);
  }
  Seek(options.start_s);
  return Prime();
}

// Reads until the first frame is ready: it tells size and colours.
Status Reader::Prime() {
  TakeFfmpegError();
  while (ready_.empty() && !(video_done_ && input_done_)) {
    TEMPERA_RETURN_IF_ERROR(ReadPacket());
    if (video_done_ && ready_.empty()) break;
  }
  if (ready_.empty()) {
    if (cancels_.now()) {
      return {StatusCode::kCancelled, "stopped before the first frame: nothing was written"};
    }
    const std::string said = TakeFfmpegError();
    if (options_.start_s > 0 && lost_ == 0) {
      return InvalidArgument(name_ + " has no frame at second " + Seconds(options_.start_s) +
                             ": it ends before");
    }
    return InvalidArgument("no frame of " + name_ + " could be decoded" + (said.empty() ? "" : ": " + said) +
                           "; the file is damaged or cut short");
  }
  Describe(*ready_.front());
  primed_ = true;
  return OkStatus();
}

void Reader::Describe(const AVFrame& first) {
  const AVStream& stream = *input_->streams[video_];
  info_.width = first.width;
  info_.height = first.height;
  info_.time_base = {time_base_.num, time_base_.den};
  AVRational sar = av_guess_sample_aspect_ratio(input_.get(), const_cast<AVStream*>(&stream), nullptr);
  const uint8_t* matrix = StreamSideData(stream, AV_PKT_DATA_DISPLAYMATRIX);
  if (TurnOf(reinterpret_cast<const int32_t*>(matrix)).swaps_axes && sar.num > 0) sar = av_inv_q(sar);
  if (sar.num > 0 && sar.den > 0) info_.sample_aspect = {sar.num, sar.den};
  info_.format = first.format == AV_PIX_FMT_NV12 ? PixelFormat::kNv12 : PixelFormat::kI420;
  info_.color_primaries = first.color_primaries;
  info_.color_transfer = first.color_trc;
  info_.color_space = first.colorspace;
  info_.color_range = first.format == AV_PIX_FMT_YUVJ420P ? AVCOL_RANGE_JPEG : first.color_range;
  info_.chroma_location = first.chroma_location;
  info_.single_picture = IsSinglePicture(*input_);

  double seconds = 0;
  if (stream.duration > 0 && stream.duration != AV_NOPTS_VALUE) {
    seconds = stream.duration * av_q2d(time_base_);
  } else if (input_->duration > 0) {
    seconds = input_->duration * 1e-6;
  }
  double wanted = std::max(0.0, seconds - options_.start_s);
  if (options_.duration_s >= 0)
    wanted = seconds > 0 ? std::min(wanted, options_.duration_s) : options_.duration_s;
  if (stream.nb_frames > 0 && seconds > 0) {
    info_.estimated_frames = std::llround(stream.nb_frames * wanted / seconds);
  } else if (info_.frame_rate.num > 0) {
    info_.estimated_frames = std::llround(wanted * info_.frame_rate.num / info_.frame_rate.den);
  }
}

bool Reader::OthersDone() const {
  if (end_us_ == INT64_MAX) return false;
  for (unsigned i = 0; i < input_->nb_streams && i < stream_done_.size(); ++i) {
    const AVStream& s = *input_->streams[i];
    if (s.codecpar->codec_type == AVMEDIA_TYPE_AUDIO && !stream_done_[i]) return false;
  }
  return true;
}

// Reads one packet and does what belongs to it.
Status Reader::ReadPacket() {
  if (input_done_ || (video_done_ && OthersDone())) {
    input_done_ = true;
    if (!video_done_) {
      TEMPERA_RETURN_IF_ERROR(Decode(nullptr));
      video_done_ = true;
    }
    return OkStatus();
  }
  const int error = av_read_frame(input_.get(), packet_.get());
  if (error == AVERROR(EAGAIN) && !cancels_.now()) {
    // A camera or a network that has nothing yet.
    std::this_thread::sleep_for(kAgain);
    return OkStatus();
  }
  if (error < 0) {
    if (error != AVERROR_EOF && !cancels_.now()) ended_early_ = ErrorText(error);
    input_done_ = true;
    return OkStatus();
  }
  Status status;
  if (packet_->stream_index == video_) {
    if (!video_done_) status = Decode(packet_.get());
  } else {
    status = PassOn(packet_.get());
  }
  av_packet_unref(packet_.get());
  return status;
}

Status Reader::PassOn(AVPacket* packet) {
  const AVStream& stream = *input_->streams[packet->stream_index];
  const int64_t origin = Bounded(av_rescale_q(origin_us_, kMicroseconds, stream.time_base));
  packet->pts = Moment(packet->pts);
  packet->dts = Moment(packet->dts);
  if (packet->pts != AV_NOPTS_VALUE) packet->pts -= origin;
  if (packet->dts != AV_NOPTS_VALUE) packet->dts -= origin;
  if (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) {
    packet->pts = packet->dts = 0;
  } else {
    const int64_t ts = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
    if (ts != AV_NOPTS_VALUE) {
      if (options_.start_s > 0 && ts < 0) return OkStatus();
      // What an edit list hides; the little that codecs need to run in stays.
      if ((packet->flags & AV_PKT_FLAG_DISCARD) &&
          av_compare_ts(ts, stream.time_base, -kLongestRunInUs, kMicroseconds) < 0) {
        return OkStatus();
      }
      if (end_us_ != INT64_MAX && av_compare_ts(ts, stream.time_base, end_us_, kMicroseconds) >= 0) {
        if (static_cast<size_t>(packet->stream_index) < stream_done_.size()) {
          stream_done_[packet->stream_index] = true;
        }
        return OkStatus();
      }
    }
  }
  if (sink_) return sink_(packet);
  if (primed_) return OkStatus();
  early_bytes_ += packet->size;
  if (early_bytes_ > kMostEarlyBytes) {
    ++left_out_;
    return OkStatus();
  }
  PacketPtr copy(av_packet_clone(packet));
  if (!copy) return OutOfMemory("no memory to read " + name_);
  early_packets_.push_back(std::move(copy));
  return OkStatus();
}

Status Reader::Decode(const AVPacket* packet) {
  int error = avcodec_send_packet(decoder_.get(), packet);
  if (error < 0 && error != AVERROR(EAGAIN) && error != AVERROR_EOF) {
    if (error == AVERROR(ENOMEM)) return OutOfMemory("no memory to decode " + name_);
    ++lost_;
  }
  for (int flush_errors = 0;;) {
    error = avcodec_receive_frame(decoder_.get(), decoded_.get());
    if (error == AVERROR(EAGAIN)) return OkStatus();
    if (error == AVERROR_EOF) break;
    if (error == AVERROR(ENOMEM)) return OutOfMemory("no memory to decode " + name_);
    if (error < 0) {
      ++lost_;
      if (packet) return OkStatus();
      // At the end each call takes one more picture out of the decoder's threads; a decoder that
      // only repeats itself is left.
      if (++flush_errors > 64) break;
      continue;
    }
    TEMPERA_RETURN_IF_ERROR(Accept(decoded_.get()));
    av_frame_unref(decoded_.get());
    if (video_done_) break;
  }
  // The end: what the deinterlacer still holds.
  scratch_.clear();
  Status status = normalizer_->Push(nullptr, &scratch_);
  if (!status.ok()) return Status(status.code(), name_ + ": " + status.message());
  for (FramePtr& f : scratch_) ready_.push_back(std::move(f));
  return OkStatus();
}

// Gives a frame its place in time: from 0, always rising.
void Reader::TimeFrame(AVFrame* frame) {
  int64_t pts = Moment(frame->best_effort_timestamp);
  if (pts == AV_NOPTS_VALUE) pts = Moment(frame->pts);
  if (pts == AV_NOPTS_VALUE) {
    pts = last_pts_ == AV_NOPTS_VALUE ? 0 : last_pts_ + step_;
  } else {
    pts -= origin_ticks_ + jump_;
    if (last_pts_ != AV_NOPTS_VALUE) {
      const int64_t longest = std::max<int64_t>(1, av_rescale_q(kLongestStepUs, kMicroseconds, time_base_));
      if (pts - last_pts_ > longest || last_pts_ - pts > longest) {
        jump_ += pts - (last_pts_ + step_);
        pts = last_pts_ + step_;
      }
    }
  }
  frame->pts = pts;
}

Status Reader::Accept(AVFrame* frame) {
  TimeFrame(frame);
  if (options_.start_s > 0 && frame->pts < 0) return OkStatus();
  if (end_us_ != INT64_MAX && av_compare_ts(frame->pts, time_base_, end_us_, kMicroseconds) >= 0) {
    video_done_ = true;
    return OkStatus();
  }
  if (last_pts_ != AV_NOPTS_VALUE) {
    // After damage a decoder gives leftovers at moments already shown.
    if (lost_ > 0 && frame->pts - last_pts_ < (step_ + 1) / 2) {
      ++lost_;
      return OkStatus();
    }
    if (frame->pts <= last_pts_) frame->pts = last_pts_ + std::max<int64_t>(1, step_ / 2);
  }
  last_pts_ = frame->pts;
  if (frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT)) ++concealed_;
  ForgetPasses(decoder_->codec_id, frame);
  scratch_.clear();
  Status status = normalizer_->Push(frame, &scratch_);
  if (!status.ok()) return Status(status.code(), name_ + ": " + status.message());
  for (FramePtr& f : scratch_) ready_.push_back(std::move(f));
  return OkStatus();
}

Result<std::optional<Frame>> Reader::Read() {
  while (!cancels_.now() && ready_.empty() && !(video_done_ && input_done_)) {
    TEMPERA_RETURN_IF_ERROR(ReadPacket());
  }
  if (cancels_.now() || ready_.empty()) return std::optional<Frame>();
  FramePtr av = std::move(ready_.front());
  ready_.pop_front();
#if LIBAVUTIL_VERSION_MAJOR >= 58
  const int64_t duration = av->duration;
#else
  const int64_t duration = av->pkt_duration;
#endif
  Frame frame = WrapAvFrame(std::move(av));
  frame.duration = duration > 0 ? duration : 0;
  frame.pts_us = av_rescale_q(frame.pts, time_base_, kMicroseconds);
  ++given_;
  return std::optional<Frame>(std::move(frame));
}

Status Reader::SetPacketSink(PacketSink sink) {
  sink_ = std::move(sink);
  while (!early_packets_.empty()) {
    if (sink_) TEMPERA_RETURN_IF_ERROR(sink_(early_packets_.front().get()));
    early_packets_.pop_front();
  }
  return OkStatus();
}

std::vector<std::string> Reader::notices() const {
  std::vector<std::string> all = normalizer_->notices();
  const auto frames = [](int64_t n) { return std::to_string(n) + (n == 1 ? " frame" : " frames"); };
  if (concealed_ > 0 || lost_ > 0) {
    std::string damage = "the file is damaged: ";
    if (concealed_ > 0) damage += frames(concealed_) + " repaired";
    if (concealed_ > 0 && lost_ > 0) damage += ", ";
    if (lost_ > 0) damage += frames(lost_) + " could not be decoded";
    all.push_back(damage);
  }
  if (left_out_ > 0) {
    all.push_back(std::to_string(left_out_) +
                  " packets of other streams before the first frame were left out");
  }
  if (jump_ != 0) all.push_back("a jump of the file's clock was taken out");
  if (!ended_early_.empty()) all.push_back("the file breaks off: " + ended_early_);
  // A file cut short often just ends; its header knows better.
  const AVStream& stream = *input_->streams[video_];
  if (ended_early_.empty() && input_done_ && end_us_ == INT64_MAX && stream.duration > 0 &&
      stream.duration != AV_NOPTS_VALUE && last_pts_ != AV_NOPTS_VALUE && !cancels_.now()) {
    const double said = stream.duration * av_q2d(time_base_) - options_.start_s;
    const double got = (last_pts_ + step_) * av_q2d(time_base_);
    if (said - got > std::max(2.0, 0.05 * said)) {
      char text[96];
      std::snprintf(text, sizeof text, "the file breaks off at %.1f of %.1f seconds", got, said);
      all.push_back(text);
    }
  }
  return all;
}

}  // namespace

Result<std::unique_ptr<VideoReader>> VideoReader::Open(const std::string& path,
                                                       const ReaderOptions& options) {
  auto reader = std::make_unique<Reader>();
  TEMPERA_RETURN_IF_ERROR(reader->Start(path, options));
  return std::unique_ptr<VideoReader>(std::move(reader));
}

}  // namespace tempera::media
