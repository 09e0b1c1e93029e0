#include "tests/door/net_maker.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tempera::door {

void NetMaker::DeclarePicture() {
  onnx::ValueInfo input;
  input.name = now_.name = kFrameInput;
  input.dtype = DataType::kFloat32;
  input.has_shape = true;
  input.shape = {{1, ""}, {3, ""}, {-1, "H"}, {-1, "W"}};
  if (dice_.OneIn(24)) {
    input.shape[2] = {24, ""}, input.shape[3] = {24 * dice_.Pick({1, 2}), ""};
    net_.features.Add(Feature::kOneSize);
  }
  m_.model().opset = dice_.Pick({13, 13, 15, 16});
  m_.model().graph.inputs = {input};
  if (dice_.OneIn(6)) ends_ = dice_.Pick({Ends::kLast, Ends::kHalf, Ends::kFour, Ends::kNoBatch});
  auto& metadata = m_.model().metadata_props;
  if (multiple_ != 4) metadata.emplace_back("tempera.size_multiple", std::to_string(multiple_));
  const int range = dice_.Below(4);
  if (range == 1) low_ = -1, high_ = 1;
  if (range == 2) low_ = 0, high_ = 1;
  if (range > 0 && range < 3) metadata.emplace_back("tempera.value_range", range == 1 ? "-1..1" : "0..1");
  if (dice_.OneIn(4)) metadata.emplace_back("tempera.layout", ends_ == Ends::kUsual ? "NCHW BGR" : "BGR");
}

// Another form of picture than [1, 3, H, W] of floats, made one.
void NetMaker::TakeForeign() {
  onnx::ValueInfo& input = m_.model().graph.inputs[0];
  net_.features.Add(Feature::kForeignEnds);
  switch (ends_) {
    case Ends::kLast:
      std::rotate(input.shape.begin() + 1, input.shape.begin() + 2, input.shape.end());
      return Then("Transpose", {}, {Ints("perm", {0, 3, 1, 2})});
    case Ends::kHalf:
      input.dtype = DataType::kFloat16;
      return Then("Cast", {}, {Int("to", static_cast<int64_t>(DataType::kFloat32))});
    case Ends::kFour:
      input.shape[1].value = 4;
      return Then("Slice", {m_.Int64s({0}), m_.Int64s({3}), m_.Int64s({1})});
    case Ends::kNoBatch:
      input.shape.erase(input.shape.begin());
      return Then("Unsqueeze", {m_.Int64s({0})});
    default:
      return;
  }
}

// Likewise behind the painting, which is not a state.
void NetMaker::GiveForeign() {
  switch (ends_) {
    case Ends::kLast:
      return Then("Transpose", {}, {Ints("perm", {0, 2, 3, 1})});
    case Ends::kHalf:
      return Then("Cast", {}, {Int("to", static_cast<int64_t>(DataType::kFloat16))});
    case Ends::kFour:
      return Then("Pad", {m_.Int64s({0, 0, 0, 0, 0, 1, 0, 0}), m_.Float(high_)});
    case Ends::kNoBatch:
      return Then("Squeeze", {m_.Int64s({0})});
    default:
      return;
  }
}

// Numbers of about 1 from here on, mostly.
void NetMaker::Begin() {
  DeclarePicture();
  if (ends_ != Ends::kUsual) TakeForeign();
  past_.push_back(now_);
  if (high_ <= 1 && !dice_.OneIn(3)) return;
  if (dice_.OneIn(4)) View();
  const float scale = 3.0f / (high_ - low_);
  Then("Mul", {m_.Floats({}, scale, scale)});
  if (dice_.OneIn(3)) Then("Add", {m_.Float(-scale * 0.5f * (low_ + high_))});
}

void NetMaker::ResizeTo(float scale_h, float scale_w, const char* mode, const char* transformation) {
  const std::string scales = m_.Floats({4}, 1, 1);
  float* numbers = m_.model().graph.initializers.back().tensor.data<float>();
  numbers[2] = scale_h, numbers[3] = scale_w;
  Then("Resize", {"", scales},
       {Text("mode", mode), Text("coordinate_transformation_mode", transformation),
        Text("nearest_mode", "floor")});
}

