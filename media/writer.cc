#include "media/writer.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>

extern "C" {
#include <libavutil/mathematics.h>
#include <libavutil/stereo3d.h>
#include <libavutil/timecode.h>
}

#include "media/encoder.h"
#include "media/film/alpha_plane.h"
#include "media/film/container.h"
#include "media/film/series.h"
#include "media/film/series_writer.h"
#include "media/film/side_packet.h"
#include "media/filter_graph.h"
#include "media/frame_bridge.h"
#include "media/stream_copier.h"
#include "src/base/atomic_file.h"

namespace tempera::media {
namespace {

// A pause longer than this is not filled with copies of a frame at a constant rate.
constexpr int kLongestFillSeconds = 60;

struct OutputDeleter {
  void operator()(AVFormatContext* p) const {
    if (p->pb && !(p->oformat->flags & AVFMT_NOFILE)) avio_closep(&p->pb);
    avformat_free_context(p);
  }
};

// Whether there are keys that the makers of cameras and telephones define, and that the container has no box
// for.
bool HasCameraKeys(const AVFormatContext& output) {
  const AVDictionaryEntry* e = nullptr;
  while ((e = av_dict_get(output.metadata, "com.", e, AV_DICT_IGNORE_SUFFIX))) {
    if (!std::strncmp(e->key, "com.apple.", 10) || !std::strncmp(e->key, "com.android.", 12)) return true;
  }
  if (!std::strcmp(output.oformat->name, "mov")) return false;
  return av_dict_get(output.metadata, "make", nullptr, 0) ||
         av_dict_get(output.metadata, "model", nullptr, 0);
}

// The time code of the moment that lies `by_us` behind the one of `code`; "" where that cannot be told.
std::string ShiftTimecode(const char* code, AVRational rate, int64_t by_us) {
  if (by_us <= 0) return code;
  AVTimecode at = {};
  if (rate.num <= 0 || rate.den <= 0 || av_timecode_init_from_string(&at, rate, code, nullptr) < 0) return "";
  const int64_t frames = av_rescale(by_us, rate.num, int64_t{1000000} * rate.den);
  char text[AV_TIMECODE_STR_SIZE] = {};
  if (frames > INT32_MAX / 2) return "";
  return av_timecode_make_string(&at, text, static_cast<int>(frames));
}

// Containers whose titles may have any name.
bool HoldsAnyKey(const AVOutputFormat& container) {
  for (const char* name : {"matroska", "webm", "nut", "ogg", "ogv"}) {
    if (!std::strcmp(container.name, name)) return true;
  }
  return false;
}

bool HoldsTimecode(const AVOutputFormat& container) {
  for (const char* name : {"mov", "mp4", "flv", "gxf", "mxf", "mxf_d10", "mxf_opatom", "dv"}) {
    if (!std::strcmp(container.name, name)) return true;
  }
  return HoldsAnyKey(container);
}

class Writer final : public VideoWriter {
 public:
  ~Writer() override {
    if (source_) (void)source_->SetPacketSink(nullptr);
    CloseEncoder(&encoder_);
  }
  Status Start(const std::string& path, const VideoInfo& info, VideoReader* source,
               const WriterOptions& options);
  Status Write(const Frame& frame) override;
  Status Finish() override;
  std::string codec_name() const override { return encoder_.context->codec->name; }
  std::vector<std::string> notices() const override;

 private:
  Status Failed(int error);
  Status FinishFile();
  Status CopyPictureData(const AVStream& in);
  void CopyTimecode(const AVStream& in, int64_t by_us);
  void NoteDepth(const AVFrame& frame);
  Status Encode(FramePtr frame, int64_t duration);
  bool FitsGif(AVFrame* frame);
  Status DrainFilter();
  Status EncodeAtRate(FramePtr frame);
  Status Send(const AVFrame* frame);
  Status Mux(AVPacket* packet);

