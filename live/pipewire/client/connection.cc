#include "live/pipewire/client/connection.h"

#include <pipewire/extensions/metadata.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

namespace tempera::live {
namespace {

// Nobody can say how long a daemon takes that is just starting; one that runs answers within milliseconds.
constexpr std::chrono::seconds kPatience{3};
// How soon a Stop is noticed.
constexpr int64_t kSliceNs = 20'000'000;

std::string Property(const spa_dict* props, const char* key) {
  const char* value = props ? spa_dict_lookup(props, key) : nullptr;
  return value ? value : "";
}

}  // namespace

bool PipewireNode::ours() const {
  const std::string own = kPipewireSinkName;
  return name == own || name.starts_with(own + ".");
}

Result<std::unique_ptr<PipewireConnection>> PipewireConnection::Open(const std::atomic<bool>& stop,
                                                                     int portal_fd) {
  const Result<const PipewireLibrary*> pw = Pipewire();
  if (!pw.ok()) {
    if (portal_fd >= 0) close(portal_fd);
    return pw.status();
  }
  std::unique_ptr<PipewireConnection> connection(new PipewireConnection(**pw, portal_fd));
  TEMPERA_RETURN_IF_ERROR(connection->Connect(stop));
  return connection;
}

Status PipewireConnection::Connect(const std::atomic<bool>& stop) {
  static const pw_core_events kCoreEvents = [] {
    pw_core_events events = {};
    events.version = PW_VERSION_CORE_EVENTS;
    events.done = OnDone;
    events.error = OnError;
    return events;
  }();
  static const pw_registry_events kRegistryEvents = [] {
    pw_registry_events events = {};
    events.version = PW_VERSION_REGISTRY_EVENTS;
    events.global = OnGlobal;
    events.global_remove = OnGlobalRemove;
    return events;
  }();
  loop_ = pw_.thread_loop_new("tempera-pw", nullptr);
  if (!loop_) return OutOfMemory("no memory for PipeWire's loop");
  context_ = pw_.context_new(pw_.thread_loop_get_loop(loop_), nullptr, 0);
  if (!context_) {
    return IoError(std::string("PipeWire's client cannot start (") + std::strerror(errno) +
                   "): install libpipewire-0.3-modules, libspa-0.2-modules and pipewire-bin");
  }
  if (pw_.thread_loop_start(loop_) < 0) return IoError("no thread for PipeWire's loop could be made");
  Lock lock(*this);
  // The library closes the descriptor, whatever comes of it.
  core_ = portal_ ? pw_.context_connect_fd(context_, std::exchange(portal_fd_, -1), nullptr, 0)
                  : pw_.context_connect(context_, nullptr, 0);
  if (!core_) {
    return NotFound(std::string("PipeWire cannot be reached (") + std::strerror(errno) +
                    "): start it for this user (systemctl --user start pipewire wireplumber), and see that "
                    "XDG_RUNTIME_DIR is set");
  }
  pw_core_add_listener(core_, &core_hook_, &kCoreEvents, this);
  registry_ = pw_core_get_registry(core_, PW_VERSION_REGISTRY, 0);
  if (!registry_) return OutOfMemory("no memory for PipeWire's registry");
  pw_registry_add_listener(registry_, &registry_hook_, &kRegistryEvents, this);
  // Twice: the first answer comes after all globals, the second after the properties of what OnGlobal bound.
  for (int round = 0; round < 2; ++round) {
    const int seq = pw_core_sync(core_, PW_ID_CORE, 0);
    if (WaitUntil(kPatience, stop, [&] { return last_done_ == seq; })) continue;
    if (stop) return Status(StatusCode::kCancelled, "stopped");
    return IoError(lost_.empty() ? "PipeWire does not answer: restart it (systemctl --user restart pipewire)"
                                 : lost_);
  }
  return OkStatus();
}

PipewireConnection::~PipewireConnection() {
  if (loop_) pw_.thread_loop_stop(loop_);
  if (metadata_) {
    spa_hook_remove(&metadata_hook_);
    pw_.proxy_destroy(static_cast<pw_proxy*>(metadata_));
  }
  if (registry_) {
    spa_hook_remove(&registry_hook_);
    pw_.proxy_destroy(reinterpret_cast<pw_proxy*>(registry_));
  }
  if (core_) {
    spa_hook_remove(&core_hook_);
    pw_.core_disconnect(core_);
  }
  if (context_) pw_.context_destroy(context_);
  if (loop_) pw_.thread_loop_destroy(loop_);
  if (portal_fd_ >= 0) close(portal_fd_);
}

bool PipewireConnection::HasNode(uint32_t id) const {
  const auto is_it = [&](const PipewireNode& node) { return node.id == id; };
  return std::any_of(nodes_.begin(), nodes_.end(), is_it) ||
         std::any_of(microphones_.begin(), microphones_.end(), is_it);
}

bool PipewireConnection::WaitUntil(std::chrono::milliseconds timeout, const std::atomic<bool>& stop,
                                   const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!done()) {
    const auto left = end - std::chrono::steady_clock::now();
    if (stop || !lost_.empty() || left.count() <= 0) return false;
    const int64_t slice_ns =
        std::min<int64_t>(kSliceNs, std::chrono::duration_cast<std::chrono::nanoseconds>(left).count());
    timespec until = {};
    pw_.thread_loop_get_time(loop_, &until, slice_ns);
    pw_.thread_loop_timed_wait_full(loop_, &until);
  }
  return true;
}

