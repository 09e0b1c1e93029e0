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
constexpr size_t kMostPackets = 4096;  // kept, and waiting for a recording: a minute and more
constexpr int64_t kOverlapNs = 5'000'000;

struct PacketFree {
  void operator()(AVPacket* p) const { av_packet_free(&p); }
};
using PacketPtr = std::unique_ptr<AVPacket, PacketFree>;

PacketPtr Clone(const AVPacket& packet) { return PacketPtr(av_packet_clone(&packet)); }

}  // namespace

void FilmSound::FormatFree::operator()(AVFormatContext* p) const { avformat_free_context(p); }

struct FilmSound::Kept {
  PacketPtr packet;
  AVRational time_base = {1, 1};
  int64_t film_ns = 0;  // behind the start: pass and packet
  int64_t opened = 0;   // of which opening

  Kept Copy() const { return {Clone(*packet), time_base, film_ns, opened}; }
};

class FilmSound::TapOfSound final : public FilmSound::Tap {
 public:
  TapOfSound(std::shared_ptr<FilmSound> sound, Format form, int video_stream)
      : sound_(std::move(sound)), form_(std::move(form)), video_stream_(video_stream) {}
  ~TapOfSound() override {
    std::lock_guard lock(sound_->mutex_);
    sound_->taps_.remove(this);
  }

  void StartAt(int64_t first_ns) override { first_ns_ = first_ns; }

  Status Drain() override {
    std::deque<Kept> come;
    int64_t start_ns = 0;
    {
      std::lock_guard lock(sound_->mutex_);
      if (sound_->start_ns_ < 0) return OkStatus();  // no frame yet that tells when it is heard
      start_ns = sound_->start_ns_;
      come.swap(waiting_);
    }
    for (const Kept& kept : come) TEMPERA_RETURN_IF_ERROR(Hand(kept, start_ns));
    return OkStatus();
  }
  int64_t lost() const override {
    std::lock_guard lock(sound_->mutex_);
    return lost_;
  }

  const media::VideoInfo& info() const override { return info_; }
  Result<std::optional<media::Frame>> Read() override { return Internal("a film's sound has no frames"); }
  Status SetPacketSink(PacketSink sink) override {
    sink_ = std::move(sink);
    return OkStatus();
  }
  void Stop() override {}
  std::vector<std::string> notices() const override { return {}; }
  AVFormatContext* input() override { return form_.get(); }
  int video_stream() const override { return video_stream_; }
  int64_t origin_us() const override { return 0; }
  int64_t end_us() const override { return INT64_MAX; }

 private:
  friend class FilmSound;
  Status Hand(const Kept& kept, int64_t start_ns) {
    if (!sink_ || kept.packet->stream_index >= static_cast<int>(form_->nb_streams)) return OkStatus();
    if (std::exchange(opened_, kept.opened) != kept.opened) ends_ns_.clear();
    const AVRational time_base = form_->streams[kept.packet->stream_index]->time_base;
    const int64_t at_ns = start_ns + kept.film_ns - first_ns_;
    const int64_t long_ns =
        av_rescale_q(std::max<int64_t>(kept.packet->duration, 0), kept.time_base, kNanosecond);
    int64_t& end_ns = ends_ns_[kept.packet->stream_index];
    int64_t& last = last_[kept.packet->stream_index];
    // Before the first frame, or where one pass's sound reaches into the next.
    if (at_ns < 0 || at_ns < end_ns - kOverlapNs) return OkStatus();
    const int64_t at = av_rescale_q(at_ns, kNanosecond, time_base);
    if (at < last) return OkStatus();  // a source that came back a little early
    end_ns = at_ns + long_ns;
    last = at + 1;
    PacketPtr copy = Clone(*kept.packet);
    if (!copy) return OutOfMemory("no memory for a film's sound");
    copy->pts = copy->dts = at;
    copy->duration = av_rescale_q(long_ns, kNanosecond, time_base);
    return sink_(copy.get());
  }

