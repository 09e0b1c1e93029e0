#include "tests/door/door_case.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/engine/run/session.h"
#include "src/onnx/writer.h"
#include "src/stylize/stylizer.h"
#include "tempera/tempera.h"
#include "tests/door/picture_net.h"

namespace tempera::door {
namespace {

using stylize::Size;
using stylize::StylizerOptions;

constexpr int64_t kNoLimit = int64_t{1} << 40;
constexpr int kFormats[] = {TEMPERA_RGB, TEMPERA_NV12, TEMPERA_BGRA, TEMPERA_I420, TEMPERA_RGBA};

// Pixels in rows somewhat longer than needed, one block of memory a plane, so that a sanitizer sees their
// ends.
class Frame {
 public:
  Frame(int format, Size size, int gap) : gap_(gap) {
    image_.format = format;
    image_.width = size.width, image_.height = size.height;
    const int half_w = (size.width + 1) / 2, half_h = (size.height + 1) / 2;
    switch (format) {
      case TEMPERA_RGB:
        Plane(0, 3 * size.width, size.height);
        break;
      case TEMPERA_NV12:
        Plane(0, size.width, size.height), Plane(1, 2 * half_w, half_h);
        break;
      case TEMPERA_I420:
        Plane(0, size.width, size.height), Plane(1, half_w, half_h), Plane(2, half_w, half_h);
        break;
      default:
        Plane(0, 4 * size.width, size.height);
    }
  }
  Frame(const Frame& other)
      : Frame(other.image_.format, {other.image_.width, other.image_.height}, other.gap_) {
    image_.matrix = other.image_.matrix, image_.range = other.image_.range;
    for (int p = 0; p < 3; ++p) planes_[p] = other.planes_[p];
    Point();
  }
  Frame& operator=(const Frame&) = delete;

  tempera_image& image() { return image_; }
  bool operator==(const Frame& o) const {
    return std::equal(std::begin(planes_), std::end(planes_), std::begin(o.planes_));
  }
  // The largest difference of two bytes.
  int Distance(const Frame& o) const {
    int most = 0;
    ForPairs(o, [&](int a, int b) { most = std::max(most, std::abs(a - b)); });
    return most;
  }
  double PsnrDb(const Frame& o) const {
    double squares = 0, count = 0;
    ForPairs(o, [&](int a, int b) { squares += (a - b) * (a - b), count += 1; });
    return squares == 0 ? 200 : 10 * std::log10(255.0 * 255.0 * count / squares);
  }
  template <typename F>
  void Fill(F&& byte) {
    for (int p = 0; p < 3; ++p) {
      for (size_t i = 0; i < planes_[p].size(); ++i) planes_[p][i] = byte(p, static_cast<int>(i));
    }
  }

 private:
  void Plane(int p, int bytes, int rows) {
    image_.stride_bytes[p] = bytes + gap_;
    // The last row has no gap: nothing lies behind it.
    planes_[p].resize(static_cast<size_t>(bytes + gap_) * static_cast<size_t>(rows - 1) +
                      static_cast<size_t>(bytes));
    planes_[p].shrink_to_fit();
    Point();
  }
  void Point() {
    for (int p = 0; p < 3; ++p) image_.planes[p] = planes_[p].empty() ? nullptr : planes_[p].data();
  }
  template <typename F>
  void ForPairs(const Frame& o, F&& fn) const {
    for (int p = 0; p < 3; ++p) {
      for (size_t i = 0; i < std::min(planes_[p].size(), o.planes_[p].size()); ++i)
        fn(planes_[p][i], o.planes_[p][i]);
    }
  }

