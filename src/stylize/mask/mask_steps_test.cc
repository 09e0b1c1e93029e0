// Specks, hysteresis and motion of small masks.
#include "src/stylize/mask/mask_steps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <utility>
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

// Parts of every form, against a flood.
TEST(MaskSteps, SpecksAreWhatHangsTogether) {
  std::mt19937 random(5);
  for (int round = 0; round < 40; ++round) {
    const Size size = {static_cast<int>(1 + random() % 120), static_cast<int>(1 + random() % 90)};
    const unsigned filled = 1 + random() % 9;  // tenths
    std::vector<uint8_t> mask(static_cast<size_t>(size.width * size.height));
    for (uint8_t& m : mask) m = random() % 10 < filled ? static_cast<uint8_t>(1 + random() % 255) : 0;
    std::vector<uint8_t> wanted = mask;
    std::vector<bool> seen(mask.size());
    for (int start = 0; start < size.width * size.height; ++start) {
      std::vector<int> part;
      const auto visit = [&](int at) {
        if (mask[static_cast<size_t>(at)] == 0 || seen[static_cast<size_t>(at)]) return;
        seen[static_cast<size_t>(at)] = true;
        part.push_back(at);
      };
      visit(start);
      for (size_t next = 0; next < part.size(); ++next) {
        const int x = part[next] % size.width, y = part[next] / size.width;
        for (int j = std::max(0, y - 1); j <= std::min(size.height - 1, y + 1); ++j) {
          for (int i = std::max(0, x - 1); i <= std::min(size.width - 1, x + 1); ++i)
            visit(j * size.width + i);
        }
      }
      const auto sure = std::count_if(part.begin(), part.end(),
                                      [&](int at) { return mask[static_cast<size_t>(at)] > 127; });
      if (sure > size.width * size.height / 1000) continue;
      for (const int at : part) wanted[static_cast<size_t>(at)] = 0;
    }
    SpeckRemover().Run(size, mask.data());
    ASSERT_EQ(mask, wanted) << size.width << "x" << size.height << " " << filled;
  }
}

float Texture(double x, double y) {
  return static_cast<float>(120 + 50 * std::sin(0.5 * x + 0.1 * y) + 50 * std::sin(0.37 * y - 0.2 * x));
}

// A film of one texture that moves.
struct Film {
  explicit Film(int threads, int field_shrunk = 1)
      : shrunk(field_shrunk),
        pool(ThreadPool::Create(threads)),
        field(MotionField::Create({2 * (kSize.width / shrunk), 2 * (kSize.height / shrunk)},
                                  kernels::ChooseMotionKernels(AvailableCpuTargets()[0].highway_bit),
                                  pool->get())) {}
  // Returns the frame's luma. `other`: its right half shows something else. `turns`: from there on to the
  // right it moves the other way.
  std::vector<float> Show(double dx, double dy, float lighter = 0, bool other = false,
                          int turns = kSize.width) {
    before.swap(now);
    now.resize(3 * kPixels), before.resize(3 * kPixels);
    for (int y = 0; y < kSize.height; ++y) {
      for (int x = 0; x < kSize.width; ++x) {
        const double along = x < turns ? dx : -dx;
        const float luma = other && x >= 48 ? Texture(2 * x, 3 * y) : Texture(x - along, y - dy);
        for (size_t c = 0; c < 3; ++c) now[c * kPixels + At(x, y)] = luma + lighter;
      }
    }
    for (int y = 0; y < kSize.height / shrunk; ++y) {
      for (int x = 0; x < kSize.width / shrunk; ++x) {
        float sum = 0;
        for (int i = 0; i < shrunk * shrunk; ++i)
          sum += now[At(shrunk * x + i % shrunk, shrunk * y + i / shrunk)];
        field->HalfRow(y)[x] = sum / static_cast<float>(shrunk * shrunk);
      }
    }
    field->Advance(follows);
    follows = true;
    mover.FindMotion(*field, shrunk, kSize, before.data(), now.data(), pool->get());
    return {now.begin(), now.begin() + kPixels};
  }

  int shrunk;
  Result<std::unique_ptr<ThreadPool>> pool;
  Result<MotionField> field;
  MaskMover mover;
  bool follows = false;
  std::vector<float> before, now;
};

TEST(MaskSteps, WhatGoesOnIsHeldAndWhatChangesIsNot) {
  for (const int moved : {0, 3}) {
    Film film(2);
    std::vector<float> luma = film.Show(0, 0);
    const std::vector<float> now = film.Show(moved, 0, 5, true);
    std::vector<uint8_t> before(kPixels, 180), mask(kPixels, 100);
    for (int x = 0; x < 96; ++x) mask[At(x, 3)] = 250;  // the network is sure
    film.mover.Hold(1, now.data(), &luma, before, mask.data());
    int held = 0, believed = 0;
    for (int y = 8; y < 56; ++y) {
      for (int x = 8; x < 40; ++x) held += mask[At(x, y)] > 160;
      for (int x = 56; x < 88; ++x) believed += mask[At(x, y)] < 110;
    }
    EXPECT_GT(held, 48 * 32 * 9 / 10) << moved;
    EXPECT_GT(believed, 48 * 32 * 9 / 10) << moved;
    EXPECT_EQ(mask[At(20, 3)], 250);
  }
}

