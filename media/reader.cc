#include "media/reader.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <deque>
#include <thread>

extern "C" {
#include <libavutil/mathematics.h>
}

#include "media/ffmpeg.h"
#include "media/film/cut_short.h"
#include "media/film/encrypted.h"
#include "media/film/input_facts.h"
#include "media/film/packet_line.h"
#include "media/film/series.h"
#include "media/film/side_packet.h"
#include "media/film/walk.h"
#include "media/frame_bridge.h"
#include "media/joined/joined.h"
#include "media/joined/moved_on.h"
#include "media/normalizer.h"
#include "src/base/thread_pool.h"

namespace tempera::media {
namespace {

constexpr AVRational kMicroseconds{1, 1000000};

// How far behind the end sound may lie in a file: the longest that FFmpeg's muxers let streams run apart.
constexpr int64_t kLongestWaitUs = 10 * 1000000;

// Between two looks at an input that has nothing yet.
constexpr std::chrono::milliseconds kAgain{2};

// What may come of other streams before the first frame: a minute of sound without loss.
constexpr int64_t kMostEarlyBytes = int64_t{64} << 20;

// After damage, as many frames may come at odd moments: what four threads and a decoder's order hold back.
constexpr int kUnsettled = 24;

// How a reader comes to where it should begin.
enum class Approach {
  kSeek,      // by the file's index
  kSeekBack,  // the same, a minute earlier: without an index a seek may land behind the key frame wanted
  kWalk,      // through all of the file up to there
};
constexpr int64_t kBackUs = int64_t{60} * 1000000;

class Reader final : public VideoReader {
 public:
  Status Start(const std::string& path, const ReaderOptions& options, const FilmBounds& films,
               Approach approach);
  // After Start: it began behind the wanted moment, and may not have without the seek.
  bool LandedLate() const;

  const VideoInfo& info() const override { return info_; }
  Result<std::optional<Frame>> Read() override;
  Status SetPacketSink(PacketSink sink) override;
  void Stop() override { stop_ = true; }
  std::optional<int64_t> lost_frame() const override { return lost_at_; }
  std::vector<std::string> notices() const override;
  AVFormatContext* input() override { return input_.get(); }
  int video_stream() const override { return video_; }
  int64_t origin_us() const override { return origin_us_; }
  int64_t end_us() const override { return end_us_; }

 private:
  void Seek(double start_s, Approach approach);
  Status Prime();
  Status ReadPacket();
  Status HandlePackets();
  Status HandlePicture(const AVPacket& packet);
  Status EndWalk();
  void Detelecine(AVRational rate);
  Status NextDecoder(int part);
  Status Decode(const AVPacket* packet);
  Status DecodeOne(const AVPacket* packet);
  void Lose();
  Status Accept(AVFrame* frame);
  Status PassOn(AVPacket* packet);
  bool OthersDone() const;
  void TimeFrame(AVFrame* frame);