  int gap_;
  tempera_image image_ = TEMPERA_IMAGE_INIT;
  std::vector<uint8_t> planes_[3];
};

// One way to paint the same frames.
class Painter {
 public:
  virtual ~Painter() = default;
  virtual tempera_status Process(const tempera_image& in, const tempera_image& out) = 0;
  // A parameter of one element.
  virtual tempera_status Set(const char* name, float value) = 0;
  virtual void Reset() = 0;
  virtual std::string message() const = 0;
};

class DoorPainter final : public Painter {
 public:
  ~DoorPainter() override { tempera_close(stylizer_); }
  tempera_status Open(std::span<const uint8_t> bytes, const StylizerOptions& o) {
    tempera_options options = TEMPERA_OPTIONS_INIT;
    options.threads = o.num_threads;
    options.precision = o.precision == engine::Precision::kFp32   ? TEMPERA_PRECISION_FP32
                        : o.precision == engine::Precision::kInt8 ? TEMPERA_PRECISION_INT8
                        : o.precision == engine::Precision::kBf16 ? TEMPERA_PRECISION_BF16
                                                                  : TEMPERA_PRECISION_AUTO;
    options.working_width = o.working.width, options.working_height = o.working.height;
    options.norm_statistics = o.norm_statistics == engine::NormStatistics::kSmoothed  ? TEMPERA_NORM_SMOOTHED
                              : o.norm_statistics == engine::NormStatistics::kCarried ? TEMPERA_NORM_CARRIED
                                                                                      : TEMPERA_NORM_EXACT;
    return tempera_open_memory(bytes.data(), bytes.size(), &options, &stylizer_);
  }
  tempera_status Process(const tempera_image& in, const tempera_image& out) override {
    return tempera_process(stylizer_, &in, &out);
  }
  tempera_status Set(const char* name, float value) override {
    return tempera_set_named_parameter(stylizer_, name, &value, 1);
  }
  void Reset() override { tempera_reset(stylizer_); }
  std::string message() const override { return tempera_error_message(); }

 private:
  tempera_stylizer* stylizer_ = nullptr;
};

// The body behind the door, where tests can ask for more than it lets in.
class InnerPainter final : public Painter {
 public:
  Status Open(std::span<const uint8_t> bytes, const StylizerOptions& options) {
    TEMPERA_ASSIGN_OR_RETURN(engine::ModelPtr model, engine::LoadModelMemory(bytes));
    TEMPERA_ASSIGN_OR_RETURN(stylizer_, stylize::Stylizer::Create(std::move(model), "the model", options));
    return OkStatus();
  }
  tempera_status Process(const tempera_image& in, const tempera_image& out) override {
    const Status status = stylizer_->Process(in, out);
    message_ = status.message();
    return status.ok() ? TEMPERA_OK : TEMPERA_INTERNAL;
  }
  tempera_status Set(const char* name, float value) override {
    stylize::Parameters& all = stylizer_->parameters();
    const int index = all.Find(name);
    return index >= 0 && all.Set(static_cast<size_t>(index), {&value, 1}).ok() ? TEMPERA_OK
                                                                               : TEMPERA_NOT_FOUND;
  }
  void Reset() override { stylizer_->Reset(); }
  std::string message() const override { return message_; }

 private:
  std::unique_ptr<stylize::Stylizer> stylizer_;
  std::string message_;
};

std::span<const uint8_t> AsBytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

StylizerOptions DrawOptions(Dice& dice) {
  StylizerOptions o;
  o.num_threads = 1 + dice.Below(4);
  o.precision = dice.Pick({engine::Precision::kFp32, engine::Precision::kFp32, engine::Precision::kFp32,
                           engine::Precision::kInt8, engine::Precision::kAuto, engine::Precision::kBf16});
  o.norm_statistics = dice.Pick({engine::NormStatistics::kExact, engine::NormStatistics::kCarried,
                                 engine::NormStatistics::kSmoothed, engine::NormStatistics::kExact});
  if (dice.OneIn(10)) o.working = {dice.Pick({0, 16, 29}), dice.Pick({20, 33})};
  return o;
}

std::string Describe(const StylizerOptions& o) {
  return std::string(engine::PrecisionName(o.precision)) + ", " + std::to_string(o.num_threads) +
         " threads, statistics " + std::to_string(static_cast<int>(o.norm_statistics)) + ", working " +
         stylize::SizeToString(o.working);
}

// A sequence of frames, each painted by all painters.
class Show {
 public:
  Show(Dice& dice, const StylizerOptions& options) : dice_(dice), options_(options) {}