void PipewireConnection::OnDone(void* data, uint32_t id, int seq) {
  auto* self = static_cast<PipewireConnection*>(data);
  if (id == PW_ID_CORE) self->last_done_ = seq;
  self->Signal();
}

void PipewireConnection::OnError(void* data, uint32_t id, int, int res, const char* message) {
  auto* self = static_cast<PipewireConnection*>(data);
  // Of other objects than the core, a stream's own events tell.
  if (id != PW_ID_CORE || res == -ENOENT) return;
  if (self->lost_.empty())
    self->lost_ = std::string("the connection to PipeWire is lost (") + (message ? message : "") + ")";
  self->Signal();
}

void PipewireConnection::OnGlobal(void* data, uint32_t id, uint32_t, const char* type, uint32_t,
                                  const spa_dict* props) {
  static constexpr pw_metadata_events kMetadataEvents = {.version = PW_VERSION_METADATA_EVENTS,
                                                         .property = OnProperty};
  auto* self = static_cast<PipewireConnection*>(data);
  if (!std::strcmp(type, PW_TYPE_INTERFACE_Metadata) && Property(props, PW_KEY_METADATA_NAME) == "default" &&
      !self->metadata_) {
    self->metadata_ =
        pw_registry_bind(self->registry_, id, PW_TYPE_INTERFACE_Metadata, PW_VERSION_METADATA, 0);
    if (!self->metadata_) return;
    pw_metadata_add_listener(static_cast<pw_metadata*>(self->metadata_), &self->metadata_hook_,
                             &kMetadataEvents, self);
  }
  if (std::strcmp(type, PW_TYPE_INTERFACE_Node)) return;
  PipewireNode node;
  node.media_class = Property(props, PW_KEY_MEDIA_CLASS);
  const bool microphone = !self->portal_ && (node.media_class.starts_with("Audio/Source") ||
                                             node.media_class.starts_with("Audio/Duplex"));
  if (!self->portal_ && !microphone && !node.media_class.starts_with("Video/Source") && !node.screen())
    return;
  node.id = id;
  node.serial = Property(props, PW_KEY_OBJECT_SERIAL);
  node.name = Property(props, PW_KEY_NODE_NAME);
  node.description = Property(props, PW_KEY_NODE_DESCRIPTION);
  if (node.description.empty()) node.description = Property(props, PW_KEY_NODE_NICK);
  if (node.description.empty()) node.description = node.name;
  (microphone ? self->microphones_ : self->nodes_).push_back(std::move(node));
  self->Signal();
}

void PipewireConnection::OnGlobalRemove(void* data, uint32_t id) {
  auto* self = static_cast<PipewireConnection*>(data);
  for (auto* nodes : {&self->nodes_, &self->microphones_})
    std::erase_if(*nodes, [&](const PipewireNode& node) { return node.id == id; });
  self->Signal();
}

int PipewireConnection::OnProperty(void* data, uint32_t, const char* key, const char*, const char* value) {
  auto* self = static_cast<PipewireConnection*>(data);
  const std::string of = key ? key : "";
  if (of != "default.video.source" && of != "default.audio.source") return 0;
  std::string& name = of == "default.audio.source" ? self->default_microphone_ : self->default_camera_;
  name.clear();
  const auto json = nlohmann::json::parse(value ? value : "", nullptr, false);
  if (json.is_object() && json.contains("name") && json["name"].is_string())
    name = json["name"].get<std::string>();
  return 0;
}

}  // namespace tempera::live