  std::string name_, codec_;
  VideoInfo info_;
  VideoReader* source_ = nullptr;
  std::optional<AtomicFile> file_;
  std::unique_ptr<AVFormatContext, OutputDeleter> output_;
  Encoder encoder_;
  std::unique_ptr<FilterGraph> filter_;
  std::unique_ptr<StreamCopier> copier_;
  AVStream* stream_ = nullptr;
  PacketPtr packet_;
  std::mutex mux_mutex_;  // of output_ and copier_
  bool header_written_ = false, growing_ = false;
  std::map<int64_t, int64_t> durations_;  // by pts, in the encoder's time base
  int64_t last_pts_ = AV_NOPTS_VALUE;     // of the encoder
  FramePtr held_;                         // constant rate: the frame to repeat
  int64_t skipped_ = 0, repeated_ = 0, refused_packets_ = 0;
  int64_t too_fast_ = 0, skipped_captions_ = 0;
  bool lost_captions_ = false, lost_depth_ = false, drops_timecode_ = false;
  std::vector<std::string> notices_;
};

// A write that failed: the disk's reason when there is one.
Status Writer::Failed(int error) {
  const int disk = output_ && output_->pb ? output_->pb->error : 0;
  Status status = FfmpegStatus(StatusCode::kIo, "cannot write " + name_, disk < 0 ? disk : error);
  if (disk == AVERROR(ENOSPC) || error == AVERROR(ENOSPC))
    return IoError(status.message() + "; free some space or write elsewhere");
  return status;
}

Status Writer::Start(const std::string& path, const VideoInfo& info, VideoReader* source,
                     const WriterOptions& options) {
  CaptureFfmpegLog();
  const bool to_stdout = path == "-";
  name_ = to_stdout ? "standard output" : "'" + path + "'";
  info_ = info;
  TEMPERA_RETURN_IF_ERROR(CheckVideoName(path));
  const AVOutputFormat* container = Container(path);
  const AVCodec* codec = nullptr;
  TEMPERA_ASSIGN_OR_RETURN(codec, ChooseEncoder(options.codec, *container, path));
  codec_ = codec->name;
  std::string url = "pipe:1";
  if (!to_stdout) {
    AtomicFile::RemoveLeftOver(path);
    TEMPERA_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
    file_.emplace(std::move(file));
    url = "file:" + file_->write_path();
  }
  AVFormatContext* raw = nullptr;
  TakeFfmpegError();
  int error = avformat_alloc_output_context2(&raw, container, nullptr, url.c_str());
  if (error < 0) return FfmpegStatus(StatusCode::kInternal, "cannot write " + name_, error);
  output_.reset(raw);
  // TrueHD in MP4 and the like: better kept than lost.
  output_->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
  TEMPERA_ASSIGN_OR_RETURN(encoder_, OpenEncoder(*codec, info, *container, options.crf, options.threads));
  packet_.reset(av_packet_alloc());
  stream_ = avformat_new_stream(output_.get(), nullptr);
  if (!packet_ || !stream_ ||
      avcodec_parameters_from_context(stream_->codecpar, encoder_.context.get()) < 0) {
    return OutOfMemory("no memory to write " + name_);
  }
  stream_->time_base = encoder_.context->time_base;
  stream_->avg_frame_rate = encoder_.context->framerate;
  stream_->sample_aspect_ratio = encoder_.context->sample_aspect_ratio;
  const bool mov = !std::strcmp(container->name, "mp4") || !std::strcmp(container->name, "mov");
  // Apple's players know HEVC by this name only.
  if (mov && codec->id == AV_CODEC_ID_HEVC) stream_->codecpar->codec_tag = MKTAG('h', 'v', 'c', '1');

  if (source && !to_stdout) {
    source_ = source;
    const AVStream& in = *source->input()->streams[source->video_stream()];
    stream_->disposition = in.disposition & ~AV_DISPOSITION_ATTACHED_PIC;
    for (const char* key : {"title", "language", "handler_name", "timecode"}) {
      const AVDictionaryEntry* e = av_dict_get(in.metadata, key, nullptr, 0);
      if (e && std::strcmp(key, "timecode")) av_dict_set(&stream_->metadata, key, e->value, 0);
    }
    TEMPERA_RETURN_IF_ERROR(CopyPictureData(in));
    copier_ = std::make_unique<StreamCopier>(source->input(), source->video_stream(), output_.get());
    TEMPERA_RETURN_IF_ERROR(copier_->AddStreams(options.sound_only, options.encode_sound));
    const int64_t start_time = Moment(source->input()->start_time);
    const int64_t file_start = start_time == AV_NOPTS_VALUE ? 0 : start_time;
    const bool trimmed = source->end_us() != INT64_MAX || source->origin_us() > file_start;
    if (!options.sound_only) {
      CopyTimecode(in, source->origin_us() - file_start);
      TEMPERA_RETURN_IF_ERROR(
          copier_->CopyMetadata(source->origin_us(), source->end_us(), trimmed || drops_timecode_));
    }
  }
  if (!(container->flags & AVFMT_NOFILE)) {
    if ((error = avio_open(&output_->pb, url.c_str(), AVIO_FLAG_WRITE)) < 0) return Failed(error);
  }
  if (info.has_alpha && !encoder_.takes_alpha) {
    const std::string where = codec_ == container->name ? codec_ : codec_ + " in " + container->name;
    notices_.push_back("transparency is dropped: " + where +
                       " cannot hold it; .webm can, and --codec prores_ks or png in .mov");
  }
  Options mux;
  // The index first: players on the web start before they have the whole file. Keys of cameras and telephones
  // (com.apple.quicktime.make) are lost among FFmpeg's own unless all go into a table of keys.
  growing_ = options.growing;
  std::string flags = growing_ ? "+empty_moov+default_base_moof" : "+faststart";
  if (growing_ && options.encode_sound) flags += "+delay_moov";  // which says where each track begins
  if (HasCameraKeys(*output_)) flags += "+use_metadata_tags";
  if (mov) mux.Set("movflags", flags);
  if (growing_) output_->flags |= AVFMT_FLAG_FLUSH_PACKETS;
  // Matroska keeps a cluster until it is whole.
  if (growing_) mux.Set(mov ? "frag_duration" : "cluster_time_limit", mov ? "1000000" : "1000");
  if (!mov && HasCameraKeys(*output_) && !HoldsAnyKey(*container)) {
    notices_.push_back(std::string("what the camera noted about itself is left out: ") + container->name +
                       " has no place for them");
  }
  if (codec->id == AV_CODEC_ID_GIF) {
    const AVDictionaryEntry* loop =
        source ? av_dict_get(source->input()->metadata, "loop", nullptr, 0) : nullptr;
    mux.Set("loop", loop ? loop->value : "0");
  }
  TakeFfmpegError();
  error = avformat_write_header(output_.get(), mux.get());
  if (error < 0) return Failed(error);
  if (output_->pb && output_->pb->error < 0) return Failed(output_->pb->error);
  header_written_ = true;
  if (copier_) {
    TEMPERA_RETURN_IF_ERROR(source_->SetPacketSink([this](AVPacket* packet) {
      std::lock_guard<std::mutex> lock(mux_mutex_);
      return copier_->Handle(packet, [this](AVPacket* p) { return Mux(p); });
    }));
  }
  return OkStatus();
}

// by_us: where the film begins, from its file's beginning on.
void Writer::CopyTimecode(const AVStream& in, int64_t by_us) {
  const AVDictionaryEntry* code = av_dict_get(in.metadata, "timecode", nullptr, 0);
  if (!code) code = av_dict_get(source_->input()->metadata, "timecode", nullptr, 0);
  if (!code) return;
  const AVRational was = in.avg_frame_rate, now{info_.frame_rate.num, info_.frame_rate.den};
  const std::string begins = ShiftTimecode(code->value, was, by_us);
  if (!HoldsTimecode(*output_->oformat)) {
    notices_.push_back(std::string("the time code is left out: ") + output_->oformat->name +
                       " has no place for it");
  } else if (was.num > 0 && now.num > 0 && std::abs(av_q2d(was) / av_q2d(now) - 1) > 0.01) {
    notices_.push_back("the time code is left out: it counts other frames than the film now has");
    drops_timecode_ = true;
  } else if (begins.empty()) {
    notices_.push_back("the time code is left out: it cannot be counted on to where the film begins");
  } else {
    av_dict_set(&stream_->metadata, "timecode", begins.c_str(), 0);
  }
}

// What is said about all pictures: how they wrap around the viewer, and how two of them make depth.
Status Writer::CopyPictureData(const AVStream& in) {
  struct Kind {
    AVPacketSideDataType type;
    const char* name;
  };
  for (const Kind& kind : {Kind{AV_PKT_DATA_SPHERICAL, "the map of a spherical (360 degrees) video"},
                           Kind{AV_PKT_DATA_STEREO3D, "the arrangement of a stereoscopic (3D) video"}}) {
    size_t size = 0;
    const uint8_t* data = StreamSideData(in, kind.type, &size);
    if (!data) continue;
    const char* format = output_->oformat->name;
    // FFmpeg writes these boxes into MP4 only, not into MOV.
    const bool holds =
        !std::strcmp(format, "mp4") || !std::strcmp(format, "matroska") || !std::strcmp(format, "webm");
    if (!holds) {
      notices_.push_back(std::string(kind.name) + " is left out: " + format + " has no place for it");
      continue;
    }
    if (!AddStreamSideData(stream_, kind.type, data, size)) return OutOfMemory("no memory to write " + name_);
  }
  return OkStatus();
}

// mux_mutex_ is held.
Status Writer::Mux(AVPacket* packet) {
  const bool ours = packet->stream_index == stream_->index;
  const int error = av_interleaved_write_frame(output_.get(), packet);
  const bool disk = output_->pb && output_->pb->error < 0;
  if (error < 0 && !disk && !ours && error != AVERROR(ENOSPC) && error != AVERROR(EPIPE) &&
      error != AVERROR(EIO)) {
    // A packet of a damaged side stream that the muxer will not have: the film goes on without it.
    ++refused_packets_;
    return OkStatus();
  }
  if (error < 0 || disk) return Failed(error < 0 ? error : output_->pb->error);
  return OkStatus();
}

// What the pictures themselves say of it, where the file does not, is for the encoder to say again.
void Writer::NoteDepth(const AVFrame& frame) {
  const AVFrameSideData* side = av_frame_get_side_data(&frame, AV_FRAME_DATA_STEREO3D);
  if (!side || reinterpret_cast<const AVStereo3D*>(side->data)->type == AV_STEREO3D_2D) return;
  lost_depth_ |= codec_ != "libx264" && !StreamSideData(*stream_, AV_PKT_DATA_STEREO3D);
}

Status Writer::Write(const Frame& frame) {
  TEMPERA_ASSIGN_OR_RETURN(FramePtr av, ToAvFrame(frame));
  const AVRational from{info_.time_base.num, info_.time_base.den};
  const AVRational to = encoder_.context->time_base;
  av->pts = av_rescale_q(frame.pts, from, to);
  const int64_t duration = frame.duration > 0 ? av_rescale_q(frame.duration, from, to) : 0;
  av->pict_type = AV_PICTURE_TYPE_NONE;
  if (av_frame_get_side_data(av.get(), AV_FRAME_DATA_A53_CC)) lost_captions_ |= !encoder_.takes_captions;
  NoteDepth(*av);
  av->sample_aspect_ratio = {info_.sample_aspect.num, info_.sample_aspect.den};
  av->color_primaries = static_cast<AVColorPrimaries>(info_.color_primaries);
  av->color_trc = static_cast<AVColorTransferCharacteristic>(info_.color_transfer);
  av->colorspace = static_cast<AVColorSpace>(info_.color_space);
  av->color_range = static_cast<AVColorRange>(info_.color_range);
  av->chroma_location = static_cast<AVChromaLocation>(info_.chroma_location);
  if (encoder_.takes_alpha) {
    TEMPERA_ASSIGN_OR_RETURN(av, JoinAlpha(*av));
  }
  return Encode(std::move(av), duration);
}

Status Writer::Encode(FramePtr frame, int64_t duration) {
  if (encoder_.context->codec_id == AV_CODEC_ID_GIF && !FitsGif(frame.get())) return OkStatus();
  if (!encoder_.constant_rate) {
    // A coarser clock than the source's may put two frames on one tick.
    if (last_pts_ != AV_NOPTS_VALUE && frame->pts <= last_pts_) frame->pts = last_pts_ + 1;
    last_pts_ = frame->pts;
    if (duration > 0) durations_[frame->pts] = duration;
  }
  if (encoder_.filters.empty()) {
    return encoder_.constant_rate ? EncodeAtRate(std::move(frame)) : Send(frame.get());
  }
  if (!filter_) {
    TEMPERA_ASSIGN_OR_RETURN(filter_,
                             FilterGraph::Video(*frame, encoder_.context->time_base, encoder_.filters, 1));
  }
  TEMPERA_RETURN_IF_ERROR(filter_->Push(frame.get()));
  return DrainFilter();
}

// Browsers show a GIF's delays of 0 and 1 hundredths as 10: a frame has two at least, so that at most 50 a
// second are written. From faster films the frames nearest to that grid are taken, else those that come too
// soon are left.
bool Writer::FitsGif(AVFrame* frame) {
  const bool fast = info_.frame_rate.num > 50.0 * info_.frame_rate.den;
  const int64_t at = fast ? frame->pts / 2 * 2 : frame->pts;
  if (last_pts_ != AV_NOPTS_VALUE && at < last_pts_ + 2) {
    ++too_fast_;
    return false;
  }
  frame->pts = at;
  return true;
}

Status Writer::DrainFilter() {
  for (;;) {
    TEMPERA_ASSIGN_OR_RETURN(FramePtr out, filter_->Pull());
    if (!out) return OkStatus();
    out->pts = av_rescale_q(out->pts, filter_->time_base(), encoder_.context->time_base);
    out->pict_type = AV_PICTURE_TYPE_NONE;
    TEMPERA_RETURN_IF_ERROR(encoder_.constant_rate ? EncodeAtRate(std::move(out)) : Send(out.get()));
  }
}

// Onto the grid of a constant rate: a gap repeats the frame before, a crowd loses its latecomers.
Status Writer::EncodeAtRate(FramePtr frame) {
  if (held_) {
    const int64_t longest = int64_t{kLongestFillSeconds} * encoder_.context->framerate.num /
                            std::max(1, encoder_.context->framerate.den);
    if (frame->pts <= last_pts_) {
      ++skipped_;
      skipped_captions_ += av_frame_get_side_data(frame.get(), AV_FRAME_DATA_A53_CC) != nullptr;
      return OkStatus();
    }
    const int64_t gap = std::min(frame->pts - last_pts_ - 1, longest);
    for (int64_t i = 0; i < gap; ++i) {
      FramePtr again(av_frame_clone(held_.get()));
      if (!again) return OutOfMemory("no memory to write " + name_);
      // Captions are said once.
      av_frame_remove_side_data(again.get(), AV_FRAME_DATA_A53_CC);
      again->pts = ++last_pts_;
      ++repeated_;
      TEMPERA_RETURN_IF_ERROR(Send(again.get()));
    }
  } else {
    last_pts_ = -1;
  }
  frame->pts = ++last_pts_;
  held_ = std::move(frame);
  FramePtr copy(av_frame_clone(held_.get()));
  if (!copy) return OutOfMemory("no memory to write " + name_);
  return Send(copy.get());
}

// Gives the encoder a picture (nullptr: the end) and the muxer what comes out.
Status Writer::Send(const AVFrame* frame) {
  if (frame) encoder_.fed = true;
  int error = avcodec_send_frame(encoder_.context.get(), frame);
  if (error < 0) return FfmpegStatus(StatusCode::kIo, "cannot encode " + name_, error);
  for (;;) {
    error = avcodec_receive_packet(encoder_.context.get(), packet_.get());
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return OkStatus();
    if (error < 0) return FfmpegStatus(StatusCode::kIo, "cannot encode " + name_, error);
    if (auto it = durations_.find(packet_->pts); it != durations_.end()) {
      packet_->duration = it->second;
      durations_.erase(it);
    } else if (encoder_.constant_rate) {
      packet_->duration = 1;
    }
    av_packet_rescale_ts(packet_.get(), encoder_.context->time_base, stream_->time_base);
    packet_->stream_index = stream_->index;
    std::lock_guard<std::mutex> lock(mux_mutex_);
    TEMPERA_RETURN_IF_ERROR(Mux(packet_.get()));
  }
}

Status Writer::Finish() {
  const Status status = FinishFile();
  if (status.ok() || !growing_ || !file_ || !header_written_) return status;
  // What there is is worth more than nothing.
  if (output_->pb && !(output_->oformat->flags & AVFMT_NOFILE)) avio_closep(&output_->pb);
  const Status kept = file_->Commit();
  return kept.ok() ? status : kept;
}

Status Writer::FinishFile() {
  if (filter_) {
    TEMPERA_RETURN_IF_ERROR(filter_->Push(nullptr));
    TEMPERA_RETURN_IF_ERROR(DrainFilter());
  }
  TEMPERA_RETURN_IF_ERROR(Send(nullptr));
  std::lock_guard<std::mutex> lock(mux_mutex_);
  if (copier_) {
    TEMPERA_RETURN_IF_ERROR(copier_->Flush([this](AVPacket* p) { return Mux(p); }));
    (void)source_->SetPacketSink(nullptr);
    source_ = nullptr;
  }
  TakeFfmpegError();
  int error = av_write_trailer(output_.get());
  if (output_->pb) {
    avio_flush(output_->pb);
    if (output_->pb->error < 0) error = output_->pb->error;
    if (error < 0) return Failed(error);
    if (!(output_->oformat->flags & AVFMT_NOFILE)) error = avio_closep(&output_->pb);
  }
  if (error < 0) return Failed(error);
  return file_ ? file_->Commit() : OkStatus();
}

std::vector<std::string> Writer::notices() const {
  std::vector<std::string> all = encoder_.notices;
  all.insert(all.end(), notices_.begin(), notices_.end());
  if (too_fast_ > 0) {
    all.push_back("GIF shows at most 50 frames a second: " + std::to_string(too_fast_) + " left out");
  }
  if (lost_captions_) {
    all.push_back(std::string("the captions inside the pictures (CEA-608/708) are left out: ") + codec_ +
                  " cannot hold them, libx264 can");
  }
  if (skipped_captions_ > 0 && !lost_captions_) {
    all.push_back("captions inside " + std::to_string(skipped_captions_) +
                  " pictures are left out, as those are skipped");
  }
  if (lost_depth_) {
    all.push_back(std::string("the arrangement of a stereoscopic (3D) video is left out: ") + codec_ +
                  " cannot hold it, libx264 can");
  }
  if (copier_) all.insert(all.end(), copier_->notices().begin(), copier_->notices().end());
  if (repeated_ > 0 || skipped_ > 0) {
    all.push_back("the format has a constant frame rate: " + std::to_string(repeated_) +
                  " frames repeated, " + std::to_string(skipped_) + " skipped");
  }
  if (refused_packets_ > 0) {
    all.push_back(std::to_string(refused_packets_) + " damaged packets of other tracks left out");
  }
  return all;
}

}  // namespace

Result<std::unique_ptr<VideoWriter>> VideoWriter::Open(const std::string& path, const VideoInfo& info,
                                                       VideoReader* source, const WriterOptions& options) {
  if (IsSeriesOutput(path)) return OpenSeriesWriter(path, info, source, options);
  auto writer = std::make_unique<Writer>();
  TEMPERA_RETURN_IF_ERROR(writer->Start(path, info, source, options));
  return std::unique_ptr<VideoWriter>(std::move(writer));
}

Status CheckCodec(const std::string& name, const std::string& path) {
  CaptureFfmpegLog();
  TEMPERA_RETURN_IF_ERROR(CheckVideoName(path));
  if (IsSeriesOutput(path))
    return name.empty()
               ? OkStatus()
               : InvalidArgument("--codec is for videos, and '" + path + "' is a series of pictures");
  return ChooseEncoder(name, *Container(path), path).status();
}

}  // namespace tempera::media
