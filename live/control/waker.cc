#include "live/control/waker.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

namespace tempera::live {

Waker::~Waker() {
  if (file_ >= 0) close(file_);
}

Status Waker::Open() {
  file_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return file_ >= 0 ? OkStatus() : IoError(std::string("cannot make an eventfd: ") + std::strerror(errno));
}

void Waker::Stop() {
  stopped_ = true;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(file_, &one, sizeof one);
}

bool Waker::Sleep(int milliseconds) const {
  pollfd wait = {file_, POLLIN, 0};
  poll(&wait, 1, milliseconds);
  return !stopped();
}

}  // namespace tempera::live