  // The next frame's look.
  void Next() {
    const bool again = shown_ > 0 && dice_.OneIn(3);
    if (shown_ == 0 || dice_.OneIn(5)) {
      const Size before = size_;
      size_ = {8 + dice_.Below(41), 8 + dice_.Below(41)};
      if (dice_.OneIn(12)) size_ = {1 + dice_.Below(9), 1 + dice_.Below(9)};
      fresh_ = fresh_ || size_ != before;
    }
    if (!again || shown_ == 0) {
      seed_ = static_cast<uint32_t>(dice_.Below(256));
      look_ = dice_.Below(5);
      moved_ = true;
      from_ = kFormats[dice_.Below(5)];
      to_ = dice_.OneIn(3) ? kFormats[dice_.Below(5)] : from_;
      matrix_ = dice_.Pick({TEMPERA_MATRIX_BT709, TEMPERA_MATRIX_BT601, TEMPERA_MATRIX_BT2020});
      range_ = dice_.Pick({TEMPERA_RANGE_LIMITED, TEMPERA_RANGE_FULL});
    } else {
      moved_ = false;
    }
    in_place_ = from_ == to_ && dice_.OneIn(3);
    strength_ = dice_.Pick({1.0f, 1.0f, 0.5f, 0.9f, 0.125f});
    keeps_colors_ = dice_.OneIn(4);
    resets_ = shown_ > 0 && dice_.OneIn(8);
    if (resets_) fresh_ = true;
    ++shown_;
  }

  // Whether the plain loops, which know of no frame before, must paint the same.
  bool StandsAlone() const {
    const bool scaled_norms = options_.norm_statistics != engine::NormStatistics::kExact;
    return !scaled_norms || fresh_ || (!moved_ && alone_);
  }
  void Shown() {
    alone_ = StandsAlone();
    fresh_ = false;
  }

  Frame Input() const {
    Frame frame(from_, size_, static_cast<int>(seed_ % 7));
    frame.image().matrix = matrix_, frame.image().range = range_;
    Dice noise({}, seed_);
    const int base = static_cast<int>(seed_);
    frame.Fill([&](int plane, int i) -> uint8_t {
      switch (look_) {
        case 0:
          return noise.Byte();
        case 1:
          return static_cast<uint8_t>(base / 2 + noise.Byte() / 4 + plane * 20);
        case 2:
          return static_cast<uint8_t>(base);  // one colour
        case 3:
          return static_cast<uint8_t>(i * 3 + base);
        default:
          return static_cast<uint8_t>(i % 41 < 20 ? base : 255 - base);
      }
    });
    return frame;
  }

  tempera_status Paint(Painter& painter, Frame* result) const {
    Frame in = Input();
    if (resets_) painter.Reset();
    for (const tempera_status set :
         {painter.Set("strength", strength_), painter.Set("keep_colors", keeps_colors_ ? 1.0f : 0.0f)}) {
      if (set != TEMPERA_OK) return set;
    }
    if (in_place_) {
      const tempera_status status = painter.Process(in.image(), in.image());
      result->Fill([&](int, int) { return uint8_t{0}; });
      result->~Frame();
      new (result) Frame(in);
      return status;
    }
    return painter.Process(in.image(), result->image());
  }
  Frame Canvas() const {
    Frame out(to_, size_, 3);
    out.image().matrix = matrix_, out.image().range = range_;
    out.Fill([](int, int i) { return static_cast<uint8_t>(i * 7); });
    return out;
  }

  std::string Describe() const {
    return "frame " + std::to_string(shown_) + ": " + stylize::SizeToString(size_) + " format " +
           std::to_string(from_) + " to " + std::to_string(to_) + (in_place_ ? " in place" : "") + " look " +
           std::to_string(look_) + "/" + std::to_string(seed_) + " strength " + std::to_string(strength_) +
           (keeps_colors_ ? " keeps colours" : "") + (resets_ ? " after a reset" : "") +
           (moved_ ? "" : " as before");
  }

 private:
  Dice& dice_;
  const StylizerOptions& options_;
  int shown_ = 0;
  Size size_;
  uint32_t seed_ = 0;
  int look_ = 0;
  int from_ = TEMPERA_RGB, to_ = TEMPERA_RGB, matrix_ = 0, range_ = 0;
  bool keeps_colors_ = false;
  bool in_place_ = false, resets_ = false, moved_ = true;
  bool fresh_ = true;   // no frame before counts
  bool alone_ = false;  // the frame before stood alone
  float strength_ = 1;
};

// Paints frame after frame with the door and with another way that gives the same bytes, and with the plain
// loops where `reference` says so.
class Comparison {
 public:
  Comparison(std::span<const uint8_t> bytes, Dice& dice, Outcome* outcome)
      : bytes_(bytes), dice_(dice), out_(*outcome), options_(DrawOptions(dice)), show_(dice, options_) {}

