#include "live/window/alarm.h"

#ifdef __linux__
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#endif

namespace tempera::live {

#ifdef __linux__

Status Alarm::Start(int socket) {
  socket_ = socket;
  bell_ = SDL_RegisterEvents(1);
  if (socket_ >= 0 && pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0)
    return IoError("the window: no pipe can be made: too many files are open");
  return OkStatus();
}

Alarm::~Alarm() {
  for (const int end : pipe_) {
    if (end >= 0) close(end);
  }
}

void Alarm::Ring() {
  if (rung_.exchange(true)) return;
  if (socket_ >= 0) {
    const char byte = 0;
    // A pipe that is full rings already.
    [[maybe_unused]] const auto written = write(pipe_[1], &byte, 1);
    return;
  }
  SDL_Event event{};
  event.type = bell_;
  SDL_PushEvent(&event);
}

void Alarm::Wait(int timeout_ms) {
  if (socket_ < 0) {
    SDL_WaitEventTimeout(nullptr, timeout_ms);
    rung_ = false;
    return;
  }
  SDL_PumpEvents();  // what Xlib has read already makes no socket readable
  if (SDL_HasEvents(SDL_FIRSTEVENT, SDL_LASTEVENT) == SDL_FALSE) {
    pollfd sources[2] = {{socket_, POLLIN, 0}, {pipe_[0], POLLIN, 0}};
    poll(sources, 2, timeout_ms);
  }
  // Emptied before rung_ is: who rings in between is served by what follows this.
  char bytes[64];
  while (read(pipe_[0], bytes, sizeof bytes) > 0) {
  }
  rung_ = false;
}

#else

Status Alarm::Start(int) {
  bell_ = SDL_RegisterEvents(1);
  return OkStatus();
}

Alarm::~Alarm() = default;

void Alarm::Ring() {
  if (rung_.exchange(true)) return;
  SDL_Event event{};
  event.type = bell_;
  SDL_PushEvent(&event);
}

void Alarm::Wait(int timeout_ms) {
  SDL_WaitEventTimeout(nullptr, timeout_ms);
  rung_ = false;
}

#endif

}  // namespace tempera::live
