// Painting by regions: what lies where, in every format; that a mask belongs to its frame; what is not run.
#include "src/stylize/regions/regions.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/stylize/owned_image_for_test.h"
#include "src/stylize/test_model.h"

namespace tempera::stylize {
namespace {

constexpr int kWidth = 64, kHeight = 48;

template <typename T>
std::unique_ptr<T> Open(const TestModel& model, int threads = 2) {
  const std::string bytes = model.Bytes();
  auto loaded = engine::LoadModelMemory({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  StylizerOptions options;
  options.precision = engine::Precision::kFp32;
  options.num_threads = threads;
  auto opened = T::Create(std::move(*loaded), "the model", options);
  EXPECT_TRUE(opened.ok()) << opened.status().message();
  return std::move(*opened);
}

// Paints one grey.
TestModel Grey(float level) { return AffineModel(0, level); }

// Its two classes are what is red and what is blue, at full size; shares of 0 or 1 where colours are pure.
TestModel RedAndBlue() {
  TestModel m;
  m.Constant("w", {2, 3, 1, 1}, {1.0f / 255, 0, 0, 0, 0, 1.0f / 255}).Node("Conv", {"input", "w"}, "output");
  m.Metadata("tempera.mask.values", "0..1").Metadata("tempera.mask.classes", "red, Blue thing");
  return m;
}

void SetPixel(const Image& rgb, int x, int y, uint8_t r, uint8_t g, uint8_t b) {
  uint8_t* p = rgb.Row(0, y) + 3 * x;
  p[0] = r, p[1] = g, p[2] = b;
}

// Three columns: red, green, blue.
void Columns(const Image& rgb, int from = kWidth / 4, int to = kWidth / 2) {
  for (int y = 0; y < rgb.height; ++y) {
    for (int x = 0; x < rgb.width; ++x) {
      SetPixel(rgb, x, y, x < from ? 255 : 0, x >= from && x < to ? 255 : 0, x >= to ? 255 : 0);
    }
  }
}

std::unique_ptr<Regions> OpenRegions(Masker* masker, std::vector<Region> list, int threads = 2) {
  auto host = HostWithPool(nullptr, threads, false);
  auto regions = Regions::Create(masker, *host);
  EXPECT_TRUE(regions.ok());
  (*regions)->Set(std::move(list));
  return std::move(*regions);
}

MaskParams Plain() {
  MaskParams params;
  params.plain_edges = true;
  return params;
}

// What of a row is `level`.
int GreyAt(const Image& rgb, int x, int y) { return rgb.Row(0, y)[3 * x]; }

TEST(Regions, EachClassInItsStyle) {
  auto masker = Open<Masker>(RedAndBlue());
  masker->params = Plain();
  auto dark = Open<Stylizer>(Grey(40)), light = Open<Stylizer>(Grey(200));
  const int red = *masker->FindClass("RED"), blue = *masker->FindClass("blue_thing");
  EXPECT_EQ(red, 0);
  EXPECT_EQ(blue, 1);
  for (PixelFormat format : kFormats) {
    OwnedImage rgb(PixelFormat::kRgb, kWidth, kHeight),
        in(format, kWidth, kHeight, Matrix::kBt601, true, true);
    Columns(rgb.image);
    const auto& kernels = kernels::ChoosePixelKernels(AvailableCpuTargets()[0].highway_bit);
    CopyImage(kernels, rgb.image, in.image);
    const auto expect = [&](std::vector<Region> list, int at_red, int at_green, int at_blue) {
      auto regions = OpenRegions(masker.get(), std::move(list));
      OwnedImage out(PixelFormat::kRgb, kWidth, kHeight);
      const Status painted = regions->Process(in.image, out.image, {});
      ASSERT_TRUE(painted.ok()) << painted.message();
      for (int y = 0; y < kHeight; ++y) {
        EXPECT_NEAR(GreyAt(out.image, 2, y), at_red, 2);
        EXPECT_NEAR(GreyAt(out.image, kWidth / 2 - 4, y), at_green, 2);
        EXPECT_NEAR(GreyAt(out.image, kWidth - 3, y), at_blue, 2);
      }
    };
    expect({{red, dark.get()}, {blue, light.get()}}, 40, 0, 200);
    expect({{red, dark.get()}, {Region::kBackground, light.get()}}, 40, 200, 200);
    expect({{blue, nullptr}, {Region::kBackground, light.get()}}, 200, 200, 0);
    expect({{red, light.get()}, {blue, light.get()}, {Region::kBackground, dark.get()}}, 200, 40, 200);
    // The file's own class, the second of two, or what it is not.
    expect({{Region::kBackground, light.get()}}, 200, 200, 0);
  }
}

// Between two regions that meet at a soft edge there is nothing of what lies below both.
TEST(Regions, NothingShinesThroughWhereTwoMeet) {
  auto light = Open<Stylizer>(Grey(220)), lighter = Open<Stylizer>(Grey(240));
  for (float feather : {0.0f, 3.0f, 8.0f}) {
    auto regions = OpenRegions(
        nullptr, {{0, light.get(), 0, feather}, {Region::kBackground, lighter.get(), 0, feather}});
    OwnedImage in(PixelFormat::kRgb, kWidth, kHeight), out(PixelFormat::kRgb, kWidth, kHeight);
    for (auto& b : in.bytes) b = 0;
    std::vector<uint8_t> mask(9 * 7);
    std::mt19937 random(5);
    for (auto& m : mask) m = static_cast<uint8_t>(random());
    FrameParams params;
    params.mask = Mask{mask.data(), 9, {9, 7}};
    ASSERT_TRUE(regions->Process(in.image, out.image, params).ok());
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x)
        ASSERT_GE(GreyAt(out.image, x, y), 217) << x << "," << y << " " << feather;
    }
  }
}

TEST(Regions, WhatCoversNothingIsNotRunAndBeginsAnew) {
  auto style = Open<Stylizer>(Grey(100));
  auto regions = OpenRegions(nullptr, {{0, style.get()}});
  OwnedImage in(PixelFormat::kNv12, kWidth, kHeight), out(PixelFormat::kNv12, kWidth, kHeight);
  std::mt19937 random(2);
  in.Fill(random);
  std::vector<uint8_t> mask(16, 0);
  FrameParams params;
  params.mask = Mask{mask.data(), 4, {4, 4}};
  ASSERT_TRUE(regions->Process(in.image, out.image, params).ok());
  EXPECT_EQ(style->plans_made(), 0);
  EXPECT_EQ(in.Pixels(), out.Pixels());
  std::vector<uint8_t> shown(kWidth * kHeight);
  ASSERT_TRUE(regions->ReadMask(0, {shown.data(), kWidth, {kWidth, kHeight}}).ok());
  EXPECT_EQ(shown, std::vector<uint8_t>(kWidth * kHeight, 0));
  EXPECT_FALSE(regions->ReadMask(0, {shown.data(), kWidth, {kWidth, kHeight - 1}}).ok());
  // All of it: the bytes of the style alone.
  std::fill(mask.begin(), mask.end(), uint8_t{255});
  ASSERT_TRUE(regions->Process(in.image, out.image, params).ok());
  OwnedImage alone(PixelFormat::kNv12, kWidth, kHeight);
  ASSERT_TRUE(style->Process(in.image, alone.image).ok());
  EXPECT_EQ(out.Pixels(), alone.Pixels());
}

// In place, gaps between rows and all formats: as with another picture.
TEST(Regions, InPlaceAsElsewhere) {
  auto dark = Open<Stylizer>(AffineModel(0.5f, 0)), light = Open<Stylizer>(AffineModel(0.5f, 120));
  std::vector<uint8_t> mask(11 * 5);
  std::mt19937 random(9);
  for (auto& m : mask) m = static_cast<uint8_t>(random() % 3 == 0 ? random() : (random() % 2) * 255);
  FrameParams params;
  params.mask = Mask{mask.data(), 11, {11, 5}};
  for (PixelFormat format : kFormats) {
    for (const Size size : {Size{kWidth, kHeight}, {37, 41}}) {
      OwnedImage in(format, size.width, size.height),
          out(format, size.width, size.height, Matrix::kBt709, false, true);
      in.Fill(random);
      auto regions = OpenRegions(
          nullptr,
          {{0, dark.get(), 0, 2.5f}, {Region::kBackground, nullptr, 3, 2.5f}, {0, light.get(), 0, 0}});
      ASSERT_TRUE(regions->Process(in.image, out.image, params).ok());
      auto alone = OpenRegions(
          nullptr,
          {{0, dark.get(), 0, 2.5f}, {Region::kBackground, nullptr, 3, 2.5f}, {0, light.get(), 0, 0}}, 1);
      ASSERT_TRUE(alone->Process(in.image, in.image, params).ok());
      EXPECT_EQ(in.Pixels(), out.Pixels()) << static_cast<int>(format);
      EXPECT_TRUE(out.GapsIntact());
    }
  }
}

}  // namespace
}  // namespace tempera::stylize
