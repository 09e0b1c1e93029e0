// A camera of our own in PipeWire, which shows the paintings.
#include <spa/buffer/meta.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <cmath>
#include <string>
#include <utility>

#include "live/pipewire/client/connection.h"
#include "live/pipewire/client/params.h"
#include "live/pipewire/pipewire.h"

namespace tempera::live {
namespace {

constexpr std::chrono::seconds kNodePatience{3};
// Where several read, PipeWire gives a buffer back with the next frame, whether all have read it or not.
// Buffers are written in turn, so each stays whole for seven frames.
constexpr int kBuffers = 8;
constexpr int kFewestBuffers = 4;

// The largest that fits in, since readers disagree about rows that do not end at a multiple of 8 and about
// odd heights.
int RoundedWidth(int width) { return std::max(width / 8 * 8, 8); }
int RoundedHeight(int height) { return std::max(height / 2 * 2, 2); }

// A name of PipeWire's, of a name for people: what tells cameras apart, and ours from others
// (PipewireNode::ours).
std::string NodeName(const std::string& name) {
  std::string own = kPipewireSinkName;
  if (name == "Tempera") return own;
  own += '.';
  for (const char c : name)
    own += std::isalnum(static_cast<unsigned char>(c))
               ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
               : '-';
  return own;
}

class PipewireSink : public Sink {
 public:
  explicit PipewireSink(PipewireSinkOptions options) : options_(std::move(options)) {}
  ~PipewireSink() override { (void)Close(); }

  std::string name() const override { return "pipewire:" + options_.name; }
  Pace pace() const override { return Pace::kPaced; }
  double fps() const override { return options_.fps; }
  Status Open(const PaintedFrame& first) override;
  Status Show(const PaintedFrame& painted) override;
  Status Close() override;
  bool comes_back() const override { return true; }
  void Stop() override { stop_ = true; }

 private:
  Status Connect();
  // Why there is no camera any more, or "".
  std::string Lost() const { return connection_->lost().empty() ? lost_ : connection_->lost(); }
  bool Write(const media::Frame& frame, pw_buffer* buffer);

  static void OnState(void* data, pw_stream_state old, pw_stream_state state, const char* error);
  static void OnParam(void* data, uint32_t id, const spa_pod* param);

