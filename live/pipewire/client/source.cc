// A PipeWire camera or screen as a source.
#include <spa/buffer/meta.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "live/pipewire/client/connection.h"
#include "live/pipewire/client/find_node.h"
#include "live/pipewire/client/params.h"
#include "live/pipewire/client/screen_portal.h"
#include "live/pipewire/pipewire.h"

namespace tempera::live {
namespace {

// A camera that is switched on takes up to two seconds for its first answer.
constexpr std::chrono::seconds kLinkPatience{6};
constexpr std::chrono::milliseconds kReadPatience{100};
// Of these in a row: it is not one that was damaged on its way, it is how this device gives them.
constexpr int kBadPictures = 30;
// A time further back is of another clock than ours.
constexpr int64_t kOldestNs = 5'000'000'000;

const PipewireNode* DefaultNode(const PipewireConnection& connection) {
  const PipewireNode* first = nullptr;
  for (const PipewireNode& node : connection.nodes()) {
    if (node.screen() || node.ours()) continue;
    if (node.name == connection.default_camera()) return &node;
    if (!first) first = &node;
  }
  return first;
}

Result<PipewireNode> FindNode(const PipewireConnection& connection, const std::string& which) {
  if (which.empty()) {
    const PipewireNode* node = DefaultNode(connection);
    if (node) return *node;
    return NotFound("PipeWire has no camera: plug one in, or name one (tempera live --list)");
  }
  return FindNamedNode(connection.nodes(), which, "camera");
}

const spa_meta_header* HeaderOf(const pw_buffer* buffer) {
  return static_cast<const spa_meta_header*>(
      spa_buffer_find_meta_data(buffer->buffer, SPA_META_Header, sizeof(spa_meta_header)));
}

// What a portal shares has a number; names are for others.
Result<PipewireNode> FindShared(const PipewireConnection& connection, uint32_t id) {
  for (const PipewireNode& node : connection.nodes()) {
    if (node.id != id) continue;
    PipewireNode shared = node;
    if (shared.description.empty()) shared.description = "Screen";
    return shared;
  }
  return IoError(
      "the desktop's portal shares a screen that PipeWire does not have: restart pipewire and the portal");
}

class PipewireSource : public Source {
 public:
  explicit PipewireSource(PipewireSourceOptions options) : options_(std::move(options)) {}
  ~PipewireSource() override { Close(); }

  Status Open() override;
  void Close() override;
  Result<Got> Read(SourceFrame* frame) override;
  void Stop() override { stop_ = true; }
  const SourceInfo& info() const override { return info_; }
  // Who has ended sharing a screen must not be asked again, and again.
  bool comes_back() const override { return !options_.ask_for_screen; }

 private:
  Status Connect(const PipewireNode& node);
  void SetInfo();
  void Take(pw_buffer* buffer);
  void Number(const spa_meta_header* header);

  static void OnState(void* data, pw_stream_state old, pw_stream_state state, const char* error);
  static void OnParam(void* data, uint32_t id, const spa_pod* param);
  static void OnProcess(void* data);

