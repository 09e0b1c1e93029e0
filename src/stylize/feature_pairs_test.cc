// Features that have tests of their own, two or three of them in one network, through the public door.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "src/stylize/picture_networks_for_test.h"

namespace tempera::stylize {
namespace {

using Pixels = std::vector<uint8_t>;

// One frame of one colour, of 4 bytes a pixel, through a painter; what its middle became.
std::vector<int> Middle(tempera::Stylizer& s, const std::vector<uint8_t>& colour, int width, int height) {
  Pixels in, out(4 * static_cast<size_t>(width) * static_cast<size_t>(height));
  for (int i = 0; i < width * height; ++i) in.insert(in.end(), colour.begin(), colour.end());
  const Error error = s.Process(MakeImage(TEMPERA_RGBA, in.data(), width, height),
                                MakeImage(TEMPERA_RGBA, out.data(), width, height));
  EXPECT_FALSE(error) << error.message;
  const uint8_t* middle =
      out.data() + 4 * (static_cast<size_t>(height / 2) * static_cast<size_t>(width) + width / 2);
  return {middle[0], middle[1], middle[2], middle[3]};
}

// A fourth channel that comes out, colours the other way round at either end, in each order, type and range.
TEST(FeaturePairs, BlueFirstAndTransparency) {
  struct Case {
    const char* layout;
    std::vector<int>
        wanted;  // of (200, 100, 40), by planes (255 - first, second, third / 2, 255 - first / 2)
  };
  const Case cases[] = {{"rgb rgb", {55, 100, 20, 155}},
                        {"bgr bgr", {100, 100, 215, 235}},
                        {"rgb bgr", {20, 100, 55, 155}},
                        {"bgr rgb", {215, 100, 100, 235}}};
  for (const bool last : {false, true}) {
    for (const DataType type : {DataType::kFloat32, DataType::kUint8, DataType::kFloat16}) {
      for (const Case& c : cases) {
        TestModel m(last ? std::vector<int64_t>{1, -1, -1, 3} : std::vector<int64_t>{1, 3, -1, -1});
        m.model().graph.inputs[0].dtype = type;
        const auto cast = [&m](const char* from, const char* to, DataType as) {
          m.Node("Cast", {from}, to);
          m.graph().nodes.back().attributes.push_back(onnx::IntAttribute("to", static_cast<int64_t>(as)));
        };
        cast("input", "floats", DataType::kFloat32);
        if (last) {
          m.Node("Transpose", {"floats"}, "x").Ints("perm", {0, 3, 1, 2});
        } else {
          m.Node("Identity", {"floats"}, "x");
        }
        m.Constant("w", {4, 3, 1, 1}, {-1, 0, 0, 0, 1, 0, 0, 0, 0.5f, -0.5f, 0, 0});
        m.Constant("b", {4}, {255, 0, 0, 255}).Node("Conv", {"x", "w", "b"}, "y");
        if (last) {
          m.Node("Transpose", {"y"}, "z").Ints("perm", {0, 2, 3, 1});
        } else {
          m.Node("Identity", {"y"}, "z");
        }
        cast("z", "output", type);
        auto s = Open(m, {{"tempera.value_range", "0..255"}, {"tempera.layout", c.layout}});
        const std::string what =
            std::string(c.layout) + (last ? ", last, " : ", first, ") + DataTypeName(type);
        ASSERT_TRUE(s) << what << ": " << s.error().message;
        ASSERT_TRUE(s->PaintsAlpha()) << what;
        const std::vector<int> got = Middle(*s, {200, 100, 40, 255}, kWidth, kHeight);
        for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(got[i], c.wanted[i], 1) << what << ", channel " << i;
      }
    }
  }
}

// Bytes, channels last, turned by a parameter while frames are painted, at the frame's size and at others.
TEST(FeaturePairs, ForeignEndsAndParametersAtAnotherSize) {
  TestModel m({1, -1, -1, 3});
  m.model().graph.inputs[0].dtype = DataType::kUint8;
  m.Input("gain", {1});
  m.Metadata("tempera.param.gain", "range = 0..2; default = 1");
  const auto cast = [&m](const char* from, const char* to, DataType as) {
    m.Node("Cast", {from}, to);
    m.graph().nodes.back().attributes.push_back(onnx::IntAttribute("to", static_cast<int64_t>(as)));
  };
  cast("input", "floats", DataType::kFloat32);
  m.Node("Transpose", {"floats"}, "x").Ints("perm", {0, 3, 1, 2});
  m.Constant("w", {3, 3, 1, 1}, {-1, 0, 0, 0, 1, 0, 0, 0, 0.5f}).Constant("b", {3}, {255, 0, 0});
  m.Node("Conv", {"x", "w", "b"}, "y").Node("Mul", {"y", "gain"}, "turned_up");
  m.Constant("low", {}, {0}).Constant("high", {}, {255}).Node("Clip", {"turned_up", "low", "high"}, "held");
  m.Node("Transpose", {"held"}, "z").Ints("perm", {0, 2, 3, 1}).Node("Round", {"z"}, "whole");
  cast("whole", "output", DataType::kUint8);
  const std::string bytes = m.Bytes();
  for (const auto& [width, height] : {std::pair{0, 0}, {24, 20}, {96, 64}, {0, 17}}) {
    for (const tempera_precision precision : {TEMPERA_PRECISION_FP32, TEMPERA_PRECISION_AUTO}) {
      auto s = tempera::Stylizer::Open(
          std::as_bytes(std::span(bytes)),
          {.threads = 2, .precision = precision, .working_width = width, .working_height = height});
      ASSERT_TRUE(s) << s.error().message;
      for (const float gain : {1.0f, 0.5f, 2.0f, 0.0f}) {
        ASSERT_FALSE(s->SetParameter("gain", gain));
        const std::vector<int> got = Middle(*s, {200, 100, 40, 255}, kWidth, kHeight);
        const float wanted[] = {55 * gain, 100 * gain, 20 * gain};
        for (size_t i = 0; i < 3; ++i)
          EXPECT_NEAR(got[i], wanted[i], 2) << width << "x" << height << " x " << gain;
      }
    }
  }
}

// A state that multiplies what the frame gives, between convolutions of 8 bits: the ranges of products hold
// for every frame of a film, not for the first alone, whose state is nothing.
TEST(FeaturePairs, ProductsWithStatesInEightBits) {
  TestModel m;
  m.Input("before", {1, 8, -1, -1});
  std::vector<float> in(8 * 3 * 9), middle(8 * 8 * 9), out(3 * 8 * 9);
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 0.2f);
  for (auto* weights : {&in, &middle, &out}) {
    for (float& w : *weights) w = normal(random);
  }
  m.Constant("w1", {8, 3, 3, 3}, in).Constant("w2", {8, 8, 3, 3}, middle).Constant("w3", {3, 8, 3, 3}, out);
  const auto conv = [&m](const char* x, const char* w, const char* y) {
    m.Node("Conv", {x, w}, y).Ints("pads", {1, 1, 1, 1});
  };
  conv("input", "w1", "seen");
  m.Node("Relu", {"seen"}, "lit");
  conv("before", "w2", "remembered");
  m.Node("Sigmoid", {"remembered"}, "gate").Node("Mul", {"lit", "gate"}, "product");
  conv("product", "w2", "mixed");
  m.Node("Tanh", {"mixed"}, "after");
  conv("product", "w3", "colours");
  m.Node("Sigmoid", {"colours"}, "output").Output("after");
  m.Metadata("tempera.state.after", "before").Metadata("tempera.value_range", "0..1");
  auto exact = Open(m), fast = Open(m, {}, TEMPERA_PRECISION_INT8),
       chosen = Open(m, {}, TEMPERA_PRECISION_AUTO);
  ASSERT_TRUE(exact && fast && chosen)
      << exact.error().message << fast.error().message << chosen.error().message;
  for (int frame = 0; frame < 6; ++frame) {
    Pixels picture = Noise();
    // A dark one, a bright one, and so on.
    for (uint8_t& b : picture) b = static_cast<uint8_t>(frame % 2 ? 255 - b / 8 : b / 8);
    const Pixels wanted = Paint(*exact, picture);
    for (auto* s : {&fast, &chosen}) {
      const Pixels got = Paint(**s, picture);
      double squares = 0;
      for (size_t i = 0; i < got.size(); ++i) squares += std::pow(int{got[i]} - int{wanted[i]}, 2);
      const double psnr = 10 * std::log10(255.0 * 255.0 * static_cast<double>(got.size()) / (squares + 1e-9));
      EXPECT_GT(psnr, 33) << "frame " << frame << (s == &fast ? ", int8" : ", auto");
    }
  }
}

}  // namespace
}  // namespace tempera::stylize
