// A V4L2 output device, that is v4l2loopback's, as a sink: what other programs open as a camera.
//
// From 0.14 on v4l2loopback keeps to the standard (umlaeute/v4l2loopback, its source at 0.14): the format is
// set on the output before anything else, and a frame is written whole, as large as the device answered; what
// is shorter it takes, and shows wrongly. With exclusive_caps=1 it is an output only while nobody writes to
// it.
#include <linux/videodev2.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "live/v4l2/device.h"
#include "live/v4l2/modes.h"
#include "live/v4l2/pixels.h"
#include "live/v4l2/v4l2.h"
#include "media/live/fitter.h"

namespace tempera::live {
namespace {

constexpr uint32_t kFormats[] = {V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUYV};
constexpr const char* kFormatNames = "i420, nv12, yuyv";
// Device and driver may want a little more than the pixels; more than this is nonsense.
constexpr size_t kMostBytes = size_t{1} << 30;

uint32_t FourccOf(const std::string& name) {
  for (const uint32_t fourcc : kFormats) {
    if (V4l2FormatName(fourcc) == name) return fourcc;
  }
  return 0;
}

Status OpenOutput(const std::string& wanted, V4l2Device* device) {
  // By a name only those are found that nobody writes to: the others are no outputs for the time being.
  TEMPERA_ASSIGN_OR_RETURN(const std::string path,
                           FindV4l2Device(wanted, V4L2_CAP_VIDEO_OUTPUT, "video output", {}));
  const int error = device->Open(path);
  if (error == ENOENT)
    return NotFound("there is no " + path + ": load v4l2loopback (sudo modprobe v4l2loopback video_nr=N " +
                    "exclusive_caps=1)");
  return error == 0 ? OkStatus() : V4l2Failure("video output " + path, path, "opening it", error);
}

class V4l2Sink final : public Sink {
 public:
  explicit V4l2Sink(const V4l2OutputChoice& choice) : choice_(choice), fps_(choice.fps) {}

  std::string name() const override { return "v4l2:" + choice_.device; }
  Pace pace() const override { return Pace::kPaced; }
  double fps() const override { return fps_; }
  bool comes_back() const override { return true; }
  void Stop() override { stopped_ = true; }

  Status Open(const PaintedFrame&) override {
    device_.Close();
    if (stopped_) return {StatusCode::kCancelled, "stopped"};
    TEMPERA_RETURN_IF_ERROR(OpenOutput(choice_.device, &device_));
    who_ = "video output '" + device_.card() + "' (" + device_.path() + ")";
    Status status = Negotiate();
    if (!status.ok()) device_.Close();
    return status;
  }

  Status Show(const PaintedFrame& painted) override {
    if (!device_.is_open()) return InvalidArgument(who_ + " is not open");
    // Paced: the same picture again costs nothing but its writing.
    if (painted.number != shown_ || painted.frame.planes[0] != shown_pixels_) {
      TEMPERA_ASSIGN_OR_RETURN(const media::Frame fitted, fitter_->Fit(painted.frame));
      RawFromI420(fitted, layout_, bytes_.data());
      shown_ = painted.number;
      shown_pixels_ = painted.frame.planes[0];
    }
    return Write();
  }

  Status Close() override {
    device_.Close();
    return OkStatus();
  }

 private:
  Status Negotiate() {
    const uint32_t capabilities = device_.capabilities();
    if ((capabilities & V4L2_CAP_VIDEO_OUTPUT) == 0) {
      if (device_.driver().find("loopback") != std::string::npos)
        return IoError(who_ + ": another program writes to it: close that program, or load v4l2loopback " +
                       "with one device more");
      return InvalidArgument(who_ + " is a camera, and takes no pictures: name a device of v4l2loopback");
    }
    if ((capabilities & V4L2_CAP_READWRITE) == 0)
      return Unsupported(who_ + " cannot be written to: name a device of v4l2loopback");
    v4l2_format format = {};
    TEMPERA_RETURN_IF_ERROR(SetFormat(&format));
    const v4l2_pix_format& pix = format.fmt.pix;
    if (std::find(std::begin(kFormats), std::end(kFormats), pix.pixelformat) == std::end(kFormats) ||
        !RawLayout::From(pix, &layout_)) {
      return IoError(who_ + " insists on " + V4l2FormatName(pix.pixelformat) + " " +
                     std::to_string(pix.width) + "x" + std::to_string(pix.height) +
                     ", as another program has it open: close that program, or take its format");
    }
    // Packed lines have their padding behind the last one too.
    const size_t whole =
        layout_.chroma_stride == 0 ? layout_.stride * static_cast<size_t>(layout_.height) : layout_.bytes;
    if (pix.sizeimage > kMostBytes || (pix.sizeimage != 0 && pix.sizeimage < layout_.bytes))
      return IoError(who_ + " answers with a frame of " + std::to_string(pix.sizeimage) +
                     " bytes, which is not its size: choose another size");
    bytes_.assign(pix.sizeimage != 0 ? pix.sizeimage : whole, 0);
    fitter_ = std::make_unique<media::Fitter>(layout_.width, layout_.height, matrix_);
    shown_ = -1;
    SetRate();
    return OkStatus();
  }

