#include "src/stylize/resample.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <vector>

#include "src/base/cpu.h"

namespace tempera::stylize {
namespace {

const PixelKernels& Kernels() { return kernels::ChoosePixelKernels(ChooseCpuTarget()->highway_bit); }

struct Picture {
  int width, height;
  std::vector<float> planes;  // 3
  Picture(int w, int h) : width(w), height(h), planes(3 * static_cast<size_t>(w) * static_cast<size_t>(h)) {}
  float& at(int c, int y, int x) { return planes[static_cast<size_t>((c * height + y) * width + x)]; }
};

Picture Scale(Picture& in, int width, int height) {
  const ResampleAxis x = MakeResampleAxis(in.width, 0, in.width, width);
  const ResampleAxis y = MakeResampleAxis(in.height, 0, in.height, height);
  RowResampler rows(x, y, Kernels());
  Picture out(width, height);
  for (int i = 0; i < height; ++i) {
    rows.Row(i,
             [&](int row, RgbRow to) {
               for (int k = 0; k < in.width; ++k) {
                 to.r[k] = in.at(0, row, k);
                 to.g[k] = in.at(1, row, k);
                 to.b[k] = in.at(2, row, k);
               }
             },
             {&out.at(0, i, 0), &out.at(1, i, 0), &out.at(2, i, 0)});
  }
  return out;
}

TEST(Resample, WeightsSumToOneAndStayInside) {
  for (int source : {1, 2, 3, 5, 17, 640, 1080}) {
    for (int count : {1, 2, 3, 4, 16, 31, 480, 2000}) {
      const ResampleAxis axis = MakeResampleAxis(source, 0, source, count);
      for (int i = 0; i < count; ++i) {
        const int first = axis.first[static_cast<size_t>(i)];
        ASSERT_GE(first, 0);
        ASSERT_LE(first + axis.taps, source);
        const auto w = axis.weights.begin() + i * axis.taps;
        ASSERT_NEAR(std::accumulate(w, w + axis.taps, 0.0), 1.0, 1e-5)
            << source << "->" << count << " @" << i;
      }
    }
  }
}

TEST(Resample, ShrinkingAveragesAreas) {
  Picture in(4, 6);
  for (int y = 0; y < 6; ++y) {
    for (int x = 0; x < 4; ++x) {
      in.at(0, y, x) = static_cast<float>(10 * y + x);
      in.at(1, y, x) = 7;
      in.at(2, y, x) = static_cast<float>(x * x);
    }
  }
  Picture out = Scale(in, 2, 2);
  EXPECT_NEAR(out.at(0, 0, 0), 10.5f, 1e-4f);  // rows 0..2, columns 0..1
  EXPECT_NEAR(out.at(0, 1, 1), 42.5f, 1e-4f);
  EXPECT_NEAR(out.at(1, 1, 0), 7.0f, 1e-5f);
  EXPECT_NEAR(out.at(2, 0, 1), 6.5f, 1e-5f);
  // 3 -> 2: the middle pixel is shared in halves.
  Picture three(3, 1);
  three.at(0, 0, 0) = 0, three.at(0, 0, 1) = 30, three.at(0, 0, 2) = 90;
  Picture two = Scale(three, 2, 1);
  EXPECT_NEAR(two.at(0, 0, 0), 10.0f, 1e-4f);
  EXPECT_NEAR(two.at(0, 0, 1), 70.0f, 1e-4f);
}

TEST(Resample, GrowingKeepsARampAndTheMean) {
  Picture in(16, 9);
  for (int y = 0; y < 9; ++y) {
    for (int x = 0; x < 16; ++x) {
      in.at(0, y, x) = static_cast<float>(3 * x + 5 * y);
      in.at(1, y, x) = in.at(2, y, x) = 100;
    }
  }
  Picture out = Scale(in, 48, 45);
  // Away from the border a cubic reproduces a ramp exactly, at the right place.
  for (int y = 10; y < 35; ++y) {
    for (int x = 6; x < 42; ++x) {
      const double expected = 3 * ((x + 0.5) / 3 - 0.5) + 5 * ((y + 0.5) / 5 - 0.5);
      ASSERT_NEAR(out.at(0, y, x), expected, 1e-3) << x << "," << y;
      ASSERT_NEAR(out.at(1, y, x), 100, 1e-3);
    }
  }
}

// Rows asked for in any order, by a resampler that keeps rows, equal rows asked for alone.
TEST(Resample, KeptRowsAreTheRightOnes) {
  std::mt19937 random(1);
  Picture in(13, 11);
  for (float& v : in.planes) v = static_cast<float>(random() % 256);
  for (int height : {4, 11, 30}) {
    const ResampleAxis x = MakeResampleAxis(13, 0, 13, 7), y = MakeResampleAxis(11, 0, 11, height);
    const auto fetch = [&](int row, RgbRow to) {
      for (int k = 0; k < 13; ++k)
        to.r[k] = in.at(0, row, k), to.g[k] = in.at(1, row, k), to.b[k] = in.at(2, row, k);
    };
    RowResampler kept(x, y, Kernels());
    for (int i = 0; i < 200; ++i) {
      const int row = static_cast<int>(random() % static_cast<unsigned>(height));
      float a[21], b[21];
      kept.Row(row, fetch, {a, a + 7, a + 14});
      RowResampler(x, y, Kernels()).Row(row, fetch, {b, b + 7, b + 14});
      for (int k = 0; k < 21; ++k) ASSERT_EQ(a[k], b[k]) << "row " << row << " of " << height;
    }
  }
}

TEST(Resample, CropReadsNothingOutside) {
  // Ten pixels, of which the first six are the picture; the rest are poison.
  Picture in(10, 1);
  for (int k = 0; k < 10; ++k) in.at(0, 0, k) = k < 6 ? 50.0f : 1e9f;
  for (int count : {2, 5, 11}) {
    const ResampleAxis x = MakeResampleAxis(10, 0, 6, count), y = MakeResampleAxis(1, 0, 1, 1);
    std::vector<float> out(3 * static_cast<size_t>(count));
    RowResampler(x, y, Kernels())
        .Row(0,
             [&](int, RgbRow to) {
               for (int k = 0; k < 10; ++k) to.r[k] = to.g[k] = to.b[k] = in.at(0, 0, k);
             },
             {out.data(), out.data() + count, out.data() + 2 * count});
    for (float v : out) EXPECT_NEAR(v, 50.0f, 1e-3f) << count;
  }
}

}  // namespace
}  // namespace tempera::stylize
