#include "live/microphone/microphone.h"

extern "C" {
#include <libavcodec/packet.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
}

#include <algorithm>
#include <bit>
#include <cstring>
#include <system_error>
#include <utility>

namespace tempera::live {
namespace {

constexpr int64_t kMs = 1'000'000;
// A device that is only slow (Bluetooth, long buffers) is not filled with silence that its sound then finds
// in its place.
constexpr int64_t kPatienceNs = 800 * kMs, kFilledNs = 600 * kMs;
constexpr int64_t kStalledNs = 2000 * kMs;
constexpr int64_t kRetryNs = 1000 * kMs;
constexpr int64_t kOldestNs = 2000 * kMs;  // what a device may say of its sound's age
constexpr size_t kPacketFrames = kSoundRate / 50;
constexpr float kMuteStep = 100.0F / kSoundRate;  // on and off within a hundredth of a second

}  // namespace

// What a demuxer would say of it: a stream of pictures that has none, and samples.
struct Microphone::Form {
  struct Free {
    void operator()(AVFormatContext* p) const { avformat_free_context(p); }
  };
  std::unique_ptr<AVFormatContext, Free> context;
};

Microphone::Microphone(std::unique_ptr<SoundDevice> device, Clock clock)
    : device_(std::move(device)), clock_(std::move(clock)), sound_(std::make_shared<FilmSound>(true)) {}

Microphone::~Microphone() {
  stop_ = true;
  device_->Stop();
  if (thread_.joinable()) thread_.join();
  device_->Close();
}

Status Microphone::MakeForm() {
  form_ = std::make_unique<Form>();
  form_->context.reset(avformat_alloc_context());
  AVFormatContext* context = form_->context.get();
  AVStream* pictures = context ? avformat_new_stream(context, nullptr) : nullptr;
  AVStream* samples = pictures ? avformat_new_stream(context, nullptr) : nullptr;
  if (!samples) return OutOfMemory("no memory for a microphone");
  pictures->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
  pictures->time_base = {1, 90000};
  AVCodecParameters& par = *samples->codecpar;
  const bool little = std::endian::native == std::endian::little;
  par.codec_type = AVMEDIA_TYPE_AUDIO;
  par.codec_id = little ? AV_CODEC_ID_PCM_F32LE : AV_CODEC_ID_PCM_F32BE;
  par.format = AV_SAMPLE_FMT_FLT;
  par.sample_rate = kSoundRate;
  par.bits_per_coded_sample = 32;
  par.block_align = kSoundChannels * static_cast<int>(sizeof(float));
  av_channel_layout_default(&par.ch_layout, kSoundChannels);
  samples->time_base = {1, kSoundRate};
  samples->disposition = AV_DISPOSITION_DEFAULT;
  return OkStatus();
}

Result<std::unique_ptr<Microphone>> Microphone::Start(std::unique_ptr<SoundDevice> device, Clock clock) {
  std::unique_ptr<Microphone> microphone(new Microphone(std::move(device), std::move(clock)));
  Microphone& m = *microphone;
  TEMPERA_RETURN_IF_ERROR(m.MakeForm());
  TEMPERA_RETURN_IF_ERROR(m.device_->Open());
  m.name_ = m.device_->name();
  const int64_t now = m.clock_();
  m.keeper_ = std::make_unique<DriftKeeper>(now, kSoundRate, kSoundChannels);
  m.heard_ns_ = now;
  m.sound_->BeginPass(m.form_->context.get(), 0, /*anew=*/true);
  m.sound_->SetStart(now);
  try {
    m.thread_ = std::thread([&m] { m.Run(); });
  } catch (const std::system_error& e) {
    return OutOfMemory(std::string("cannot start a thread: ") + e.what());
  }
  return microphone;
}

std::string Microphone::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_;
}

void Microphone::Tell(const std::string& trouble) {
  std::lock_guard lock(mutex_);
  trouble_ = trouble;
}

void Microphone::Run() {
  while (!stop_) Once();
}

void Microphone::Once() {
  const int64_t now = clock_();
  if (open_) {
    Listen();
  } else if (now >= try_ns_) {
    open_ = device_->Open().ok();
    heard_ns_ = clock_();
    try_ns_ = heard_ns_ + kRetryNs;
  } else {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const int64_t then = clock_();
  if (keeper_->end_ns() < then - kPatienceNs) keeper_->FillTo(then - kFilledNs);
  Emit();
}

void Microphone::Listen() {
  std::vector<SoundBlock> blocks;
  const Status status = device_->Read(&blocks);
  const int64_t now = clock_();
  for (const SoundBlock& block : blocks) {
    // A time that cannot be is none.
    const size_t frames = block.samples.size() / kSoundChannels;
    const int64_t length_ns = static_cast<int64_t>(frames) * 1'000'000'000 / kSoundRate;
    const bool told = block.first_ns > now - kOldestNs && block.first_ns <= now;
    keeper_->Add(told ? block.first_ns : now - length_ns, block.samples.data(), frames, told && block.exact);
  }
  if (!blocks.empty()) {
    heard_ns_ = now;
    Tell("");
  }
  if (!status.ok()) {
    device_->Close();
    open_ = false;
    try_ns_ = now + kRetryNs;
    if (!stop_) Tell("the microphone is lost, silence is recorded: " + status.message());
  } else if (now - heard_ns_ > kStalledNs) {
    Tell("the microphone '" + device_->name() + "' gives no sound, silence is recorded");
  }
}

void Microphone::Emit() {
  const float wanted = muted_ ? 0.0F : 1.0F;
  for (DriftKeeper::Run& run : keeper_->Take()) {
    for (size_t i = 0; i < run.samples.size(); ++i) {
      if (i % kSoundChannels == 0 && gain_ != wanted)
        gain_ = wanted > gain_ ? std::min(wanted, gain_ + kMuteStep) : std::max(wanted, gain_ - kMuteStep);
      run.samples[i] = std::clamp(run.samples[i] * gain_, -1.0F, 1.0F);
    }
    if (run.at != waiting_at_ + static_cast<int64_t>(waiting_.size() / kSoundChannels)) {
      if (!waiting_.empty()) (void)Send(waiting_at_, waiting_.data(), waiting_.size() / kSoundChannels);
      waiting_.clear();
      waiting_at_ = run.at;
    }
    waiting_.insert(waiting_.end(), run.samples.begin(), run.samples.end());
  }
  size_t sent = 0;
  for (const size_t held = waiting_.size() / kSoundChannels; sent + kPacketFrames <= held;
       sent += kPacketFrames) {
    // Without memory for it, it is silence.
    (void)Send(waiting_at_ + static_cast<int64_t>(sent), &waiting_[sent * kSoundChannels], kPacketFrames);
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(sent * kSoundChannels));
  waiting_at_ += static_cast<int64_t>(sent);
}

Status Microphone::Send(int64_t at, const float* samples, size_t frames) {
  const size_t bytes = frames * kSoundChannels * sizeof(float);
  AVPacket* packet = av_packet_alloc();
  if (!packet || av_new_packet(packet, static_cast<int>(bytes)) < 0) {
    av_packet_free(&packet);
    return OutOfMemory("no memory for a microphone's sound");
  }
  std::memcpy(packet->data, samples, bytes);
  packet->pts = packet->dts = at;
  packet->duration = static_cast<int64_t>(frames);
  packet->stream_index = 1;
  packet->flags |= AV_PKT_FLAG_KEY;
  sound_->Put(form_->context.get(), packet, 0);
  av_packet_free(&packet);
  return OkStatus();
}

}  // namespace tempera::live
