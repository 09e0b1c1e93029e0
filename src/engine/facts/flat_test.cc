// One colour in, one colour out, in every precision: rounding must not be normalised into a pattern.
#include "src/engine/facts/flat.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "src/engine/run/model_builder_for_test.h"

namespace tempera::engine {
namespace {

// Convolutions of every kind that a style network has: strided, residual, enlarging; norms between.
ModelPtr Net(const char* pad_mode = "reflect") {
  TestModel m;
  const auto conv = [&](const std::string& x, int64_t in, int64_t out, int64_t k, int64_t stride) {
    const int64_t pad = k / 2;
    const std::string padded =
        m.Node("Pad", {x, m.Int64s({0, 0, pad, pad, 0, 0, pad, pad})}, {TestModel::Text("mode", pad_mode)});
    const std::string y = m.Node("Conv", {padded, m.Random({out, in, k, k}), m.Random({out})},
                                 {TestModel::Ints("strides", {stride, stride})});
    return m.Node("InstanceNormalization", {y, m.Random({out}, 0.5f, 2), m.Random({out})});
  };
  std::string x = m.Node("Relu", {conv("x", 3, 16, 9, 1)});
  x = m.Node("Relu", {conv(x, 16, 24, 3, 2)});
  x = m.Node("Add", {conv(m.Node("Relu", {conv(x, 24, 24, 3, 1)}), 24, 24, 3, 1), x});
  x = m.Node("Resize", {x, "", m.Floats({4}, {1, 1, 2, 2})}, {TestModel::Text("mode", "nearest")});
  x = m.Node("Relu", {conv(x, 24, 16, 3, 1)});
  m.Output(m.PaddedConv(x, 16, 3, 5, 1, 2, false));
  return m.Load().value();
}

// The largest difference between two numbers of a plane of the result, and the largest number.
struct Spread {
  float within = 0, most = 0;
};
Spread SpreadOf(const Tensor& y) {
  const int64_t plane = y.shape()[2] * y.shape()[3];
  Spread s;
  for (int64_t i = 0; i < y.element_count(); i += plane) {
    const auto [low, high] = std::minmax_element(y.data<float>() + i, y.data<float>() + i + plane);
    s.within = std::max(s.within, *high - *low);
    s.most = std::max({s.most, std::abs(*low), std::abs(*high)});
  }
  return s;
}

Spread Paint(const ModelPtr& model, Precision precision, float value, float other) {
  SessionOptions options;
  options.precision = precision;
  options.plain_dot_kernels = true;
  auto session = Session::Create(model, {{1, 3, 37, 50}}, options).value();
  Tensor& x = session->input(0);
  std::fill_n(x.data<float>(), x.element_count(), value);
  x.data<float>()[x.element_count() / 2] = other;
  EXPECT_TRUE(session->Run().ok());
  return SpreadOf(session->output(0));
}

TEST(Flat, OneColourStaysOneColour) {
  const ModelPtr model = Net();
  for (const Precision precision : {Precision::kFp32, Precision::kBf16, Precision::kInt8}) {
    for (const float value : {0.0f, 128.0f, 254.7f}) {
      const Spread s = Paint(model, precision, value, value);
      EXPECT_LT(s.within, 1e-5f * s.most) << PrecisionName(precision) << ", " << value;
    }
  }
}

TEST(Flat, OneOtherPixelIsAPicture) {
  const ModelPtr model = Net();
  for (const Precision precision : {Precision::kFp32, Precision::kInt8}) {
    const Spread s = Paint(model, precision, 128, 129);
    EXPECT_GT(s.within, 0.1f * s.most) << PrecisionName(precision);
  }
}

// Padding with zeros draws a frame around any colour: the norms must see it.
TEST(Flat, ZeroPaddingIsSeen) {
  const ModelPtr model = Net("constant");
  const Spread s = Paint(model, Precision::kFp32, 128, 128);
  EXPECT_GT(s.within, 0.1f * s.most);
}

// Norms far apart, with what changes shapes in front of each: `detour` makes of a picture [1, 24, h, w]
// another one.
template <typename Detour>
Spread PaintBehind(Detour&& detour, float other) {
  TestModel m;
  std::string x = m.PaddedConv("x", 3, 24, 9, 1, 4, true);
  for (int i = 0; i < 3; ++i) {
    x = detour(m, x);
    x = m.Node("InstanceNormalization", {x, m.Random({24}, 0.5f, 2), m.Random({24})});
    x = m.PaddedConv(x, 24, 24, 3, 1, 1, false);
  }
  x = detour(m, x);
  x = m.Node("InstanceNormalization", {x, m.Random({24}, 0.5f, 2), m.Random({24})});
  m.Output(m.PaddedConv(x, 24, 3, 5, 1, 2, false));
  auto session = Session::Create(m.Load().value(), {{1, 3, 36, 48}}, {}).value();
  Tensor& input = session->input(0);
  std::fill_n(input.data<float>(), input.element_count(), 77.0f);
  input.data<float>()[0] = other;
  EXPECT_TRUE(session->Run().ok());
  return SpreadOf(session->output(0));
}

TEST(Flat, IsFollowedThroughOtherShapes) {
  using Name = std::string;
  const auto expect = [](const char* what, auto&& detour) {
    const Spread flat = PaintBehind(detour, 77), other = PaintBehind(detour, 78);
    EXPECT_LT(flat.within, 1e-5f * flat.most) << what;
    EXPECT_GT(other.within, 0.1f * other.most) << what;
  };
  expect("another rank", [](TestModel& m, const Name& x) {
    const Name like = m.Node("Shape", {x});
    return m.Node("Reshape", {m.Node("Tanh", {m.Node("Reshape", {x, m.Int64s({0, 24, -1})})}), like});
  });
  expect("one row of numbers", [](TestModel& m, const Name& x) {
    const Name like = m.Node("Shape", {x});
    return m.Node("Reshape", {m.Node("Softsign", {m.Node("Reshape", {x, m.Int64s({-1})})}), like});
  });
  expect("channels last", [](TestModel& m, const Name& x) {
    const Name last = m.Node("Tanh", {m.Node("Transpose", {x}, {TestModel::Ints("perm", {0, 2, 3, 1})})});
    return m.Node("Transpose", {last}, {TestModel::Ints("perm", {0, 3, 1, 2})});
  });
  expect("rows for columns", [](TestModel& m, const Name& x) {
    return m.Node("Transpose", {x}, {TestModel::Ints("perm", {0, 1, 3, 2})});
  });
  expect("rows into channels and out", [](TestModel& m, const Name& x) {
    const Name like = m.Node("Shape", {x});
    const Name many = m.Node("Reshape", {x, m.Int64s({1, 48, -1, 48})});
    const Name normed = m.Node("InstanceNormalization", {many, m.Random({48}, 1, 1), m.Random({48})});
    const Name even = m.Node("Slice", {normed, m.Int64s({0}), m.Int64s({48}), m.Int64s({1}), m.Int64s({2})});
    return m.Node("Resize", {even, "", m.Floats({4}, {1, 1, 2, 1})}, {TestModel::Text("mode", "nearest")});
  });
  expect("a choice between two, and a power", [](TestModel& m, const Name& x) {
    const Name bright = m.Node("Greater", {x, m.Random({24, 1, 1})});
    const Name either = m.Node("Where", {bright, m.Node("Sin", {x}), m.Node("Cos", {x})});
    const Name share = m.Node("Cast", {m.Node("Not", {bright})}, {TestModel::Int("to", 1)});
    return m.Node("Pow", {m.Node("Sum", {either, share, x}), m.Floats({1}, {2})});
  });
  expect("a part and a pool", [](TestModel& m, const Name& x) {
    const std::vector<Name> parts = m.Split(x, 1, {12, 12});
    return m.Node("MaxPool", {m.Node("Concat", {parts[1], parts[0]}, {TestModel::Int("axis", 1)})},
                  {TestModel::Ints("kernel_shape", {3, 3}), TestModel::Ints("pads", {1, 1, 1, 1})});
  });
}

// A channel of two, one behind the other, is of two colours.
TEST(Flat, ChannelsMadeRowsAreNot) {
  const Spread s = PaintBehind(
      [](TestModel& m, const std::string& x) {
        const std::string wide = m.Node("Reshape", {x, m.Int64s({1, 12, -1, 48})});
        const std::string normed =
            m.Node("InstanceNormalization", {wide, m.Random({12}, 1, 1), m.Random({12})});
        return m.Node("Reshape", {normed, m.Int64s({1, 24, -1, 48})});
      },
      77);
  EXPECT_LT(s.within, 1e-5f * s.most);
  TestModel m;
  const std::string wide =
      m.Node("Reshape", {m.PaddedConv("x", 3, 4, 3, 1, 1, false), m.Int64s({1, 2, -1, 8})});
  m.Output(m.Node("InstanceNormalization", {wide, m.Random({2}, 1, 1), m.Random({2})}));
  auto session = Session::Create(m.Load().value(), {{1, 3, 8, 8}}, {}).value();
  std::fill_n(session->input(0).data<float>(), 3 * 64, 77.0f);
  ASSERT_TRUE(session->Run().ok());
  EXPECT_GT(SpreadOf(session->output(0)).within, 0.1f);
}

// Runs of one number that an operator along an axis parts, and windows of padding alone, are of several
// colours.
TEST(Flat, WhatIsPartedOrPaddedIsNot) {
  using Name = std::string;
  const auto expect_several = [](const char* what, auto&& detour) {
    TestModel m;
    const Name y = detour(m);
    m.Output(m.Node("InstanceNormalization", {y, m.Floats({3}, {1, 1, 1}), m.Floats({3}, {0, 0, 0})}));
    auto session = Session::Create(m.Load().value(), {{1, 3, 2, 2}}, {}).value();
    for (int64_t i = 0; i < 12; ++i) session->input(0).data<float>()[i] = static_cast<float>(1 + i / 4 * 2);
    ASSERT_TRUE(session->Run().ok());
    EXPECT_GT(SpreadOf(session->output(0)).within, 0.1f) << what;
  };
  expect_several("softmax", [](TestModel& m) {
    const Name rows =
        m.Node("Softmax", {m.Node("Reshape", {"x", m.Int64s({2, 6})})}, {TestModel::Int("axis", 1)});
    return m.Node("Reshape", {rows, m.Int64s({1, 3, 2, 2})});
  });
  expect_several("slice backwards", [](TestModel& m) {
    const Name back = m.Node("Slice", {m.Node("Reshape", {"x", m.Int64s({2, 6})}), m.Int64s({-1}),
                                       m.Int64s({-100}), m.Int64s({1}), m.Int64s({-1})});
    return m.Node("Reshape", {back, m.Int64s({1, 3, 2, 2})});
  });
  expect_several("average of padding", [](TestModel& m) {
    return m.Node("AveragePool", {"x"},
                  {TestModel::Ints("kernel_shape", {1, 1}), TestModel::Ints("pads", {1, 1, 1, 1})});
  });
  expect_several("axes counted from the end", [](TestModel& m) {
    const Name turned = m.Node("Transpose", {"x"}, {TestModel::Ints("perm", {0, -1, 2, -3})});
    return m.Node("Reshape", {turned, m.Int64s({1, 3, 2, 2})});
  });
}

// What follows from a state that is zero yet, beside a frame of many colours.
TEST(Flat, AStateThatIsStillZeroIsOneColour) {
  TestModel m;
  m.Input("memory", {1, 3, -1, -1});
  std::string x = m.Node("Relu", {m.PaddedConv("memory", 3, 16, 9, 1, 4, true)});
  for (int i = 0; i < 3; ++i) x = m.Node("Relu", {m.PaddedConv(x, 16, 16, 3, 1, 1, true)});
  m.Output(m.PaddedConv("x", 3, 3, 3, 1, 1, false));
  m.Output(m.PaddedConv(x, 16, 3, 3, 1, 1, false));
  SessionOptions options;
  options.states = {{0, 1}};
  auto session = Session::Create(m.Load().value(), {{1, 3, 30, 40}, {1, 3, 30, 40}}, options).value();
  for (int frame = 0; frame < 2; ++frame) {
    Tensor& input = session->input(0);
    for (int64_t i = 0; i < input.element_count(); ++i)
      input.data<float>()[i] = static_cast<float>(i * 37 % 256);
    ASSERT_TRUE(session->Run().ok());
    const Spread s = SpreadOf(session->output(1));
    if (frame == 0) {
      EXPECT_LT(s.within, 1e-5f * s.most);
    } else {
      EXPECT_GT(s.within, 0.1f * s.most);
    }
  }
}

TEST(Flat, LooksAtEveryPlane) {
  Tensor t = Tensor::Create(DataType::kFloat32, {1, 3, 4, 5}).value();
  for (int64_t i = 0; i < 60; ++i) t.data<float>()[i] = static_cast<float>(i / 20);
  EXPECT_TRUE(IsFlat(t));
  t.data<float>()[59] = 7;
  EXPECT_FALSE(IsFlat(t));
  EXPECT_FALSE(IsFlat(Tensor::Create(DataType::kFloat32, {60}).value()));
  EXPECT_FALSE(IsFlat(Tensor::Create(DataType::kInt32, {1, 3, 4, 5}).value()));
}

}  // namespace
}  // namespace tempera::engine
