// A camera: frames at their times, and what its script spoils of them.
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "tests/live/v4l2/stand_in/device.h"
#include "tests/live/v4l2/stand_in/pictures.h"

namespace tempera::stand_in {
namespace {

constexpr int64_t kForever = INT64_MAX;

// Until when the cameras of these keys are gone. One that has been is not again.
std::map<std::string, int64_t>& GoneUntil() {
  static std::map<std::string, int64_t> until;
  return until;
}

class Camera final : public Device {
 public:
  ssize_t Write(const void*, size_t) override { return -EINVAL; }

  short Poll(int64_t* next_ns) override {
    if (Gone()) return POLLERR | POLLHUP;
    if (!streaming_ || (queued_.empty() && done_.empty())) return POLLERR;
    Advance();
    if (gone_) return POLLERR | POLLHUP;
    if (!done_.empty()) return POLLIN | POLLRDNORM;
    *next_ns = DueNs(next_);
    return 0;
  }

 protected:
  uint32_t Capabilities() override { return V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING; }
  uint32_t Type() const override { return V4L2_BUF_TYPE_VIDEO_CAPTURE; }
  bool Gone() override { return gone_ || Device::Gone(); }

  int SetFormat(v4l2_pix_format* format, bool only_try) override {
    const Offer* best = nullptr;
    int64_t least = kForever;
    for (const Offer& o : script_.offers) {
      if (o.fourcc != format->pixelformat) continue;
      const Size size = SizeIn(o, *format);
      const int64_t far = std::abs(size.width - static_cast<int>(format->width)) +
                          std::abs(size.height - static_cast<int>(format->height));
      if (far < least) best = &o, least = far;
    }
    // As uvcvideo: what is not offered becomes something that is.
    if (!best && script_.offers.empty()) return -EINVAL;
    if (!best) best = &script_.offers[0];
    const Size size = script_.answer.width > 0 ? script_.answer : SizeIn(*best, *format);
    v4l2_pix_format answer = {};
    answer.pixelformat = script_.answer_format != 0 ? script_.answer_format : best->fourcc;
    answer.width = static_cast<uint32_t>(size.width);
    answer.height = static_cast<uint32_t>(size.height);
    answer.field = static_cast<uint32_t>(script_.field);
    answer.priv = V4L2_PIX_FMT_PRIV_MAGIC;
    answer.colorspace = script_.colours[0];
    answer.ycbcr_enc = script_.colours[1];
    answer.quantization = script_.colours[2];
    if (!Lay(&answer, script_.stride)) answer.sizeimage = answer.width * answer.height * 2;
    *format = answer;
    if (!only_try) format_ = answer;
    return 0;
  }

  int Stream(bool on) override {
    streaming_ = on;
    queued_.clear();
    if (on) queued_ = waiting_;
    waiting_.clear();
    done_.clear();
    start_ns_ = NowNs();
    next_ = 0;
    return 0;
  }

  int Queue(v4l2_buffer* buffer) override {
    if (buffer->index >= buffers_) return -EINVAL;
    Advance();
    if (gone_) return -ENODEV;
    (streaming_ ? queued_ : waiting_).push_back(buffer->index);
    return 0;
  }

  int Dequeue(v4l2_buffer* buffer) override {
    if (!streaming_) return -EINVAL;
    Advance();
    if (gone_) return -ENODEV;
    if (done_.empty()) return -EAGAIN;
    const v4l2_buffer first = done_.front();
    done_.pop_front();
    if (first.length == kBroken) {
      queued_.push_back(first.index);
      return -EIO;
    }
    *buffer = first;
    buffer->length = format_.sizeimage;
    return 0;
  }

 private:
  static constexpr uint32_t kBroken = 1;  // as `length`: taking it is an error

  static Size SizeIn(const Offer& o, const v4l2_pix_format& wanted) {
    if (o.most.width == 0) return o.size;
    const auto in = [&](uint32_t side, int least, int most) {
      return least + (std::clamp(static_cast<int>(side), least, most) - least) / o.step * o.step;
    };
    return {in(wanted.width, o.size.width, o.most.width), in(wanted.height, o.size.height, o.most.height)};
  }

