// Loaded before the C library (LD_PRELOAD): plays /dev/videoN for every file videoN in the folder
// TEMPERA_V4L2_STAND_IN, whose lines say what it is (script.h). Other files are as they were.
//
// A program that opens one holds a real descriptor, of the memory that the buffers live in, so that mmap,
// fcntl and select by number need nothing here.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/live/v4l2/stand_in/device.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

using tempera::stand_in::Device;

struct Open {
  std::shared_ptr<Device> device;
  bool waits = false;  // opened without O_NONBLOCK
};

std::mutex& Lock() {
  static auto* mutex = new std::mutex;  // outlives those that close files when the program ends
  return *mutex;
}
std::map<int, Open>& Table() {
  static auto* table = new std::map<int, Open>;
  return *table;
}

std::shared_ptr<Device> Find(int fd, bool* waits = nullptr) {
  const std::lock_guard lock(Lock());
  const auto at = Table().find(fd);
  if (at == Table().end()) return nullptr;
  if (waits) *waits = at->second.waits;
  return at->second.device;
}

// "" where `path` is no device of ours.
std::string ScriptOf(const char* path) {
  static constexpr char kPrefix[] = "/dev/video";
  const char* folder = getenv("TEMPERA_V4L2_STAND_IN");
  if (!folder || !path || strncmp(path, kPrefix, sizeof kPrefix - 1) != 0) return "";
  return std::string(folder) + "/" + (path + strlen("/dev/"));
}

int OpenAt(int folder, const char* path, int flags, unsigned mode) {
  const std::string script = ScriptOf(path);
  if (script.empty()) return static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
  const std::lock_guard lock(Lock());
  std::unique_ptr<Device> device;
  if (const int error = Device::Open(path, script, &device); error != 0) {
    errno = -error;
    return -1;
  }
  const int fd = fcntl(device->memory(), F_DUPFD_CLOEXEC, 3);
  if (fd >= 0) Table()[fd] = {std::move(device), (flags & O_NONBLOCK) == 0};
  return fd;
}

unsigned ModeOf(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, unsigned) : 0;
}

int RealPoll(pollfd* fds, nfds_t count, int64_t wait_ns) {
  timespec wait = {wait_ns / 1'000'000'000, wait_ns % 1'000'000'000};
  return static_cast<int>(syscall(SYS_ppoll, fds, count, wait_ns < 0 ? nullptr : &wait, nullptr, 0));
}

int Poll(pollfd* fds, nfds_t count, int64_t timeout_ns) {
  std::map<nfds_t, std::shared_ptr<Device>> ours;
  for (nfds_t i = 0; i < count; ++i) {
    if (auto device = Find(fds[i].fd)) ours[i] = device;
  }
  if (ours.empty()) return RealPoll(fds, count, timeout_ns);
  const int64_t begun = tempera::stand_in::NowNs();
  for (;;) {
    int ready = 0;
    // Looked at often enough to see a script removed.
    int64_t wait = 5'000'000;
    std::vector<pollfd> others(fds, fds + count);
    for (auto& [i, device] : ours) {
      others[i].fd = -1;
      const std::lock_guard lock(Lock());
      int64_t next = INT64_MAX;
      const short events = device->Poll(&next);
      fds[i].revents = static_cast<short>(events & (fds[i].events | POLLERR | POLLHUP | POLLNVAL));
      ready += fds[i].revents != 0;
      if (next != INT64_MAX) wait = std::min(wait, std::max<int64_t>(0, next - tempera::stand_in::NowNs()));
    }
    const int64_t left = timeout_ns < 0 ? INT64_MAX : begun + timeout_ns - tempera::stand_in::NowNs();
    const int real = RealPoll(others.data(), count, ready ? 0 : std::clamp<int64_t>(left, 0, wait));
    if (real < 0) return real;
    for (nfds_t i = 0; i < count; ++i) {
      if (!ours.count(i)) fds[i].revents = others[i].revents;
    }
    if (ready + real > 0 || left <= 0) return ready + real;
  }
}

int64_t Nanoseconds(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

EXPORT int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const unsigned mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const unsigned mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(AT_FDCWD, path, flags, mode);
}

EXPORT int openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const unsigned mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(folder, path, flags, mode);
}

EXPORT int openat64(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const unsigned mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(folder, path, flags, mode);
}

// What programs call that were compiled with _FORTIFY_SOURCE.
EXPORT int __open_2(const char* path, int flags) { return OpenAt(AT_FDCWD, path, flags, 0); }
EXPORT int __open64_2(const char* path, int flags) { return OpenAt(AT_FDCWD, path, flags, 0); }

EXPORT int close(int fd) {
  std::shared_ptr<Device> device;
  {
    const std::lock_guard lock(Lock());
    const auto at = Table().find(fd);
    if (at != Table().end()) {
      device = std::move(at->second.device);
      Table().erase(at);
    }
  }
  return static_cast<int>(syscall(SYS_close, fd));
}

EXPORT int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  bool waits = false;
  const std::shared_ptr<Device> device = Find(fd, &waits);
  if (!device) return static_cast<int>(syscall(SYS_ioctl, fd, request, argument));
  for (;;) {
    int result;
    {
      const std::lock_guard lock(Lock());
      result = device->Ioctl(request & 0xffffffffu, argument);
    }
    if (result != -EAGAIN || !waits) {
      errno = result < 0 ? -result : errno;
      return result < 0 ? -1 : 0;
    }
    usleep(1000);
  }
}

EXPORT ssize_t write(int fd, const void* bytes, size_t count) {
  const std::shared_ptr<Device> device = Find(fd);
  if (!device) return syscall(SYS_write, fd, bytes, count);
  const std::lock_guard lock(Lock());
  const ssize_t result = device->Write(bytes, count);
  if (result < 0) errno = static_cast<int>(-result);
  return result < 0 ? -1 : result;
}

EXPORT int poll(pollfd* fds, nfds_t count, int timeout_ms) {
  return Poll(fds, count, timeout_ms < 0 ? -1 : int64_t{timeout_ms} * 1'000'000);
}

EXPORT int __poll_chk(pollfd* fds, nfds_t count, int timeout_ms, size_t) {
  return Poll(fds, count, timeout_ms < 0 ? -1 : int64_t{timeout_ms} * 1'000'000);
}

EXPORT int ppoll(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask) {
  if (mask) return static_cast<int>(syscall(SYS_ppoll, fds, count, timeout, mask, _NSIG / 8));
  return Poll(fds, count, timeout ? Nanoseconds(*timeout) : -1);
}
