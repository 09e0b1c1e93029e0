#include "live/films/film_sound.h"

extern "C" {
#include <libavcodec/packet.h>
#include <libavformat/avformat.h>
#include <libavutil/mathematics.h>
}

#include <algorithm>
#include <map>
#include <utility>

namespace tempera::live {
namespace {

constexpr AVRational kNanosecond = {1, 1000000000};
constexpr int64_t kKeptNs = 5'000'000'000;
constexpr size_t kKeptPackets = 4096;  // of a stream with tiny packets
constexpr int64_t kOverlapNs = 5'000'000;

struct PacketFree {
  void operator()(AVPacket* p) const { av_packet_free(&p); }
};
using PacketPtr = std::unique_ptr<AVPacket, PacketFree>;

}  // namespace

struct FilmSound::Kept {
  PacketPtr packet;
  int64_t pass_ns = 0;
  int64_t film_ns = 0;  // behind the start: pass and packet
};

class FilmSound::TapOfSound final : public FilmSound::Tap {
 public:
  TapOfSound(std::shared_ptr<FilmSound> sound, std::shared_ptr<media::VideoReader> reader)
      : sound_(std::move(sound)), reader_(std::move(reader)) {}
  ~TapOfSound() override {
    std::lock_guard lock(sound_->mutex_);
    sound_->taps_.remove(this);
  }

  void StartAt(int64_t first_ns) override { first_ns_ = first_ns; }
  const media::VideoInfo& info() const override { return reader_->info(); }
  Result<std::optional<media::Frame>> Read() override { return Internal("a film's sound has no frames"); }
  Status SetPacketSink(PacketSink sink) override {
    std::lock_guard lock(sound_->mutex_);
    sound_->taps_.remove(this);
    sink_ = std::move(sink);
    if (!sink_) return OkStatus();
    for (const Kept& kept : sound_->kept_) sound_->Forward(kept, this);
    sound_->taps_.push_back(this);
    return status_;
  }
  void Stop() override {}
  std::vector<std::string> notices() const override { return {}; }
  AVFormatContext* input() override { return reader_->input(); }
  int video_stream() const override { return reader_->video_stream(); }
  int64_t origin_us() const override { return reader_->origin_us(); }
  int64_t end_us() const override { return INT64_MAX; }

  const std::shared_ptr<FilmSound> sound_;
  const std::shared_ptr<media::VideoReader> reader_;
  int64_t first_ns_ = 0;
  PacketSink sink_;
  Status status_;
  std::map<int, int64_t> ends_ns_;  // of each stream's last packet, behind first_ns_
};

FilmSound::FilmSound() = default;
FilmSound::~FilmSound() = default;

void FilmSound::BeginPass(std::shared_ptr<media::VideoReader> reader) {
  std::lock_guard lock(mutex_);
  reader_ = std::move(reader);
}

void FilmSound::SetStart(int64_t start_ns) {
  std::lock_guard lock(mutex_);
  start_ns_ = start_ns;
}

void FilmSound::Put(const AVPacket* packet, int64_t pass_ns) {
  std::lock_guard lock(mutex_);
  if (!reader_ || packet->pts == AV_NOPTS_VALUE ||
      packet->stream_index >= static_cast<int>(reader_->input()->nb_streams))
    return;
  const AVStream& stream = *reader_->input()->streams[packet->stream_index];
  // Subtitles and data belong to the film's own time.
  if (stream.codecpar->codec_type != AVMEDIA_TYPE_AUDIO) return;
  Kept kept;
  kept.packet.reset(av_packet_clone(packet));
  if (!kept.packet) return;
  kept.pass_ns = pass_ns;
  kept.film_ns = pass_ns + av_rescale_q(packet->pts, stream.time_base, kNanosecond);
  for (TapOfSound* tap : taps_) Forward(kept, tap);
  const int64_t now = kept.film_ns;
  kept_.push_back(std::move(kept));
  while (kept_.size() > kKeptPackets || now - kept_.front().film_ns > kKeptNs) kept_.pop_front();
}

void FilmSound::Forward(const Kept& kept, TapOfSound* tap) {
  if (start_ns_ < 0 || !tap->status_.ok()) return;
  const AVRational time_base = reader_->input()->streams[kept.packet->stream_index]->time_base;
  const int64_t at_ns = start_ns_ + kept.film_ns - tap->first_ns_;
  const int64_t long_ns = av_rescale_q(std::max<int64_t>(kept.packet->duration, 0), time_base, kNanosecond);
  // Before the first frame, or where one pass's sound reaches into the next.
  int64_t& end_ns = tap->ends_ns_[kept.packet->stream_index];
  if (at_ns < 0 || at_ns < end_ns - kOverlapNs) return;
  end_ns = at_ns + long_ns;
  PacketPtr copy(av_packet_clone(kept.packet.get()));
  if (!copy) return;
  const int64_t shift = av_rescale_q(at_ns, kNanosecond, time_base) - copy->pts;
  copy->pts += shift;
  copy->dts = copy->pts;
  tap->status_ = tap->sink_(copy.get());
}

std::unique_ptr<FilmSound::Tap> FilmSound::MakeTap(std::shared_ptr<FilmSound> sound) {
  std::shared_ptr<media::VideoReader> reader;
  {
    std::lock_guard lock(sound->mutex_);
    reader = sound->reader_;
  }
  if (!reader) return nullptr;
  return std::make_unique<TapOfSound>(std::move(sound), std::move(reader));
}

}  // namespace tempera::live
