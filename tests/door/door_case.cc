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
#include "src/stylize/door/door_structs.h"
#include "src/stylize/stylizer.h"
#include "tempera/tempera.h"
#include "tests/door/frame.h"
#include "tests/door/picture_net.h"

namespace tempera::door {
namespace {

using stylize::StylizerOptions;

constexpr int64_t kNoLimit = int64_t{1} << 40;
// One way to paint the same frames.
class Painter {
 public:
  virtual ~Painter() = default;
  virtual tempera_status Process(const tempera_image& in, const tempera_image& out,
                                 const tempera_frame_params& params) = 0;
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
  tempera_status Process(const tempera_image& in, const tempera_image& out,
                         const tempera_frame_params& params) override {
    return tempera_process_frame(stylizer_, &in, &out, &params);
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
  tempera_status Process(const tempera_image& in, const tempera_image& out,
                         const tempera_frame_params& params) override {
    const Status status = ProcessRead(in, out, params);
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
  Status ProcessRead(const tempera_image& given_in, const tempera_image& given_out,
                     const tempera_frame_params& given) {
    stylize::Image in, out;
    stylize::FrameParams params;
    TEMPERA_RETURN_IF_ERROR(stylize::ReadImage(given_in, "input image", &in));
    TEMPERA_RETURN_IF_ERROR(stylize::ReadImage(given_out, "output image", &out));
    TEMPERA_RETURN_IF_ERROR(stylize::ReadFrameParams(&given, &params));
    return stylizer_->Process(in, out, params);
  }

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
      const int width = in_.width, height = in_.height;
      in_.width = 8 + dice_.Below(41), in_.height = 8 + dice_.Below(41);
      if (dice_.OneIn(12)) in_.width = 1 + dice_.Below(9), in_.height = 1 + dice_.Below(9);
      fresh_ = fresh_ || in_.width != width || in_.height != height;
    }
    moved_ = !again;
    if (moved_) {
      seed_ = dice_.Below(256);
      look_ = dice_.Below(5);
      in_.format = DrawFormat();
      in_.gap = dice_.Below(8), in_.upwards = dice_.OneIn(6);
      in_.matrix = dice_.Pick({TEMPERA_MATRIX_BT709, TEMPERA_MATRIX_BT601, TEMPERA_MATRIX_BT2020});
      in_.range = dice_.Pick({TEMPERA_RANGE_LIMITED, TEMPERA_RANGE_FULL});
    }
    out_ = under_ = in_;
    if (dice_.OneIn(3)) out_.format = DrawFormat(), out_.upwards = dice_.OneIn(6), out_.gap = dice_.Below(8);
    in_place_ =
        out_.format == in_.format && out_.upwards == in_.upwards && out_.gap == in_.gap && dice_.OneIn(3);
    under_ways_ = dice_.OneIn(5)                 ? Under::kOther
                  : !in_place_ && dice_.OneIn(6) ? Under::kOutput
                                                 : Under::kInput;
    if (under_ways_ == Under::kOther) under_.format = DrawFormat();
    strength_ = dice_.Pick({1.0f, 1.0f, 0.5f, 0.9f, 0.125f});
    keeps_colors_ = dice_.OneIn(4);
    mask_width_ = dice_.OneIn(4) ? 1 + dice_.Below(60) : 0;
    mask_height_ = mask_width_ > 0 ? 1 + dice_.Below(60) : 0;
    feather_ = dice_.Pick({0.0f, 0.0f, 0.75f, 4.0f, 30.0f});
    resets_ = shown_ > 0 && dice_.OneIn(8);
    cuts_ = dice_.OneIn(12);
    const bool goes_back = shown_ > 0 && dice_.OneIn(12);
    time_us_ += goes_back ? -70000 : 40000;
    if (time_us_ < 0) time_us_ = 0;
    fresh_ = fresh_ || resets_ || cuts_ || goes_back;
    ++shown_;
  }

  // Whether the plain loops, which know of no frame before, must paint the same.
  bool StandsAlone() const {
    return options_.norm_statistics == engine::NormStatistics::kExact || fresh_ || (!moved_ && alone_);
  }
  void Shown() {
    alone_ = StandsAlone();
    fresh_ = false;
  }

