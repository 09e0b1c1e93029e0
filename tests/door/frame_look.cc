#include "tests/door/frame_look.h"

#include <algorithm>
#include <utility>

namespace tempera::door {
namespace {

int DrawFormat(Dice& dice) {
  return dice.Pick(
      {TEMPERA_RGB, TEMPERA_NV12, TEMPERA_BGRA, TEMPERA_I420, TEMPERA_RGBA, TEMPERA_P010, TEMPERA_I010});
}

bool SubsamplesChroma(int format) {
  return format == TEMPERA_NV12 || format == TEMPERA_I420 || format == TEMPERA_P010 || format == TEMPERA_I010;
}

class LookDrawer {
 public:
  LookDrawer(Dice& dice, const PictureNet& net, bool one_after_other)
      : dice_(dice), net_(net), one_after_other_(one_after_other) {}

  FrameLook Next() {
    const bool first = number_ == 0;
    now_.as_before = !first && dice_.OneIn(3);
    now_.number = ++number_;
    if (first || dice_.OneIn(5)) DrawSize();
    if (!now_.as_before) DrawPixels();
    DrawOutput();
    DrawMask();
    DrawAdjustment();
    DrawTime(first);
    DrawPreparation();
    JudgeWhetherAlone();
    return now_;
  }

 private:
  void DrawSize() {
    now_.in.width = 8 + dice_.Below(41), now_.in.height = 8 + dice_.Below(41);
    if (dice_.OneIn(12)) now_.in.width = 1 + dice_.Below(9), now_.in.height = 1 + dice_.Below(9);
  }
  void DrawPixels() {
    now_.seed = dice_.Below(256);
    now_.look = dice_.Below(5);
    now_.in.format = DrawFormat(dice_);
    now_.in.gap = dice_.Below(8), now_.in.upwards = dice_.OneIn(6);
    now_.in.matrix = dice_.Pick({TEMPERA_MATRIX_BT709, TEMPERA_MATRIX_BT601, TEMPERA_MATRIX_BT2020});
    now_.in.range = dice_.Pick({TEMPERA_RANGE_LIMITED, TEMPERA_RANGE_FULL});
    now_.values.clear();
    for (const NetParameter& p : net_.parameters) {
      std::vector<float>& values = now_.values.emplace_back();
      for (int i = 0; i < p.count; ++i)
        values.push_back(dice_.Pick({p.low, p.high, dice_.Uniform(p.low, p.high)}));
    }
    // A strength of the file's own goes into the network as well.
    now_.strength = dice_.Pick({1.0f, 1.0f, 0.5f, 0.9f, 0.125f, 1.0f, 0.5f, 0.0f});
    now_.keeps_colors = dice_.OneIn(4);
  }
  void DrawOutput() {
    now_.out = now_.under = now_.in;
    if (dice_.OneIn(3))
      now_.out.format = DrawFormat(dice_), now_.out.upwards = dice_.OneIn(6), now_.out.gap = dice_.Below(8);
    const bool alike = now_.out.format == now_.in.format && now_.out.upwards == now_.in.upwards &&
                       now_.out.gap == now_.in.gap;
    now_.in_place = alike && dice_.OneIn(3);
    now_.under_way = dice_.OneIn(5)                     ? FrameLook::Under::kOther
                     : !now_.in_place && dice_.OneIn(6) ? FrameLook::Under::kOutput
                                                        : FrameLook::Under::kInput;
    if (now_.under_way == FrameLook::Under::kOther) now_.under.format = DrawFormat(dice_);
    if (net_.features.Has(Feature::kOwnStrength)) return;
    now_.strength = dice_.Pick({now_.strength, 1.0f, 0.5f});
    now_.keeps_colors = dice_.OneIn(4);
  }
  void DrawMask() {
    now_.mask_width = dice_.OneIn(4) ? 1 + dice_.Below(60) : 0;
    now_.mask_height = now_.mask_width > 0 ? 1 + dice_.Below(60) : 0;
    now_.mask_from_network = now_.mask_width > 0 && dice_.OneIn(2);
    now_.feather = now_.mask_width > 0 ? dice_.Pick({0.0f, 0.0f, 0.75f, 1.5f, 4.0f, 30.0f}) : 0;
  }
  void DrawAdjustment() {
    now_.steadiness = dice_.Pick({0.0f, 0.5f, 1.0f, 0.0f});
    now_.brightness = dice_.Pick({0.0f, 0.0f, 0.0f, 0.25f, -0.5f});
    now_.contrast = dice_.Pick({1.0f, 1.0f, 1.0f, 0.5f, 1.5f});
  }
  void DrawTime(bool first) {
    now_.resets = !first && dice_.OneIn(8);
    now_.cuts = dice_.OneIn(12);
    now_.goes_back = !first && dice_.OneIn(12);
    // Back in time lies before the frame before, however often: so time begins late.
    now_.time_us += first ? 10'000'000 : now_.goes_back ? -70'000 : 40'000;
  }
  void DrawPreparation() {
    now_.prepared_format = -1;
    if (!dice_.OneIn(4)) return;
    now_.prepared_format = dice_.Pick({now_.in.format, now_.out.format});
    now_.prepared_width = now_.in.width, now_.prepared_height = now_.in.height;
    if (dice_.OneIn(3)) now_.prepared_width += 1 + dice_.Below(9);
  }
  void JudgeWhetherAlone() {
    const auto size = std::pair(now_.in.width, now_.in.height);
    const bool plans_other = now_.prepared_format >= 0 && now_.prepared_width != now_.in.width;
    fresh_ = fresh_ || now_.resets || now_.cuts || now_.goes_back || plans_other;
    const bool alone = fresh_ || size != painted_;
    // Nothing is painted at strength 0, and the frames before still count for the next.
    const bool nothing = now_.strength == 0;
    now_.stands_alone =
        !one_after_other_ || nothing || alone || (now_.as_before && alone_ && !net_.has_states());
    // What is held still follows the frame before, but where that was not, or shows the same.
    const bool begins =
        !held_ || now_.resets || now_.cuts || now_.goes_back || plans_other || size != painted_;
    const bool held_alone =
        now_.steadiness == 0 || begins || (now_.as_before && held_alone_ && !one_after_other_);
    now_.held = !nothing && !held_alone;
    held_ = !nothing && now_.steadiness > 0;
    held_alone_ = held_alone;
    if (nothing) {
      // A preparation alone has made another plan, or will have: either way the next frame is fresh.
      if (plans_other) painted_ = {0, 0};
      alone_ = false;
      return;
    }
    painted_ = size;
    alone_ = now_.stands_alone;
    fresh_ = false;
  }

