#include "tests/live/v4l2/stand_in/device.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace tempera::stand_in {

int64_t NowNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

int Device::Open(const std::string& path, const std::string& file, std::unique_ptr<Device>* device) {
  Script script;
  struct stat info = {};
  if (stat(file.c_str(), &info) != 0) return -ENOENT;
  // Another script at the same path is another device.
  const std::string key = path + " " + std::to_string(info.st_ino) + " " +
                          std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec);
  if (Vanished(key) || !ReadScript(file, &script)) return -ENOENT;
  if (script.open_error != 0) return -script.open_error;
  std::unique_ptr<Device> made = script.loopback ? MakeLoopback() : MakeCamera();
  made->inode_ = info.st_ino;
  made->key_ = key;
  made->file_ = file;
  made->script_ = std::move(script);
  made->memory_ = memfd_create("v4l2-stand-in", MFD_CLOEXEC);
  if (made->memory_ < 0) return -errno;
  const std::vector<Offer>& offers = made->script_.offers;
  made->format_.pixelformat = offers.empty() ? V4L2_PIX_FMT_YUYV : offers[0].fourcc;
  made->format_.width = offers.empty() ? 640 : static_cast<uint32_t>(offers[0].size.width);
  made->format_.height = offers.empty() ? 480 : static_cast<uint32_t>(offers[0].size.height);
  *device = std::move(made);
  return 0;
}

Device::~Device() {
  FreeBuffers();
  if (memory_ >= 0) syscall(SYS_close, memory_);
}

bool Device::Gone() {
  struct stat info = {};
  return stat(file_.c_str(), &info) != 0 || info.st_ino != inode_;
}

int Device::AllocateBuffers(uint32_t* count) {
  FreeBuffers();
  *count = std::min(*count, static_cast<uint32_t>(script_.buffers));
  if (*count == 0) return 0;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  buffer_bytes_ = (format_.sizeimage + page - 1) / page * page;
  if (ftruncate(memory_, static_cast<off_t>(buffer_bytes_ * *count)) != 0) return -ENOMEM;
  void* mapped = mmap(nullptr, buffer_bytes_ * *count, PROT_READ | PROT_WRITE, MAP_SHARED, memory_, 0);
  if (mapped == MAP_FAILED) return -ENOMEM;
  mapped_ = static_cast<uint8_t*>(mapped);
  buffers_ = *count;
  return 0;
}

void Device::FreeBuffers() {
  if (mapped_) munmap(mapped_, buffer_bytes_ * buffers_);
  mapped_ = nullptr;
  buffers_ = 0;
}

int Device::Capability(v4l2_capability* c) {
  *c = {};
  snprintf(reinterpret_cast<char*>(c->driver), sizeof c->driver, "%s", script_.driver.c_str());
  snprintf(reinterpret_cast<char*>(c->card), sizeof c->card, "%s", script_.card.c_str());
  snprintf(reinterpret_cast<char*>(c->bus_info), sizeof c->bus_info, "%s", script_.bus.c_str());
  c->device_caps = Capabilities();
  c->capabilities = c->device_caps | V4L2_CAP_DEVICE_CAPS;
  return 0;
}

int Device::ListFormat(v4l2_fmtdesc* format) const {
  std::vector<uint32_t> seen;
  for (const Offer& o : script_.offers) {
    if (std::find(seen.begin(), seen.end(), o.fourcc) == seen.end()) seen.push_back(o.fourcc);
  }
  if (format->type != Type() || format->index >= seen.size()) return -EINVAL;
  format->pixelformat = seen[format->index];
  format->flags = format->pixelformat == V4L2_PIX_FMT_MJPEG ? V4L2_FMT_FLAG_COMPRESSED : 0;
  return 0;
}

int Device::ListSize(v4l2_frmsizeenum* size) const {
  if (script_.silent) return -ENOTTY;
  uint32_t index = 0;
  for (const Offer& o : script_.offers) {
    if (o.fourcc != size->pixel_format || index++ != size->index) continue;
    const auto side = [](int v) { return static_cast<uint32_t>(v); };
    if (o.most.width == 0) {
      size->type = V4L2_FRMSIZE_TYPE_DISCRETE;
      size->discrete = {side(o.size.width), side(o.size.height)};
    } else {
      size->type = V4L2_FRMSIZE_TYPE_STEPWISE;
      size->stepwise = {side(o.size.width),  side(o.most.width),  side(o.step),
                        side(o.size.height), side(o.most.height), side(o.step)};
    }
    return 0;
  }
  return -EINVAL;
}

