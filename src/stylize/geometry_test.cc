#include "src/stylize/geometry.h"

#include <gtest/gtest.h>

namespace tempera::stylize {
namespace {

TEST(Geometry, WorkingSizeFollowsTheAspectRatio) {
  EXPECT_EQ(*WorkingSize({640, 360}, {0, 0}), (Size{640, 360}));
  EXPECT_EQ(*WorkingSize({1920, 1080}, {0, 480}), (Size{853, 480}));
  EXPECT_EQ(*WorkingSize({1080, 1920}, {480, 0}), (Size{480, 853}));
  EXPECT_EQ(*WorkingSize({100, 100}, {30, 70}), (Size{30, 70}));
  EXPECT_EQ(*WorkingSize({16384, 1}, {0, 1}), (Size{16384, 1}));
  EXPECT_EQ(*WorkingSize({1, 16384}, {0, 100}), (Size{1, 100}));  // never zero
  EXPECT_EQ(*WorkingSize({1920, 1080}, {}, 360), (Size{640, 360}));
  EXPECT_EQ(*WorkingSize({1080, 1920}, {}, 360), (Size{360, 640}));
  EXPECT_EQ(*WorkingSize({640, 360}, {}, 360), (Size{640, 360}));
  EXPECT_EQ(*WorkingSize({100, 90}, {}, 360), (Size{100, 90}));
  EXPECT_EQ(*WorkingSize({1920, 1080}, {}, 0), (Size{1920, 1080}));
}

TEST(Geometry, WorkingSizeRefusesWhatCannotBe) {
  for (Size frame : {Size{0, 5}, Size{5, 0}, Size{-1, 5}, Size{16385, 5}, Size{5, 16385}}) {
    EXPECT_EQ(WorkingSize(frame, {0, 0}).status().code(), StatusCode::kInvalidArgument);
  }
  EXPECT_FALSE(WorkingSize({16384, 1}, {0, 100}).ok());
  EXPECT_FALSE(WorkingSize({10, 10}, {-1, 0}).ok());
}

TEST(Geometry, PaddedSizeIsAMultipleAndNeverTiny) {
  EXPECT_EQ(PaddedSize({640, 360}, 4), (Size{640, 360}));
  EXPECT_EQ(PaddedSize({641, 358}, 4), (Size{644, 360}));
  EXPECT_EQ(PaddedSize({1, 3}, 4), (Size{32, 32}));
  EXPECT_EQ(PaddedSize({33, 32}, 48), (Size{48, 48}));
}

TEST(Geometry, ReflectIndexBouncesForEver) {
  const int expected[] = {0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2};
  for (int i = 0; i < 11; ++i) EXPECT_EQ(ReflectIndex(i, 4), expected[i]) << i;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ReflectIndex(i, 1), 0);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(ReflectIndex(i, 2), i % 2);
}

}  // namespace
}  // namespace tempera::stylize
