#include "tests/door/net_maker.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace tempera::door {

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

void NetMaker::PointConv(int out) {
  const float most = std::sqrt(3.0f / static_cast<float>(now_.c));
  Then("Conv", {m_.Floats({out, now_.c, 1, 1}, -most, most)});
  now_.c = out;
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
  net_.features.Add(Feature::kPlainLoop);
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
  if (now_.n == 1 && dice_.OneIn(3)) {
    const std::string row = m_.Node("Reshape", {mean, m_.Int64s({1, now_.c})});
    return ScaleBy(Figure(m_.Node("Sigmoid", {row}), now_.c));
  }
  mean = m_.Node("Conv", {mean, m_.Floats({now_.c, now_.c, 1, 1}, -1, 1)});
  Then("Mul", {m_.Node(dice_.Pick({"Sigmoid", "HardSigmoid"}), {mean})});
}

void NetMaker::Layer() {
  past_.push_back(now_);
  if (!vectors_.empty() && dice_.OneIn(4)) return UseParameter();
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

}  // namespace tempera::door
