// Waiting for events of the display and for other threads at once.
#pragma once

#include <SDL.h>

#include <atomic>

#include "src/base/status.h"

namespace tempera::live {

class Alarm {
 public:
  // socket: of the display (x11.h); -1: SDL is waited for.
  Status Start(int socket);
  ~Alarm();

  // From any thread: Wait returns.
  void Ring();
  // Until there are events, somebody rings, or that long.
  void Wait(int timeout_ms);
  // Whether this event is the bell's own.
  bool IsBell(const SDL_Event& event) const { return socket_ < 0 && event.type == bell_; }

 private:
  int socket_ = -1;
  int pipe_[2] = {-1, -1};
  Uint32 bell_ = 0;
  std::atomic<bool> rung_{false};
};

}  // namespace tempera::live
