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

namespace tempera::live {
namespace {

constexpr std::chrono::seconds kLinkPatience{6};
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

class PipewireSoundDevice final : public SoundDevice {
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
  void Take(const spa_data& data, const pw_time& time);

  static void OnState(void* data, pw_stream_state old, pw_stream_state state, const char* error);
  static void OnParam(void* data, uint32_t id, const spa_pod* param);
  static void OnProcess(void* data);

  const std::string which_;
  std::atomic<bool> stop_{false};
  std::string known_name_;  // of the node that was opened before: it is looked for first
  std::unique_ptr<PipewireConnection> connection_;
  SoundRing ring_;
  // Under the connection's lock:
  pw_stream* stream_ = nullptr;
  spa_hook hook_ = {};
  PipewireNode node_;
  bool agreed_ = false;
  int cycles_ = 0;  // of the real-time thread's
  std::string lost_;
};

Status PipewireSoundDevice::Open() {
  Close();
  if (stop_) return Status(StatusCode::kCancelled, "stopped");
  const Status status = [&]() -> Status {
    TEMPERA_ASSIGN_OR_RETURN(connection_, PipewireConnection::Open(stop_));
    PipewireConnection::Lock lock(*connection_);
    // By name after a loss: a device that was plugged in again has another serial. Where the default stays
    // away, the one that has taken its place is heard.
    Result<PipewireNode> node = FindMicrophone(*connection_, known_name_.empty() ? which_ : known_name_);
    if (!node.ok() && which_.empty()) node = FindMicrophone(*connection_, which_);
    if (!node.ok()) return node.status();
    node_ = *node;
    return Connect();
  }();
  if (!status.ok()) Close();
  return status;
}

Status PipewireSoundDevice::Connect() {
  static const pw_stream_events kEvents = [] {
    pw_stream_events events = {};
    events.version = PW_VERSION_STREAM_EVENTS;
    events.state_changed = OnState;
    events.param_changed = OnParam;
    events.process = OnProcess;
    return events;
  }();
  const PipewireLibrary& pw = connection_->library();
  const spa_dict_item items[] = {{PW_KEY_MEDIA_TYPE, "Audio"},
                                 {PW_KEY_MEDIA_CATEGORY, "Capture"},
                                 {PW_KEY_MEDIA_ROLE, "Production"},
                                 {PW_KEY_APP_NAME, "Tempera"},
                                 {PW_KEY_NODE_NAME, "tempera-microphone"},
                                 {PW_KEY_NODE_LATENCY, "1024/48000"},
                                 {PW_KEY_TARGET_OBJECT, node_.serial.c_str()}};
  const spa_dict dict = {0, SPA_N_ELEMENTS(items), items};
  stream_ = pw.stream_new(connection_->core(), "Tempera", pw.properties_new_dict(&dict));
  if (!stream_) return OutOfMemory("no memory for a PipeWire stream");
  pw.stream_add_listener(stream_, &hook_, &kEvents, this);
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
  const auto flags = static_cast<pw_stream_flags>(PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
                                                  PW_STREAM_FLAG_DONT_RECONNECT | PW_STREAM_FLAG_RT_PROCESS);
  if (pw.stream_connect(stream_, PW_DIRECTION_INPUT, PW_ID_ANY, flags, params, 1) < 0)
    return IoError("PipeWire's microphone '" + node_.name + "' cannot be opened");
  const bool linked = connection_->WaitUntil(kLinkPatience, stop_, [&] {
    return agreed_ || !lost_.empty();
  }) && lost_.empty();
  if (stop_) return Status(StatusCode::kCancelled, "stopped");
  if (!linked) {
    const std::string why = !lost_.empty()                 ? lost_
                            : !connection_->lost().empty() ? connection_->lost()
                                                           : "nothing came of it in six seconds";
    return IoError("PipeWire's microphone '" + node_.name + "' cannot be read (" + why +
                   "): see that a session manager runs (wireplumber)");
  }
  known_name_ = node_.name;
  return OkStatus();
}

void PipewireSoundDevice::Close() {
  if (!connection_) return;
  if (stream_) {
    PipewireConnection::Lock lock(*connection_);
    spa_hook_remove(&hook_);
    connection_->library().stream_destroy(std::exchange(stream_, nullptr));
  }
  connection_.reset();
  agreed_ = false;
  cycles_ = 0;
  lost_.clear();
  std::vector<SoundBlock> rest;
  ring_.Take(&rest);
}

Status PipewireSoundDevice::Read(std::vector<SoundBlock>* blocks) {
  if (!connection_) return IoError("PipeWire's microphone is not open");
  // The real-time thread wakes nobody; this is soon enough.
  std::this_thread::sleep_for(kReadPatience);
  ring_.Take(blocks);
  PipewireConnection::Lock lock(*connection_);
  if (!connection_->lost().empty()) return IoError(connection_->lost());
  if (!connection_->HasNode(node_.id)) return IoError("'" + node_.description + "' is no longer there");
  if (!lost_.empty()) return IoError("'" + node_.description + "': " + lost_);
  return OkStatus();
}

void PipewireSoundDevice::OnState(void* data, pw_stream_state old, pw_stream_state state, const char* error) {
  auto* self = static_cast<PipewireSoundDevice*>(data);
  if (!self->lost_.empty()) return;
  if (state == PW_STREAM_STATE_ERROR) self->lost_ = error ? error : "PipeWire gives no reason";
  if (state == PW_STREAM_STATE_UNCONNECTED && old != PW_STREAM_STATE_UNCONNECTED)
    self->lost_ = "PipeWire took it away";
  if (!self->lost_.empty()) self->connection_->Signal();
}

void PipewireSoundDevice::OnParam(void* data, uint32_t id, const spa_pod* param) {
  auto* self = static_cast<PipewireSoundDevice*>(data);
  if (id != SPA_PARAM_Format || !param) return;
  self->agreed_ = true;
  self->connection_->Signal();
}

// On the real-time thread: nothing here waits, or asks for memory.
void PipewireSoundDevice::OnProcess(void* data) {
  auto* self = static_cast<PipewireSoundDevice*>(data);
  const PipewireLibrary& pw = self->connection_->library();
  pw_time time = {};
  pw.stream_get_time_n(self->stream_, &time, sizeof time);
  self->cycles_ = std::min(self->cycles_ + 1, kUnsureCycles);
  while (pw_buffer* buffer = pw.stream_dequeue_buffer(self->stream_)) {
    if (buffer->buffer->n_datas > 0 && self->cycles_ >= kUnsureCycles)
      self->Take(buffer->buffer->datas[0], time);
    pw.stream_queue_buffer(self->stream_, buffer);
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
