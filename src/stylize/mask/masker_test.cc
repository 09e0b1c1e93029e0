// Mask networks: what their numbers mean, which channel is the mask, sizes, and a public network on a
// photograph.
#include "src/stylize/mask/masker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/stylize/owned_image_for_test.h"
#include "src/stylize/test_model.h"
#include "tempera/tempera.hpp"

namespace tempera::stylize {
namespace {

Result<std::unique_ptr<stylize::Masker>> Open(const TestModel& model, const StylizerOptions& options = {}) {
  const std::string bytes = model.Bytes();
  TEMPERA_ASSIGN_OR_RETURN(
      auto loaded, engine::LoadModelMemory({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}));
  return Masker::Create(std::move(loaded), "the model", options);
}

// Channel c is `gains[c]` times red, of 0..255.
TestModel Channels(const std::vector<float>& gains) {
  TestModel m;
  std::vector<float> weights;
  for (float gain : gains) weights.insert(weights.end(), {gain, 0, 0});
  m.Constant("w", {static_cast<int64_t>(gains.size()), 3, 1, 1}, weights);
  return m;
}

struct Plane {
  int width, height;
  std::vector<uint8_t> bytes;
  Plane(int w, int h)
      : width(w), height(h), bytes(static_cast<size_t>(w + 3) * static_cast<size_t>(h), 0xA5) {}
  // Upside down.
  MaskTarget target() { return {bytes.data() + (width + 3) * (height - 1), -(width + 3), {width, height}}; }
  uint8_t at(int x, int y) const { return bytes[static_cast<size_t>((height - 1 - y) * (width + 3) + x)]; }
};

OwnedImage& Fill(OwnedImage& image, unsigned seed = 3) {
  std::mt19937 random(seed);
  image.Fill(random);
  return image;
}

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(Masker, NumbersMeanWhatTheFileSays) {
  OwnedImage rgb(PixelFormat::kRgb, 64, 32);
  Fill(rgb);
  struct Case {
    const char* name;
    TestModel model;
    double (*mask)(double red);
  };
  TestModel logit = Channels({0.02f}), two = Channels({0, 0.02f}), three = Channels({0.01f, 0.03f, -0.02f});
  for (TestModel* m : {&logit, &two, &three}) m->Node("Conv", {"input", "w"}, "output");
  TestModel sigmoid = Channels({0.02f}), softmax = Channels({0, 0.02f}), wide = Channels({2});
  sigmoid.Node("Conv", {"input", "w"}, "x").Node("Sigmoid", {"x"}, "output");
  softmax.Node("Conv", {"input", "w"}, "x")
      .NamedNode("output", "Softmax", {"x"}, {TestModel::Int("axis", 1)});
  wide.Node("Conv", {"input", "w"}, "output");
  // Shares however they leave the graph; what is clipped to more than shares is not.
  TestModel behind = Channels({0.02f}), clipped = Channels({0.002f}), relu6 = Channels({0.02f});
  behind.Constant("scales", {4}, {1, 1, 1, 1}).Node("Conv", {"input", "w"}, "x").Node("Sigmoid", {"x"}, "s");
  behind.Node("Transpose", {"s"}, "t").Ints("perm", {0, 1, 2, 3}).Node("Resize", {"t", "", "scales"}, "r");
  behind.Node("Identity", {"r"}, "output");
  clipped.Constant("zero", {}, {0}).Constant("one", {}, {1}).Node("Conv", {"input", "w"}, "x");
  clipped.Node("Clip", {"x", "zero", "one"}, "output");
  relu6.Constant("zero", {}, {0}).Constant("six", {}, {6}).Node("Conv", {"input", "w"}, "x");
  relu6.Node("Clip", {"x", "zero", "six"}, "output");
  three.Metadata("tempera.mask.class", "2");
  wide.Metadata("tempera.mask.values", "100..300");
  const Case cases[] = {{"one channel of logits", logit, [](double r) { return Sigmoid(0.02 * r); }},
                        {"one channel of shares", sigmoid, [](double r) { return Sigmoid(0.02 * r); }},
                        {"the second of two", two, [](double r) { return Sigmoid(0.02 * r); }},
                        {"the second of two shares", softmax, [](double r) { return Sigmoid(0.02 * r); }},
                        {"one of three by name", three,
                         [](double r) {
                           return std::exp(-0.02 * r) /
                                  (std::exp(0.01 * r) + std::exp(0.03 * r) + std::exp(-0.02 * r));
                         }},
                        {"shares, enlarged", behind, [](double r) { return Sigmoid(0.02 * r); }},
                        {"clipped to shares", clipped, [](double r) { return 0.002 * r; }},
                        {"clipped to six", relu6, [](double r) { return Sigmoid(0.02 * r); }},
                        {"a range", wide, [](double r) { return (2 * r - 100) / 200; }}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    StylizerOptions options;
    options.precision = engine::Precision::kFp32;
    auto masker = Open(c.model, options);
    ASSERT_TRUE(masker.ok()) << masker.status().message();
    Plane mask(64, 32);
    ASSERT_TRUE((*masker)->Process(rgb.image, mask.target()).ok());
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 64; ++x) {
        const double expected = 255 * std::min(1.0, std::max(0.0, c.mask(rgb.image.Row(0, y)[3 * x])));
        ASSERT_NEAR(mask.at(x, y), expected, 0.6) << x << "," << y;
      }
      ASSERT_EQ(mask.bytes[static_cast<size_t>(y * 67 + 64)], 0xA5) << "wrote between rows";
    }
  }
}