int Device::ListRate(v4l2_frmivalenum* rate) const {
  if (script_.silent) return -ENOTTY;
  for (const Offer& o : script_.offers) {
    const int width = static_cast<int>(rate->width), height = static_cast<int>(rate->height);
    const bool inside = o.most.width == 0 ? width == o.size.width && height == o.size.height
                                          : width >= o.size.width && width <= o.most.width &&
                                                height >= o.size.height && height <= o.most.height;
    if (o.fourcc != rate->pixel_format || !inside) continue;
    if (rate->index >= o.fps.size()) return -EINVAL;
    rate->type = V4L2_FRMIVAL_TYPE_DISCRETE;
    rate->discrete = {1, static_cast<uint32_t>(o.fps[rate->index])};
    return 0;
  }
  return -EINVAL;
}

int Device::Rate(v4l2_streamparm* parameters, bool set) {
  if (parameters->type != Type()) return -EINVAL;
  // Capture and output have the interval at the same place (linux/videodev2 in the kernel's headers).
  v4l2_fract& interval = parameters->parm.capture.timeperframe;
  if (set && interval.numerator > 0 && interval.denominator > 0) interval_ = interval;
  parameters->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
  interval = interval_;
  return 0;
}

int Device::Query(v4l2_buffer* buffer) const {
  if (buffer->index >= buffers_ || buffer->type != Type()) return -EINVAL;
  buffer->length = format_.sizeimage;
  buffer->m.offset = static_cast<uint32_t>(buffer->index * buffer_bytes_);
  return 0;
}

int Device::Ioctl(unsigned long request, void* argument) {
  if (Gone()) return -ENODEV;
  switch (request) {
    case VIDIOC_QUERYCAP:
      return Capability(static_cast<v4l2_capability*>(argument));
    case VIDIOC_ENUM_FMT:
      return ListFormat(static_cast<v4l2_fmtdesc*>(argument));
    case VIDIOC_ENUM_FRAMESIZES:
      return ListSize(static_cast<v4l2_frmsizeenum*>(argument));
    case VIDIOC_ENUM_FRAMEINTERVALS:
      return ListRate(static_cast<v4l2_frmivalenum*>(argument));
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM:
      return Rate(static_cast<v4l2_streamparm*>(argument), request == VIDIOC_S_PARM);
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
    case VIDIOC_S_FMT: {
      auto* format = static_cast<v4l2_format*>(argument);
      if (format->type != Type()) return -EINVAL;
      if (request == VIDIOC_S_FMT && (buffers_ > 0 || streaming_)) return -EBUSY;
      if (request == VIDIOC_S_FMT && script_.format_error != 0) return -script_.format_error;
      if (request == VIDIOC_G_FMT) format->fmt.pix = format_;
      return SetFormat(&format->fmt.pix, request != VIDIOC_S_FMT);
    }
    // One input or output, without a television standard: what FFmpeg asks for.
    case VIDIOC_G_INPUT:
      *static_cast<int*>(argument) = 0;
      return 0;
    case VIDIOC_S_INPUT:
      return *static_cast<int*>(argument) == 0 ? 0 : -EINVAL;
    case VIDIOC_ENUMINPUT: {
      auto* input = static_cast<v4l2_input*>(argument);
      if (input->index != 0) return -EINVAL;
      *input = {};
      input->type = V4L2_INPUT_TYPE_CAMERA;
      return 0;
    }
    case VIDIOC_REQBUFS: {
      auto* wanted = static_cast<v4l2_requestbuffers*>(argument);
      if (wanted->type != Type() || wanted->memory != V4L2_MEMORY_MMAP) return -EINVAL;
      if (script_.buffers_error != 0) return -script_.buffers_error;
      return AllocateBuffers(&wanted->count);
    }
    case VIDIOC_QUERYBUF:
      return Query(static_cast<v4l2_buffer*>(argument));
    case VIDIOC_QBUF:
    case VIDIOC_DQBUF: {
      auto* buffer = static_cast<v4l2_buffer*>(argument);
      if (buffer->type != Type() || buffer->memory != V4L2_MEMORY_MMAP) return -EINVAL;
      return request == VIDIOC_QBUF ? Queue(buffer) : Dequeue(buffer);
    }
    case VIDIOC_STREAMON:
    case VIDIOC_STREAMOFF:
      if (*static_cast<int*>(argument) != static_cast<int>(Type())) return -EINVAL;
      if (request == VIDIOC_STREAMON && script_.start_error != 0) return -script_.start_error;
      return Stream(request == VIDIOC_STREAMON);
    default:
      return -ENOTTY;
  }
}

}  // namespace tempera::stand_in
