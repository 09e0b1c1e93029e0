#include "live/pipewire/microphone.h"

#include <spa/param/audio/format-utils.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "live/pipewire/client/connection.h"
#include "live/pipewire/client/find_node.h"
#include "live/pipewire/client/sound_ring.h"
#include "live/pipewire/client/stream.h"

namespace tempera::live {
namespace {

constexpr std::chrono::milliseconds kReadPatience{20};
constexpr int64_t kOldestNs = 2'000'000'000;  // a time further back is of another clock than ours
// The times of a graph that is just starting are off by some periods: what is heard then is left out.
constexpr int kUnsureCycles = 8;

const PipewireNode* DefaultMicrophone(const PipewireConnection& connection) {
  for (const PipewireNode& node : connection.microphones()) {
    if (node.name == connection.default_microphone()) return &node;
  }
  return connection.microphones().empty() ? nullptr : &connection.microphones().front();
}

Result<PipewireNode> FindMicrophone(const PipewireConnection& connection, const std::string& which) {
  if (!which.empty()) return FindNamedNode(connection.microphones(), which, "microphone");
  const PipewireNode* node = DefaultMicrophone(connection);
  if (node) return *node;
  return NotFound("PipeWire has no microphone: plug one in, or leave --microphone out");
}

class PipewireSoundDevice final : public SoundDevice, private PipewireStream::Owner {
 public:
  explicit PipewireSoundDevice(std::string which) : which_(std::move(which)) {}
  ~PipewireSoundDevice() override { Close(); }

  Status Open() override;
  void Close() override;
  Status Read(std::vector<SoundBlock>* blocks) override;
  void Stop() override { stop_ = true; }
  std::string name() const override { return node_.description; }

 private:
  Status Connect();
  void OnFormat(const spa_pod* format) override;
  void OnProcess() override;
  void Take(const spa_data& data, const pw_time& time);

