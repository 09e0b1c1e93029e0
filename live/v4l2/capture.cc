#include "live/v4l2/capture.h"

#include <poll.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "live/source.h"
#include "live/v4l2/pixels.h"

namespace tempera::live {
namespace {

// One that the driver fills, one that is read, and two for when reading is late.
constexpr uint32_t kBuffers = 4;
// So many errors in a row, and the camera is taken as lost; the first ones may be a bad cable's.
constexpr int kMostErrors = 30;
// A time further back than this was taken by another clock.
constexpr int64_t kOldestNs = 10'000'000'000;

bool Usable(const v4l2_pix_format& format) {
  if (V4l2FormatCompressed(format.pixelformat)) return format.width > 0 && format.height > 0;
  RawLayout layout;
  return RawLayout::From(format, &layout);
}

std::string NamesOf(const std::vector<V4l2Format>& formats) {
  std::string names;
  for (const V4l2Format& f : formats) names += (names.empty() ? "" : ", ") + f.name;
  return names.empty() ? "none" : names;
}

int64_t CapturedNs(const v4l2_buffer& buffer) {
  const int64_t now = NowNs();
  if ((buffer.flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) != V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC) return now;
  const int64_t seconds = buffer.timestamp.tv_sec, micros = buffer.timestamp.tv_usec;
  if (seconds < 0 || seconds > now / 1'000'000'000 || micros < 0 || micros >= 1'000'000) return now;
  const int64_t at = seconds * 1'000'000'000 + micros * 1000;
  return at > now || now - at > kOldestNs ? now : at;
}

}  // namespace

Status V4l2Capture::Open(const std::string& path, const V4l2Choice& choice) {
  Close();
  who_ = "camera " + path;
  if (const int error = device_.Open(path); error != 0) return V4l2Failure(who_, path, "opening it", error);
  who_ = "camera '" + device_.card() + "' (" + path + ")";
  Status status = Negotiate(choice);
  if (status.ok()) status = Map();
  if (status.ok()) status = Start();
  if (!status.ok()) Close();
  return status;
}

void V4l2Capture::Close() {
  if (streaming_) {
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    device_.Ioctl(VIDIOC_STREAMOFF, &type);
  }
  streaming_ = false;
  for (const Mapped& m : maps_) munmap(m.data, m.bytes);
  maps_.clear();
  device_.Close();
  errors_ = 0;
}

Result<std::vector<V4l2Mode>> V4l2Capture::Modes(const V4l2Device& device, const std::string& who,
                                                 const V4l2Choice& choice) {
  const uint32_t capabilities = device.capabilities();
  if ((capabilities & V4L2_CAP_VIDEO_CAPTURE) == 0) {
    if ((capabilities & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0)
      return Unsupported(who + " speaks V4L2's multi-planar interface only: read it through PipeWire");
    if ((capabilities & V4L2_CAP_VIDEO_OUTPUT) != 0)
      return IoError(who + " is a loopback device that nothing writes to: start the program that does");
    return InvalidArgument(who + " gives no pictures: choose one that --list names");
  }
  if ((capabilities & V4L2_CAP_STREAMING) == 0)
    return Unsupported(who + " cannot stream into memory: read it through FFmpeg or PipeWire");
  const std::vector<V4l2Format> formats = ListV4l2Formats(device, choice);
  const std::vector<V4l2Mode> modes = RankV4l2Modes(formats, choice);
  if (modes.empty() && !choice.format.empty())
    return Unsupported(who + " has no format '" + choice.format + "': it has " + NamesOf(formats));
  if (modes.empty())
    return Unsupported(who + " has no format that is read here: it has " + NamesOf(formats) + ", read are " +
                       V4l2FormatNames());
  return modes;
}

Status V4l2Capture::Negotiate(const V4l2Choice& choice) {
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<V4l2Mode> modes, Modes(device_, who_, choice));
  int error = 0;
  for (const V4l2Mode& mode : modes) {
    error = SetFormat(mode);
    if (error == EBUSY || error == ENODEV || error == EIO) break;
    if (error != 0 || !Usable(format_)) continue;
    // Some answer with what they like better.
    if (!choice.format.empty() && V4l2FormatName(format_.pixelformat) != choice.format) continue;
    if (format_.field == V4L2_FIELD_ALTERNATE || format_.field == V4L2_FIELD_SEQ_TB ||
        format_.field == V4L2_FIELD_SEQ_BT) {
      return Unsupported(who_ + " sends single fields: set it to whole frames (v4l2-ctl), or choose a size" +
                         " of half the height");
    }
    SetRate(mode.fps > 0 ? mode.fps : choice.fps);
    return OkStatus();
  }
  if (error != 0) return V4l2Failure(who_, device_.path(), "setting its format", error);
  return Unsupported(who_ + " answers with the format " + V4l2FormatName(format_.pixelformat) + " " +
                     std::to_string(format_.width) + "x" + std::to_string(format_.height) +
                     " to all that it was asked: choose another format or size");
}

int V4l2Capture::SetFormat(const V4l2Mode& mode) {
  v4l2_format format = {};
  format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  format.fmt.pix.width = static_cast<uint32_t>(mode.width);
  format.fmt.pix.height = static_cast<uint32_t>(mode.height);
  format.fmt.pix.pixelformat = mode.fourcc;
  format.fmt.pix.field = V4L2_FIELD_NONE;
  format.fmt.pix.priv = V4L2_PIX_FMT_PRIV_MAGIC;
  const int error = device_.Ioctl(VIDIOC_S_FMT, &format);
  if (error == 0) format_ = format.fmt.pix;
  return error;
}

// What does not work here changes nothing but the rate that is told.
void V4l2Capture::SetRate(double fps) {
  v4l2_streamparm parameters = {};
  parameters.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  fps_ = 0;
  if (device_.Ioctl(VIDIOC_G_PARM, &parameters) != 0) return;
  auto& interval = parameters.parm.capture.timeperframe;
  if (fps > 0 && (parameters.parm.capture.capability & V4L2_CAP_TIMEPERFRAME) != 0) {
    // 29.97 is 30000/1001 for those who compare fractions.
    const bool ntsc =
        std::fabs(fps * 1.001 - std::round(fps * 1.001)) < 1e-4 && std::fabs(fps - std::round(fps)) > 1e-4;
    interval.numerator = ntsc ? 1001 : 1000;
    interval.denominator = static_cast<uint32_t>(std::lround(fps * interval.numerator));
    if (device_.Ioctl(VIDIOC_S_PARM, &parameters) != 0) device_.Ioctl(VIDIOC_G_PARM, &parameters);
  }
  if (interval.numerator > 0 && interval.denominator > 0)
    fps_ = static_cast<double>(interval.denominator) / interval.numerator;
}

Status V4l2Capture::Map() {
  v4l2_requestbuffers request = {};
  request.count = kBuffers;
  request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  request.memory = V4L2_MEMORY_MMAP;
  if (const int error = device_.Ioctl(VIDIOC_REQBUFS, &request); error != 0)
    return V4l2Failure(who_, device_.path(), "asking for its buffers", error);
  if (request.count < 1) return V4l2Failure(who_, device_.path(), "asking for its buffers", ENOMEM);
  for (uint32_t i = 0; i < std::min(request.count, 2 * kBuffers); ++i) {
    v4l2_buffer buffer = {};
    buffer.index = i;
    buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    if (const int error = device_.Ioctl(VIDIOC_QUERYBUF, &buffer); error != 0)
      return V4l2Failure(who_, device_.path(), "asking for its buffers", error);
    void* data = buffer.length == 0 ? MAP_FAILED
                                    : mmap(nullptr, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED,
                                           device_.fd(), buffer.m.offset);
    if (data == MAP_FAILED)
      return V4l2Failure(who_, device_.path(), "mapping its buffers", buffer.length == 0 ? EINVAL : errno);
    maps_.push_back({data, buffer.length});
    Buffer mapped;
    mapped.index = i;
    TEMPERA_RETURN_IF_ERROR(Return(mapped));
  }
  return OkStatus();
}

Status V4l2Capture::Start() {
  int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  const int error = device_.Ioctl(VIDIOC_STREAMON, &type);
  if (error == EIO && device_.driver().find("loopback") != std::string::npos)
    return IoError(who_ + " is a loopback device that nothing writes to: start the program that does");
  if (error != 0) return V4l2Failure(who_, device_.path(), "starting it", error);
  streaming_ = true;
  return OkStatus();
}

Status V4l2Capture::Lost(const std::string& doing, int error) {
  return V4l2Failure(who_, device_.path(), doing, error);
}

Result<V4l2Capture::Got> V4l2Capture::Wait(int timeout_ms) {
  pollfd waiting = {device_.fd(), POLLIN, 0};
  const int ready = poll(&waiting, 1, timeout_ms);
  if (ready < 0 && errno != EINTR) return Lost("waiting for a frame", errno);
  if (ready <= 0) return Got::kNothing;
  if ((waiting.revents & POLLIN) != 0) return Got::kBuffer;
  // An error, and nothing to take before it. Whether it is still plugged in tells which.
  v4l2_capability capability = {};
  const int error = device_.Ioctl(VIDIOC_QUERYCAP, &capability);
  if ((waiting.revents & POLLHUP) != 0 || error != 0) return Lost("waiting for a frame", ENODEV);
  return Lost("waiting for a frame", EIO);
}

Result<V4l2Capture::Got> V4l2Capture::Take(Buffer* out) {
  v4l2_buffer buffer = {};
  buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  buffer.memory = V4L2_MEMORY_MMAP;
  const int error = device_.Ioctl(VIDIOC_DQBUF, &buffer);
  if (error == EAGAIN) return Got::kNothing;
  if (error == EIO && ++errors_ < kMostErrors) return Got::kNothing;
  if (error != 0) return Lost("reading a frame", error == EPIPE ? EIO : error);
  if (buffer.index >= maps_.size()) return Lost("reading a frame", EIO);
  errors_ = 0;
  const Mapped& mapped = maps_[buffer.index];
  out->data = static_cast<const uint8_t*>(mapped.data);
  out->bytes = std::min<size_t>(buffer.bytesused, mapped.bytes);
  out->damaged = (buffer.flags & V4L2_BUF_FLAG_ERROR) != 0 || buffer.bytesused > mapped.bytes;
  out->captured_ns = CapturedNs(buffer);
  out->sequence = buffer.sequence;
  out->index = buffer.index;
  return Got::kBuffer;
}

Status V4l2Capture::Return(const Buffer& returned) {
  v4l2_buffer buffer = {};
  buffer.index = returned.index;
  buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  buffer.memory = V4L2_MEMORY_MMAP;
  if (const int error = device_.Ioctl(VIDIOC_QBUF, &buffer); error != 0)
    return Lost("handing a buffer back", error);
  return OkStatus();
}

}  // namespace tempera::live
