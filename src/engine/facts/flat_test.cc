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
