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
#include "live/pipewire/client/stream.h"
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

class PipewireSink : public Sink, private PipewireStream::Owner {
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
  void OnState(pw_stream_state state) override;
  void OnFormat(const spa_pod* format) override;
  // Why there is no camera any more, or "".
  std::string Lost() const {
    return stream_.connection().lost().empty() ? stream_.lost() : stream_.connection().lost();
  }
  bool Write(const media::Frame& frame, pw_buffer* buffer);

  const PipewireSinkOptions options_;
  std::atomic<bool> stop_ = false;
  // What readers are told, from the first Open on: one that waits for the camera to come back finds the same.
  StreamFormat told_;
  PipewireStream stream_{this};
  uint64_t next_seq_ = 0;
  // Under the connection's lock:
  pw_stream_state state_ = PW_STREAM_STATE_UNCONNECTED;
  std::optional<StreamFormat> format_;  // what the readers chose
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
  TEMPERA_RETURN_IF_ERROR(stream_.Open(stop_));
  const Status status = [&] {
    PipewireConnection::Lock lock(stream_.connection());
    return Connect();
  }();
  if (!status.ok()) (void)Close();
  return status;
}

Status PipewireSink::Connect() {
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
  StreamParams params;
  params.AddWrittenFormats(told_);
  PipewireStream::Wish wish;
  wish.name = options_.name.c_str();
  wish.direction = PW_DIRECTION_OUTPUT;
  wish.properties = items;
  wish.flags = PW_STREAM_FLAG_DRIVER;
  wish.params = params.data();
  wish.param_count = params.size();
  const Status connected = stream_.Connect(wish);
  if (connected.code() == StatusCode::kOutOfMemory) return connected;
  const bool made = connected.ok() && stream_.connection().WaitUntil(kNodePatience, stop_, [&] {
    return state_ >= PW_STREAM_STATE_PAUSED || !stream_.lost().empty();
  }) && stream_.lost().empty();
  if (stop_) return Status(StatusCode::kCancelled, "stopped");
  if (made) return OkStatus();
  const std::string why = Lost();
  return IoError("PipeWire makes no camera of ours (" + (why.empty() ? "it does not answer" : why) +
                 "): restart it (systemctl --user restart pipewire wireplumber)");
}

Status PipewireSink::Close() {
  if (!stream_.is_open()) return OkStatus();
  stream_.Close();
  state_ = PW_STREAM_STATE_UNCONNECTED;
  format_.reset();
  return OkStatus();
}

Status PipewireSink::Show(const PaintedFrame& painted) {
  if (!stream_.is_open()) return IoError("PipeWire's camera '" + options_.name + "' is not open");
  const auto lost = [&] { return IoError("PipeWire's camera '" + options_.name + "' is lost: " + Lost()); };
  {
    PipewireConnection::Lock lock(stream_.connection());
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
  PipewireConnection::Lock lock(stream_.connection());
  if (!Lost().empty()) return lost();
  if (state_ != PW_STREAM_STATE_STREAMING || !format_) return OkStatus();
  const PipewireLibrary& pw = stream_.library();
  // None: readers hold them all. They get the next frame.
  pw_buffer* buffer = pw.stream_dequeue_buffer(stream_.handle());
  if (buffer) {
    const bool written = Write(frame, buffer);
    pw.stream_queue_buffer(stream_.handle(), buffer);
    if (!written)
      return IoError("PipeWire's camera '" + options_.name + "' is lost: its buffers are too small");
  }
  pw.stream_trigger_process(stream_.handle());
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

void PipewireSink::OnState(pw_stream_state state) {
  state_ = state;
  stream_.connection().Signal();
}

void PipewireSink::OnFormat(const spa_pod* chosen) {
  format_ = ParseStreamFormat(chosen);
  if (!format_) return;  // the last reader has gone
  const StreamFormat& format = *format_;
  const int stride = RawStride(format.format, format.width);
  StreamParams params;
  params.AddBuffers(kBuffers, kFewestBuffers, RawBytes(format.format, format.width, format.height), stride);
  params.AddMeta(SPA_META_Header, sizeof(spa_meta_header));
  stream_.library().stream_update_params(stream_.handle(), params.data(), params.size());
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