  Status SetFormat(v4l2_format* format) {
    matrix_ = media::UsualMatrix(choice_.width, choice_.height);
    format->type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    v4l2_pix_format& pix = format->fmt.pix;
    pix.width = static_cast<uint32_t>(choice_.width);
    pix.height = static_cast<uint32_t>(choice_.height);
    pix.pixelformat = FourccOf(choice_.format);
    pix.field = V4L2_FIELD_NONE;
    pix.priv = V4L2_PIX_FMT_PRIV_MAGIC;
    const bool hd = matrix_ == media::ColorMatrix::kBt709;
    pix.colorspace = hd ? V4L2_COLORSPACE_REC709 : V4L2_COLORSPACE_SMPTE170M;
    pix.ycbcr_enc = hd ? V4L2_YCBCR_ENC_709 : V4L2_YCBCR_ENC_601;
    pix.quantization = V4L2_QUANTIZATION_LIM_RANGE;
    const int error = device_.Ioctl(VIDIOC_S_FMT, format);
    if (error == EINVAL)
      return Unsupported(who_ + " does not take " + choice_.format + " " + std::to_string(choice_.width) +
                         "x" + std::to_string(choice_.height) + ": choose another format (" + kFormatNames +
                         ") or size");
    if (error != 0) return V4l2Failure(who_, device_.path(), "setting its format", error);
    // Another size than asked for is shown in the matrix that readers assume for it.
    if (pix.priv != V4L2_PIX_FMT_PRIV_MAGIC || pix.ycbcr_enc == V4L2_YCBCR_ENC_DEFAULT)
      matrix_ = media::UsualMatrix(static_cast<int>(pix.width), static_cast<int>(pix.height));
    else
      matrix_ = ColoursOf(pix).matrix;
    return OkStatus();
  }

  // For those who ask the device how fast it is; pictures are paced by us.
  void SetRate() {
    v4l2_streamparm parameters = {};
    parameters.type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    auto& interval = parameters.parm.output.timeperframe;
    interval.numerator = 1000;
    interval.denominator = static_cast<uint32_t>(std::lround(choice_.fps * 1000));
    device_.Ioctl(VIDIOC_S_PARM, &parameters);
  }

  Status Write() {
    ssize_t written;
    do written = write(device_.fd(), bytes_.data(), bytes_.size());
    while (written < 0 && errno == EINTR && !stopped_);
    if (written == static_cast<ssize_t>(bytes_.size())) return OkStatus();
    if (written >= 0)
      return IoError(who_ + " took " + std::to_string(written) + " bytes of " +
                     std::to_string(bytes_.size()) + ": another program has changed its format; close it");
    if (errno == EAGAIN || errno == EINTR) return OkStatus();  // its readers are late: the next one comes
    return V4l2Failure(who_, device_.path(), "writing a frame", errno);
  }

  const V4l2OutputChoice choice_;
  const double fps_;
  std::atomic<bool> stopped_{false};
  V4l2Device device_;
  std::string who_;
  media::ColorMatrix matrix_ = media::ColorMatrix::kBt709;
  RawLayout layout_;
  std::unique_ptr<media::Fitter> fitter_;
  std::vector<uint8_t> bytes_;  // as they are written
  int64_t shown_ = -1;
  const uint8_t* shown_pixels_ = nullptr;
};

}  // namespace

Status CheckV4l2Output(const V4l2OutputChoice& choice) {
  V4l2Device device;
  return OpenOutput(choice.device, &device);
}

Result<std::unique_ptr<Sink>> MakeV4l2Sink(const V4l2OutputChoice& choice) {
  if (choice.device.empty())
    return InvalidArgument("a video output needs its device: write v4l2:/dev/videoN");
  if (FourccOf(choice.format) == 0)
    return InvalidArgument("a video output's format '" + choice.format + "' is unknown: there are " +
                           kFormatNames);
  if (choice.width < 2 || choice.height < 2 || choice.width % 2 != 0)
    return InvalidArgument("a video output's width must be even, and both sides at least 2");
  if (!(choice.fps > 0) || choice.fps > 1000)
    return InvalidArgument("a video output's rate must be above 0 and at most 1000 frames a second");
  return std::unique_ptr<Sink>(std::make_unique<V4l2Sink>(choice));
}

}  // namespace tempera::live