  const std::shared_ptr<FilmSound> sound_;
  const Format form_;
  const int video_stream_;
  const media::VideoInfo info_;
  int64_t first_ns_ = 0, opened_ = 0;
  PacketSink sink_;
  std::map<int, int64_t> ends_ns_;  // of each stream's last packet, behind first_ns_
  std::map<int, int64_t> last_;     // time that the next packet must not lie before, in its time base
  // Of FilmSound's mutex.
  std::deque<Kept> waiting_;
  int64_t lost_ = 0;
};

FilmSound::FilmSound(bool samples) : samples_(samples) {}
FilmSound::~FilmSound() = default;

FilmSound::Format FilmSound::CopyForm(const AVFormatContext& input) {
  Format form(avformat_alloc_context());
  if (!form) return nullptr;
  for (unsigned i = 0; i < input.nb_streams; ++i) {
    const AVStream& from = *input.streams[i];
    AVStream* to = avformat_new_stream(form.get(), nullptr);
    if (to == nullptr || avcodec_parameters_copy(to->codecpar, from.codecpar) < 0) return nullptr;
    to->time_base = from.time_base;
    to->disposition = from.disposition;
    av_dict_copy(&to->metadata, from.metadata, 0);
  }
  form->start_time = 0;
  return form;
}

void FilmSound::BeginPass(AVFormatContext* input, int video_stream, bool anew) {
  if (!anew) return;
  Format form = CopyForm(*input);
  std::lock_guard lock(mutex_);
  form_ = std::move(form);
  video_stream_ = video_stream;
  ++opened_;
  start_ns_ = -1;
  kept_.clear();
  for (TapOfSound* tap : taps_) tap->waiting_.clear();
}

void FilmSound::SetStart(int64_t start_ns) {
  std::lock_guard lock(mutex_);
  start_ns_ = start_ns;
}

void FilmSound::Put(AVFormatContext* input, const AVPacket* packet, int64_t pass_ns) {
  if (packet->pts == AV_NOPTS_VALUE || packet->stream_index >= static_cast<int>(input->nb_streams)) return;
  const AVStream& stream = *input->streams[packet->stream_index];
  // Subtitles and data belong to the film's own time.
  if (stream.codecpar->codec_type != AVMEDIA_TYPE_AUDIO) return;
  Kept kept = {Clone(*packet), stream.time_base, 0, 0};
  kept.film_ns = pass_ns + av_rescale_q(packet->pts, stream.time_base, kNanosecond);
  if (!kept.packet) return;
  std::lock_guard lock(mutex_);
  kept.opened = opened_;
  for (TapOfSound* tap : taps_) {
    if (tap->waiting_.size() >= kMostPackets) {
      ++tap->lost_;
    } else if (Kept copy = kept.Copy(); copy.packet) {
      tap->waiting_.push_back(std::move(copy));
    }
  }
  const int64_t now = kept.film_ns;
  kept_.push_back(std::move(kept));
  while (kept_.size() > kMostPackets || now - kept_.front().film_ns > kKeptNs) kept_.pop_front();
}

std::unique_ptr<FilmSound::Tap> FilmSound::MakeTap(std::shared_ptr<FilmSound> sound) {
  FilmSound& from = *sound;
  std::lock_guard lock(from.mutex_);
  if (!from.form_ || from.video_stream_ < 0) return nullptr;
  bool heard = false;
  for (unsigned i = 0; i < from.form_->nb_streams; ++i)
    heard = heard || from.form_->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
  Format form = heard ? CopyForm(*from.form_) : nullptr;
  if (!form) return nullptr;
  auto tap = std::make_unique<TapOfSound>(sound, std::move(form), from.video_stream_);
  for (const Kept& kept : from.kept_) {
    if (Kept copy = kept.Copy(); copy.packet) tap->waiting_.push_back(std::move(copy));
  }
  from.taps_.push_back(tap.get());
  return tap;
}

}  // namespace tempera::live
