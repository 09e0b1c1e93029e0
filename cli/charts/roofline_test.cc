#include "cli/charts/roofline.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cli/charts/canvas.h"

namespace tempera::cli {
namespace {

Roofline Example() {
  Roofline r;
  r.title = "model";
  r.peaks.units = {{"fp32", 100}, {"s16", 200}};
  r.peaks.read_gb_per_s = 10;
  r.points = {{0, "3x3", "conv_f32", 1e9, 1e7, 20},
              {1, "1x1", "avx2_s16", 1e8, 1e8, 20},
              {2, "add", "add", 0, 1e7, 1}};
  return r;
}

TEST(Roofline, ShareIsOfTheLowerCeiling) {
  const Roofline r = Example();
  EXPECT_DOUBLE_EQ(RoofOf(r, r.points[0]), 100);  // 100 multiply-accumulates a byte: the unit
  EXPECT_DOUBLE_EQ(ShareOfRoof(r, r.points[0]), 0.5);
  EXPECT_DOUBLE_EQ(RoofOf(r, r.points[1]), 10);  // one a byte: the memory
  EXPECT_DOUBLE_EQ(ShareOfRoof(r, r.points[1]), 0.5);
  EXPECT_DOUBLE_EQ(ShareOfRoof(r, r.points[2]), 0);
}

TEST(Roofline, DrawsEveryPointAndSurvivesNone) {
  Roofline r = Example();
  const media::RgbImage with = DrawRoofline(r);
  ASSERT_EQ(with.pixels.size(), size_t(3) * with.width * with.height);
  r.points.pop_back();  // no work: was not drawn anyway
  EXPECT_EQ(DrawRoofline(r).pixels, with.pixels);
  r.points.clear();
  EXPECT_NE(DrawRoofline(r).pixels, with.pixels);
}

TEST(Roofline, OddNumbersDrawNothingOutside) {
  Roofline r = Example();
  r.points = {{0, "", "conv_f32", 1, 1e12, 1e6}, {1, std::string(500, 'x'), "", 1e15, 1, 1e-6}};
  r.title = std::string(500, 'M');
  r.peaks.read_gb_per_s = 0;
  EXPECT_FALSE(DrawRoofline(r).pixels.empty());
}

TEST(Canvas, TextLeavesItsDots) {
  Canvas canvas(20, 20, {255, 255, 255});
  canvas.Text(2, 2, "I", {0, 0, 0});
  const auto& p = canvas.image().pixels;
  EXPECT_GT(std::count(p.begin(), p.end(), 0), 3 * 9);
  EXPECT_LT(std::count(p.begin(), p.end(), 0), 3 * 40);
  Canvas blank(20, 20, {255, 255, 255});
  blank.Text(-50, -50, "outside", {0, 0, 0});
  blank.Line(-10, -10, -1, 40, {0, 0, 0});
  EXPECT_EQ(std::count(blank.image().pixels.begin(), blank.image().pixels.end(), 0), 0);
}

}  // namespace
}  // namespace tempera::cli
