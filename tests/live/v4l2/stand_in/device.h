// An open device of the stand-in: what the kernel would answer.
#pragma once

#include <linux/videodev2.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tests/live/v4l2/stand_in/script.h"

namespace tempera::stand_in {

int64_t NowNs();

// All calls with the stand-in's lock held. Errors: errno, negated.
class Device {
 public:
  // `file` is its script. The device is gone when that is removed, or written anew by renaming.
  static int Open(const std::string& path, const std::string& file, std::unique_ptr<Device>* device);
  virtual ~Device();

  int Ioctl(unsigned long request, void* argument);
  virtual ssize_t Write(const void* bytes, size_t count) = 0;
  // Events for poll; *next_ns: when to look again, if none.
  virtual short Poll(int64_t* next_ns) = 0;
  // A file whose pages are the buffers': what a program holds and maps.
  int memory() const { return memory_; }

 protected:
  virtual uint32_t Capabilities() = 0;
  virtual uint32_t Type() const = 0;  // of its buffers
  virtual int SetFormat(v4l2_pix_format* format, bool only_try) = 0;
  virtual int Stream(bool on) = 0;
  virtual int Queue(v4l2_buffer* buffer) = 0;
  virtual int Dequeue(v4l2_buffer* buffer) = 0;
  // Whether it was unplugged while open.
  virtual bool Gone();

  int AllocateBuffers(uint32_t* count);
  uint8_t* BufferAt(uint32_t index) const { return mapped_ + size_t{index} * buffer_bytes_; }
  void FreeBuffers();

  std::string key_, file_;  // key: of this device, as long as its script is the same
  Script script_;
  v4l2_pix_format format_ = {};
  v4l2_fract interval_ = {1, 30};
  uint32_t buffers_ = 0;
  size_t buffer_bytes_ = 0;
  bool streaming_ = false;

 private:
  int Capability(v4l2_capability* capability);
  int ListFormat(v4l2_fmtdesc* format) const;
  int ListSize(v4l2_frmsizeenum* size) const;
  int ListRate(v4l2_frmivalenum* rate) const;
  int Rate(v4l2_streamparm* parameters, bool set);
  int Query(v4l2_buffer* buffer) const;

  ino_t inode_ = 0;
  int memory_ = -1;
  uint8_t* mapped_ = nullptr;
};

std::unique_ptr<Device> MakeCamera();
std::unique_ptr<Device> MakeLoopback();
// Whether the camera of that key is gone for a while, as its script says.
bool Vanished(const std::string& key);

}  // namespace tempera::stand_in
