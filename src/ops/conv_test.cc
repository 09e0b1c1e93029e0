// Conv against its definition, and ConvTranspose as Conv's adjoint, on random geometry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "src/ops/one_node.h"

namespace tempera::ops {
namespace {

using testing::HasSubstr;

class Random {
 public:
  int64_t Int(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine_);
  }
  Tensor Values(Shape shape) {
    Tensor t = Tensor::Create(DataType::kFloat32, std::move(shape)).value();
    std::uniform_real_distribution<float> d(-1, 1);
    for (int64_t i = 0; i < t.element_count(); ++i) t.data<float>()[i] = d(engine_);
    return t;
  }

 private:
  std::mt19937 engine_{20240607};
};

double Dot(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (int64_t i = 0; i < a.element_count(); ++i) {
    sum += static_cast<double>(a.data<float>()[i]) * static_cast<double>(b.data<float>()[i]);
  }
  return sum;
}

// The definition, index by index, two-dimensional.
double ConvAt(const Tensor& x, const Tensor& w, int64_t groups, const int64_t* stride,
              const int64_t* dilation, const int64_t* pad, int64_t n, int64_t oc, int64_t oy, int64_t ox) {
  const int64_t group_out = w.shape()[0] / groups, ics = w.shape()[1];
  double sum = 0;
  for (int64_t ic = 0; ic < ics; ++ic) {
    for (int64_t ky = 0; ky < w.shape()[2]; ++ky) {
      for (int64_t kx = 0; kx < w.shape()[3]; ++kx) {
        const int64_t iy = oy * stride[0] + ky * dilation[0] - pad[0],
                      ix = ox * stride[1] + kx * dilation[1] - pad[1];
        if (iy < 0 || ix < 0 || iy >= x.shape()[2] || ix >= x.shape()[3]) continue;
        const int64_t channel = oc / group_out * ics + ic;
        sum +=
            static_cast<double>(
                x.data<float>()[((n * x.shape()[1] + channel) * x.shape()[2] + iy) * x.shape()[3] + ix]) *
            static_cast<double>(w.data<float>()[((oc * ics + ic) * w.shape()[2] + ky) * w.shape()[3] + kx]);
      }
    }
  }
  return sum;
}

TEST(Conv, AgreesWithItsDefinition) {
  Random random;
  for (int round = 0; round < 60; ++round) {
    const int64_t groups = random.Int(1, 3);
    const Tensor x =
        random.Values({random.Int(1, 2), groups * random.Int(1, 3), random.Int(5, 11), random.Int(5, 11)});
    const Tensor w =
        random.Values({groups * random.Int(1, 3), x.shape()[1] / groups, random.Int(1, 3), random.Int(1, 3)});
    const int64_t stride[] = {random.Int(1, 3), random.Int(1, 3)},
                  dilation[] = {random.Int(1, 2), random.Int(1, 2)};
    const int64_t pad[] = {random.Int(0, 3), random.Int(0, 3)};
    const auto y =
        RunOneNode("Conv",
                   {IntAttribute("group", groups), IntsAttribute("strides", {stride[0], stride[1]}),
                    IntsAttribute("dilations", {dilation[0], dilation[1]}),
                    IntsAttribute("pads", {pad[0], pad[1], random.Int(0, 2), random.Int(0, 2)})},
                   {x, w});
    ASSERT_TRUE(y.ok()) << y.status().message();
    const Shape& s = (*y)[0].shape();
    const float* got = (*y)[0].data<float>();
    for (int64_t n = 0; n < s[0]; ++n) {
      for (int64_t c = 0; c < s[1]; ++c) {
        for (int64_t oy = 0; oy < s[2]; ++oy) {
          for (int64_t ox = 0; ox < s[3]; ++ox) {
            ASSERT_NEAR(*got++, ConvAt(x, w, groups, stride, dilation, pad, n, c, oy, ox), 1e-4)
                << "round " << round;
          }
        }
      }
    }
  }
}

// <Conv(x), y> = <x, ConvTranspose(y)> with the same weights, whatever the geometry, in 1, 2 and 3
// dimensions.
TEST(ConvTranspose, IsTheAdjointOfConv) {
  Random random;
  for (int round = 0; round < 60; ++round) {
    const auto rank = static_cast<size_t>(random.Int(1, 3));
    const int64_t groups = random.Int(1, 2);
    Shape x_shape = {1, groups * random.Int(1, 2)},
          w_shape = {groups * random.Int(1, 2), x_shape[1] / groups};
    std::vector<int64_t> strides, dilations, pads(2 * rank);
    for (size_t d = 0; d < rank; ++d) {
      x_shape.push_back(random.Int(6, 9));
      w_shape.push_back(random.Int(1, 3));
      strides.push_back(random.Int(1, 3));
      dilations.push_back(random.Int(1, 2));
    }
    for (int64_t& p : pads) p = random.Int(0, 1);
    std::vector<onnx::Attribute> attributes = {
        IntAttribute("group", groups), IntsAttribute("strides", strides),
        IntsAttribute("dilations", dilations), IntsAttribute("pads", pads)};
    const Tensor x = random.Values(x_shape), w = random.Values(w_shape);
    const auto forward = RunOneNode("Conv", attributes, {x, w});
    ASSERT_TRUE(forward.ok()) << forward.status().message();
    const Tensor y = random.Values((*forward)[0].shape());
    // output_padding makes the way back as large as x was.
    std::vector<int64_t> output_padding;
    for (size_t d = 0; d < rank; ++d) {
      const int64_t reached = strides[d] * (y.shape()[2 + d] - 1) + (w_shape[2 + d] - 1) * dilations[d] + 1 -
                              pads[d] - pads[rank + d];
      output_padding.push_back(x_shape[2 + d] - reached);
    }
    attributes.push_back(IntsAttribute("output_padding", output_padding));
    const auto back = RunOneNode("ConvTranspose", attributes, {y, w});
    ASSERT_TRUE(back.ok()) << back.status().message();
    ASSERT_EQ((*back)[0].shape(), x_shape);
    EXPECT_NEAR(Dot((*forward)[0], y), Dot(x, (*back)[0]), 1e-3) << "round " << round;
  }
}

TEST(Conv, RunsOnHalfPrecision) {
  const auto half = [](std::vector<uint16_t> v, Shape s) {
    return TensorOf(DataType::kFloat16, std::move(s), v);
  };
  const auto y = RunOneNode("Conv", {}, {half({0x3c00, 0x4000}, {1, 1, 1, 2}), half({0x4000}, {1, 1, 1, 1})});
  ASSERT_TRUE(y.ok());
  EXPECT_EQ((*y)[0].data<uint16_t>()[0], 0x4000);  // 1 * 2
  EXPECT_EQ((*y)[0].data<uint16_t>()[1], 0x4400);  // 2 * 2
}

TEST(Conv, HostileGeometryIsRefused) {
  const Tensor x = Floats({1, 1, 4, 4}, std::vector<float>(16, 1)),
               w = Floats({1, 1, 3, 3}, std::vector<float>(9, 1));
  const int64_t huge = int64_t{1} << 62;
  EXPECT_FALSE(RunOneNode("Conv", {IntsAttribute("strides", {0, 1})}, {x, w}).ok());
  EXPECT_FALSE(RunOneNode("Conv", {IntsAttribute("strides", {1})}, {x, w}).ok());
  EXPECT_FALSE(RunOneNode("Conv", {IntsAttribute("dilations", {huge, huge})}, {x, w}).ok());
  EXPECT_FALSE(RunOneNode("Conv", {IntsAttribute("pads", {huge, huge, huge, huge})}, {x, w}).ok());
  EXPECT_FALSE(RunOneNode("Conv", {IntsAttribute("kernel_shape", {5, 5})}, {x, w}).ok());
  EXPECT_FALSE(RunOneNode("Conv", {IntAttribute("group", 0)}, {x, w}).ok());
  EXPECT_FALSE(RunOneNode("Conv", {TextAttribute("auto_pad", "SOMEHOW")}, {x, w}).ok());
  EXPECT_FALSE(RunOneNode("Conv", {}, {x, w, Floats({2}, {1, 2})}).ok());
  EXPECT_FALSE(RunOneNode("Conv", {}, {x, Floats({1, 2, 3, 3}, std::vector<float>(18, 1))}).ok());
  EXPECT_THAT(RunOneNode("Conv", {}, {Floats({1, 1, 1, 1}, {1}), w}).status().message(),
              HasSubstr("does not fit"));
  EXPECT_FALSE(RunOneNode("ConvTranspose", {IntsAttribute("output_shape", {huge, 1})}, {x, w}).ok());
  EXPECT_FALSE(RunOneNode("ConvTranspose", {IntsAttribute("output_padding", {-huge, 0})}, {x, w}).ok());
  EXPECT_FALSE(RunOneNode("MaxPool", {IntsAttribute("kernel_shape", {huge, 1})}, {x}).ok());
  EXPECT_FALSE(RunOneNode("MaxPool", {}, {x}).ok());
}

TEST(AveragePool, CountsPaddingOnlyWhenAsked) {
  const Tensor x = Floats({1, 1, 1, 2}, {2, 4});
  const std::vector<onnx::Attribute> base = {IntsAttribute("kernel_shape", {1, 2}),
                                             IntsAttribute("pads", {0, 1, 0, 0})};
  EXPECT_THAT(FloatsIn((*RunOneNode("AveragePool", base, {x}))[0]), testing::ElementsAre(2, 3));
  auto with_pad = base;
  with_pad.push_back(IntAttribute("count_include_pad", 1));
  EXPECT_THAT(FloatsIn((*RunOneNode("AveragePool", with_pad, {x}))[0]), testing::ElementsAre(1, 3));
}

TEST(InstanceNormalization, GivesZeroMeanAndUnitVariance) {
  Random random;
  const auto y = RunOneNode("InstanceNormalization", {},
                            {random.Values({1, 1, 16, 16}), Floats({1}, {2}), Floats({1}, {3})});
  ASSERT_TRUE(y.ok());
  double sum = 0, squares = 0;
  for (const float v : FloatsIn((*y)[0])) {
    sum += static_cast<double>(v);
    squares += (static_cast<double>(v) - 3) * (static_cast<double>(v) - 3);
  }
  EXPECT_NEAR(sum / 256, 3, 1e-5);
  EXPECT_NEAR(squares / 256, 4, 1e-3);
  EXPECT_FALSE(RunOneNode("InstanceNormalization", {},
                          {random.Values({1, 1, 2}), Floats({2}, {1, 1}), Floats({1}, {0})})
                   .ok());
}

TEST(GroupNormalization, NormalizesGroupsAndScalesByChannelOrGroup) {
  Random random;
  const Tensor x = random.Values({2, 4, 3, 5});
  const auto groups = [&](std::vector<float> scale, std::vector<float> bias) {
    const auto n = static_cast<int64_t>(scale.size());
    return RunOneNode("GroupNormalization", {IntAttribute("num_groups", 2)},
                      {x, Floats({n}, scale), Floats({n}, bias)});
  };
  const auto by_group = groups({2, 4}, {3, 5}), by_channel = groups({2, 2, 4, 4}, {3, 3, 5, 5});
  ASSERT_TRUE(by_group.ok() && by_channel.ok());
  const std::vector<float> y = FloatsIn((*by_group)[0]);
  EXPECT_EQ(y, FloatsIn((*by_channel)[0]));
  for (size_t group = 0; group < 4; ++group) {  // two images
    const double mean = group % 2 == 0 ? 3 : 5, deviation = group % 2 == 0 ? 2 : 4;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < 30; ++i) {
      const double d = static_cast<double>(y[group * 30 + i]) - mean;
      sum += d;
      squares += d * d;
    }
    EXPECT_NEAR(sum / 30, 0, 1e-5);
    EXPECT_NEAR(squares / 30, deviation * deviation, 1e-2);
  }
  // As instance norms where every channel is a group.
  const auto each = RunOneNode("GroupNormalization", {IntAttribute("num_groups", 4)},
                               {x, Floats({4}, {1, 2, 3, 4}), Floats({4}, {5, 6, 7, 8})});
  const auto instance =
      RunOneNode("InstanceNormalization", {}, {x, Floats({4}, {1, 2, 3, 4}), Floats({4}, {5, 6, 7, 8})});
  ASSERT_TRUE(each.ok() && instance.ok());
  EXPECT_EQ(FloatsIn((*each)[0]), FloatsIn((*instance)[0]));
  for (int64_t bad : {0, 3, -2}) {
    EXPECT_FALSE(RunOneNode("GroupNormalization", {IntAttribute("num_groups", bad)},
                            {x, Floats({4}, {1, 2, 3, 4}), Floats({4}, {5, 6, 7, 8})})
                     .ok());
  }
  EXPECT_FALSE(groups({1, 2, 3}, {1, 2, 3}).ok());
}

