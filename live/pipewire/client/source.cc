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
#include "live/pipewire/client/stream.h"
#include "live/pipewire/pipewire.h"

namespace tempera::live {
namespace {

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

class PipewireSource : public Source, private PipewireStream::Owner {
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
  void OnFormat(const spa_pod* format) override;
  void OnProcess() override;
  void SetInfo();
  void Take(pw_buffer* buffer);
  void Number(const spa_meta_header* header);

  const PipewireSourceOptions options_;
  std::atomic<bool> stop_ = false;
  SourceInfo info_;
  std::string known_name_;                // of the node that was opened before: it is looked for first
  std::unique_ptr<ScreenPortal> portal_;  // null: none was asked
  PipewireStream stream_{this};
  // Under the connection's lock:
  PipewireNode node_;
  std::optional<StreamFormat> format_;
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
    TEMPERA_RETURN_IF_ERROR(stream_.Open(stop_, portal_ ? portal_->TakeFd() : -1));
    const PipewireConnection& connection = stream_.connection();
    PipewireConnection::Lock lock(connection);
    // By name after a loss: a device that was plugged in again has another serial.
    Result<PipewireNode> node =
        portal_ ? FindShared(connection, portal_->node_id())
                : FindNode(connection,
                           known_name_.empty() || options_.which.empty() ? options_.which : known_name_);
    if (!node.ok()) return node.status();
    return Connect(*node);
  }();
  if (!status.ok()) Close();
  return status;
}

Status PipewireSource::Connect(const PipewireNode& node) {
  node_ = node;
  const spa_dict_item items[] = {{PW_KEY_MEDIA_TYPE, "Video"},
                                 {PW_KEY_MEDIA_CATEGORY, "Capture"},
                                 {PW_KEY_MEDIA_ROLE, node.screen() || portal_ ? "Screen" : "Camera"},
                                 {PW_KEY_APP_NAME, "Tempera"},
                                 {PW_KEY_NODE_NAME, "tempera-reader"},
                                 {PW_KEY_TARGET_OBJECT, node.serial.c_str()}};
  StreamParams params;
  params.AddReadableFormats(options_.width, options_.height, options_.fps);
  PipewireStream::Wish wish;
  wish.properties = items;
  wish.params = params.data();
  wish.param_count = params.size();
  TEMPERA_RETURN_IF_ERROR(stream_.ConnectToRead(
      node, wish, "camera",
      "see that a session manager runs (wireplumber), and that it gives raw video, not only MJPEG", stop_,
      [&] { return format_.has_value(); }));
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
  stream_.Close();
  portal_.reset();
  format_.reset();
  newest_ = {};
  has_newest_ = seq_known_ = false;
  bad_pictures_ = 0;
}

Result<Source::Got> PipewireSource::Read(SourceFrame* frame) {
  if (!stream_.is_open()) return IoError("PipeWire's camera is not open");
  PipewireConnection& connection = stream_.connection();
  PipewireConnection::Lock lock(connection);
  const auto gone = [&] { return !connection.HasNode(node_.id); };
  connection.WaitUntil(kReadPatience, stop_,
                       [&] { return has_newest_ || !stream_.lost().empty() || gone(); });
  // What is there is given before bad news.
  if (has_newest_) {
    *frame = std::exchange(newest_, {});
    has_newest_ = false;
    return Got::kFrame;
  }
  if (!connection.lost().empty()) return IoError("'" + info_.name + "' is lost: " + connection.lost());
  if (gone()) return IoError("'" + info_.name + "' is lost: it is no longer there");
  if (!stream_.lost().empty()) return IoError("'" + info_.name + "' is lost: " + stream_.lost());
  return Got::kNotYet;
}

void PipewireSource::OnFormat(const spa_pod* format) {
  if (!format) return;
  format_ = ParseStreamFormat(format);
  if (!format_) {
    stream_.Lose("it gives a format that cannot be read");
  } else {
    StreamParams params;
    // One is being read while the next is written; more, since the writer does not wait for us.
    params.AddBuffers(8, 2, 0, 0);
    params.AddMeta(SPA_META_Header, sizeof(spa_meta_header));
    params.AddMeta(SPA_META_VideoCrop, sizeof(spa_meta_region));
    stream_.library().stream_update_params(stream_.handle(), params.data(), params.size());
  }
  stream_.connection().Signal();
}

void PipewireSource::OnProcess() {
  const PipewireLibrary& pw = stream_.library();
  pw_buffer* newest = nullptr;
  while (pw_buffer* buffer = pw.stream_dequeue_buffer(stream_.handle())) {
    if (newest) pw.stream_queue_buffer(stream_.handle(), newest);
    Number(HeaderOf(buffer));
    newest = buffer;
  }
  if (!newest) return;
  // At once, and not when somebody reads: where there are several readers, the writer reuses a buffer without
  // waiting for each of them.
  Take(newest);
  pw.stream_queue_buffer(stream_.handle(), newest);
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
    if (++bad_pictures_ >= kBadPictures) stream_.Lose(frame.status().message());
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
  stream_.connection().Signal();
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