TEST(Masker, AnyFormatAnySizeAndCoarseOutputs) {
  // A mask at a quarter of the size: red's mean over four by four pixels.
  TestModel coarse({1, 3, -1, -1});
  std::vector<float> weights(3 * 16, 0.0f);
  for (size_t i = 0; i < 16; ++i) weights[i] = 1.0f / 16 / 255;
  coarse.Constant("w", {1, 3, 4, 4}, weights).Node("Conv", {"input", "w"}, "x").Ints("strides", {4, 4});
  coarse.Constant("zero", {}, {0}).Constant("one", {}, {1}).Node("Clip", {"x", "zero", "one"}, "output");
  auto masker = Open(coarse);
  ASSERT_TRUE(masker.ok()) << masker.status().message();
  // Bright from 60 of 100 columns on.
  for (PixelFormat format : kFormats) {
    OwnedImage rgb(PixelFormat::kRgb, 100, 50), in(format, 100, 50, Matrix::kBt601, false, true);
    for (int y = 0; y < 50; ++y) {
      for (int x = 0; x < 300; ++x) rgb.image.Row(0, y)[x] = x >= 180 ? 255 : 0;
    }
    CopyImage(kernels::ChoosePixelKernels(AvailableCpuTargets()[0].highway_bit), rgb.image, in.image);
    for (const Size size : {Size{100, 50}, {25, 13}, {333, 200}, {1, 1}, {10, 70}}) {
      Plane mask(size.width, size.height);
      ASSERT_TRUE((*masker)->Process(in.image, mask.target()).ok());
      if (size.width == 1) {
        EXPECT_NEAR(mask.at(0, 0), 0.4 * 255, 12);
        continue;
      }
      for (int y = 0; y < size.height; ++y) {
        for (int x = 0; x < size.width; ++x) {
          const double at = (x + 0.5) * 100 / size.width;
          if (at < 55) ASSERT_EQ(mask.at(x, y), 0) << SizeToString(size) << " " << x;
          if (at > 65) ASSERT_EQ(mask.at(x, y), 255) << SizeToString(size) << " " << x;
        }
      }
    }
  }
}