  // A frame of that number is there at this time.
  int64_t DueNs(int64_t number) const {
    int64_t due = start_ns_ + (number + 1) * 1'000'000'000 * interval_.numerator / interval_.denominator;
    if (script_.stall_after >= 0 && number >= script_.stall_after)
      due = script_.stall_ms < 0 ? kForever : due + script_.stall_ms * 1'000'000;
    return due;
  }

  // Makes all frames that are due; those for which no buffer waits are lost.
  void Advance() {
    if (!streaming_) return;
    while (!gone_ && DueNs(next_) <= NowNs()) {
      if (script_.vanish_after >= 0 && next_ >= script_.vanish_after && !GoneUntil().count(key_)) {
        GoneUntil()[key_] = script_.vanish_ms < 0 ? kForever : NowNs() + script_.vanish_ms * 1'000'000;
        gone_ = true;
        return;
      }
      if (!queued_.empty()) Make(next_);
      ++next_;
    }
  }

  void Make(int64_t number) {
    v4l2_buffer buffer = {};
    buffer.index = queued_.front();
    queued_.pop_front();
    buffer.type = Type();
    buffer.memory = V4L2_MEMORY_MMAP;
    buffer.field = V4L2_FIELD_NONE;
    v4l2_pix_format shown = format_;
    if (script_.picture.width > 0) {
      shown.width = static_cast<uint32_t>(script_.picture.width);
      shown.height = static_cast<uint32_t>(script_.picture.height);
    }
    std::vector<uint8_t> picture = Picture(shown, static_cast<uint32_t>(number));
    picture.resize(std::min(picture.size(), buffer_bytes_));
    buffer.bytesused = static_cast<uint32_t>(picture.size());
    if (script_.damage_every > 0 && number % script_.damage_every == script_.damage_every - 1)
      Damage(&buffer, &picture);
    memcpy(BufferAt(buffer.index), picture.data(), picture.size());
    Stamp(number, &buffer);
    done_.push_back(buffer);
  }

  void Damage(v4l2_buffer* buffer, std::vector<uint8_t>* picture) const {
    const std::string& kind = script_.damage;
    if (kind == "truncated") buffer->bytesused /= 2;
    // The rest of the frame before is still behind it, as in real buffers.
    if (kind == "truncated") picture->resize(buffer->bytesused);
    if (kind == "empty") buffer->bytesused = 0;
    if (kind == "short") buffer->bytesused -= 1;
    if (kind == "flagged") buffer->flags |= V4L2_BUF_FLAG_ERROR;
    if (kind == "overlong") buffer->bytesused = UINT32_MAX;
    if (kind == "eio") buffer->length = kBroken;
    if (kind == "garbage") {
      uint32_t random = 12345;
      for (size_t i = picture->size() / 3; i + 2 < picture->size(); ++i) {
        random = random * 1664525 + 1013904223;
        (*picture)[i] = static_cast<uint8_t>(random >> 24) & 0x7f;
      }
    }
  }

  void Stamp(int64_t number, v4l2_buffer* buffer) const {
    buffer->sequence = static_cast<uint32_t>(number);
    if (script_.sequence == "zero") buffer->sequence = 0;
    if (script_.sequence == "back") buffer->sequence = UINT32_MAX - static_cast<uint32_t>(number);
    if (script_.sequence == "jump") buffer->sequence = static_cast<uint32_t>(number) * 0x20000001u;
    int64_t at = DueNs(number);
    if (script_.timestamp == "future") at += 5'000'000'000;
    if (script_.timestamp == "ancient") at = 1'000'000'000;
    if (script_.timestamp != "unknown") buffer->flags |= V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    if (script_.timestamp == "unknown") at = 7;
    buffer->timestamp.tv_sec = at / 1'000'000'000;
    buffer->timestamp.tv_usec = at / 1000 % 1'000'000;
  }

  std::deque<uint32_t> queued_, waiting_;  // waiting: queued before streaming began
  std::deque<v4l2_buffer> done_;
  int64_t start_ns_ = 0, next_ = 0;
  bool gone_ = false;
};

}  // namespace

bool Vanished(const std::string& key) {
  const auto gone = GoneUntil().find(key);
  return gone != GoneUntil().end() && NowNs() < gone->second;
}

std::unique_ptr<Device> MakeCamera() { return std::make_unique<Camera>(); }

}  // namespace tempera::stand_in
