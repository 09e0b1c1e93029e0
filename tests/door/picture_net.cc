#include "tests/door/picture_net.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "tests/door/net_builder.h"

namespace tempera::door {
namespace {

// Bounds of a value, so that thousands of networks run in a second.
constexpr int kMostChannels = 32;
constexpr int kMostPixels = 4;  // times the frame's

class NetMaker {
 public:
  explicit NetMaker(Dice& dice)
      : dice_(dice), multiple_(dice.Pick({4, 4, 4, 2, 8, 1, 12})), m_(dice, multiple_) {}

  PictureNet Make();

 private:
  void Say(const std::string& what) { net_.recipe += " " + what; }
  void Then(const char* op, std::vector<std::string> more = {},
            std::vector<onnx::Attribute> attributes = {}) {
    Say(op);
    more.insert(more.begin(), now_.name);
    now_.name = m_.Node(op, std::move(more), std::move(attributes));
  }
  bool Fits(int n, int c, const Extent& h, const Extent& w) const {
    return n * c <= kMostChannels && h.num * w.num <= kMostPixels * h.den * w.den && n * c > 0;
  }

  void DeclareInput();
  void Layer();
  void Conv(int out);
  void TransposedConv();
  void Norm();
  void Activation();
  void Function();
  void PlainLoop();
  void View();
  bool ViewTo(int n, int c, const Extent& h, const Extent& w, const std::vector<int64_t>& shape);
  void ThereAndBack();
  void Turn();
  void Enlarge();
  void Shrink();
  void Join();
  void Excite();
  void SplitChannels();
  void Finish();
  void MoreOutputs();
  void Output(const std::string& name) {
    m_.model().graph.outputs.push_back({name, DataType::kFloat32, false, {}});
  }

