#include "live/control/alsa_sequencer.h"

#if TEMPERA_HAS_ALSA
#include <alsa/asoundlib.h>
#include <poll.h>

#include <system_error>
#include <thread>
#include <vector>

#include "live/control/midi_stream.h"
#include "live/control/waker.h"
#endif

namespace tempera::live {

#if TEMPERA_HAS_ALSA
namespace {

// libasound prints what fails; we have a status for that.
void SayNothing(const char*, int, const char*, int, const char*, ...) {}

// Port 1 of client 0 tells of ports that come.
constexpr int kAnnouncingClient = 0, kAnnouncingPort = 1;

class Sequencer final : public AlsaSequencer {
 public:
  explicit Sequencer(Bindings* bindings) : bindings_(bindings) {}
  ~Sequencer() override {
    waker_.Stop();
    if (thread_.joinable()) thread_.join();
    if (seq_ != nullptr) snd_seq_close(seq_);
  }

  Status Open() {
    TEMPERA_RETURN_IF_ERROR(waker_.Open());
    snd_lib_error_set_handler(SayNothing);
    if (const int error = snd_seq_open(&seq_, "default", SND_SEQ_OPEN_INPUT, SND_SEQ_NONBLOCK); error < 0) {
      seq_ = nullptr;
      return Unsupported(std::string("there is no ALSA sequencer: ") + snd_strerror(error));
    }
    snd_seq_set_client_name(seq_, "tempera");
    port_ = snd_seq_create_simple_port(seq_, "control", SND_SEQ_PORT_CAP_WRITE | SND_SEQ_PORT_CAP_SUBS_WRITE,
                                       SND_SEQ_PORT_TYPE_MIDI_GENERIC | SND_SEQ_PORT_TYPE_APPLICATION);
    if (port_ < 0) return Unsupported(std::string("ALSA gives no port: ") + snd_strerror(port_));
    snd_seq_connect_from(seq_, port_, kAnnouncingClient, kAnnouncingPort);
    ConnectAll();
    try {
      thread_ = std::thread([this] { Run(); });
    } catch (const std::system_error& e) {
      return OutOfMemory(std::string("cannot start a thread: ") + e.what());
    }
    return OkStatus();
  }

 private:
  // Hardware, and what stands for it.
  void Connect(int client, int port, const snd_seq_port_info_t* info) {
    const unsigned wanted = SND_SEQ_PORT_CAP_READ | SND_SEQ_PORT_CAP_SUBS_READ;
    const bool reads = (snd_seq_port_info_get_capability(info) & wanted) == wanted;
    const bool hardware = snd_seq_port_info_get_type(info) & SND_SEQ_PORT_TYPE_HARDWARE;
    if (reads && hardware) snd_seq_connect_from(seq_, port_, client, port);
  }

  void ConnectAll() {
    snd_seq_client_info_t* client = nullptr;
    snd_seq_port_info_t* port = nullptr;
    if (snd_seq_client_info_malloc(&client) < 0) return;
    if (snd_seq_port_info_malloc(&port) == 0) {
      snd_seq_client_info_set_client(client, -1);
      while (snd_seq_query_next_client(seq_, client) >= 0) {
        const int id = snd_seq_client_info_get_client(client);
        snd_seq_port_info_set_client(port, id);
        snd_seq_port_info_set_port(port, -1);
        while (snd_seq_query_next_port(seq_, port) >= 0) Connect(id, snd_seq_port_info_get_port(port), port);
      }
      snd_seq_port_info_free(port);
    }
    snd_seq_client_info_free(client);
  }

  void Take(const snd_seq_event_t& event) {
    MidiMessage message;
    const auto make = [&](int kind, unsigned channel, unsigned first, unsigned second) {
      message.status = static_cast<uint8_t>(kind << 4 | (channel & 15));
      message.data[0] = static_cast<uint8_t>(first & 127);
      message.data[1] = static_cast<uint8_t>(second & 127);
    };
    const snd_seq_ev_ctrl_t& c = event.data.control;
    const snd_seq_ev_note_t& n = event.data.note;
    switch (event.type) {
      case SND_SEQ_EVENT_PORT_START:
        return ConnectAll();
      case SND_SEQ_EVENT_NOTEON:
        make(0x9, n.channel, n.note, n.velocity);
        break;
      case SND_SEQ_EVENT_NOTEOFF:
        make(0x8, n.channel, n.note, n.velocity);
        break;
      case SND_SEQ_EVENT_CONTROLLER:
        make(0xB, c.channel, c.param, static_cast<unsigned>(c.value));
        break;
      case SND_SEQ_EVENT_PGMCHANGE:
        make(0xC, c.channel, static_cast<unsigned>(c.value), 0);
        break;
      case SND_SEQ_EVENT_PITCHBEND: {
        const auto bend = static_cast<unsigned>(c.value + 8192);
        make(0xE, c.channel, bend, bend >> 7);
        break;
      }
      default:
        return;
    }
    for (const ControlEvent& e : controllers_.EventsOf(message)) bindings_->Handle(e);
  }

  void Run() {
    std::vector<pollfd> files(static_cast<size_t>(snd_seq_poll_descriptors_count(seq_, POLLIN)));
    snd_seq_poll_descriptors(seq_, files.data(), static_cast<unsigned>(files.size()), POLLIN);
    files.push_back({waker_.file(), POLLIN, 0});
    while (!waker_.stopped()) {
      poll(files.data(), files.size(), -1);
      snd_seq_event_t* event = nullptr;
      // As of raw devices: no more at a time than a wire brings in 80 ms.
      constexpr int kMostEvents = 85, kBreathMs = 2;
      int taken = 0;
      while (taken < kMostEvents && snd_seq_event_input(seq_, &event) >= 0 && event != nullptr) {
        Take(*event);
        ++taken;
      }
      if (taken == kMostEvents) waker_.Sleep(kBreathMs);
    }
  }

  Bindings* const bindings_;
  snd_seq_t* seq_ = nullptr;
  int port_ = -1;
  MidiControllers controllers_;
  Waker waker_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<AlsaSequencer>> AlsaSequencer::Start(Bindings* bindings) {
  auto sequencer = std::make_unique<Sequencer>(bindings);
  TEMPERA_RETURN_IF_ERROR(sequencer->Open());
  return std::unique_ptr<AlsaSequencer>(std::move(sequencer));
}

#else

Result<std::unique_ptr<AlsaSequencer>> AlsaSequencer::Start(Bindings*) {
  return Unsupported("built without libasound: MIDI comes from raw devices (/dev/snd/midiC*D*)");
}

#endif

}  // namespace tempera::live