TEST(Masker, WhatIsNoMaskIsRefusedWithAReason) {
  const auto reason = [](const TestModel& model) {
    auto masker = Open(model);
    EXPECT_FALSE(masker.ok());
    return masker.ok() ? std::string() : masker.status().message();
  };
  TestModel many = Channels({1, 2, 3});
  many.Node("Conv", {"input", "w"}, "output");
  EXPECT_NE(reason(many).find("tempera.mask.class"), std::string::npos) << reason(many);
  for (const char* bad : {"3", "-1", "x", "1x", ""}) {
    TestModel named = many;
    EXPECT_NE(reason(named.Metadata("tempera.mask.class", bad)).find("tempera.mask.class"), std::string::npos)
        << reason(named);
  }
  for (const char* bad : {"", "maybe", "1..0", "0..x"}) {
    TestModel named = many;
    named.Metadata("tempera.mask.class", "0").Metadata("tempera.mask.values", bad);
    EXPECT_NE(reason(named).find("tempera.mask.values"), std::string::npos) << reason(named);
  }
  TestModel score;
  score.Node("GlobalAveragePool", {"input"}, "output");
  EXPECT_NE(reason(score).find("[1, 3, 1, 1]"), std::string::npos) << reason(score);
}

TEST(Masker, ThroughTheCDoor) {
  TestModel sigmoid = Channels({0.02f});
  sigmoid.Node("Conv", {"input", "w"}, "x").Node("Sigmoid", {"x"}, "output").Metadata("tempera.title", "Red");
  const std::string bytes = sigmoid.Bytes();
  tempera_masker* masker = nullptr;
  EXPECT_EQ(tempera_mask_open_file("/no/such/model.onnx", nullptr, &masker), TEMPERA_NOT_FOUND);
  EXPECT_EQ(tempera_mask_open_memory(nullptr, 0, nullptr, &masker), TEMPERA_INVALID_ARGUMENT);
  ASSERT_EQ(tempera_mask_open_memory(bytes.data(), bytes.size(), nullptr, &masker), TEMPERA_OK)
      << tempera_error_message();
  EXPECT_STREQ(tempera_mask_metadata(masker, "tempera.title"), "Red");
  EXPECT_EQ(tempera_mask_metadata(masker, "nothing"), nullptr);
  std::vector<uint8_t> pixels(4 * 48 * 40, 255), mask(20 * 10);
  tempera_image image = TEMPERA_IMAGE_INIT;
  image.format = TEMPERA_BGRA, image.width = 48, image.height = 40;
  image.planes[0] = pixels.data(), image.stride_bytes[0] = 4 * 48;
  ASSERT_EQ(tempera_mask_process(masker, &image, mask.data(), 20, 20, 10), TEMPERA_OK)
      << tempera_error_message();
  for (uint8_t m : mask) ASSERT_NEAR(m, 255 * Sigmoid(0.02 * 255), 1);
  {
    const std::string path = testing::TempDir() + "red_mask.onnx";
    std::ofstream(path, std::ios::binary) << bytes;
    auto opened = tempera::Masker::Open(path);
    ASSERT_TRUE(opened) << opened.error().message;
    std::vector<uint8_t> again(mask.size());
    ASSERT_FALSE(opened->Process(image, again, 20, 10));
    EXPECT_EQ(again, mask);
    EXPECT_TRUE(opened->Process(image, again, 20, 11));
    auto from_memory = tempera::Masker::Open(std::as_bytes(std::span(bytes)));
    ASSERT_TRUE(from_memory) << from_memory.error().message;
    std::fill(again.begin(), again.end(), uint8_t{7});
    ASSERT_FALSE(from_memory->Process(image, again, 20, 10));
    EXPECT_EQ(again, mask);
    std::remove(path.c_str());
  }
  EXPECT_EQ(tempera_mask_process(masker, &image, nullptr, 20, 20, 10), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_mask_process(masker, &image, mask.data(), 19, 20, 10), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_mask_process(masker, &image, mask.data(), 20, 0, 10), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_mask_process(masker, nullptr, mask.data(), 20, 20, 10), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_mask_process(nullptr, &image, mask.data(), 20, 20, 10), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_mask_metadata(nullptr, "x"), nullptr);
  tempera_mask_close(masker);
  tempera_mask_close(nullptr);
}