  Dice& dice_;
  int multiple_;
  NetBuilder m_;
  Flow now_;
  std::vector<Flow> past_;
  float low_ = 0, high_ = 255;
  PictureNet net_;
};

void NetMaker::DeclareInput() {
  onnx::ValueInfo input;
  input.name = now_.name = "frame";
  input.dtype = DataType::kFloat32;
  input.has_shape = true;
  input.shape = {{1, ""}, {3, ""}, {-1, "H"}, {-1, "W"}};
  if (dice_.OneIn(24)) {
    input.shape[2] = {24, ""}, input.shape[3] = {24 * dice_.Pick({1, 2}), ""};
    net_.only_size = true;
  }
  m_.model().opset = dice_.Pick({13, 13, 15, 16});
  m_.model().graph.inputs = {input};
  auto& metadata = m_.model().metadata_props;
  if (multiple_ != 4) metadata.emplace_back("tempera.size_multiple", std::to_string(multiple_));
  const int range = dice_.Below(4);
  if (range == 1) low_ = -1, high_ = 1;
  if (range == 2) low_ = 0, high_ = 1;
  if (range > 0 && range < 3) metadata.emplace_back("tempera.value_range", range == 1 ? "-1..1" : "0..1");
  if (dice_.OneIn(4)) metadata.emplace_back("tempera.layout", "NCHW BGR");
}

void NetMaker::Conv(int out) {
  const int in = now_.c;
  const int k = dice_.Pick({3, 3, 1, 5, 3, 7, 9, 2}), dilation = dice_.OneIn(8) ? 2 : 1;
  const int reach = dilation * (k - 1);
  const bool halves = dice_.OneIn(5) && m_.Divides(now_.h, 2) && m_.Divides(now_.w, 2);
  const int stride = halves ? 2 : 1;
  const bool depthwise = in > 1 && dice_.OneIn(6);
  const int group = depthwise ? in : in % 2 == 0 && dice_.OneIn(8) ? 2 : 1;
  if (depthwise) out = in;
  out = (out + group - 1) / group * group;
  std::vector<int64_t> pads = {reach / 2, reach / 2, reach - reach / 2, reach - reach / 2};
  const char* mode = dice_.Pick({"reflect", "constant", "edge", "reflect"});
  std::string x = now_.name;
  if (std::string_view(mode) != "constant") {
    x = m_.Node("Pad", {x, m_.Int64s({0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]})},
                {Text("mode", mode)});
    pads = {0, 0, 0, 0};
  }
  const float most = std::sqrt(3.0f * static_cast<float>(group) / static_cast<float>(in * k * k));
  std::vector<std::string> inputs = {x, m_.Floats({out, in / group, k, k}, -most, most)};
  if (dice_.OneIn(2)) inputs.push_back(m_.Floats({out}, -1, 1));
  now_.name = m_.Node("Conv", inputs,
                      {Ints("strides", {stride, stride}), Ints("pads", pads),
                       Ints("dilations", {dilation, dilation}), Int("group", group)});
  Say(std::to_string(k) + "x" + std::to_string(k) + "s" + std::to_string(stride) + "d" +
      std::to_string(dilation) + "g" + std::to_string(group) + ":" + std::to_string(in) + "->" +
      std::to_string(out) + mode);
  now_.c = out;
  now_.h = NetBuilder::Times(now_.h, 1, stride), now_.w = NetBuilder::Times(now_.w, 1, stride);
}

void NetMaker::TransposedConv() {
  const Extent h = NetBuilder::Times(now_.h, 2, 1), w = NetBuilder::Times(now_.w, 2, 1);
  const int out = dice_.Pick({3, 4, 8, 12});
  if (!Fits(now_.n, out, h, w)) return;
  Say("transposed:" + std::to_string(now_.c) + "->" + std::to_string(out));
  const bool four = dice_.OneIn(2);
  const int k = four ? 4 : 3;
  const float most = std::sqrt(3.0f / static_cast<float>(now_.c * 4));
  std::vector<onnx::Attribute> attributes = {Ints("strides", {2, 2}), Ints("pads", {1, 1, 1, 1})};
  if (!four) attributes.push_back(Ints("output_padding", {1, 1}));
  now_.name = m_.Node("ConvTranspose", {now_.name, m_.Floats({now_.c, out, k, k}, -most, most)}, attributes);
  now_.c = out, now_.h = h, now_.w = w;
}

void NetMaker::Norm() {
  const int c = now_.c;
  switch (dice_.Below(5)) {
    default:
      return Then("InstanceNormalization", {m_.Floats({c}, 0.5f, 2), m_.Floats({c}, -1, 1)});
    case 3: {  // a group norm as exporters write it
      const int groups = c % 2 == 0 ? 2 : 1;
      if (now_.n != 1) return;
      Say("group norm");
      const std::string shape = m_.Node("Shape", {now_.name});
      const std::string flat = m_.Node("Reshape", {now_.name, m_.Int64s({0, groups, -1})});
      const std::string normed =
          m_.Node("InstanceNormalization", {flat, m_.Floats({groups}, 1, 1), m_.Floats({groups}, 0, 0)});
      now_.name = m_.Node("Reshape", {normed, shape});
      Then("Mul", {m_.Floats({1, c, 1, 1}, 0.5f, 2)});
      return Then("Add", {m_.Floats({1, c, 1, 1}, -1, 1)});
    }
    case 4:
      return Then("BatchNormalization", {m_.Floats({c}, 0.5f, 2), m_.Floats({c}, -1, 1),
                                         m_.Floats({c}, -1, 1), m_.Floats({c}, 0.5f, 2)});
  }
}

void NetMaker::Activation() {
  switch (dice_.Below(8)) {
    case 0:
    case 1:
      return Then("Relu");
    case 2:
      return Then("LeakyRelu", {}, {Real("alpha", 0.2f)});
    case 3:
      return Then("PRelu", {m_.Floats({now_.c, 1, 1}, -0.5f, 0.5f)});
    case 4:
      return Then("Clip", {m_.Float(-1), m_.Float(2)});
    case 5:
      return Then("Tanh");
    case 6:
      return Then("HardSwish");
    default:
      return Then("Sigmoid");
  }
}

void NetMaker::Function() {
  switch (dice_.Below(9)) {
    case 0:
      return Then("Mul", {m_.Floats({1, now_.c, 1, 1}, 0.5f, 1.5f)});
    case 1:
      return Then("Add", {m_.Floats({1, now_.c, 1, 1}, -1, 1)});
    case 2:
      return Then("Sub", {m_.Floats({}, -1, 1)});
    case 3:
      return Then("Abs");
    case 4:
      return Then("Elu");
    case 5:
      return Then("Softplus");
    case 6:
      return Then("Neg");
    case 7:
      return Then("Identity");
    default:
      return Then("Softmax", {}, {Int("axis", dice_.Pick({1, 3, -1, 2}))});
  }
}

// Operators that nothing but their plain loop serves.
void NetMaker::PlainLoop() {
  Say("plain");
  switch (dice_.Below(7)) {
    case 0:
      return Then("Cos");
    case 1:
      return Then("Sin");
    case 2: {
      const std::string least = m_.Node(dice_.Pick({"ReduceMin", "ReduceMax"}), {now_.name},
                                        {Ints("axes", {dice_.Pick({1, 2, 3})})});
      return Then("Sub", {least});
    }
    case 3: {  // channels in another order
      std::vector<int64_t> order;
      for (int i = 0; i < now_.c; ++i) order.push_back((i * 5 + 1) % now_.c);
      return Then("Gather", {m_.Int64s(order)}, {Int("axis", 1)});
    }
    case 4: {
      const std::string above = m_.Node("Greater", {now_.name, m_.Float(0.25f)});
      Say("Where");
      now_.name = m_.Node("Where", {above, now_.name, m_.Float(0.25f)});  // without a jump
      return;
    }
    case 5:
      return Then("Mean", {m_.Floats({1, now_.c, 1, 1}, -1, 1)});
    default:
      return Then("LogSoftmax", {}, {Int("axis", 1)});
  }
}

bool NetMaker::ViewTo(int n, int c, const Extent& h, const Extent& w, const std::vector<int64_t>& shape) {
  if (!Fits(n, c, h, w)) return false;
  std::string text = "view[";
  for (const int64_t d : shape) text += std::to_string(d) + ",";
  text.back() = ']';
  Say(text);
  now_ = {m_.Node("Reshape", {now_.name, m_.Int64s(shape)}), n, c, h, w};
  return true;
}

// The same numbers as another picture.
void NetMaker::View() {
  const int f = dice_.Pick({2, 3, 4, now_.c});
  const int n = now_.n, c = now_.c;
  switch (dice_.Below(7)) {
    case 0:  // channels become rows
      if (c % f == 0) ViewTo(n, c / f, NetBuilder::Times(now_.h, f, 1), now_.w, {n, c / f, -1, 0});
      return;
    case 1:  // channels become columns
      if (c % f == 0) ViewTo(n, c / f, now_.h, NetBuilder::Times(now_.w, f, 1), {n, c / f, 0, -1});
      return;
    case 2:  // rows become channels
      if (m_.Divides(now_.h, f)) ViewTo(n, c * f, NetBuilder::Times(now_.h, 1, f), now_.w, {n, c * f, -1, 0});
      return;
    case 3:  // columns become channels
      if (m_.Divides(now_.w, f)) ViewTo(n, c * f, now_.h, NetBuilder::Times(now_.w, 1, f), {n, c * f, 0, -1});
      return;
    case 4:  // channels become images
      if (c % f == 0) ViewTo(n * f, c / f, now_.h, now_.w, {n * f, c / f, 0, 0});
      return;
    case 5:  // images become channels, or rows
      if (n == 1) return;
      if (dice_.OneIn(2)) {
        ViewTo(1, n * c, now_.h, now_.w, {1, n * c, 0, 0});
      } else {
        ViewTo(1, c, NetBuilder::Times(now_.h, n, 1), now_.w, {1, c, -1, 0});
      }
      return;
    default:
      if (n != 1) return;
      Then("Squeeze", {m_.Int64s({0})});
      return Then("Unsqueeze", {m_.Int64s({0})});
  }
}

// Through another rank, where something may happen.
void NetMaker::ThereAndBack() {
  const std::string shape = m_.Node("Shape", {now_.name});
  Then("Reshape",
       {m_.Int64s(dice_.OneIn(2) ? std::vector<int64_t>{0, now_.c, -1} : std::vector<int64_t>{-1})});
  switch (dice_.Below(4)) {
    case 0:
      Then("Relu");
      break;
    case 1:
      Then("Mul", {m_.Float(0.75f)});
      break;
    case 2:
      Then("Softsign");
      break;
    default:
      break;
  }
  Then("Reshape", {shape});
}

// Rows for columns, or channels last, and back.
void NetMaker::Turn() {
  if (dice_.OneIn(2)) {
    Then("Transpose", {}, {Ints("perm", {0, 2, 3, 1})});
    if (dice_.OneIn(2)) Then("Tanh");
    return Then("Transpose", {}, {Ints("perm", {0, 3, 1, 2})});
  }
  Then("Transpose", {}, {Ints("perm", {0, 1, 3, 2})});
  std::swap(now_.h, now_.w);
}

void NetMaker::Enlarge() {
  const Extent h = NetBuilder::Times(now_.h, 2, 1), w = NetBuilder::Times(now_.w, 2, 1);
  if (dice_.OneIn(3)) return TransposedConv();
  if (dice_.OneIn(3)) {
    if (now_.c % 4 != 0 || !Fits(now_.n, now_.c / 4, h, w)) return;
    Then("DepthToSpace", {}, {Int("blocksize", 2), Text("mode", dice_.Pick({"DCR", "CRD"}))});
    now_.c /= 4;
  } else {
    if (!Fits(now_.n, now_.c, h, w)) return;
    const bool nearest = dice_.OneIn(2);
    Then("Resize", {"", m_.Floats({4}, 1, 1)}, {});
    // Scales of exactly 1, 1, 2, 2.
    auto& scales = m_.model().graph.initializers.back().tensor;
    scales.data<float>()[2] = scales.data<float>()[3] = 2;
    m_.model().graph.nodes.back().attributes = {
        Text("mode", nearest ? "nearest" : dice_.Pick({"linear", "linear", "cubic"})),
        Text("coordinate_transformation_mode",
             nearest ? "asymmetric" : dice_.Pick({"half_pixel", "asymmetric"})),
        Text("nearest_mode", "floor")};
  }
  now_.h = h, now_.w = w;
}

void NetMaker::Shrink() {
  if (!m_.Divides(now_.h, 2) || !m_.Divides(now_.w, 2)) return;
  const Extent h = NetBuilder::Times(now_.h, 1, 2), w = NetBuilder::Times(now_.w, 1, 2);
  if (dice_.OneIn(3)) {
    if (!Fits(now_.n, now_.c * 4, h, w)) return;
    Then("SpaceToDepth", {}, {Int("blocksize", 2)});
    now_.c *= 4;
  } else {
    const char* op = dice_.Pick({"MaxPool", "AveragePool"});
    if (dice_.OneIn(2)) {
      Then(op, {}, {Ints("kernel_shape", {2, 2}), Ints("strides", {2, 2})});
    } else {
      Then(op, {}, {Ints("kernel_shape", {3, 3}), Ints("strides", {2, 2}), Ints("pads", {1, 1, 1, 1})});
    }
  }
  now_.h = h, now_.w = w;
}

// With something from before.
void NetMaker::Join() {
  std::vector<Flow> same;
  for (const Flow& f : past_) {
    if (f.n == now_.n && f.h == now_.h && f.w == now_.w) same.push_back(f);
  }
  if (same.empty()) return;
  const Flow other =
      same[static_cast<size_t>(dice_.Below(static_cast<int>(std::min<size_t>(same.size(), 256))))];
  if (dice_.OneIn(3) && Fits(now_.n, now_.c + other.c, now_.h, now_.w)) {
    Then("Concat", {other.name}, {Int("axis", 1)});
    now_.c += other.c;
  } else if (other.c == now_.c) {
    Then(dice_.Pick({"Add", "Add", "Add", "Sub", "Max", "Mul"}), {other.name});
  } else if (other.c == 1) {
    Then(dice_.Pick({"Add", "Mul"}), {other.name});
  }
}

void NetMaker::Excite() {
  std::string mean = m_.Node(dice_.Pick({"GlobalAveragePool", "GlobalMaxPool"}), {now_.name});
  mean = m_.Node("Conv", {mean, m_.Floats({now_.c, now_.c, 1, 1}, -1, 1)});
  Then("Mul", {m_.Node(dice_.Pick({"Sigmoid", "HardSigmoid"}), {mean})});
}

void NetMaker::SplitChannels() {
  if (now_.c % 2 != 0) return;
  const int half = now_.c / 2;
  if (dice_.OneIn(2)) {
    Then("Slice", {m_.Int64s({dice_.Pick({0, 1})}), m_.Int64s({now_.c}), m_.Int64s({1}), m_.Int64s({2})});
    now_.c = half;
    return;
  }
  Say("Split");
  const auto parts = m_.NodeOfSeveral("Split", {now_.name, m_.Int64s({half, half})}, 2, {Int("axis", 1)});
  Flow second = now_;
  second.name = parts[1], second.c = half;
  past_.push_back(second);
  now_.name = parts[0], now_.c = half;
}

void NetMaker::Layer() {
  past_.push_back(now_);
  switch (dice_.Below(20)) {
    default:
      Conv(dice_.Pick({8, 4, 3, 6, 16, 9, 1, 12, 24}));
      if (dice_.OneIn(2)) Norm();
      if (!dice_.OneIn(3)) Activation();
      return;
    case 8:
    case 9:
    case 10:
      return View();
    case 11:
      return ThereAndBack();
    case 12:
      return Turn();
    case 13:
      return PlainLoop();
    case 14:
      return Enlarge();
    case 15:
      return Shrink();
    case 16:
      return Join();
    case 17:
      return Excite();
    case 18:
      return SplitChannels();
    case 19:
      return Function();
    case 7:
      return Norm();
    case 6:
      return Activation();
  }
}

// To three channels of the frame's size, or nearly; in levels.
void NetMaker::Finish() {
  if (now_.h.of_width) {
    Then("Transpose", {}, {Ints("perm", {0, 1, 3, 2})});
    std::swap(now_.h, now_.w);
  }
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
    Then("Resize", {"", m_.Floats({4}, 1, 1)}, {});
    auto& scales = m_.model().graph.initializers.back().tensor;
    scales.data<float>()[2] = static_cast<float>(now_.h.den) / static_cast<float>(now_.h.num);
    scales.data<float>()[3] = static_cast<float>(now_.w.den) / static_cast<float>(now_.w.num);
    m_.model().graph.nodes.back().attributes = {Text("mode", dice_.Pick({"nearest", "linear"})),
                                                Text("coordinate_transformation_mode", "asymmetric"),
                                                Text("nearest_mode", "floor")};
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
  if (dice_.OneIn(10)) Then("Add", {past_.front().name == "frame" && resizes ? m_.Float(0) : m_.Float(1)});
}

void NetMaker::MoreOutputs() {
  if (!dice_.OneIn(4)) return;
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
        const auto& outputs = m_.model().graph.outputs;
        const bool taken = name == "frame" || std::any_of(outputs.begin(), outputs.end(),
                                                          [&](const auto& o) { return o.name == name; });
        if (taken) break;
        Say("out:" + name);
        Output(name);
      }
    }
  }
}