  const PipewireSourceOptions options_;
  std::atomic<bool> stop_ = false;
  SourceInfo info_;
  std::string known_name_;                // of the node that was opened before: it is looked for first
  std::unique_ptr<ScreenPortal> portal_;  // null: none was asked
  std::unique_ptr<PipewireConnection> connection_;
  // Under the connection's lock:
  pw_stream* stream_ = nullptr;
  spa_hook hook_ = {};
  PipewireNode node_;
  std::optional<StreamFormat> format_;
  std::string lost_;
  SourceFrame newest_;
  bool has_newest_ = false;
  int bad_pictures_ = 0;
  int64_t next_number_ = 0;
  uint64_t last_seq_ = 0;
  bool seq_known_ = false;
  bool cut_ = false;  // the next frame follows none
};

Status PipewireSource::Open() {
  Close();
  if (stop_) return Status(StatusCode::kCancelled, "stopped");
  if (options_.ask_for_screen) {
    TEMPERA_ASSIGN_OR_RETURN(portal_, ScreenPortal::Open(stop_));
  }
  const Status status = [&]() -> Status {
    TEMPERA_ASSIGN_OR_RETURN(connection_, PipewireConnection::Open(stop_, portal_ ? portal_->TakeFd() : -1));
    PipewireConnection::Lock lock(*connection_);
    // By name after a loss: a device that was plugged in again has another serial.
    Result<PipewireNode> node =
        portal_ ? FindShared(*connection_, portal_->node_id())
                : FindNode(*connection_,
                           known_name_.empty() || options_.which.empty() ? options_.which : known_name_);
    if (!node.ok()) return node.status();
    return Connect(*node);
  }();
  if (!status.ok()) Close();
  return status;
}

Status PipewireSource::Connect(const PipewireNode& node) {
  static const pw_stream_events kEvents = [] {
    pw_stream_events events = {};
    events.version = PW_VERSION_STREAM_EVENTS;
    events.state_changed = OnState;
    events.param_changed = OnParam;
    events.process = OnProcess;
    return events;
  }();
  const PipewireLibrary& pw = connection_->library();
  node_ = node;
  const spa_dict_item items[] = {{PW_KEY_MEDIA_TYPE, "Video"},
                                 {PW_KEY_MEDIA_CATEGORY, "Capture"},
                                 {PW_KEY_MEDIA_ROLE, node.screen() || portal_ ? "Screen" : "Camera"},
                                 {PW_KEY_APP_NAME, "Tempera"},
                                 {PW_KEY_NODE_NAME, "tempera-reader"},
                                 {PW_KEY_TARGET_OBJECT, node.serial.c_str()}};
  const spa_dict dict = {0, SPA_N_ELEMENTS(items), items};
  stream_ = pw.stream_new(connection_->core(), "Tempera", pw.properties_new_dict(&dict));
  if (!stream_) return OutOfMemory("no memory for a PipeWire stream");
  pw.stream_add_listener(stream_, &hook_, &kEvents, this);
  StreamParams params;
  params.AddReadableFormats(options_.width, options_.height, options_.fps);
  const auto flags = static_cast<pw_stream_flags>(PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS |
                                                  PW_STREAM_FLAG_DONT_RECONNECT);
  if (pw.stream_connect(stream_, PW_DIRECTION_INPUT, PW_ID_ANY, flags, params.data(), params.size()) < 0)
    return IoError("PipeWire's camera '" + node.name + "' cannot be opened");
  const bool linked = connection_->WaitUntil(kLinkPatience, stop_, [&] {
    return format_ || !lost_.empty();
  }) && lost_.empty();
  if (stop_) return Status(StatusCode::kCancelled, "stopped");
  if (!linked) {
    const std::string why = !lost_.empty()                 ? lost_
                            : !connection_->lost().empty() ? connection_->lost()
                                                           : "nothing came of it in six seconds";
    return IoError(
        "PipeWire's camera '" + node.name + "' cannot be read (" + why +
        "): see that a session manager runs (wireplumber), and that it gives raw video, not only MJPEG");
  }
  known_name_ = node.name;
  cut_ = next_number_ > 0;
  SetInfo();
  return OkStatus();
}

void PipewireSource::SetInfo() {
  info_.name = node_.description;
  info_.width = format_->width;
  info_.height = format_->height;
  info_.fps = static_cast<double>(format_->fps_num) / format_->fps_denom;
  char rate[32] = "";
  if (info_.fps > 0) std::snprintf(rate, sizeof rate, " at %g", std::round(info_.fps * 100) / 100);
  info_.format = std::string(RawFormatName(format_->format)) + " " + std::to_string(info_.width) + "x" +
                 std::to_string(info_.height) + rate;
}

void PipewireSource::Close() {
  if (!connection_) {
    portal_.reset();
    return;
  }
  if (stream_) {
    PipewireConnection::Lock lock(*connection_);
    spa_hook_remove(&hook_);
    connection_->library().stream_destroy(std::exchange(stream_, nullptr));
  }
  connection_.reset();
  portal_.reset();
  format_.reset();
  lost_.clear();
  newest_ = {};
  has_newest_ = seq_known_ = false;
  bad_pictures_ = 0;
}

Result<Source::Got> PipewireSource::Read(SourceFrame* frame) {
  if (!connection_) return IoError("PipeWire's camera is not open");
  PipewireConnection::Lock lock(*connection_);
  const auto gone = [&] { return !connection_->HasNode(node_.id); };
  connection_->WaitUntil(kReadPatience, stop_, [&] { return has_newest_ || !lost_.empty() || gone(); });
  // What is there is given before bad news.
  if (has_newest_) {
    *frame = std::exchange(newest_, {});
    has_newest_ = false;
    return Got::kFrame;
  }
  if (!connection_->lost().empty()) return IoError("'" + info_.name + "' is lost: " + connection_->lost());
  if (gone()) return IoError("'" + info_.name + "' is lost: it is no longer there");
  if (!lost_.empty()) return IoError("'" + info_.name + "' is lost: " + lost_);
  return Got::kNotYet;
}

void PipewireSource::OnState(void* data, pw_stream_state old, pw_stream_state state, const char* error) {
  auto* self = static_cast<PipewireSource*>(data);
  if (!self->lost_.empty()) return;
  if (state == PW_STREAM_STATE_ERROR) self->lost_ = error ? error : "PipeWire gives no reason";
  if (state == PW_STREAM_STATE_UNCONNECTED && old != PW_STREAM_STATE_UNCONNECTED)
    self->lost_ = "PipeWire took it away";
  if (!self->lost_.empty()) self->connection_->Signal();
}

void PipewireSource::OnParam(void* data, uint32_t id, const spa_pod* param) {
  auto* self = static_cast<PipewireSource*>(data);
  if (id != SPA_PARAM_Format || !param) return;
  self->format_ = ParseStreamFormat(param);
  if (!self->format_) {
    self->lost_ = "it gives a format that cannot be read";
  } else {
    StreamParams params;
    // One is being read while the next is written; more, since the writer does not wait for us.
    params.AddBuffers(8, 2, 0, 0);
    params.AddMeta(SPA_META_Header, sizeof(spa_meta_header));
    params.AddMeta(SPA_META_VideoCrop, sizeof(spa_meta_region));
    self->connection_->library().stream_update_params(self->stream_, params.data(), params.size());
  }
  self->connection_->Signal();
}

void PipewireSource::OnProcess(void* data) {
  auto* self = static_cast<PipewireSource*>(data);
  const PipewireLibrary& pw = self->connection_->library();
  pw_buffer* newest = nullptr;
  while (pw_buffer* buffer = pw.stream_dequeue_buffer(self->stream_)) {
    if (newest) pw.stream_queue_buffer(self->stream_, newest);
    self->Number(HeaderOf(buffer));
    newest = buffer;
  }
  if (!newest) return;
  // At once, and not when somebody reads: where there are several readers, the writer reuses a buffer without
  // waiting for each of them.
  self->Take(newest);
  pw.stream_queue_buffer(self->stream_, newest);
}

// Counts one frame on, and those that the device says were lost before it.
void PipewireSource::Number(const spa_meta_header* header) {
  int64_t skipped = 0;
  if (header) {
    // A leap of more than some seconds is no count of frames.
    if (seq_known_ && header->seq > last_seq_ && header->seq - last_seq_ < 1000)
      skipped = std::max<int64_t>(static_cast<int64_t>(header->seq - last_seq_) - 1, 0);
    last_seq_ = header->seq;
  }
  seq_known_ = header != nullptr;
  next_number_ += 1 + skipped;
}

void PipewireSource::Take(pw_buffer* buffer) {
  const int64_t now = NowNs();
  const spa_buffer& raw = *buffer->buffer;
  const spa_meta_header* header = HeaderOf(buffer);
  const auto* crop = static_cast<const spa_meta_region*>(
      spa_buffer_find_meta_data(&raw, SPA_META_VideoCrop, sizeof(spa_meta_region)));
  if (!format_ || !raw.n_datas) return;
  const uint32_t chunk_flags = static_cast<uint32_t>(raw.datas[0].chunk->flags);
  // No picture at all: only the pointer moved, or it was damaged on its way.
  if (raw.datas[0].chunk->size == 0 || (chunk_flags & SPA_CHUNK_FLAG_CORRUPTED) ||
      (header && (header->flags & SPA_META_HEADER_FLAG_CORRUPTED)))
    return;
  RawPicture picture;
  picture.format = format_->format;
  picture.width = format_->width;
  picture.height = format_->height;
  picture.matrix = format_->matrix;
  picture.full_range = format_->full_range;
  picture.block_count = static_cast<int>(std::min<uint32_t>(raw.n_datas, 3));
  for (int i = 0; i < picture.block_count; ++i) {
    const spa_data& data = raw.datas[i];
    // The other side may write to the chunk while we look: once only.
    const uint32_t offset = std::min(data.chunk->offset, data.maxsize);
    const uint32_t bytes = std::min(data.chunk->size, data.maxsize - offset);
    if (data.data) picture.blocks[i].data = static_cast<const uint8_t*>(data.data) + offset;
    picture.blocks[i].bytes = bytes;
    picture.blocks[i].stride_bytes = data.chunk->stride;
  }
  RawRegion region{0, 0, picture.width, picture.height};
  if (crop && spa_meta_region_is_valid(crop)) {
    const auto& r = crop->region;
    const int64_t right = r.position.x + static_cast<int64_t>(r.size.width);
    const int64_t bottom = r.position.y + static_cast<int64_t>(r.size.height);
    if (r.position.x >= 0 && r.position.y >= 0 && right <= picture.width && bottom <= picture.height) {
      region = {r.position.x, r.position.y, static_cast<int>(r.size.width), static_cast<int>(r.size.height)};
    }
  }
  Result<media::Frame> frame = FrameFromRaw(picture, region);
  if (!frame.ok()) {
    if (++bad_pictures_ >= kBadPictures) {
      lost_ = frame.status().message();
      connection_->Signal();
    }
    return;
  }
  bad_pictures_ = 0;
  newest_.frame = std::move(*frame);
  const bool told =
      header && header->pts > 0 && header->pts > now - kOldestNs && header->pts <= now + kOldestNs;
  newest_.captured_ns = told ? std::min(header->pts, now) : now;
  newest_.number = next_number_ - 1;
  // A frame that nobody read hands its cut on.
  newest_.cut = std::exchange(cut_, false) || (has_newest_ && newest_.cut);
  has_newest_ = true;
  connection_->Signal();
}

}  // namespace

Result<std::unique_ptr<Source>> MakePipewireSource(const PipewireSourceOptions& options) {
  TEMPERA_RETURN_IF_ERROR(Pipewire().status());
  return std::unique_ptr<Source>(new PipewireSource(options));
}

Result<std::vector<PipewireCamera>> ListPipewireCameras() {
  const std::atomic<bool> never = false;
  TEMPERA_ASSIGN_OR_RETURN(const auto connection, PipewireConnection::Open(never));
  PipewireConnection::Lock lock(*connection);
  const PipewireNode* chosen = DefaultNode(*connection);
  std::vector<PipewireCamera> cameras;
  for (const PipewireNode& node : connection->nodes()) {
    cameras.push_back({.id = node.id,
                       .serial = node.serial,
                       .name = node.name,
                       .description = node.description,
                       .screen = node.screen(),
                       .is_default = &node == chosen});
  }
  std::sort(cameras.begin(), cameras.end(), [](const PipewireCamera& a, const PipewireCamera& b) {
    return std::make_pair(!a.is_default, a.name) < std::make_pair(!b.is_default, b.name);
  });
  return cameras;
}

}  // namespace tempera::live