  tempera_status Paint(Painter& painter, std::unique_ptr<Frame>* result) const {
    auto in = std::make_unique<Frame>(in_);
    FillInput(*in);
    auto out = std::make_unique<Frame>(out_);
    out->Fill([](int, int i) { return i * 7 % 256; });
    Frame under(under_);
    under.Fill([](int plane, int i) { return (i * 11 + plane * 50) % 256; });
    std::vector<uint8_t> mask;
    for (int i = 0; i < (mask_width_ + 3) * mask_height_ - 3; ++i) {
      mask.push_back(static_cast<uint8_t>(i % 23 < 8 ? 0 : i % 23 < 16 ? 255 : i * 13));
    }
    if (resets_) painter.Reset();
    for (const tempera_status set :
         {painter.Set("strength", strength_), painter.Set("keep_colors", keeps_colors_ ? 1.0f : 0.0f)}) {
      if (set != TEMPERA_OK) return set;
    }
    tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
    if (under_ways_ == Under::kOther) params.under = &under.image();
    if (under_ways_ == Under::kOutput) params.under = &out->image();
    if (mask_width_ > 0) {
      params.mask = mask.data(), params.mask_stride_bytes = mask_width_ + 3;
      params.mask_width = mask_width_, params.mask_height = mask_height_;
      params.mask_feather = feather_;
    }
    params.cut = cuts_, params.timestamp_us = time_us_;
    const tempera_status status =
        painter.Process(in->image(), in_place_ ? in->image() : out->image(), params);
    *result = in_place_ ? std::move(in) : std::move(out);
    return status;
  }

  std::string Describe() const {
    return "frame " + std::to_string(shown_) + ": " + std::to_string(in_.width) + "x" +
           std::to_string(in_.height) + " format " + std::to_string(in_.format) +
           (in_.upwards ? " upwards" : "") + " to " + std::to_string(out_.format) +
           (out_.upwards ? " upwards" : "") + (in_place_ ? " in place" : "") + " over " +
           std::to_string(static_cast<int>(under_ways_)) + " look " + std::to_string(look_) + "/" +
           std::to_string(seed_) + " strength " + std::to_string(strength_) +
           (keeps_colors_ ? " keeps colours" : "") +
           (mask_width_ > 0 ? " mask " + std::to_string(mask_width_) + "x" + std::to_string(mask_height_) +
                                  " feather " + std::to_string(feather_)
                            : "") +
           (resets_ ? " after a reset" : "") + (cuts_ ? " cut" : "") + (moved_ ? "" : " as before");
  }

 private:
  enum class Under { kInput, kOther, kOutput };

  int DrawFormat() {
    return dice_.Pick(
        {TEMPERA_RGB, TEMPERA_NV12, TEMPERA_BGRA, TEMPERA_I420, TEMPERA_RGBA, TEMPERA_P010, TEMPERA_I010});
  }
  void FillInput(Frame& frame) const {
    Dice noise({}, static_cast<uint64_t>(seed_));
    frame.Fill([&](int plane, int i) -> int {
      switch (look_) {
        case 0:
          return noise.Byte();
        case 1:
          return seed_ / 2 + noise.Byte() / 4 + plane * 20;
        case 2:
          return seed_;  // one colour
        case 3:
          return (i * 3 + seed_) % 256;
        default:
          return i % 41 < 20 ? seed_ : 255 - seed_;
      }
    });
  }

  Dice& dice_;
  const StylizerOptions& options_;
  int shown_ = 0, seed_ = 0, look_ = 0;
  FrameLayout in_, out_, under_;
  Under under_ways_ = Under::kInput;
  int mask_width_ = 0, mask_height_ = 0;
  float feather_ = 0, strength_ = 1;
  int64_t time_us_ = 0;
  bool keeps_colors_ = false, in_place_ = false, resets_ = false, cuts_ = false, moved_ = true;
  bool fresh_ = true;   // no frame before counts
  bool alone_ = false;  // the frame before stood alone
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
    std::unique_ptr<Frame> painted, same, slow, answer;
    const tempera_status status = show_.Paint(door_, &painted);
    const tempera_status again = show_.Paint(inner_, &same);
    if ((status == TEMPERA_OK) != (again == TEMPERA_OK)) {
      return Fail("the door says '" + door_.message() + "', the other way '" + inner_.message() + "'");
    }
    if (status == TEMPERA_OK) {
      ++out_.painted;
      if (!(*painted == *same))
        return Fail("not the same bytes: up to " + std::to_string(painted->Distance(*same)));
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
      out_.worst_db = std::min(out_.worst_db, painted->PsnrDb(*slow));
      return;
    }
    ++out_.compared;
    const int distance = painted->Distance(*slow);
    if (distance <= 1) return;
    // What a change of a millionth does says what rounding may.
    InnerPainter shaken;
    const auto written = onnx::WriteModel(Shaken(*plain));
    if (!written.ok() || !OpenReference(AsBytes(*written), &shaken) ||
        show_.Paint(shaken, &answer) != TEMPERA_OK)
      return Fail("the shaken model is refused");
    const int allowed = 1 + 4 * slow->Distance(*answer);
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
