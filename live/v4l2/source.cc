// A V4L2 camera as a source.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "live/v4l2/capture.h"
#include "live/v4l2/modes.h"
#include "live/v4l2/pixels.h"
#include "live/v4l2/v4l2.h"
#include "media/live/jpeg_stream.h"

namespace tempera::live {
namespace {

constexpr int64_t kWaitNs = 100'000'000;
// A camera that has sent nothing but damage for so long, and at least so many, sends no pictures.
constexpr int64_t kDamagedNs = 3'000'000'000;
constexpr int kDamagedFrames = 10;
// Of pictures in a row before another size than was agreed on is believed to be meant.
constexpr int kOddPictures = 3;
// A jump of the driver's count beyond this is no count: an hour at 240 frames a second, rounded up.
constexpr uint32_t kMostSkipped = 1u << 20;

class V4l2Source final : public Source {
 public:
  explicit V4l2Source(V4l2Choice choice) : choice_(std::move(choice)) {}

  Status Open() override {
    Close();
    if (stopped_) return Stopped();
    TEMPERA_ASSIGN_OR_RETURN(const std::string path,
                             FindV4l2Device(choice_.device, V4L2_CAP_VIDEO_CAPTURE, "camera", identity_));
    TEMPERA_RETURN_IF_ERROR(capture_.Open(path, choice_));
    const v4l2_pix_format& format = capture_.format();
    colours_ = ColoursOf(format);
    jpeg_.reset();
    if (V4l2FormatCompressed(format.pixelformat)) {
      TEMPERA_ASSIGN_OR_RETURN(jpeg_, media::JpegStream::Open());
    } else {
      RawLayout::From(format, &layout_);  // it did when the format was agreed on
    }
    identity_ = IdentifyV4l2Device(capture_.device());
    Describe(static_cast<int>(format.width), static_cast<int>(format.height));
    cut_ = number_ >= 0;
    counted_ = false;
    damaged_since_ns_ = 0;
    return OkStatus();
  }

  void Close() override { capture_.Close(); }

