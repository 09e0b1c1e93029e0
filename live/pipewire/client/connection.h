// A connection to the PipeWire daemon with a thread of its own, and what nodes there are.
#pragma once

#include <pipewire/pipewire.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "live/pipewire/client/library.h"
#include "src/base/status.h"

namespace tempera::live {

// A node whose pictures, or whose sound, somebody may read.
struct PipewireNode {
  uint32_t id = 0;
  std::string serial, name, description, media_class;
  bool screen() const { return media_class == "Stream/Output/Video"; }
  // A sink of this program, whichever process it is in: its name says so (sink.cc).
  bool ours() const;
};

inline constexpr char kPipewireSinkName[] = "tempera";  // the node.name of our cameras, or how it begins

// The library's thread calls back under the lock of its loop; whoever else asks it for something holds that
// lock, too (Lock).
class PipewireConnection {
 public:
  // Connects and has seen every node that there is. Gives up soon after *stop becomes true.
  // `portal_fd`: the connection that a portal made, ours from then on, of which every node counts; -1: the
  // user's daemon.
  static Result<std::unique_ptr<PipewireConnection>> Open(const std::atomic<bool>& stop, int portal_fd = -1);
  // All streams must be gone. Ends the thread.
  ~PipewireConnection();
  PipewireConnection(const PipewireConnection&) = delete;
  PipewireConnection& operator=(const PipewireConnection&) = delete;

  class Lock {
   public:
    explicit Lock(const PipewireConnection& connection) : connection_(connection) {
      connection_.pw_.thread_loop_lock(connection_.loop_);
    }
    ~Lock() { connection_.pw_.thread_loop_unlock(connection_.loop_); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    const PipewireConnection& connection_;
  };

  const PipewireLibrary& library() const { return pw_; }

  // Under the lock, all of these.
  pw_core* core() const { return core_; }
  const std::vector<PipewireNode>& nodes() const { return nodes_; }  // of pictures
  const std::vector<PipewireNode>& microphones() const { return microphones_; }
  bool HasNode(uint32_t id) const;
  // The node.name of the session manager's default camera, or "".
  const std::string& default_camera() const { return default_camera_; }
  const std::string& default_microphone() const { return default_microphone_; }
  // Not empty: why nothing will come of this connection any more.
  const std::string& lost() const { return lost_; }
  // Until `done` says so (true), `stop` is set, the connection is lost or time is over. The lock is free
  // while it sleeps.
  bool WaitUntil(std::chrono::milliseconds timeout, const std::atomic<bool>& stop,
                 const std::function<bool()>& done);
  // Somebody who waits looks anew.
  void Signal() { pw_.thread_loop_signal(loop_, false); }

 private:
  PipewireConnection(const PipewireLibrary& pw, int portal_fd)
      : pw_(pw), portal_(portal_fd >= 0), portal_fd_(portal_fd) {}
  Status Connect(const std::atomic<bool>& stop);

  static void OnDone(void* data, uint32_t id, int seq);
  static void OnError(void* data, uint32_t id, int seq, int res, const char* message);
  static void OnGlobal(void* data, uint32_t id, uint32_t permissions, const char* type, uint32_t version,
                       const spa_dict* props);
  static void OnGlobalRemove(void* data, uint32_t id);
  static int OnProperty(void* data, uint32_t subject, const char* key, const char* type, const char* value);

  const PipewireLibrary& pw_;
  const bool portal_;
  int portal_fd_;  // until the library has it
  pw_thread_loop* loop_ = nullptr;
  pw_context* context_ = nullptr;
  pw_core* core_ = nullptr;
  pw_registry* registry_ = nullptr;
  void* metadata_ = nullptr;  // the session manager's defaults
  spa_hook core_hook_ = {}, registry_hook_ = {}, metadata_hook_ = {};
  int last_done_ = -1;
  std::vector<PipewireNode> nodes_, microphones_;
  std::string default_camera_, default_microphone_, lost_;
};

}  // namespace tempera::live