// ONNX Runtime's rule, for 3 pixels, a kernel of 3 and a stride of 2, which make 7.
TEST(ConvTranspose, OutputShapeGoesBeforeAutoPad) {
  Tensor x = Tensor::Create(DataType::kFloat32, {1, 1, 1, 3}).value();
  Tensor w = Tensor::Create(DataType::kFloat32, {1, 1, 1, 3}).value();
  for (int64_t i = 0; i < 3; ++i) x.data<float>()[i] = static_cast<float>(i + 1), w.data<float>()[i] = 1;
  struct Case {
    const char* auto_pad;
    int64_t wanted;  // 0: no output_shape
    std::vector<float> result;
  };
  const std::vector<float> full = {1, 1, 3, 2, 5, 3, 3};
  for (const Case& c : {Case{"VALID", 0, full},
                        {"VALID", 8, {1, 1, 3, 2, 5, 3, 3, 0}},
                        {"VALID", 6, {1, 3, 2, 5, 3, 3}},
                        {"NOTSET", 6, {1, 3, 2, 5, 3, 3}},
                        {"SAME_UPPER", 6, {1, 1, 3, 2, 5, 3}},
                        {"SAME_LOWER", 6, {1, 3, 2, 5, 3, 3}},
                        {"SAME_UPPER", 0, {1, 1, 3, 2, 5, 3}},
                        {"SAME_UPPER", 5, {1, 3, 2, 5, 3}}}) {
    std::vector<onnx::Attribute> attributes = {onnx::TextAttribute("auto_pad", c.auto_pad),
                                               IntsAttribute("strides", {1, 2})};
    if (c.wanted > 0) attributes.push_back(IntsAttribute("output_shape", {1, c.wanted}));
    const auto y = RunOneNode("ConvTranspose", attributes, {x, w});
    ASSERT_TRUE(y.ok()) << y.status().message();
    const auto numbers = y->at(0).span<float>();
    EXPECT_EQ(std::vector<float>(numbers.begin(), numbers.end()), c.result) << c.auto_pad << " " << c.wanted;
  }
  // SAME takes away what is more than stride times the input, and adds nothing: one pixel spreads to one.
  Tensor one = Tensor::Create(DataType::kFloat32, {1, 1, 1, 1}).value();
  const auto y =
      RunOneNode("ConvTranspose",
                 {onnx::TextAttribute("auto_pad", "SAME_UPPER"), IntsAttribute("strides", {1, 2})}, {x, one});
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_EQ(y->at(0).shape(), (Shape{1, 1, 1, 5}));
}

}  // namespace
}  // namespace tempera::ops