// To three channels of the frame's size, or nearly; in levels.
void NetMaker::Finish() {
  if (now_.h.of_width) TurnBack();
  if (now_.n * now_.c > kMostChannels) PointConv(1);
  if (now_.n > 1) ViewTo(1, now_.n * now_.c, now_.h, now_.w, {1, now_.n * now_.c, 0, 0});
  // A last view makes channels of rows, or rows of channels.
  const Extent whole_h = {false}, whole_w = {true};
  int channels = 3;
  const int rows = 3 * now_.h.den, columns = 3 * now_.w.den;
  const bool by_rows = now_.w == whole_w && rows % now_.h.num == 0 && dice_.OneIn(2);
  const bool by_columns = !by_rows && now_.h == whole_h && columns % now_.w.num == 0 && dice_.OneIn(2);
  if (by_rows) channels = rows / now_.h.num;
  if (by_columns) channels = columns / now_.w.num;
  const bool resizes =
      !by_rows && !by_columns && !(now_.h == whole_h && now_.w == whole_w) && !dice_.OneIn(6);
  if (resizes) {
    ResizeTo(static_cast<float>(now_.h.den) / static_cast<float>(now_.h.num),
             static_cast<float>(now_.w.den) / static_cast<float>(now_.w.num),
             dice_.Pick({"nearest", "linear"}), "asymmetric");
    now_.h = whole_h, now_.w = whole_w;
  }
  const float middle = 0.5f * (low_ + high_), deviation = 0.2f * (high_ - low_);
  const int k = dice_.Pick({3, 1, 5, 9});
  const float most = deviation * std::sqrt(3.0f / static_cast<float>(now_.c * k * k));
  std::string x = now_.name;
  std::vector<int64_t> pads = {k / 2, k / 2, k / 2, k / 2};
  if (dice_.OneIn(2)) {
    x = m_.Node("Pad", {x, m_.Int64s({0, 0, k / 2, k / 2, 0, 0, k / 2, k / 2})}, {Text("mode", "reflect")});
    pads = {0, 0, 0, 0};
  }
  Say("last " + std::to_string(k) + "x" + std::to_string(k) + "->" + std::to_string(channels));
  now_.name = m_.Node(
      "Conv", {x, m_.Floats({channels, now_.c, k, k}, -most, most), m_.Floats({channels}, middle, middle)},
      {Ints("pads", pads)});
  now_.c = channels;
  if (by_rows && !(now_.h == whole_h)) ViewTo(1, 3, whole_h, now_.w, {1, 3, -1, 0});
  if (by_columns && !(now_.w == whole_w)) ViewTo(1, 3, now_.h, whole_w, {1, 3, 0, -1});
  if (dice_.OneIn(6)) Then("Clip", {m_.Float(low_), m_.Float(high_)});
  if (dice_.OneIn(10)) Then("Add", {m_.Float(1)});
}

void NetMaker::MoreOutputs() {
  if (!dice_.OneIn(4)) return;
  net_.features.Add(Feature::kSeveralOutputs);
  const int count = dice_.Pick({1, 2});
  for (int i = 0; i < count; ++i) {
    const std::string name =
        dice_.OneIn(3)
            ? now_.name
            : past_[static_cast<size_t>(dice_.Below(static_cast<int>(std::min<size_t>(past_.size(), 256))))]
                  .name;
    switch (dice_.Below(3)) {
      case 0:
        Say("out:view of " + name);
        Output(m_.Node("Reshape", {name, m_.Int64s({1, -1})}));
        break;
      case 1:
        Say("out:same as " + name);
        Output(m_.Node("Identity", {name}));
        break;
      default: {
        const auto& inputs = m_.model().graph.inputs;
        const bool is_input =
            std::any_of(inputs.begin(), inputs.end(), [&](const auto& i) { return i.name == name; });
        if (is_input || IsOutput(name)) break;
        Say("out:" + name);
        Output(name);
      }
    }
  }
}

bool NetMaker::IsOutput(const std::string& name) const {
  const auto& outputs = m_.model().graph.outputs;
  return std::any_of(outputs.begin(), outputs.end(), [&](const auto& o) { return o.name == name; });
}

// To one or several channels of numbers that say where something is.
void NetMaker::FinishMask() {
  if (now_.h.of_width) TurnBack();
  if (now_.n * now_.c > kMostChannels) PointConv(1);
  if (now_.n > 1) ViewTo(1, now_.n * now_.c, now_.h, now_.w, {1, now_.n * now_.c, 0, 0});
  auto& metadata = m_.model().metadata_props;
  const int channels = dice_.Pick({1, 1, 2, 3});
  PointConv(channels);
  if (channels > 2 || dice_.OneIn(4))
    metadata.emplace_back("tempera.mask.class", std::to_string(dice_.Below(channels)));
  switch (dice_.Below(4)) {
    case 0:
      return;  // logits
    case 1:
      return Then("Sigmoid");
    case 2:
      return Then("Softmax", {}, {Int("axis", 1)});
    default:
      metadata.emplace_back("tempera.mask.values", "-1..2");
  }
}

PictureNet NetMaker::MakePainter() {
  Begin();
  if (dice_.OneIn(3)) DrawParameters();
  if (dice_.OneIn(4)) DrawStates();
  const int layers = dice_.Below(9);
  for (int i = 0; i < layers; ++i) Layer();
  Finish();
  if (ends_ != Ends::kUsual && states_.empty()) GiveForeign();
  Output(now_.name);
  CloseStates();
  MoreOutputs();
  if (dice_.OneIn(6)) ListWeights();
  net_.model = std::move(m_.model());
  return std::move(net_);
}

PictureNet NetMaker::MakeMask() {
  Say("mask");
  Begin();
  const int layers = dice_.Below(5);
  for (int i = 0; i < layers; ++i) Layer();
  FinishMask();
  Output(now_.name);
  net_.model = std::move(m_.model());
  return std::move(net_);
}

}  // namespace tempera::door