  void Run(int frames, const onnx::Model* plain) {
    out_.recipe += "; " + Describe(options_);
    const tempera_status opened = door_.Open(bytes_, options_);
    StylizerOptions other = options_;
    other.num_threads = 1 + dice_.Below(4);
    other.through_tensors = dice_.OneIn(2);
    other.chain_bytes = dice_.Pick({int64_t{-1}, int64_t{0}, kNoLimit});
    out_.recipe += "; or " + std::to_string(other.num_threads) + " threads" +
                   (other.through_tensors ? " through tensors" : "") + ", chains of " +
                   std::to_string(other.chain_bytes);
    if (inner_.Open(bytes_, other).ok() != (opened == TEMPERA_OK))
      return Fail("only one way opens the model");
    if (opened != TEMPERA_OK) return;
    if (plain != nullptr && !OpenReference(bytes_, &reference_))
      return Fail("the plain loops refuse the model");
    for (int i = 0; i < frames && out_.failure.empty(); ++i) {
      show_.Next();
      PaintFrame(plain);
      show_.Shown();
    }
  }

 private:
  void Fail(const std::string& why) { out_.failure = why + " (" + show_.Describe() + ")"; }

  bool OpenReference(std::span<const uint8_t> bytes, InnerPainter* painter) const {
    StylizerOptions options = options_;
    options.num_threads = 1;
    options.precision = engine::Precision::kFp32;
    options.norm_statistics = engine::NormStatistics::kExact;
    options.reference = options.through_tensors = true;
    return painter->Open(bytes, options).ok();
  }

  void PaintFrame(const onnx::Model* plain) {
    Frame painted = show_.Canvas(), same = show_.Canvas(), slow = show_.Canvas();
    const tempera_status status = show_.Paint(door_, &painted);
    const tempera_status again = show_.Paint(inner_, &same);
    if ((status == TEMPERA_OK) != (again == TEMPERA_OK)) {
      return Fail("the door says '" + door_.message() + "', the other way '" + inner_.message() + "'");
    }
    if (status == TEMPERA_OK) {
      ++out_.painted;
      if (!(painted == same))
        return Fail("not the same bytes: up to " + std::to_string(painted.Distance(same)));
    }
    if (plain == nullptr || !show_.StandsAlone()) return;
    const tempera_status truth = show_.Paint(reference_, &slow);
    if (status != TEMPERA_OK) {
      const bool lacks_bf16 = options_.precision == engine::Precision::kBf16;
      if (truth == TEMPERA_OK && !lacks_bf16) Fail("refused: " + door_.message());
      return;
    }
    if (truth != TEMPERA_OK) return Fail("the plain loops refuse: " + reference_.message());
    if (options_.precision != engine::Precision::kFp32) {
      out_.worst_db = std::min(out_.worst_db, painted.PsnrDb(slow));
      return;
    }
    ++out_.compared;
    const int distance = painted.Distance(slow);
    if (distance <= 1) return;
    // What a change of a millionth does says what rounding may.
    InnerPainter shaken;
    const auto written = onnx::WriteModel(Shaken(*plain));
    Frame answer = show_.Canvas();
    if (!written.ok() || !OpenReference(AsBytes(*written), &shaken) ||
        show_.Paint(shaken, &answer) != TEMPERA_OK)
      return Fail("the shaken model is refused");
    const int allowed = 1 + 4 * slow.Distance(answer);
    if (distance > allowed) {
      Fail(std::to_string(distance) + " levels from the plain loops, where " + std::to_string(allowed) +
           " are allowed");
    } else {
      ++out_.ill;
      --out_.compared;
    }
  }

  std::span<const uint8_t> bytes_;
  Dice& dice_;
  Outcome& out_;
  StylizerOptions options_;
  Show show_;
  DoorPainter door_;
  InnerPainter inner_, reference_;
};

}  // namespace

Outcome RunDoorCase(Dice& dice) {
  Outcome outcome;
  const PictureNet net = DrawPictureNet(dice);
  outcome.recipe = net.recipe;
  const auto bytes = onnx::WriteModel(net.model);
  if (!bytes.ok()) {
    outcome.failure = bytes.status().message();
    return outcome;
  }
  Comparison(AsBytes(*bytes), dice, &outcome).Run(1 + dice.Below(4), &net.model);
  return outcome;
}

Outcome RunModel(std::span<const uint8_t> bytes, Dice& dice) {
  Outcome outcome;
  Comparison(bytes, dice, &outcome).Run(2, nullptr);
  return outcome;
}

}  // namespace tempera::door