PictureNet NetMaker::Make() {
  DeclareInput();
  past_.push_back(now_);
  // Numbers of about 1 from here on.
  if (high_ > 1 || dice_.OneIn(3)) {
    if (dice_.OneIn(4)) View();
    const float scale = 3.0f / (high_ - low_);
    Then("Mul", {m_.Floats({}, scale, scale)});
    if (dice_.OneIn(3)) Then("Add", {m_.Float(-scale * 0.5f * (low_ + high_))});
  }
  const int layers = dice_.Below(9);
  for (int i = 0; i < layers; ++i) Layer();
  Finish();
  Output(now_.name);
  MoreOutputs();
  net_.model = std::move(m_.model());
  return std::move(net_);
}

}  // namespace

PictureNet DrawPictureNet(Dice& dice) { return NetMaker(dice).Make(); }

onnx::Model Shaken(const onnx::Model& model) {
  onnx::Model shaken = model;
  // Rounding differs from pixel to pixel, also in a frame of one colour: the mean of nine with zeros around
  // the frame does too, at its border.
  const std::string& frame = shaken.graph.inputs[0].name;
  for (onnx::Node& node : shaken.graph.nodes)
    std::replace(node.inputs.begin(), node.inputs.end(), frame, std::string("shaken"));
  Tensor millionth = Tensor::Create(DataType::kFloat32, {}).value();
  millionth.data<float>()[0] = 1e-6f;
  shaken.graph.initializers.push_back({"millionth", std::move(millionth)});
  onnx::Node mean = {
      "mean",   "AveragePool",
      "",       {frame},
      {"mean"}, {Ints("kernel_shape", {3, 3}), Ints("pads", {1, 1, 1, 1}), Int("count_include_pad", 1)}};
  const std::vector<onnx::Node> head = {std::move(mean),
                                        {"part", "Mul", "", {"mean", "millionth"}, {"part"}, {}},
                                        {"sum", "Add", "", {frame, "part"}, {"shaken"}, {}}};
  shaken.graph.nodes.insert(shaken.graph.nodes.begin(), head.begin(), head.end());
  Dice dice({}, 1);
  for (auto& initializer : shaken.graph.initializers) {
    // Single numbers are bounds and factors; four in a row may be the scales of a Resize.
    if (initializer.tensor.dtype() != DataType::kFloat32 || initializer.tensor.element_count() < 2 ||
        initializer.tensor.shape() == Shape{4})
      continue;
    Tensor copy = Tensor::Create(DataType::kFloat32, initializer.tensor.shape()).value();
    for (int64_t i = 0; i < copy.element_count(); ++i) {
      const float number = std::as_const(initializer.tensor).data<float>()[i];
      copy.data<float>()[i] = number * (1 + dice.Uniform(-1e-6f, 1e-6f));
    }
    initializer.tensor = std::move(copy);
  }
  return shaken;
}

}  // namespace tempera::door
