#include "tests/door/net_maker.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace tempera::door {

bool NetMaker::ViewTo(int n, int c, const Extent& h, const Extent& w, const std::vector<int64_t>& shape) {
  if (!Fits(n, c, h, w)) return false;
  std::string text = "view[";
  for (const int64_t d : shape) text += std::to_string(d) + ",";
  text.back() = ']';
  Say(text);
  net_.features.Add(Feature::kView);
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
  net_.features.Add(Feature::kRankChange);
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
  TurnBack();
}

void NetMaker::TurnBack() {
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
    ResizeTo(2, 2, nearest ? "nearest" : dice_.Pick({"linear", "linear", "cubic"}),
             nearest ? "asymmetric" : dice_.Pick({"half_pixel", "asymmetric"}));
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

}  // namespace tempera::door