  std::string name_, path_;
  ReaderOptions options_;
  std::atomic<bool> stop_{false};
  Cancels cancels_{nullptr, &stop_};
  Parts parts_;
  InputPtr input_;
  int video_ = -1;
  int part_ = 0;  // whose pictures are decoded
  int threads_ = 1;
  CodecPtr decoder_;
  std::unique_ptr<Normalizer> normalizer_;
  PacketPtr packet_;
  std::unique_ptr<PacketLine> line_;
  std::unique_ptr<Walk> walk_;  // while on the way to the start
  FramePtr decoded_;
  VideoInfo info_;
  AVRational time_base_{1, 1};
  int64_t origin_us_ = 0, end_us_ = INT64_MAX;
  int64_t origin_ticks_ = 0;
  std::vector<FramePtr> scratch_;
  std::deque<FramePtr> ready_;
  std::deque<PacketPtr> early_packets_;  // before the first frame
  int64_t read_to_ = 0;                  // the end of the last packet in the file
  int64_t early_bytes_ = 0, left_out_ = 0;
  std::vector<bool> stream_done_;
  PacketSink sink_;
  bool primed_ = false;
  CutShort cut_short_;
  bool far_behind_ = false;             // what is read lies far behind the end that is wanted
  bool video_done_ = false;             // no further frame will come
  bool input_done_ = false;             // no further packet will come
  int64_t last_pts_ = AV_NOPTS_VALUE;   // of what is given
  int64_t last_seen_ = AV_NOPTS_VALUE;  // of what was decoded
  int64_t step_ = 1;                    // ticks between frames, when the file does not say
  bool sought_ = false;                 // it began elsewhere than at the beginning
  bool saw_before_ = false;    // a frame before the wanted moment, so that none of those behind it is missing
  bool by_own_clock_ = false;  // where it began was asked of a clock that may jump
  MovedOn moved_on_;
  int64_t concealed_ = 0, lost_ = 0, given_ = 0;
  std::optional<int64_t> lost_at_;
  int unsettled_ = 0;
  std::string ended_early_, series_notice_, telecine_notice_;
};

void Reader::Seek(double start_s, Approach approach) {
  const int64_t file_start = Moment(input_->start_time) == AV_NOPTS_VALUE ? 0 : input_->start_time;
  origin_us_ = Bounded(file_start + std::llround(std::clamp(start_s * 1e6, 0.0, 1e18)));
  origin_ticks_ = Bounded(av_rescale_q(origin_us_, kMicroseconds, time_base_));
  if (options_.duration_s >= 0) end_us_ = std::llround(options_.duration_s * 1e6);
  if (start_s <= 0) return;
  const bool seekable = !input_->pb || (input_->pb->seekable & AVIO_SEEKABLE_NORMAL);
  const bool is_guess = LacksIndex(*input_, *input_->streams[video_]);
  // Where a seek is a guess, or films are joined, all of a file is walked through; from afar only in need.
  if (approach == Approach::kWalk || !seekable || parts_.any() || (is_guess && !IsUrl(path_))) {
    walk_ = std::make_unique<Walk>();
    return;
  }
  by_own_clock_ = is_guess;
  // To the key frame before. What a seek that fails leaves behind is seen by LandedLate.
  const int64_t to = origin_us_ - (approach == Approach::kSeekBack || is_guess ? kBackUs : 0);
  (void)avformat_seek_file(input_.get(), -1, INT64_MIN, to, to, 0);
  sought_ = true;
}

void Reader::Detelecine(AVRational rate) {
  telecine_notice_ = NoTelecineNote(rate);
  if (!telecine_notice_.empty()) return;
  normalizer_->Detelecine(rate);
  av_reduce(&info_.frame_rate.num, &info_.frame_rate.den, int64_t{rate.num} * 4, int64_t{rate.den} * 5,
            INT32_MAX);
}

bool Reader::LandedLate() const {
  if (by_own_clock_ && ready_.empty()) return true;
  return sought_ && !saw_before_ && (ready_.empty() || ready_.front()->pts > step_ + step_ / 2);
}

Status Reader::Start(const std::string& path, const ReaderOptions& options, const FilmBounds& films,
                     Approach approach) {
  name_ = ShownName(path);
  path_ = path;
  options_ = options;
  cancels_.first = options.cancel;
  if (const auto series = FindSeries(path); series.ok() && series->has_value())
    series_notice_ = (*series)->notice;
  TEMPERA_ASSIGN_OR_RETURN(input_, parts_.Open(path, films, &cancels_));
  TEMPERA_ASSIGN_OR_RETURN(video_, ChooseVideo(*input_, name_));
  AVStream& stream = *input_->streams[video_];
  time_base_ = parts_.TimeBase(stream);
  line_ = std::make_unique<PacketLine>(*input_, video_, time_base_);
  stream_done_.assign(input_->nb_streams, false);
  // Four threads outrun any network; each costs a frame of memory.
  threads_ = options.threads > 0 ? options.threads : std::min(4, AvailableCpus());
  auto decoder = OpenDecoder(stream, threads_);
  if (!decoder.ok()) return Status(decoder.status().code(), name_ + ": " + decoder.status().message());
  decoder_ = std::move(decoder).value();
  decoder_->pkt_timebase = time_base_;
  const uint8_t* matrix = StreamSideData(stream, AV_PKT_DATA_DISPLAYMATRIX);
  const Turn turn = TurnOf(reinterpret_cast<const int32_t*>(matrix));
  normalizer_ = std::make_unique<Normalizer>(Target::kVideo, turn, time_base_, threads_);
  packet_.reset(av_packet_alloc());
  decoded_.reset(av_frame_alloc());
  if (!packet_ || !decoded_) return OutOfMemory("no memory to read " + name_);

  AVRational rate = stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate;
  if (rate.num > 0 && rate.den > 0 && av_q2d(rate) <= 1000) {
    info_.frame_rate = {rate.num, rate.den};
    step_ = std::clamp<int64_t>(av_rescale_q(1, av_inv_q(rate), time_base_), 1, int64_t{1} << 40);
  }
  if (options.detelecine) Detelecine(rate);
  const auto seen = SeenPart(path, *input_, &stream, parts_.begin());
  normalizer_->Show(turn, seen.value_or(Crop()), stream.sample_aspect_ratio);
  Seek(options.start_s, approach);
  return Prime();
}

// Reads until the first frame is ready: it tells size and colours.
Status Reader::Prime() {
  TakeFfmpegError();
  while (ready_.empty() && !(video_done_ && input_done_)) {
    TEMPERA_RETURN_IF_ERROR(ReadPacket());
    if (video_done_ && ready_.empty()) break;
  }
  const bool damaged = ready_.empty() || lost_ > 0 || concealed_ > 0;
  if (damaged && !cancels_.now() && IsScrambled(path_, input_->iformat->name))
    return Unsupported(name_ + kIsEncrypted);
  if (ready_.empty()) {
    if (cancels_.now())
      return {StatusCode::kCancelled, "stopped before the first frame: nothing was written"};
    return NoFrame(name_, lost_ == 0 ? options_.start_s : 0, TakeFfmpegError());
  }
  DescribeVideo(input_.get(), video_, *ready_.front(), options_,
                options_.detelecine && telecine_notice_.empty(), &info_);
  info_.time_base = {time_base_.num, time_base_.den};
  // The header of the first film tells its own length only.
  if (parts_.any()) info_.whole_s = 0;
  if (parts_.any() && end_us_ == INT64_MAX) info_.estimated_frames = info_.most_frames = 0;
  return primed_ = true, OkStatus();
}

bool Reader::OthersDone() const {
  if (end_us_ == INT64_MAX) return false;
  if (far_behind_) return true;
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
  const int error = parts_.Read(input_.get(), video_, packet_.get());
  if (error == AVERROR(EAGAIN) && !cancels_.now()) {
    std::this_thread::sleep_for(kAgain);  // a camera or a network that has nothing yet
    return OkStatus();
  }
  if (error < 0) {
    // Behind a gap of a series, image2 may look for more pictures than there are.
    const bool gap = !series_notice_.empty();
    if (error != AVERROR_EOF && !cancels_.now() && !gap) ended_early_ = ErrorText(error);
    line_->End();
    TEMPERA_RETURN_IF_ERROR(HandlePackets());
    if (walk_) TEMPERA_RETURN_IF_ERROR(EndWalk());
    return input_done_ = true, OkStatus();
  }
  if (packet_->pos >= 0) read_to_ = std::max(read_to_, packet_->pos + packet_->size);
  if (!parts_.any()) cut_short_.Read(*input_, *packet_, video_);
  TEMPERA_RETURN_IF_ERROR(line_->Push(packet_.get()));
  return HandlePackets();
}

// What has its place in time.
Status Reader::HandlePackets() {
  while (const PacketPtr packet = line_->Pop()) {
    if (moved_on_.IsTheirs(*input_, video_, video_done_, *packet)) continue;
    if (packet->stream_index != video_) {
      TEMPERA_RETURN_IF_ERROR(PassOn(packet.get()));
    } else if (!video_done_) {
      TEMPERA_RETURN_IF_ERROR(HandlePicture(*packet));
    } else if (const int64_t at = Moment(packet->dts); at != AV_NOPTS_VALUE && end_us_ != INT64_MAX) {
      // A track without packets does not say that its end has come.
      far_behind_ |=
          av_compare_ts(Bounded(at - origin_ticks_), time_base_, end_us_ + kLongestWaitUs, kMicroseconds) > 0;
    }
  }
  return OkStatus();
}

Status Reader::HandlePicture(const AVPacket& packet) {
  if (IsEncrypted(packet)) return Unsupported(name_ + kIsEncrypted);
  if (!walk_) return Decode(&packet);
  int64_t ticks = Moment(packet.dts != AV_NOPTS_VALUE ? packet.dts : packet.pts);
  if (ticks != AV_NOPTS_VALUE) ticks -= origin_ticks_;
  const int64_t second = std::max<int64_t>(1, av_rescale_q(1000000, kMicroseconds, time_base_));
  if (!walk_->Add(packet, ticks, second)) return OutOfMemory("no memory to read " + name_);
  return walk_->arrived() ? EndWalk() : OkStatus();
}

Status Reader::EndWalk() {
  const std::unique_ptr<Walk> walk = std::move(walk_);
  while (const PacketPtr packet = walk->Next()) {
    if (!video_done_) TEMPERA_RETURN_IF_ERROR(Decode(packet.get()));
  }
  return OkStatus();
}

Status Reader::PassOn(AVPacket* packet) {
  const AVStream& stream = *input_->streams[packet->stream_index];
  const size_t index = static_cast<size_t>(packet->stream_index);
  // What an edit list hides of a later film is no run-in: the sound before goes on to there.
  if (PartOf(*packet) > 0 && (packet->flags & AV_PKT_FLAG_DISCARD)) return OkStatus();
  const Side side = CutSidePacket(stream, origin_us_, end_us_, options_.start_s > 0, packet);
  if (side == Side::kBehind && index < stream_done_.size()) stream_done_[index] = true;
  if (side != Side::kKept) return OkStatus();
  if (sink_) return sink_(packet);
  if (primed_) return OkStatus();
  early_bytes_ += packet->size;
  if (early_bytes_ > kMostEarlyBytes) return ++left_out_, OkStatus();
  PacketPtr copy(av_packet_clone(packet));
  if (!copy) return OutOfMemory("no memory to read " + name_);
  early_packets_.push_back(std::move(copy));
  return OkStatus();
}

// The end of one film's pictures, and what decodes those of the next.
Status Reader::NextDecoder(int part) {
  TEMPERA_RETURN_IF_ERROR(DecodeOne(nullptr));
  part_ = part;
  auto next = parts_.Take(part, threads_);
  if (!next.ok()) return Status(next.status().code(), name_ + ": " + next.status().message());
  decoder_ = std::move(next->decoder);
  normalizer_->Show(next->turn, next->seen.value_or(Crop()), next->sample_aspect);
  return OkStatus();
}

Status Reader::Decode(const AVPacket* packet) {
  if (packet && PartOf(*packet) != part_) TEMPERA_RETURN_IF_ERROR(NextDecoder(PartOf(*packet)));
  if (video_done_) return OkStatus();
  TEMPERA_RETURN_IF_ERROR(DecodeOne(packet));
  if (packet && !video_done_) return OkStatus();
  // The end: what the deinterlacer still holds.
  scratch_.clear();
  Status status = normalizer_->Push(nullptr, &scratch_);
  if (!status.ok()) return Status(status.code(), name_ + ": " + status.message());
  for (FramePtr& f : scratch_) ready_.push_back(std::move(f));
  return OkStatus();
}

void Reader::Lose() {
  if (!lost_at_) lost_at_ = given_ + static_cast<int64_t>(ready_.size());
  ++lost_, unsettled_ = kUnsettled;
}

Status Reader::DecodeOne(const AVPacket* packet) {
  int error = avcodec_send_packet(decoder_.get(), packet);
  if (error < 0 && error != AVERROR(EAGAIN) && error != AVERROR_EOF) {
    if (error == AVERROR(ENOMEM)) return OutOfMemory("no memory to decode " + name_);
    // Theora's headers, which joined files bring again, are no pictures.
    const bool header =
        decoder_->codec_id == AV_CODEC_ID_THEORA && packet && packet->size > 0 && (packet->data[0] & 0x80);
    if (!header) Lose();
  }
  for (int flush_errors = 0;;) {
    error = avcodec_receive_frame(decoder_.get(), decoded_.get());
    if (error == AVERROR(EAGAIN)) return OkStatus();
    if (error == AVERROR_EOF) break;
    if (error == AVERROR(ENOMEM)) return OutOfMemory("no memory to decode " + name_);
    if (error < 0) {
      Lose();
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
  return OkStatus();
}

// Gives a frame its place in time, from the origin on.
void Reader::TimeFrame(AVFrame* frame) {
  int64_t pts = Moment(frame->best_effort_timestamp);
  if (pts == AV_NOPTS_VALUE) pts = Moment(frame->pts);
  if (pts == AV_NOPTS_VALUE) {
    // Without times it counts: from the beginning, which lies before the origin where that is not wanted.
    const int64_t first =
        sought_ ? 0
                : -Bounded(av_rescale_q(std::llround(std::clamp(options_.start_s * 1e6, 0.0, 1e18)),
                                        kMicroseconds, time_base_));
    pts = last_seen_ == AV_NOPTS_VALUE ? first : last_seen_ + step_;
  } else {
    pts -= origin_ticks_;
  }
  last_seen_ = pts;
  frame->pts = pts;
}

Status Reader::Accept(AVFrame* frame) {
  TimeFrame(frame);
  if (options_.start_s > 0 && frame->pts < 0) {
    saw_before_ = true;
    return OkStatus();
  }
  // What could not be decoded on the way is not missed.
  if (last_pts_ == AV_NOPTS_VALUE && options_.start_s > 0) lost_ = 0, lost_at_.reset();
  if (end_us_ != INT64_MAX && av_compare_ts(frame->pts, time_base_, end_us_, kMicroseconds) >= 0) {
    video_done_ = true;
    return OkStatus();
  }
  if (last_pts_ != AV_NOPTS_VALUE) {
    // After damage a decoder gives leftovers at moments already shown.
    if (unsettled_ > 0 && --unsettled_ >= 0 && frame->pts - last_pts_ < (step_ + 1) / 2) {
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
  if (concealed_ > 0 || lost_ > 0) all.push_back(DamageNote(concealed_, lost_));
  if (left_out_ > 0) {
    all.push_back(std::to_string(left_out_) +
                  " packets of other streams before the first frame were left out");
  }
  for (std::string& n : parts_.notices(line_ && line_->jumped())) all.push_back(std::move(n));
  if (!telecine_notice_.empty()) all.push_back(telecine_notice_);
  if (!series_notice_.empty()) all.push_back(series_notice_);
  if (line_) line_->AddNotices(origin_us_, end_us_, &all);
  if (by_own_clock_) all.push_back(kByOwnClock);
  const double end_s = (last_pts_ == AV_NOPTS_VALUE ? 0 : last_pts_ + step_) * av_q2d(time_base_);
  // Tracks of other containers lie beside each other; transport streams are joined.
  const bool moved_on = moved_on_.now() && (input_->iformat->flags & AVFMT_TS_DISCONT) && end_s > 0;
  if (moved_on) all.push_back(MovedOnNote(end_s));
  const bool all_read = input_done_ && end_us_ == INT64_MAX && !cancels_.now();
  if (all_read && UnreadEnd(*input_, read_to_) > 0) all.push_back(UnreadNote(UnreadEnd(*input_, read_to_)));
  if (!ended_early_.empty()) all.push_back("the file breaks off: " + ended_early_);
  if (all_read && !moved_on && ended_early_.empty() && !line_->jumped()) {
    if (std::string cut = cut_short_.Note(*input_, video_); !cut.empty()) all.push_back(std::move(cut));
  }
  return all;
}

}  // namespace

Result<std::unique_ptr<VideoReader>> VideoReader::Open(const std::string& path,
                                                       const ReaderOptions& options) {
  // Looked for once, whatever the ways that are tried.
  FilmBounds films;
  if (path != "-" && !IsUrl(path))
    films = FindParts(path, [&options] { return options.cancel && options.cancel->load(); });
  for (const Approach approach : {Approach::kSeek, Approach::kSeekBack, Approach::kWalk}) {
    auto reader = std::make_unique<Reader>();
    const Status status = reader->Start(path, options, films, approach);
    if (approach != Approach::kWalk && reader->LandedLate()) continue;
    TEMPERA_RETURN_IF_ERROR(status);
    return std::unique_ptr<VideoReader>(std::move(reader));
  }
  return Internal("no way into " + ShownName(path));
}

}  // namespace tempera::media