TEST(Masker, IsPreparedAndCancelledThroughTheDoor) {
  TestModel model;
  model.Constant("w", {1, 3, 1, 1}, {0.02f, 0, 0}).Node("Conv", {"input", "w"}, "output");
  const std::string bytes = model.Bytes();
  tempera_masker* masker = nullptr;
  ASSERT_EQ(tempera_mask_open_memory(bytes.data(), bytes.size(), nullptr, &masker), TEMPERA_OK);
  EXPECT_EQ(tempera_mask_prepare(nullptr, 8, 8), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_mask_prepare(masker, 0, 8), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_mask_prepare(masker, 64, 32), TEMPERA_OK) << tempera_error_message();
  std::vector<uint8_t> pixels(64 * 32 * 3, 90), mask(64 * 32, 3);
  tempera_image in = TEMPERA_IMAGE_INIT;
  in.format = TEMPERA_RGB, in.width = 64, in.height = 32;
  in.planes[0] = pixels.data(), in.stride_bytes[0] = 3 * 64;
  EXPECT_EQ(tempera_mask_set_cancelled(masker, 3), TEMPERA_INVALID_ARGUMENT);
  EXPECT_EQ(tempera_mask_set_cancelled(masker, 1), TEMPERA_OK);
  EXPECT_EQ(tempera_mask_process(masker, &in, mask.data(), 64, 64, 32), TEMPERA_CANCELLED);
  EXPECT_EQ(tempera_mask_prepare(masker, 65, 32), TEMPERA_CANCELLED);
  EXPECT_EQ(tempera_mask_set_cancelled(masker, 0), TEMPERA_OK);
  EXPECT_EQ(tempera_mask_process(masker, &in, mask.data(), 64, 64, 32), TEMPERA_OK)
      << tempera_error_message();
  EXPECT_NEAR(mask[0], 255 / (1 + std::exp(-1.8)), 1);
  tempera_mask_close(masker);
}

// Channels last at both ends, as TensorFlow's are, of bytes and of 0..1: the same mask.
TEST(Masker, TakesOtherFormsOfPictures) {
  OwnedImage rgb(PixelFormat::kRgb, 64, 32);
  Fill(rgb);
  const auto mask_of = [&](const TestModel& model) {
    Plane plane(64, 32);
    auto m = Open(model);
    EXPECT_TRUE(m.ok()) << m.status().message();
    if (m.ok()) {
      EXPECT_TRUE((*m)->Process(rgb.image, plane.target()).ok());
    }
    return plane.bytes;
  };
  TestModel usual = Channels({0, 1.0f / 255});
  usual.Metadata("tempera.mask.values", "0..1").Node("Conv", {"input", "w"}, "output");
  const std::vector<uint8_t> wanted = mask_of(usual);
  for (const bool bytes : {false, true}) {
    TestModel m({1, -1, -1, 3});
    m.Metadata("tempera.mask.values", "0..1")
        .Constant("w", {2, 3, 1, 1}, {0, 0, 0, bytes ? 1.0f / 255 : 1, 0, 0});
    std::string x = "input";
    if (bytes) {
      m.model().graph.inputs[0].dtype = DataType::kUint8;
      m.Node("Cast", {x}, "floats");
      m.graph().nodes.back().attributes.push_back(
          onnx::IntAttribute("to", static_cast<int64_t>(DataType::kFloat32)));
      x = "floats";
    } else {
      m.Metadata("tempera.value_range", "0..1");
    }
    m.Node("Transpose", {x}, "planes").Ints("perm", {0, 3, 1, 2});
    m.Node("Conv", {"planes", "w"}, "y").Node("Transpose", {"y"}, "output").Ints("perm", {0, 2, 3, 1});
    EXPECT_EQ(mask_of(m), wanted) << bytes;
  }
}

}  // namespace
}  // namespace tempera::stylize
