// Specks, hysteresis and motion of small masks.
#include "src/stylize/mask/mask_steps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "src/base/cpu.h"

namespace tempera::stylize {
namespace {

constexpr Size kSize = {96, 64};
constexpr size_t kPixels = 96 * 64;

size_t At(int x, int y) { return static_cast<size_t>(y * kSize.width + x); }

TEST(MaskSteps, ShareTables) {
  const auto half = ShareTable(0.5f, false), low = ShareTable(0.2f, false), certain = ShareTable(0.5f, true);
  for (size_t i = 0; i < 256; ++i) EXPECT_EQ(half[i], i);
  EXPECT_NEAR(low[51], 127.5, 1);
  EXPECT_EQ(low[0], 0);
  EXPECT_EQ(low[255], 255);
  EXPECT_EQ(certain[5], 0);
  EXPECT_EQ(certain[250], 255);
  EXPECT_EQ(certain[100], 100);
}

TEST(MaskSteps, SpecksGoAndThingsStay) {
  std::vector<uint8_t> mask(kPixels, 0);
  // A thing with a thin soft arm, a speck, a ghost that is nowhere more than a half.
  for (int y = 10; y < 30; ++y) {
    for (int x = 10; x < 30; ++x) mask[At(x, y)] = 255;
  }
  for (int x = 30; x < 60; ++x) mask[At(x, 12)] = 140;
  std::vector<uint8_t> wanted = mask;
  for (int x = 70; x < 73; ++x) mask[At(x, 50)] = 255, mask[At(x, 51)] = 90;
  for (int y = 40; y < 60; ++y) {
    for (int x = 5; x < 30; ++x) mask[At(x, y)] = 100;
  }
  SpeckRemover().Run(kSize, mask.data());
  EXPECT_EQ(mask, wanted);
}

TEST(MaskSteps, WhatStandsIsHeldAndWhatMovesIsNot) {
  std::mt19937 random(1);
  std::vector<float> then(kPixels), now;
  for (float& v : then) v = static_cast<float>(random() % 200);
  now = then;
  // The right half shows something else; all of it has noise.
  for (size_t i = 0; i < kPixels; ++i)
    now[i] += static_cast<float>(random() % 3) - 1 + (i % 96 >= 48 ? 30 : 0);
  std::vector<uint8_t> before(kPixels, 180), mask(kPixels, 100), weights;
  for (int x = 0; x < 96; ++x) mask[At(x, 3)] = 250;  // the network is sure
  std::vector<uint8_t> held = mask;
  std::vector<float> luma = then;
  HoldStill(kSize, 1, now.data(), &luma, before, held.data(), &weights);
  EXPECT_GT(held[At(10, 30)], 165);
  EXPECT_EQ(held[At(80, 30)], 100);
  EXPECT_EQ(held[At(10, 3)], 250);
  EXPECT_EQ(luma[At(80, 30)], now[At(80, 30)]);
  EXPECT_LT(std::abs(luma[At(10, 30)] - then[At(10, 30)]), 0.3f);
}

// A mask goes with what the picture shows.
TEST(MaskSteps, MasksMoveWithThePicture) {
  const auto bit = AvailableCpuTargets()[0].highway_bit;
  for (const int threads : {1, 3}) {
    auto pool = ThreadPool::Create(threads);
    auto field = MotionField::Create({2 * kSize.width, 2 * kSize.height}, kernels::ChooseMotionKernels(bit),
                                     pool->get());
    ASSERT_TRUE(field.ok());
    const auto texture = [](double x, double y) {
      return static_cast<float>(120 + 50 * std::sin(0.5 * x + 0.1 * y) + 50 * std::sin(0.37 * y - 0.2 * x));
    };
    std::vector<float> pictures[2] = {std::vector<float>(3 * kPixels), std::vector<float>(3 * kPixels)};
    const auto show = [&](double dx, double dy, bool follows) {
      for (int y = 0; y < kSize.height; ++y) {
        for (int x = 0; x < kSize.width; ++x) {
          field->HalfRow(y)[x] = texture(x - dx, y - dy);
          for (size_t c = 0; c < 3; ++c) pictures[follows][c * kPixels + At(x, y)] = field->HalfRow(y)[x];
        }
      }
      field->Advance(follows);
    };
    show(0, 0, false);
    show(2, -1, true);
    std::vector<uint8_t> before(kPixels, 0), mask(kPixels);
    for (int y = 20; y < 40; ++y) {
      for (int x = 30; x < 60; ++x) before[At(x, y)] = 255;
    }
    MaskMover mover;
    mover.FindMotion(*field, kSize, pictures[0].data(), pictures[1].data(), pool->get());
    mover.Run(before, mask.data());
    double error = 0;
    for (int y = 0; y < kSize.height; ++y) {
      for (int x = 0; x < kSize.width; ++x) {
        const bool in = x >= 32 && x < 62 && y >= 19 && y < 39;
        error += std::abs(mask[At(x, y)] - (in ? 255 : 0)) / 255.0;
      }
    }
    EXPECT_LT(error, 25);  // of 600 pixels, 100 of them at the rim
  }
}

}  // namespace
}  // namespace tempera::stylize
