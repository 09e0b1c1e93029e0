#include "src/base/checked_math.h"

#include <gtest/gtest.h>

#include <vector>

namespace tempera {
namespace {

constexpr int64_t kUntouched = -7;

int64_t Count(const std::vector<int64_t>& dims) {
  int64_t n = kUntouched;
  CheckedElementCount(dims, &n);
  return n;
}

TEST(CheckedMath, CountsElements) {
  EXPECT_EQ(Count({}), 1);
  EXPECT_EQ(Count({2, 3, 5}), 30);
  EXPECT_EQ(Count({2, 0, 5}), 0);
  // What a tensor may have where addresses have 32 bits is less.
  const int64_t many = int64_t{1} << (sizeof(size_t) < 8 ? 28 : 58);
  EXPECT_EQ(Count({many}), many);
}

TEST(CheckedMath, RefusesNegativeAndHugeShapes) {
  const int64_t big = int64_t{1} << 40;
  EXPECT_EQ(Count({2, -1}), kUntouched);
  EXPECT_EQ(Count({0, -1}), kUntouched);
  EXPECT_EQ(Count({big, big}), kUntouched);
  EXPECT_EQ(Count({int64_t{1} << 60}), kUntouched) << "its bytes would not fit";
}

// Whoever multiplies the dims in order meets the huge part before, or after, the zero.
TEST(CheckedMath, RefusesHugeShapesBesideAZero) {
  const int64_t big = int64_t{1} << 40;
  EXPECT_EQ(Count({0, big, big}), kUntouched);
  EXPECT_EQ(Count({big, 0, big}), kUntouched);
  EXPECT_EQ(Count({big, big, 0}), kUntouched);
}

}  // namespace
}  // namespace tempera
