// A loopback device as strict as v4l2loopback 0.15 with exclusive_caps=1, and stricter: what that would take
// and show wrongly (a frame of another size, one before the format) is an error here, and stands in the log.
#include <poll.h>

#include <cerrno>
#include <cstdio>

#include "tests/live/v4l2/stand_in/device.h"
#include "tests/live/v4l2/stand_in/pictures.h"

namespace tempera::stand_in {
namespace {

class Loopback final : public Device {
 public:
  ssize_t Write(const void* bytes, size_t count) override {
    if (Gone()) return -ENODEV;
    if (!set_) return Refuse("a frame before the format");
    if (count != format_.sizeimage) return Refuse("a frame of " + std::to_string(count) + " bytes");
    if (script_.write_error != 0 && written_ >= script_.write_error_after) return -script_.write_error;
    ++written_;
    if (FILE* out = fopen(script_.out.c_str(), "ab")) {
      fwrite(bytes, 1, count, out);
      fclose(out);
    }
    Log("frame " + std::to_string(NowNs()));
    return static_cast<ssize_t>(count);
  }

  short Poll(int64_t*) override {
    if (Gone()) return POLLERR | POLLHUP;
    return set_ ? POLLOUT | POLLWRNORM : 0;
  }

 protected:
  uint32_t Capabilities() override {
    return (script_.busy ? V4L2_CAP_VIDEO_CAPTURE : V4L2_CAP_VIDEO_OUTPUT) | V4L2_CAP_READWRITE |
           V4L2_CAP_STREAMING;
  }
  uint32_t Type() const override {
    return script_.busy ? V4L2_BUF_TYPE_VIDEO_CAPTURE : V4L2_BUF_TYPE_VIDEO_OUTPUT;
  }

  int SetFormat(v4l2_pix_format* format, bool only_try) override {
    if (!Lay(format, script_.stride)) return -EINVAL;
    if (script_.held_format != 0) {
      format->pixelformat = script_.held_format;
      format->width = static_cast<uint32_t>(script_.held.width);
      format->height = static_cast<uint32_t>(script_.held.height);
      Lay(format, script_.stride);
    }
    if (only_try) return 0;
    format_ = *format;
    set_ = true;
    Log("format " + LettersOf(format->pixelformat) + " " + std::to_string(format->width) + "x" +
        std::to_string(format->height) + " " + std::to_string(format->bytesperline) + " " +
        std::to_string(format->sizeimage) + " colours " + std::to_string(format->colorspace) + " " +
        std::to_string(format->ycbcr_enc) + " " + std::to_string(format->quantization));
    return 0;
  }

  // Writing does all that is needed; nobody here streams into it.
  int Stream(bool) override { return -EINVAL; }
  int Queue(v4l2_buffer*) override { return -EINVAL; }
  int Dequeue(v4l2_buffer*) override { return -EINVAL; }

 private:
  ssize_t Refuse(const std::string& why) {
    Log("refused " + why);
    return -EINVAL;
  }

  void Log(const std::string& line) const {
    if (script_.out.empty()) return;
    if (FILE* log = fopen((script_.out + ".log").c_str(), "a")) {
      fprintf(log, "%s\n", line.c_str());
      fclose(log);
    }
  }

  bool set_ = false;
  int64_t written_ = 0;
};

}  // namespace

std::unique_ptr<Device> MakeLoopback() { return std::make_unique<Loopback>(); }

}  // namespace tempera::stand_in
