// OSC over UDP: what /tempera/... turns, and bindings for all other addresses.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "live/control/bindings.h"
#include "live/control/osc_packet.h"
#include "live/control/scenes.h"
#include "live/control/waker.h"
#include "live/controls.h"
#include "src/base/status.h"

struct sockaddr_storage;

namespace tempera::live {

// "127.0.0.1:7770", "7770" (this machine only), "0.0.0.0:9000" or ":9000" (all), "[::1]:9000".
struct OscEndpoint {
  std::string host = "127.0.0.1";
  int port = 7770;
};
Result<OscEndpoint> ParseOscEndpoint(const std::string& text);

// Packets are read on a thread of its own. A storm of them takes a quarter of a core and no memory: what the
// system cannot keep for us is lost. Whoever may send from another machine may choose among the styles that
// there are, but name no file.
class OscServer {
 public:
  // All outlive this. kIo: the port is taken, there is no such address. Port 0: any (port()).
  static Result<std::unique_ptr<OscServer>> Start(const OscEndpoint& endpoint, Controls* controls,
                                                  Scenes* scenes, Bindings* bindings);
  ~OscServer();

  int port() const { return port_; }
  struct Counts {
    int64_t packets = 0, refused = 0, messages = 0;
  };
  Counts counts() const;
  // What was wrong with the last message that could not be followed, one line.
  std::string trouble() const;

 private:
  OscServer(Controls* controls, Scenes* scenes, Bindings* bindings)
      : controls_(controls), scenes_(scenes), bindings_(bindings) {}
  Status Bind(const OscEndpoint& endpoint);
  void Run();
  // False: nothing is there.
  bool ReadOne(std::vector<uint8_t>* buffer);
  void Take(const OscMessage& message, const sockaddr_storage& from, unsigned from_size);
  // Of an address without a pattern.
  Status Act(const std::string& address, const std::vector<OscArgument>& arguments);
  Status ActOnParameter(const std::string& rest, const std::vector<OscArgument>& arguments);
  Status CheckName(const std::string& name) const;
  Status SwitchMask(const std::vector<OscArgument>& arguments);
  Status ActOnMask(const std::string& rest, const std::vector<OscArgument>& arguments);
  Status ActOnStyle(const std::vector<OscArgument>& arguments);
  Status ActOnScene(const std::vector<OscArgument>& arguments);
  std::vector<std::string> Addresses() const;
  std::vector<OscMessage> MaskState(const MaskSettings& mask) const;
  std::vector<uint8_t> State() const;
  void Answer(const std::vector<uint8_t>& packet, const sockaddr_storage& to, unsigned to_size);

  Controls* const controls_;
  Scenes* const scenes_;
  Bindings* const bindings_;
  int socket_ = -1, port_ = 0;
  bool local_ = false;  // only this machine reaches it
  Waker waker_;
  int64_t answers_from_ns_ = 0;  // of a second in which answers are counted
  int answers_ = 0;
  mutable std::mutex mutex_;
  Counts counts_;
  std::string trouble_;
  std::thread thread_;
};

}  // namespace tempera::live