  Result<Got> Read(SourceFrame* frame) override {
    const int64_t deadline = NowNs() + kWaitNs;
    for (;;) {
      if (stopped_) return Stopped();
      if (!capture_.device().is_open()) return InvalidArgument("a camera was read that is not open");
      const int64_t left_ns = std::max<int64_t>(0, deadline - NowNs());
      TEMPERA_ASSIGN_OR_RETURN(const auto waited,
                               capture_.Wait(static_cast<int>((left_ns + 999'999) / 1'000'000)));
      if (waited == V4l2Capture::Got::kBuffer) {
        TEMPERA_ASSIGN_OR_RETURN(const Got got, TakeNewest(frame));
        if (got == Got::kFrame) return got;
      }
      if (NowNs() >= deadline) return Got::kNotYet;
    }
  }

  void Stop() override { stopped_ = true; }
  const SourceInfo& info() const override { return info_; }
  bool comes_back() const override { return true; }
  int64_t damaged() const override { return damaged_; }

 private:
  static Status Stopped() { return {StatusCode::kCancelled, "stopped"}; }

  void Describe(int width, int height) {
    info_.name = capture_.device().card();
    info_.width = width;
    info_.height = height;
    info_.fps = capture_.fps();
    info_.format = V4l2FormatName(capture_.format().pixelformat);
    for (char& c : info_.format) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    info_.format += " " + std::to_string(width) + "x" + std::to_string(height);
    if (info_.fps > 0) info_.format += " at " + RateText(info_.fps);
  }

  // The driver counts frames; where it does not, or begins anew, they are counted here.
  void Count(uint32_t sequence) {
    const uint32_t on = sequence - sequence_;  // it goes round
    number_ += counted_ && on > 0 && on <= kMostSkipped ? on : 1;
    counted_ = true;
    sequence_ = sequence;
  }

  // The newest of the buffers that are ready; the others go back unread.
  Result<Got> TakeNewest(SourceFrame* frame) {
    V4l2Capture::Buffer newest, next;
    bool have = false;
    // No more than there are: a fast camera must not keep us here.
    for (size_t i = 0; i < capture_.count(); ++i) {
      TEMPERA_ASSIGN_OR_RETURN(const auto taken, capture_.Take(&next));
      if (taken == V4l2Capture::Got::kNothing) break;
      Count(next.sequence);
      if (next.damaged || (!jpeg_ && next.bytes < layout_.bytes)) {
        TEMPERA_RETURN_IF_ERROR(capture_.Return(next));
        TEMPERA_RETURN_IF_ERROR(Damaged());
        continue;
      }
      if (have) TEMPERA_RETURN_IF_ERROR(capture_.Return(newest));
      newest = next;
      newest_number_ = number_;
      have = true;
    }
    if (!have) return Got::kNotYet;
    Result<media::Frame> pixels =
        jpeg_ ? jpeg_->Decode(newest.data, newest.bytes) : FrameFromRaw(layout_, colours_, newest.data);
    TEMPERA_RETURN_IF_ERROR(capture_.Return(newest));
    if (!pixels.ok() && pixels.status().code() != StatusCode::kIo) return pixels.status();
    if (!pixels.ok() || !SizeIsMeant(*pixels)) {
      TEMPERA_RETURN_IF_ERROR(Damaged());
      return Got::kNotYet;
    }
    damaged_since_ns_ = 0;
    if (jpeg_ && colours_.says_range) pixels->full_range = colours_.full_range;
    *frame = {};
    frame->frame = std::move(*pixels);
    frame->captured_ns = newest.captured_ns;
    frame->number = newest_number_;
    frame->cut = std::exchange(cut_, false);
    return Got::kFrame;
  }

  // A JPEG says its size itself; one that says another may be damaged.
  bool SizeIsMeant(const media::Frame& frame) {
    if (frame.width == info_.width && frame.height == info_.height) {
      odd_ = 0;
      return true;
    }
    if (++odd_ < kOddPictures) return false;
    odd_ = 0;
    Describe(frame.width, frame.height);
    return true;
  }

  Status Damaged() {
    ++damaged_;
    const int64_t now = NowNs();
    if (damaged_since_ns_ == 0) {
      damaged_since_ns_ = now;
      damaged_in_row_ = 0;
    }
    if (++damaged_in_row_ < kDamagedFrames || now - damaged_since_ns_ < kDamagedNs) return OkStatus();
    return IoError(capture_.who() +
                   " sends damaged frames only: choose another format, or try another cable");
  }

  const V4l2Choice choice_;
  V4l2Identity identity_;
  V4l2Capture capture_;
  SourceInfo info_;
  RawLayout layout_;
  V4l2Colours colours_;
  std::unique_ptr<media::JpegStream> jpeg_;  // null: raw
  std::atomic<bool> stopped_{false};
  std::atomic<int64_t> damaged_{0};
  int64_t number_ = -1;  // of the last frame taken
  int64_t newest_number_ = 0;
  uint32_t sequence_ = 0;  // the driver's of the last one
  bool counted_ = false;   // sequence_ is of this stream
  bool cut_ = false;
  int odd_ = 0;
  int64_t damaged_since_ns_ = 0;  // 0: the last one was whole
  int damaged_in_row_ = 0;
};

}  // namespace

Result<std::unique_ptr<Source>> MakeV4l2Source(const V4l2Choice& choice) {
  const std::string names = V4l2FormatNames();
  if (!choice.format.empty() && (", " + names + ",").find(" " + choice.format + ",") == std::string::npos)
    return InvalidArgument("a camera's format '" + choice.format + "' is not read: there are " + names);
  return std::unique_ptr<Source>(std::make_unique<V4l2Source>(choice));
}

Status CheckV4l2Camera(const V4l2Choice& choice) {
  TEMPERA_ASSIGN_OR_RETURN(const std::string path,
                           FindV4l2Device(choice.device, V4L2_CAP_VIDEO_CAPTURE, "camera", {}));
  V4l2Device device;
  const int error = device.Open(path);
  if (error == EBUSY) return OkStatus();
  if (error != 0) return V4l2Failure("camera " + path, path, "opening it", error);
  const std::string who = "camera '" + device.card() + "' (" + path + ")";
  return V4l2Capture::Modes(device, who, choice).status();
}

std::vector<V4l2Camera> ListV4l2Cameras() {
  std::vector<V4l2Camera> cameras;
  for (const V4l2Node& node : ListV4l2Nodes()) {
    V4l2Camera camera{node.path, node.card, node.bus, {}, ""};
    V4l2Device device;
    const int error = node.error != 0 ? node.error : device.Open(node.path);
    if (error != 0) {
      camera.problem = V4l2Failure("camera " + node.path, node.path, "opening it", error).message();
    } else if ((node.capabilities & V4L2_CAP_VIDEO_CAPTURE) == 0) {
      continue;  // of metadata, or of a loopback device that nobody writes to
    } else {
      camera.formats = ListV4l2Formats(device, {});
    }
    cameras.push_back(std::move(camera));
  }
  return cameras;
}

}  // namespace tempera::live