// Two things go apart within a block, and the light changes: each is held by its own motion.
TEST(MaskSteps, EachPixelIsHeldByItsOwnMotion) {
  constexpr int kTurns = 44;
  Film film(2);
  std::vector<float> luma = film.Show(0, 0);
  const std::vector<float> now = film.Show(-3, 0, 10, false, kTurns);
  std::vector<uint8_t> before(kPixels, 180), mask(kPixels, 100);
  film.mover.Hold(1, now.data(), &luma, before, mask.data());
  for (const auto& [left, right] : {std::pair(12, kTurns - 5), std::pair(kTurns + 5, 84)}) {
    int held = 0;
    for (int y = 8; y < 56; ++y) {
      for (int x = left; x < right; ++x) held += mask[At(x, y)] > 150;
    }
    EXPECT_GT(held, 48 * (right - left) * 8 / 10) << left;
  }
}

// Held from frame to frame, an edge that moves stays as sharp as it is, and where it is; also where motion is
// found on a smaller picture.
TEST(MaskSteps, HoldSmearsNoMovingEdge) {
  const auto edge = [](int x, double at) {
    return static_cast<uint8_t>(std::clamp(127.5 - 60 * (x - at), 0.0, 255.0));
  };
  for (const int shrunk : {1, 2}) {
    Film film(2, shrunk);
    std::vector<float> luma = film.Show(0, 0);
    std::vector<uint8_t> before(kPixels), mask(kPixels);
    for (int frame = 0; frame <= 16; ++frame) {
      const double at = 20 + 2.25 * frame;
      const std::vector<float> now = film.Show(2.25 * frame, 0);
      for (int y = 0; y < kSize.height; ++y) {
        for (int x = 0; x < kSize.width; ++x) mask[At(x, y)] = edge(x, at);
      }
      if (frame > 0) film.mover.Hold(1, now.data(), &luma, before, mask.data());
      before = mask;
      double error = 0;
      for (int y = 8; y < 56; ++y) {
        for (int x = 0; x < kSize.width; ++x) error += std::abs(mask[At(x, y)] - edge(x, at)) / 255.0;
      }
      EXPECT_LT(error / 48, 0.35) << frame << " " << shrunk;  // pixels of each row
    }
  }
}

// Word for word what is said of Hold, pixel by pixel, of a picture that stands: the squares that share their
// work, at the picture's edges too, say the same.
TEST(MaskSteps, HeldAsEachPixelByItself) {
  for (const int threads : {1, 3}) {
    Film film(threads);
    std::mt19937 random(3);
    std::vector<float> luma = film.Show(0, 0);
    std::vector<float> now = film.Show(0, 0);
    // It stands, but what it shows of old is another thing in places.
    for (float& l : luma) l += static_cast<float>(random() % 9);
    const std::vector<float> then = luma;
    std::vector<uint8_t> before(kPixels), mask(kPixels);
    for (uint8_t& m : before) m = static_cast<uint8_t>(random());
    for (uint8_t& m : mask) m = static_cast<uint8_t>(random());
    const std::vector<uint8_t> said = mask;
    film.mover.Hold(0.8f, now.data(), &luma, before, mask.data());
    for (int y = 0; y < kSize.height; ++y) {
      for (int x = 0; x < kSize.width; ++x) {
        float changed = 0;
        for (int j = std::max(0, y - 1); j <= std::min(kSize.height - 1, y + 1); ++j) {
          for (int i = std::max(0, x - 1); i <= std::min(kSize.width - 1, x + 1); ++i)
            changed += std::abs(now[At(i, j)] - then[At(i, j)]) / 9;
        }
        const auto share = static_cast<float>(said[At(x, y)]), was = static_cast<float>(before[At(x, y)]);
        const float sure = std::abs(share - 127.5f) / 127.5f;
        const float weight = was == share ? 0
                                          : 0.9f * 0.8f * std::clamp((6 - changed) / 4, 0.0f, 1.0f) *
                                                std::clamp((0.85f - sure) / 0.35f, 0.0f, 1.0f);
        ASSERT_NEAR(mask[At(x, y)], share + weight * (was - share), 0.51) << x << " " << y;
        ASSERT_NEAR(luma[At(x, y)], now[At(x, y)] + weight * (then[At(x, y)] - now[At(x, y)]), 0.01)
            << x << " " << y;
      }
    }
  }
}

// A mask goes with what the picture shows.
TEST(MaskSteps, MasksMoveWithThePicture) {
  for (const int threads : {1, 3}) {
    Film film(threads);
    film.Show(0, 0);
    film.Show(2, -1);
    std::vector<uint8_t> before(kPixels, 0), mask(kPixels);
    for (int y = 20; y < 40; ++y) {
      for (int x = 30; x < 60; ++x) before[At(x, y)] = 255;
    }
    film.mover.Run(before, mask.data());
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
