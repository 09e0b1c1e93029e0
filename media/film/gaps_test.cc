#include "media/film/gaps.h"

#include <gtest/gtest.h>

#include <chrono>

namespace tempera::media {
namespace {

constexpr int64_t kS = 1000000;

// Slides of uneven lengths, which their packets tell, while the sound pauses as well.
TEST(Gaps, SlidesAreNone) {
  for (const bool told : {true, false}) {
    Gaps gaps(true);
    int64_t at = 0;
    for (const int64_t length : {4, 5, 9, 4, 6}) {
      gaps.Add(0, false, at, told ? length * kS : 40000);
      gaps.Add(1, true, at, 20000);
      gaps.Add(1, true, at + 20000, 20000);
      at += length * kS;
    }
    gaps.Add(1, true, at, 20000);
    EXPECT_EQ(gaps.Note(0, 0, INT64_MAX).empty(), told) << gaps.Note(0, 0, INT64_MAX);
  }
}

// The last frame before a hole is stretched over it by its writer: a hole all the same.
TEST(Gaps, AStretchedFrameIsOne) {
  Gaps gaps(true);
  for (int64_t i = 0; i < 50; ++i) {
    const int64_t at = i * 40000 + (i >= 25 ? 5 * kS : 0);
    gaps.Add(0, false, at, i == 24 ? 5 * kS + 40000 : 40000);
    gaps.Add(1, true, at, 40000);
  }
  EXPECT_NE(gaps.Note(0, 0, INT64_MAX).find("from second 1.0 to 6.0"), std::string::npos)
      << gaps.Note(0, 0, INT64_MAX);
}

// Holes beside holes in very many tracks are looked up, not gone through.
TEST(Gaps, ManyOfThemCostLittle) {
  Gaps gaps(true);
  for (int64_t hole = 0; hole < 5000; ++hole) {
    for (size_t stream = 0; stream < 256; ++stream) gaps.Add(stream, stream > 0, hole * 3 * kS, 40000);
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_NE(gaps.Note(0, 0, INT64_MAX).find("later gaps"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

}  // namespace
}  // namespace tempera::media