  Dice& dice_;
  const PictureNet& net_;
  const bool one_after_other_;
  int number_ = 0;
  FrameLook now_;
  std::pair<int, int> painted_ = {0, 0};    // the size of the last frame that was
  bool fresh_ = true;                       // no frame before counts
  bool alone_ = false;                      // the frame before stood alone
  bool held_ = false, held_alone_ = false;  // it was kept for this one; it followed none that was
};

}  // namespace

std::vector<FrameLook> DrawLooks(Dice& dice, int count, const PictureNet& net, bool one_after_other) {
  LookDrawer drawer(dice, net, one_after_other);
  std::vector<FrameLook> looks;
  for (int i = 0; i < count; ++i) looks.push_back(drawer.Next());
  return looks;
}

std::unique_ptr<Frame> InputOf(const FrameLook& l) {
  auto frame = std::make_unique<Frame>(l.in);
  Dice noise({}, static_cast<uint64_t>(l.seed));
  frame->Fill([&](int plane, int i) -> int {
    switch (l.look) {
      case 0:
        return noise.Byte();
      case 1:
        return l.seed / 2 + noise.Byte() / 4 + plane * 20;
      case 2:
        return l.seed;  // one colour
      case 3:
        return (i * 3 + l.seed) % 256;
      default:
        return i % 41 < 20 ? l.seed : 255 - l.seed;
    }
  });
  return frame;
}

std::vector<uint8_t> MaskOf(const FrameLook& look) {
  std::vector<uint8_t> mask;
  for (int i = 0; i < look.mask_width * look.mask_height; ++i)
    mask.push_back(static_cast<uint8_t>(i % 23 < 8 ? 0 : i % 23 < 16 ? 255 : i * 13));
  return mask;
}

tempera_status Paint(const FrameLook& l, const PictureNet& net, const std::vector<uint8_t>& mask,
                     Painter& painter, std::unique_ptr<Frame>* result) {
  auto in = InputOf(l);
  auto out = std::make_unique<Frame>(l.out);
  out->Fill([](int, int i) { return i * 7 % 256; });
  Frame under(l.under);
  under.Fill([](int plane, int i) { return (i * 11 + plane * 50) % 256; });
  if (l.resets) painter.Reset();
  const float keeps = l.keeps_colors ? 1 : 0;
  std::vector<tempera_status> set = {
      painter.Set("strength", {&l.strength, 1}), painter.Set("keep_colors", {&keeps, 1}),
      painter.Set("steadiness", {&l.steadiness, 1}), painter.Set("brightness", {&l.brightness, 1}),
      painter.Set("contrast", {&l.contrast, 1})};
  for (size_t i = 0; i < net.parameters.size(); ++i)
    set.push_back(painter.Set(net.parameters[i].name.c_str(), l.values[i]));
  for (const tempera_status s : set) {
    if (s != TEMPERA_OK) return s;
  }
  // What is refused here is refused below as well, or was another size.
  if (l.prepared_format >= 0) painter.Prepare(l.prepared_width, l.prepared_height, l.prepared_format);
  tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
  if (l.under_way == FrameLook::Under::kOther) params.under = &under.image();
  if (l.under_way == FrameLook::Under::kOutput) params.under = &out->image();
  if (l.mask_width > 0) {
    params.mask = mask.data(), params.mask_stride_bytes = l.mask_width;
    params.mask_width = l.mask_width, params.mask_height = l.mask_height;
    params.mask_feather = l.feather;
  }
  params.cut = l.cuts, params.timestamp_us = l.time_us;
  const tempera_status status = painter.Process(in->image(), l.in_place ? in->image() : out->image(), params);
  *result = l.in_place ? std::move(in) : std::move(out);
  return status;
}

Features FrameLook::features() const {
  const auto has = [&](int format_of) { return in.format == format_of || out.format == format_of; };
  Features f;
  f.Add(Feature::kInPlace, in_place).Add(Feature::kUpwards, in.upwards || out.upwards);
  f.Add(Feature::kTenBits, has(TEMPERA_P010) || has(TEMPERA_I010));
  f.Add(Feature::kSubsampled, SubsamplesChroma(in.format) || SubsamplesChroma(out.format));
  f.Add(Feature::kOneColor, one_color()).Add(Feature::kSmallFrame, in.width < 8 && in.height < 8);
  f.Add(Feature::kStrength, strength > 0 && strength < 1).Add(Feature::kNothing, strength == 0);
  f.Add(Feature::kSteady, steadiness > 0);
  f.Add(Feature::kAdjusted, brightness != 0 || contrast != 1);
  f.Add(Feature::kKeepColors, keeps_colors).Add(Feature::kMask, mask_width > 0);
  f.Add(Feature::kFeather, feather > 0).Add(Feature::kMaskNetwork, mask_from_network);
  f.Add(Feature::kUnder, under_way != Under::kInput).Add(Feature::kPrepared, prepared_format >= 0);
  f.Add(Feature::kReset, resets).Add(Feature::kCut, cuts).Add(Feature::kBackInTime, goes_back);
  return f;
}

std::string FrameLook::Describe() const {
  const auto layout = [](const FrameLayout& l) {
    return "format " + std::to_string(l.format) + (l.upwards ? " upwards" : "");
  };
  std::string text = "frame " + std::to_string(number) + ": " + std::to_string(in.width) + "x" +
                     std::to_string(in.height) + " " + layout(in) + " to " + layout(out) +
                     (in_place ? " in place" : "") + " over " + std::to_string(static_cast<int>(under_way)) +
                     " look " + std::to_string(look) + "/" + std::to_string(seed) + " strength " +
                     std::to_string(strength) + (keeps_colors ? " keeps colours" : "") + " steadiness " +
                     std::to_string(steadiness) + " brightness " + std::to_string(brightness) + " contrast " +
                     std::to_string(contrast);
  if (mask_width > 0) {
    text += (mask_from_network ? " mask by a network " : " mask ") + std::to_string(mask_width) + "x" +
            std::to_string(mask_height) + " feather " + std::to_string(feather);
  }
  if (prepared_format >= 0)
    text +=
        " prepared for " + std::to_string(prepared_width) + " of format " + std::to_string(prepared_format);
  return text + (resets ? " after a reset" : "") + (cuts ? " cut" : "") + (goes_back ? " back in time" : "") +
         (as_before ? " as before" : "");
}

}  // namespace tempera::door
