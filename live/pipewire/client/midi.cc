#include "live/pipewire/midi.h"

#include <pipewire/filter.h>
#include <spa/control/control.h>
#include <spa/pod/iter.h>

#include <atomic>
#include <utility>

#include "live/control/midi_stream.h"
#include "live/pipewire/client/connection.h"

namespace tempera::live {
namespace {

class FilterMidi final : public PipewireMidi {
 public:
  explicit FilterMidi(Bindings* bindings) : bindings_(bindings) {}
  ~FilterMidi() override {
    if (filter_ != nullptr) {
      PipewireConnection::Lock lock(*connection_);
      spa_hook_remove(&hook_);
      connection_->library().filter_destroy(std::exchange(filter_, nullptr));
    }
  }

  Status Open() {
    TEMPERA_ASSIGN_OR_RETURN(connection_, PipewireConnection::Open(stop_));
    PipewireConnection::Lock lock(*connection_);
    static const pw_filter_events kEvents = [] {
      pw_filter_events events = {};
      events.version = PW_VERSION_FILTER_EVENTS;
      events.process = OnProcess;
      return events;
    }();
    const PipewireLibrary& pw = connection_->library();
    const spa_dict_item node_items[] = {{PW_KEY_MEDIA_TYPE, "Midi"},
                                        {PW_KEY_MEDIA_CATEGORY, "Filter"},
                                        {PW_KEY_MEDIA_ROLE, "DSP"},
                                        {PW_KEY_NODE_NAME, "tempera-control"},
                                        {PW_KEY_NODE_DESCRIPTION, "Tempera control"},
                                        {PW_KEY_APP_NAME, "Tempera"}};
    const spa_dict node = {0, SPA_N_ELEMENTS(node_items), node_items};
    filter_ = pw.filter_new(connection_->core(), "tempera-control", pw.properties_new_dict(&node));
    if (filter_ == nullptr) return OutOfMemory("no memory for a PipeWire filter");
    pw.filter_add_listener(filter_, &hook_, &kEvents, this);
    const spa_dict_item port_items[] = {{PW_KEY_FORMAT_DSP, "8 bit raw midi"}, {PW_KEY_PORT_NAME, "midi"}};
    const spa_dict port = {0, SPA_N_ELEMENTS(port_items), port_items};
    port_ = pw.filter_add_port(filter_, PW_DIRECTION_INPUT, PW_FILTER_PORT_FLAG_MAP_BUFFERS, sizeof(void*),
                               pw.properties_new_dict(&port), nullptr, 0);
    if (port_ == nullptr) return OutOfMemory("PipeWire gives no port for MIDI");
    // Without its real-time flag: events come on the loop's thread, which may wait for a lock.
    if (pw.filter_connect(filter_, PW_FILTER_FLAG_NONE, nullptr, 0) < 0)
      return IoError("PipeWire takes no port for MIDI of ours");
    return OkStatus();
  }

 private:
  static void OnProcess(void* data, spa_io_position*) { static_cast<FilterMidi*>(data)->Process(); }

  void Process() {
    const PipewireLibrary& pw = connection_->library();
    pw_buffer* const buffer = pw.filter_dequeue_buffer(port_);
    if (buffer == nullptr) return;
    const spa_data* d = buffer->buffer->n_datas > 0 ? &buffer->buffer->datas[0] : nullptr;
    if (d != nullptr && d->data != nullptr) {
      auto* pod =
          static_cast<spa_pod*>(spa_pod_from_data(d->data, d->maxsize, d->chunk->offset, d->chunk->size));
      if (pod != nullptr && spa_pod_is_sequence(pod)) Take(reinterpret_cast<spa_pod_sequence*>(pod));
    }
    pw.filter_queue_buffer(port_, buffer);
  }

  void Take(const spa_pod_sequence* sequence) {
    // Of one period, some milliseconds: more than a wire could bring.
    constexpr uint32_t kMostBytes = 1024;
    uint32_t taken = 0;
    spa_pod_control* control = nullptr;
    SPA_POD_SEQUENCE_FOREACH(sequence, control) {
      if (control->type != SPA_CONTROL_Midi) continue;
      const auto* bytes = static_cast<const uint8_t*>(SPA_POD_BODY(&control->value));
      const uint32_t size = SPA_POD_BODY_SIZE(&control->value);
      for (uint32_t i = 0; i < size && taken < kMostBytes; ++i, ++taken) {
        const auto message = stream_.Feed(bytes[i]);
        if (!message) continue;
        for (const ControlEvent& event : controllers_.EventsOf(*message)) bindings_->Handle(event);
      }
    }
  }

  Bindings* const bindings_;
  std::atomic<bool> stop_{false};
  std::unique_ptr<PipewireConnection> connection_;
  pw_filter* filter_ = nullptr;
  void* port_ = nullptr;
  spa_hook hook_ = {};
  MidiStream stream_;
  MidiControllers controllers_;
};

}  // namespace

Result<std::unique_ptr<PipewireMidi>> PipewireMidi::Start(Bindings* bindings) {
  auto midi = std::make_unique<FilterMidi>(bindings);
  TEMPERA_RETURN_IF_ERROR(midi->Open());
  return std::unique_ptr<PipewireMidi>(std::move(midi));
}

}  // namespace tempera::live
