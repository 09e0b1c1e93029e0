#include "src/stylize/steady/motion_field.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "src/base/cpu.h"

namespace tempera::stylize {
namespace {

// Luma at half the size, by place in pixels of the whole.
using Scene = std::function<double(double x, double y)>;

// Blobs of random places, sizes and signs: something everywhere, nothing twice.
Scene Blobs(unsigned seed) {
  struct Blob {
    double x, y, size, height;
  };
  std::vector<Blob> blobs;
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < 900; ++i) {
    blobs.push_back({-100 + 700 * unit(random), -100 + 500 * unit(random), 4 + 14 * unit(random),
                     150 * (unit(random) - 0.5)});
  }
  return [blobs](double x, double y) {
    double sum = 120;
    for (const Blob& b : blobs) {
      const double d = ((x - b.x) * (x - b.x) + (y - b.y) * (y - b.y)) / (b.size * b.size);
      if (d < 9) sum += b.height * std::exp(-d);
    }
    return sum;
  };
}

struct Films {
  std::unique_ptr<ThreadPool> pool;
  MotionField field;
  Films(Size frame, int threads)
      : pool(ThreadPool::Create(threads).value()),
        field(MotionField::Create(frame, kernels::ChooseMotionKernels(ChooseCpuTarget()->highway_bit),
                                  pool.get())
                  .value()) {}
  void Show(Size frame, const Scene& scene, bool follows) {
    for (int y = 0; y < (frame.height + 1) / 2; ++y) {
      for (int x = 0; x < (frame.width + 1) / 2; ++x)
        field.HalfRow(y)[x] = static_cast<float>(scene(2 * x + 0.5, 2 * y + 0.5));
    }
    field.Advance(follows);
  }
};

TEST(MotionField, FindsShifts) {
  const Size frame = {322, 181};
  const Scene scene = Blobs(3);
  for (const auto& [dx, dy] : {std::pair{0.0, 0.0}, {3.0, -2.0}, {-0.5, 0.75}, {17.0, 9.0}, {-30.0, 4.0}}) {
    Films films(frame, 2);
    films.Show(frame, scene, false);
    films.Show(frame, [&, dx = dx, dy = dy](double x, double y) { return scene(x + dx, y + dy) + 6; }, true);
    int near = 0, all = 0;
    const int side = films.field.block_side();
    ASSERT_EQ(side, 8);
    for (int by = 0; by < films.field.blocks().height; ++by) {
      for (int bx = 0; bx < films.field.blocks().width; ++bx) {
        // What was outside cannot be found.
        const double x = bx * side + dx, y = by * side + dy;
        if (x < 8 || y < 8 || x + side > frame.width - 8 || y + side > frame.height - 8) continue;
        const MotionField::Block& b = films.field.block(bx, by);
        near += std::hypot(b.x / 16.0 - dx, b.y / 16.0 - dy) < 0.3;
        ++all;
        if (dx == 0 && dy == 0) ASSERT_TRUE(b.x == 0 && b.y == 0);
      }
    }
    EXPECT_GT(near, 0.9 * all) << dx << ", " << dy;
    EXPECT_NEAR(static_cast<double>(films.field.lighter()), 6, 0.5);
  }
}

// Noise alone moves hardly anything.
TEST(MotionField, NoiseStands) {
  const Size frame = {200, 120};
  const Scene scene = Blobs(4);
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 1.0);
  Films films(frame, 1);
  const auto noisy = [&](double x, double y) { return scene(x, y) + noise(random); };
  films.Show(frame, noisy, false);
  films.Show(frame, noisy, true);
  int moved = 0;
  for (int by = 0; by < films.field.blocks().height; ++by) {
    for (int bx = 0; bx < films.field.blocks().width; ++bx)
      moved += films.field.block(bx, by).x != 0 || films.field.block(bx, by).y != 0;
  }
  EXPECT_LE(moved, 8) << "of 375";
}

TEST(MotionField, AnySizeAndAnyNumberOfThreads) {
  const Scene scene = Blobs(5);
  for (const Size frame : {Size{1, 1},
                           {2, 3},
                           {7, 40},
                           {41, 9},
                           {33, 47},
                           {64, 64},
                           {1300, 20},
                           {130, 71},
                           {4100, 20},
                           {20, 8200}}) {
    Films one(frame, 1), three(frame, 3);
    for (int i = 0; i < 3; ++i) {
      const auto moving = [&](double x, double y) { return scene(x + 2.7 * i, y - 1.3 * i); };
      one.Show(frame, moving, i > 0);
      three.Show(frame, moving, i > 0);
      if (i == 0) continue;
      const int side = one.field.block_side();
      EXPECT_GE(one.field.blocks().width * side, frame.width);
      EXPECT_GE(one.field.blocks().height * side, frame.height);
      EXPECT_LT((one.field.blocks().height - 1) * side, frame.height);
      EXPECT_LT((one.field.blocks().width - 1) * side, frame.width);
      for (int by = 0; by < one.field.blocks().height; ++by) {
        for (int bx = 0; bx < one.field.blocks().width; ++bx) {
          const auto &a = one.field.block(bx, by), &b = three.field.block(bx, by);
          ASSERT_TRUE(a.x == b.x && a.y == b.y && a.lighter == b.lighter);
        }
      }
    }
  }
}

}  // namespace
}  // namespace tempera::stylize
