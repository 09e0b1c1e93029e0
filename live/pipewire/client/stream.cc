#include "live/pipewire/client/stream.h"

#include <chrono>
#include <utility>

namespace tempera::live {
namespace {

// A camera that is switched on takes up to two seconds for its first answer.
constexpr std::chrono::seconds kLinkPatience{6};

}  // namespace

Status PipewireStream::Open(const std::atomic<bool>& stop, int portal_fd) {
  TEMPERA_ASSIGN_OR_RETURN(connection_, PipewireConnection::Open(stop, portal_fd));
  return OkStatus();
}

void PipewireStream::Close() {
  if (!connection_) return;
  if (stream_) {
    PipewireConnection::Lock lock(*connection_);
    spa_hook_remove(&hook_);
    library().stream_destroy(std::exchange(stream_, nullptr));
  }
  connection_.reset();
  lost_.clear();
}

Status PipewireStream::Connect(const Wish& wish) {
  static const auto events = [](bool reads) {
    pw_stream_events made = {};
    made.version = PW_VERSION_STREAM_EVENTS;
    made.state_changed = OnState;
    made.param_changed = OnParam;
    if (reads) made.process = OnProcess;
    return made;
  };
  static const pw_stream_events kReads = events(true), kWrites = events(false);
  const PipewireLibrary& pw = library();
  const spa_dict dict = {0, static_cast<uint32_t>(wish.properties.size()), wish.properties.data()};
  stream_ = pw.stream_new(connection_->core(), wish.name, pw.properties_new_dict(&dict));
  if (!stream_) return OutOfMemory("no memory for a PipeWire stream");
  pw.stream_add_listener(stream_, &hook_, wish.direction == PW_DIRECTION_INPUT ? &kReads : &kWrites, this);
  const auto flags = static_cast<pw_stream_flags>(wish.flags | PW_STREAM_FLAG_MAP_BUFFERS);
  if (pw.stream_connect(stream_, wish.direction, PW_ID_ANY, flags, wish.params, wish.param_count) < 0)
    return IoError(wish.refused);
  return OkStatus();
}

Status PipewireStream::ConnectToRead(const PipewireNode& node, Wish wish, const std::string& kind,
                                     const std::string& cure, const std::atomic<bool>& stop,
                                     const std::function<bool()>& agreed) {
  const std::string called = "PipeWire's " + kind + " '" + node.name + "'";
  wish.refused = called + " cannot be opened";
  wish.flags |= PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_DONT_RECONNECT;
  TEMPERA_RETURN_IF_ERROR(Connect(wish));
  const bool linked = connection_->WaitUntil(kLinkPatience, stop, [&] {
    return agreed() || !lost_.empty();
  }) && lost_.empty();
  if (stop) return Status(StatusCode::kCancelled, "stopped");
  if (linked) return OkStatus();
  const std::string why = !lost_.empty()                 ? lost_
                          : !connection_->lost().empty() ? connection_->lost()
                                                         : "nothing came of it in six seconds";
  return IoError(called + " cannot be read (" + why + "): " + cure);
}

void PipewireStream::Lose(const std::string& why) {
  if (!lost_.empty()) return;
  lost_ = why;
  connection_->Signal();
}

void PipewireStream::OnState(void* data, pw_stream_state old, pw_stream_state state, const char* error) {
  auto* self = static_cast<PipewireStream*>(data);
  self->owner_->OnState(state);
  if (state == PW_STREAM_STATE_ERROR) self->Lose(error ? error : "PipeWire gives no reason");
  if (state == PW_STREAM_STATE_UNCONNECTED && old != PW_STREAM_STATE_UNCONNECTED)
    self->Lose("PipeWire took it away");
}

void PipewireStream::OnParam(void* data, uint32_t id, const spa_pod* param) {
  if (id == SPA_PARAM_Format) static_cast<PipewireStream*>(data)->owner_->OnFormat(param);
}

void PipewireStream::OnProcess(void* data) { static_cast<PipewireStream*>(data)->owner_->OnProcess(); }

}  // namespace tempera::live