  const std::string which_;
  std::atomic<bool> stop_{false};
  std::string known_name_;  // of the node that was opened before: it is looked for first
  SoundRing ring_;
  PipewireStream stream_{this};
  // Under the connection's lock:
  PipewireNode node_;
  bool agreed_ = false;
  int cycles_ = 0;  // of the real-time thread's
};

Status PipewireSoundDevice::Open() {
  Close();
  if (stop_) return Status(StatusCode::kCancelled, "stopped");
  const Status status = [&]() -> Status {
    TEMPERA_RETURN_IF_ERROR(stream_.Open(stop_));
    const PipewireConnection& connection = stream_.connection();
    PipewireConnection::Lock lock(connection);
    // By name after a loss: a device that was plugged in again has another serial. Where the default stays
    // away, the one that has taken its place is heard.
    Result<PipewireNode> node = FindMicrophone(connection, known_name_.empty() ? which_ : known_name_);
    if (!node.ok() && which_.empty()) node = FindMicrophone(connection, which_);
    if (!node.ok()) return node.status();
    node_ = *node;
    return Connect();
  }();
  if (!status.ok()) Close();
  return status;
}

Status PipewireSoundDevice::Connect() {
  const spa_dict_item items[] = {{PW_KEY_MEDIA_TYPE, "Audio"},
                                 {PW_KEY_MEDIA_CATEGORY, "Capture"},
                                 {PW_KEY_MEDIA_ROLE, "Production"},
                                 {PW_KEY_APP_NAME, "Tempera"},
                                 {PW_KEY_NODE_NAME, "tempera-microphone"},
                                 {PW_KEY_NODE_LATENCY, "1024/48000"},
                                 {PW_KEY_TARGET_OBJECT, node_.serial.c_str()}};
  // Whatever the device gives, PipeWire makes this of it.
  spa_audio_info_raw info = {};
  info.format = SPA_AUDIO_FORMAT_F32;
  info.rate = kSoundRate;
  info.channels = kSoundChannels;
  info.position[0] = SPA_AUDIO_CHANNEL_FL;
  info.position[1] = SPA_AUDIO_CHANNEL_FR;
  uint8_t memory[1024];
  spa_pod_builder builder = {};
  spa_pod_builder_init(&builder, memory, sizeof memory);
  const spa_pod* params[] = {spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info)};
  PipewireStream::Wish wish;
  wish.properties = items;
  wish.flags = PW_STREAM_FLAG_RT_PROCESS;
  wish.params = params;
  wish.param_count = 1;
  TEMPERA_RETURN_IF_ERROR(stream_.ConnectToRead(node_, wish, "microphone",
                                                "see that a session manager runs (wireplumber)", stop_,
                                                [&] { return agreed_; }));
  known_name_ = node_.name;
  return OkStatus();
}

void PipewireSoundDevice::Close() {
  if (!stream_.is_open()) return;
  stream_.Close();
  agreed_ = false;
  cycles_ = 0;
  std::vector<SoundBlock> rest;
  ring_.Take(&rest);
}

Status PipewireSoundDevice::Read(std::vector<SoundBlock>* blocks) {
  if (!stream_.is_open()) return IoError("PipeWire's microphone is not open");
  // The real-time thread wakes nobody; this is soon enough.
  std::this_thread::sleep_for(kReadPatience);
  ring_.Take(blocks);
  const PipewireConnection& connection = stream_.connection();
  PipewireConnection::Lock lock(connection);
  if (!connection.lost().empty()) return IoError(connection.lost());
  if (!connection.HasNode(node_.id)) return IoError("'" + node_.description + "' is no longer there");
  if (!stream_.lost().empty()) return IoError("'" + node_.description + "': " + stream_.lost());
  return OkStatus();
}

void PipewireSoundDevice::OnFormat(const spa_pod* format) {
  if (!format) return;
  agreed_ = true;
  stream_.connection().Signal();
}

// On the real-time thread: nothing here waits, or asks for memory.
void PipewireSoundDevice::OnProcess() {
  const PipewireLibrary& pw = stream_.library();
  pw_time time = {};
  pw.stream_get_time_n(stream_.handle(), &time, sizeof time);
  cycles_ = std::min(cycles_ + 1, kUnsureCycles);
  while (pw_buffer* buffer = pw.stream_dequeue_buffer(stream_.handle())) {
    if (buffer->buffer->n_datas > 0 && cycles_ >= kUnsureCycles) Take(buffer->buffer->datas[0], time);
    pw.stream_queue_buffer(stream_.handle(), buffer);
  }
}

void PipewireSoundDevice::Take(const spa_data& data, const pw_time& time) {
  if (!data.data) return;
  // The other side may write to the chunk while we look: once only.
  const uint32_t offset = std::min(data.chunk->offset, data.maxsize);
  const uint32_t bytes = std::min(data.chunk->size, data.maxsize - offset);
  const size_t frames = bytes / (sizeof(float) * kSoundChannels);
  if (offset % sizeof(float) != 0 || frames == 0) return;
  // A cycle hands on what was heard up to its beginning, so that the first sample is a block old at least;
  // devices that know of more say so.
  const int64_t now = NowNs();
  const auto length = static_cast<int64_t>(frames) * 1'000'000'000 / kSoundRate;
  const int64_t delay = time.rate.denom > 0 && time.delay > 0 && time.delay < 1'000'000
                            ? time.delay * 1'000'000'000 * time.rate.num / time.rate.denom
                            : 0;
  const int64_t buffered =
      static_cast<int64_t>(std::min<uint64_t>(time.buffered, kSoundRate)) * 1'000'000'000 / kSoundRate;
  const bool told = time.now > now - kOldestNs && time.now <= now;
  ring_.Put((told ? time.now : now) - std::max(length, delay) - buffered, told,
            reinterpret_cast<const float*>(static_cast<const uint8_t*>(data.data) + offset), frames);
}

}  // namespace

Result<std::unique_ptr<SoundDevice>> MakePipewireMicrophone(const std::string& which) {
  TEMPERA_RETURN_IF_ERROR(Pipewire().status());
  return std::unique_ptr<SoundDevice>(new PipewireSoundDevice(which));
}

Result<std::vector<PipewireMicrophone>> ListPipewireMicrophones() {
  const std::atomic<bool> never = false;
  TEMPERA_ASSIGN_OR_RETURN(const auto connection, PipewireConnection::Open(never));
  PipewireConnection::Lock lock(*connection);
  const PipewireNode* chosen = DefaultMicrophone(*connection);
  std::vector<PipewireMicrophone> all;
  for (const PipewireNode& node : connection->microphones())
    all.push_back({node.name, node.serial, node.description, &node == chosen});
  std::sort(all.begin(), all.end(), [](const PipewireMicrophone& a, const PipewireMicrophone& b) {
    return std::make_pair(!a.is_default, a.name) < std::make_pair(!b.is_default, b.name);
  });
  return all;
}

}  // namespace tempera::live