  const PipewireSinkOptions options_;
  std::atomic<bool> stop_ = false;
  // What readers are told, from the first Open on: one that waits for the camera to come back finds the same.
  StreamFormat told_;
  std::unique_ptr<PipewireConnection> connection_;
  uint64_t next_seq_ = 0;
  // Under the connection's lock:
  pw_stream* stream_ = nullptr;
  spa_hook hook_ = {};
  pw_stream_state state_ = PW_STREAM_STATE_UNCONNECTED;
  std::optional<StreamFormat> format_;  // what the readers chose
  std::string lost_;
};

Status PipewireSink::Open(const PaintedFrame& first) {
  TEMPERA_RETURN_IF_ERROR(Close());
  if (stop_) return Status(StatusCode::kCancelled, "stopped");
  if (told_.width == 0) {
    const media::Frame& frame = first.frame;
    told_.width = RoundedWidth(options_.width ? options_.width : frame.width);
    told_.height = RoundedHeight(options_.height ? options_.height : frame.height);
    const spa_fraction rate = FractionOf(options_.fps);
    told_.fps_num = static_cast<int>(rate.num);
    told_.fps_denom = static_cast<int>(rate.denom);
    const bool yuv = frame.format == media::PixelFormat::kI420 || frame.format == media::PixelFormat::kNv12;
    told_.matrix = yuv ? frame.matrix : media::ColorMatrix::kBt709;
    told_.full_range = yuv && frame.full_range;
  }
  TEMPERA_ASSIGN_OR_RETURN(connection_, PipewireConnection::Open(stop_));
  const Status status = [&] {
    PipewireConnection::Lock lock(*connection_);
    return Connect();
  }();
  if (!status.ok()) (void)Close();
  return status;
}

Status PipewireSink::Connect() {
  static const pw_stream_events kEvents = [] {
    pw_stream_events events = {};
    events.version = PW_VERSION_STREAM_EVENTS;
    events.state_changed = OnState;
    events.param_changed = OnParam;
    return events;
  }();
  const PipewireLibrary& pw = connection_->library();
  const std::string node_name = NodeName(options_.name);
  const spa_dict_item items[] = {{PW_KEY_MEDIA_TYPE, "Video"},
                                 {PW_KEY_MEDIA_CATEGORY, "Capture"},
                                 // Browsers' portals show what has these two.
                                 {PW_KEY_MEDIA_CLASS, "Video/Source"},
                                 {PW_KEY_MEDIA_ROLE, "Camera"},
                                 {PW_KEY_NODE_NAME, node_name.c_str()},
                                 {PW_KEY_NODE_DESCRIPTION, options_.name.c_str()},
                                 {PW_KEY_NODE_NICK, options_.name.c_str()},
                                 {PW_KEY_NODE_VIRTUAL, "true"},
                                 {PW_KEY_APP_NAME, "Tempera"}};
  const spa_dict dict = {0, SPA_N_ELEMENTS(items), items};
  stream_ = pw.stream_new(connection_->core(), options_.name.c_str(), pw.properties_new_dict(&dict));
  if (!stream_) return OutOfMemory("no memory for a PipeWire stream");
  pw.stream_add_listener(stream_, &hook_, &kEvents, this);
  StreamParams params;
  params.AddWrittenFormats(told_);
  const auto flags = static_cast<pw_stream_flags>(PW_STREAM_FLAG_DRIVER | PW_STREAM_FLAG_MAP_BUFFERS);
  const bool made =
      pw.stream_connect(stream_, PW_DIRECTION_OUTPUT, PW_ID_ANY, flags, params.data(), params.size()) >= 0 &&
      connection_->WaitUntil(kNodePatience, stop_,
                             [&] { return state_ >= PW_STREAM_STATE_PAUSED || !lost_.empty(); }) &&
      lost_.empty();
  if (stop_) return Status(StatusCode::kCancelled, "stopped");
  if (made) return OkStatus();
  const std::string why = Lost();
  return IoError("PipeWire makes no camera of ours (" + (why.empty() ? "it does not answer" : why) +
                 "): restart it (systemctl --user restart pipewire wireplumber)");
}

Status PipewireSink::Close() {
  if (!connection_) return OkStatus();
  if (stream_) {
    PipewireConnection::Lock lock(*connection_);
    spa_hook_remove(&hook_);
    connection_->library().stream_destroy(std::exchange(stream_, nullptr));
  }
  connection_.reset();
  state_ = PW_STREAM_STATE_UNCONNECTED;
  format_.reset();
  lost_.clear();
  return OkStatus();
}

Status PipewireSink::Show(const PaintedFrame& painted) {
  if (!connection_) return IoError("PipeWire's camera '" + options_.name + "' is not open");
  const auto lost = [&] { return IoError("PipeWire's camera '" + options_.name + "' is lost: " + Lost()); };
  {
    PipewireConnection::Lock lock(*connection_);
    if (!Lost().empty()) return lost();
    if (state_ != PW_STREAM_STATE_STREAMING || !format_) return OkStatus();
  }
  // Without the lock, since this may take milliseconds: told_ never changes while we are open.
  media::Frame frame = painted.frame;
  const bool planar = frame.format == media::PixelFormat::kI420 || frame.format == media::PixelFormat::kNv12;
  if (!planar || frame.width != told_.width || frame.height != told_.height || frame.matrix != told_.matrix ||
      frame.full_range != told_.full_range) {
    TEMPERA_ASSIGN_OR_RETURN(frame,
                             FitFrame(frame, told_.width, told_.height, told_.matrix, told_.full_range));
  }
  PipewireConnection::Lock lock(*connection_);
  if (!Lost().empty()) return lost();
  if (state_ != PW_STREAM_STATE_STREAMING || !format_) return OkStatus();
  const PipewireLibrary& pw = connection_->library();
  // None: readers hold them all. They get the next frame.
  pw_buffer* buffer = pw.stream_dequeue_buffer(stream_);
  if (buffer) {
    const bool written = Write(frame, buffer);
    pw.stream_queue_buffer(stream_, buffer);
    if (!written)
      return IoError("PipeWire's camera '" + options_.name + "' is lost: its buffers are too small");
  }
  pw.stream_trigger_process(stream_);
  return OkStatus();
}

bool PipewireSink::Write(const media::Frame& frame, pw_buffer* buffer) {
  const size_t bytes = RawBytes(format_->format, told_.width, told_.height);
  spa_data& data = buffer->buffer->datas[0];
  const bool fits = buffer->buffer->n_datas >= 1 && data.data && data.maxsize >= bytes;
  if (fits) RawFromFrame(frame, format_->format, static_cast<uint8_t*>(data.data));
  if (buffer->buffer->n_datas >= 1) {
    data.chunk->offset = 0;
    data.chunk->size = fits ? static_cast<uint32_t>(bytes) : 0;
    data.chunk->stride = RawStride(format_->format, told_.width);
    data.chunk->flags = fits ? SPA_CHUNK_FLAG_NONE : SPA_CHUNK_FLAG_CORRUPTED;
  }
  auto* header = static_cast<spa_meta_header*>(
      spa_buffer_find_meta_data(buffer->buffer, SPA_META_Header, sizeof(spa_meta_header)));
  if (header) {
    header->flags = 0;
    header->offset = 0;
    // When it is shown, and not when the camera behind us had it: readers want frames that go on evenly.
    header->pts = NowNs();
    header->dts_offset = 0;
    header->seq = next_seq_;
  }
  ++next_seq_;
  return fits;
}

void PipewireSink::OnState(void* data, pw_stream_state old, pw_stream_state state, const char* error) {
  auto* self = static_cast<PipewireSink*>(data);
  self->state_ = state;
  if (self->lost_.empty()) {
    if (state == PW_STREAM_STATE_ERROR) self->lost_ = error ? error : "PipeWire gives no reason";
    if (state == PW_STREAM_STATE_UNCONNECTED && old != PW_STREAM_STATE_UNCONNECTED)
      self->lost_ = "PipeWire took it away";
  }
  self->connection_->Signal();
}

void PipewireSink::OnParam(void* data, uint32_t id, const spa_pod* param) {
  auto* self = static_cast<PipewireSink*>(data);
  if (id != SPA_PARAM_Format) return;
  self->format_ = ParseStreamFormat(param);
  if (!self->format_) return;  // the last reader has gone
  const StreamFormat& format = *self->format_;
  const int stride = RawStride(format.format, format.width);
  StreamParams params;
  params.AddBuffers(kBuffers, kFewestBuffers, RawBytes(format.format, format.width, format.height), stride);
  params.AddMeta(SPA_META_Header, sizeof(spa_meta_header));
  self->connection_->library().stream_update_params(self->stream_, params.data(), params.size());
}

}  // namespace

Result<std::unique_ptr<Sink>> MakePipewireSink(const PipewireSinkOptions& options) {
  TEMPERA_RETURN_IF_ERROR(Pipewire().status());
  constexpr int kMaxSide = 8192;
  const bool sized = options.width != 0 || options.height != 0;
  if (options.name.empty()) return InvalidArgument("a PipeWire camera needs a name: pipewire:NAME");
  if (sized &&
      (options.width < 16 || options.height < 16 || options.width > kMaxSide || options.height > kMaxSide)) {
    return InvalidArgument("a PipeWire camera of " + std::to_string(options.width) + "x" +
                           std::to_string(options.height) + " cannot be: each side must be 16 to " +
                           std::to_string(kMaxSide));
  }
  if (!(options.fps >= 1 && options.fps <= 240))
    return InvalidArgument("a PipeWire camera shows 1 to 240 frames a second");
  return std::unique_ptr<Sink>(new PipewireSink(options));
}

}  // namespace tempera::live
