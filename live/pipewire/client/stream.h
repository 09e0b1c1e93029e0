// One stream of ours in PipeWire: the connection that it lives in, what the library calls back, and how it is
// lost. What cameras, microphones and our own camera have in common.
#pragma once

#include <pipewire/pipewire.h>

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "live/pipewire/client/connection.h"
#include "src/base/status.h"

namespace tempera::live {

class PipewireStream {
 public:
  // Called back on the library's thread, under the connection's lock, but for OnProcess of a stream whose
  // flags ask for the real-time thread.
  class Owner {
   public:
    // What both ends agreed upon; null: nothing any more.
    virtual void OnFormat(const spa_pod* format) = 0;
    virtual void OnProcess() {}  // of a stream that reads
    virtual void OnState(pw_stream_state) {}

   protected:
    ~Owner() = default;
  };
  // The owner closes it before it goes.
  explicit PipewireStream(Owner* owner) : owner_(owner) {}
  ~PipewireStream() { Close(); }
  PipewireStream(const PipewireStream&) = delete;
  PipewireStream& operator=(const PipewireStream&) = delete;

  // The connection alone, as PipewireConnection::Open has it.
  Status Open(const std::atomic<bool>& stop, int portal_fd = -1);
  // Stream and connection end; nothing is called back any more. The lock must be free.
  void Close();
  bool is_open() const { return connection_ != nullptr; }
  // While it is open.
  PipewireConnection& connection() const { return *connection_; }
  const PipewireLibrary& library() const { return connection_->library(); }

  // Under the lock, all that follows.
  struct Wish {
    const char* name = "Tempera";
    pw_direction direction = PW_DIRECTION_INPUT;
    std::span<const spa_dict_item> properties;
    int flags = 0;  // pw_stream_flags
    const spa_pod** params = nullptr;
    uint32_t param_count = 0;
    std::string refused;  // what is said where PipeWire does not take it
  };
  Status Connect(const Wish& wish);
  // A stream that reads that node: waits until `agreed`. kind: "camera", for messages; cure: what helps where
  // nothing comes of it. wish.refused and wish.flags are filled in.
  Status ConnectToRead(const PipewireNode& node, Wish wish, const std::string& kind, const std::string& cure,
                       const std::atomic<bool>& stop, const std::function<bool()>& agreed);

  pw_stream* handle() const { return stream_; }
  // Not empty: why nothing will come of this stream any more. Of the connection's own loss that one tells.
  const std::string& lost() const { return lost_; }
  // The first reason stays. Who waits looks anew.
  void Lose(const std::string& why);

 private:
  static void OnState(void* data, pw_stream_state old, pw_stream_state state, const char* error);
  static void OnParam(void* data, uint32_t id, const spa_pod* param);
  static void OnProcess(void* data);

  Owner* const owner_;
  std::unique_ptr<PipewireConnection> connection_;
  pw_stream* stream_ = nullptr;
  spa_hook hook_ = {};
  std::string lost_;
};

}  // namespace tempera::live
