// Every target's pixel functions against plain loops, at widths around the vectors', with canaries behind
// each row.
#include "src/kernels/pixels/pixels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/kernels/pixels/plain_pixels_for_test.h"

namespace tempera::kernels {
namespace {

constexpr int kMaxWidth = 70;
constexpr float kCanary = -12345.0f;
constexpr uint8_t kByteCanary = 0xA5;

// Inputs, the same for every target, and what a function wrote.
struct Rows {
  std::vector<float> a[3], b[3];
  std::vector<uint8_t> bytes;
  std::vector<float> out[3];
  std::vector<uint8_t> out_bytes;

  explicit Rows(unsigned seed) : bytes(4 * kMaxWidth), out_bytes(4 * kMaxWidth + 8, kByteCanary) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> value(-60.0f, 320.0f);  // also beyond black and white
    for (auto* rows : {&a, &b}) {
      for (auto& row : *rows) {
        row.resize(kMaxWidth);
        for (float& v : row) v = value(random);
      }
    }
    for (uint8_t& v : bytes) v = static_cast<uint8_t>(random());
    for (auto& row : out) row.assign(kMaxWidth + 8, kCanary);
  }
  RgbRow A() { return {a[0].data(), a[1].data(), a[2].data()}; }
  RgbRow B() { return {b[0].data(), b[1].data(), b[2].data()}; }
  RgbRow Out() { return {out[0].data(), out[1].data(), out[2].data()}; }
};

// BT.709, limited range.
constexpr YuvToRgb kToRgb = {16, 1.1644f, 1.7927f, -0.2132f, -0.5329f, 2.1124f};
constexpr RgbToYuv kToYuv = {0.2126f, 0.7152f, 0.0722f, 0.8588f, 16, 0.4734f, 0.5578f};

using Call = std::function<void(const PixelKernels&, Rows&, int n)>;

void CompareTargets(const std::string& what, const Call& call) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const PixelKernels& kernels = ChoosePixelKernels(target.highway_bit);
    for (int n : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, kMaxWidth}) {
      Rows expected(static_cast<unsigned>(n)), got(static_cast<unsigned>(n));
      call(plain::Kernels(), expected, n);
      call(kernels, got, n);
      // Plain loops round once: at most one code apart.
      for (size_t i = 0; i < got.out_bytes.size(); ++i) {
        ASSERT_NEAR(got.out_bytes[i], expected.out_bytes[i], 1)
            << what << " " << target.name << " " << n << " @" << i;
      }
      for (int p = 0; p < 3; ++p) {
        for (size_t i = 0; i < got.out[p].size(); ++i) {
          ASSERT_NEAR(got.out[p][i], expected.out[p][i], 1e-3)
              << what << " " << target.name << " " << n << " @" << i;
        }
        for (size_t i = static_cast<size_t>(n); i < got.out[p].size(); ++i) {
          ASSERT_EQ(got.out[p][i], kCanary) << what << " " << target.name << " wrote behind row " << n;
        }
        for (size_t i = 0; i < got.a[p].size(); ++i) {
          ASSERT_NEAR(got.a[p][i], expected.a[p][i], 1e-3)
              << what << " " << target.name << " " << n << " @" << i;
        }
      }
    }
  }
}

TEST(PixelKernels, Interleaved) {
  const int steps[3] = {4, 4, 3};
  for (int format = 0; format < 3; ++format) {
    CompareTargets("read", [&](const PixelKernels& k, Rows& r, int n) {
      k.read_interleaved[format](r.bytes.data(), n, r.Out());
      ASSERT_EQ(r.out[1][static_cast<size_t>(n - 1)],
                r.bytes[static_cast<size_t>(steps[format] * (n - 1) + 1)]);
    });
    CompareTargets("write", [&](const PixelKernels& k, Rows& r, int n) {
      k.write_interleaved[format](r.A(), n, r.out_bytes.data());
      for (size_t i = static_cast<size_t>(steps[format] * n); i < r.out_bytes.size(); ++i) {
        ASSERT_EQ(r.out_bytes[i], kByteCanary);
      }
      if (steps[format] == 4) ASSERT_EQ(r.out_bytes[3], kByteCanary) << "alpha is not ours";
    });
  }
}

TEST(PixelKernels, Yuv) {
  for (int step : {1, 2}) {
    CompareTargets("read_yuv", [&](const PixelKernels& k, Rows& r, int n) {
      k.read_yuv[0](r.bytes.data(), r.bytes.data() + 80, r.bytes.data() + 81, step, n, kToRgb, r.Out());
    });
    CompareTargets("write_chroma", [&](const PixelKernels& k, Rows& r, int n) {
      k.write_chroma[0](r.A(), r.B(), n, kToYuv, r.out_bytes.data(),
                        r.out_bytes.data() + (step == 2 ? 1 : 100), step);
    });
  }
  CompareTargets("write_luma", [&](const PixelKernels& k, Rows& r, int n) {
    k.write_luma[0](r.A(), n, kToYuv, r.out_bytes.data());
    for (size_t i = static_cast<size_t>(n); i < r.out_bytes.size(); ++i)
      ASSERT_EQ(r.out_bytes[i], kByteCanary);
  });
}

TEST(PixelKernels, Arithmetic) {
  CompareTargets("clamp_affine", [](const PixelKernels& k, Rows& r, int n) {
    k.clamp_affine(r.a[0].data(), n, 2.0f / 255, -1, r.out[0].data());
    k.clamp_affine(r.a[1].data(), n, 1, 0, r.a[1].data());
  });
  CompareTargets("affine_clamp", [](const PixelKernels& k, Rows& r, int n) {
    k.affine_clamp(r.a[0].data(), n, 0.5f, 10, r.out[0].data());
    r.a[1][0] = std::nanf("");
    k.affine_clamp(r.a[1].data(), n, 0.5f, 10, r.out[1].data());
    ASSERT_EQ(r.out[1][0], 0);
    r.a[1][0] = 0;
  });
  CompareTargets("accumulate", [](const PixelKernels& k, Rows& r, int n) {
    k.accumulate(r.a[0].data(), n, 0.3f, true, r.out[0].data());
    k.accumulate(r.b[0].data(), n, -0.7f, false, r.out[0].data());
  });
  CompareTargets("blend", [](const PixelKernels& k, Rows& r, int n) {
    k.blend(r.a[0].data(), r.b[0].data(), 0.4f, n);
    k.keep_colors(r.A(), r.B(), kToYuv, n);
  });
  for (int taps : {1, 2, 3, 4, 7}) {
    CompareTargets("gather_sum", [&](const PixelKernels& k, Rows& r, int n) {
      std::vector<int> first;
      std::vector<float> weights;
      for (int i = 0; i < n; ++i) {
        first.push_back(i * 5 % (kMaxWidth - taps + 1));
        for (int t = 0; t < taps; ++t) weights.push_back(0.25f * static_cast<float>((i + t) % 5 - 1));
      }
      k.gather_sum(r.a[0].data(), first.data(), weights.data(), taps, n, r.out[0].data());
    });
  }
}

// Ten bits against plain loops in double, at either end of 16.
constexpr YuvToRgb kToRgb10 = {64, 255.0f / 876, 1.7927f / 4, -0.2132f / 4, -0.5329f / 4, 2.1124f / 4};
constexpr RgbToYuv kToYuv10 = {0.2126f, 0.7152f, 0.0722f, 3.4353f, 64, 1.8937f, 2.2314f};

class TenBits : public testing::TestWithParam<int> {
 protected:
  static constexpr uint16_t kCanary16 = 0xA5A5;
  int shift() const { return GetParam() == static_cast<int>(Samples::kHigh10) ? 6 : 0; }
  uint16_t Sample(int code) const { return static_cast<uint16_t>(code << shift()); }
  // -1: nothing of ours.
  int Code(uint16_t sample) const {
    const int code = sample >> shift();
    return Sample(code) == sample && code < 1024 ? code : -1;
  }
  template <typename F>
  void ForEachTarget(F&& check) {
    for (const CpuTarget& target : AvailableCpuTargets()) {
      for (int n : {1, 2, 3, 7, 8, 9, 16, 17, 31, 33, 64, kMaxWidth}) {
        for (int step : {1, 2}) {
          SCOPED_TRACE(target.name + (" n " + std::to_string(n)) + " step " + std::to_string(step));
          check(ChoosePixelKernels(target.highway_bit), n, step);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
};

TEST_P(TenBits, Read) {
  std::mt19937 random(3);
  ForEachTarget([&](const PixelKernels& k, int n, int step) {
    std::vector<uint16_t> luma(static_cast<size_t>(n)), chroma(2 * kMaxWidth);
    for (auto* samples : {&luma, &chroma}) {
      for (uint16_t& v : *samples) v = Sample(static_cast<int>(random() % 1024));
    }
    if (shift() == 0) luma[0] = 0xFFFF;  // counts as 1023
    if (shift() == 6) luma[0] = 0xFFFF;  // the lower bits are not looked at
    const uint16_t *cb = chroma.data(), *cr = cb + (step == 2 ? 1 : kMaxWidth);
    Rows rows(1);
    const auto bytes = [](const uint16_t* p) { return reinterpret_cast<const uint8_t*>(p); };
    k.read_yuv[GetParam()](bytes(luma.data()), bytes(cb), bytes(cr), step, n, kToRgb10, rows.Out());
    for (int x = 0; x < n; ++x) {
      const auto i = static_cast<size_t>(x);
      const double l = ((x == 0 ? 1023 : Code(luma[i])) - 64.0) * 255 / 876;
      const double u = Code(cb[x / 2 * step]) - 512.0, v = Code(cr[x / 2 * step]) - 512.0;
      ASSERT_NEAR(rows.out[0][i], l + kToRgb10.r_cr * v, 1e-3) << x;
      ASSERT_NEAR(rows.out[1][i], l + kToRgb10.g_cb * u + kToRgb10.g_cr * v, 1e-3) << x;
      ASSERT_NEAR(rows.out[2][i], l + kToRgb10.b_cb * u, 1e-3) << x;
    }
    for (const auto& row : rows.out) ASSERT_EQ(row[static_cast<size_t>(n)], kCanary);
  });
}

TEST_P(TenBits, Write) {
  ForEachTarget([&](const PixelKernels& k, int n, int step) {
    Rows rows(static_cast<unsigned>(n));
    const int count = (n + 1) / 2;
    std::vector<uint16_t> luma(kMaxWidth + 8, kCanary16), cb(2 * kMaxWidth, kCanary16), cr = cb;
    const auto bytes = [](std::vector<uint16_t>& v) { return reinterpret_cast<uint8_t*>(v.data()); };
    rows.a[1][0] = std::nanf("");
    k.write_luma[GetParam()](rows.A(), n, kToYuv10, bytes(luma));
    ASSERT_EQ(luma[0], 0);
    rows.a[1][0] = 300;
    k.write_luma[GetParam()](rows.A(), n, kToYuv10, bytes(luma));
    k.write_chroma[GetParam()](rows.A(), rows.B(), n, kToYuv10, bytes(cb), bytes(cr), step);
    const auto clamped = [](double code) { return std::min(std::max(code, 0.0), 1023.0); };
    const auto luma_of = [](double r, double g, double b) {
      return 0.2126f * r + 0.7152f * g + double{0.0722f} * b;
    };
    for (int x = 0; x < n; ++x) {
      const auto i = static_cast<size_t>(x);
      const double l = luma_of(rows.a[0][i], rows.a[1][i], rows.a[2][i]);
      ASSERT_NEAR(Code(luma[i]), clamped(l * kToYuv10.luma_scale + 64), 0.51) << x;
    }
    ASSERT_EQ(luma[static_cast<size_t>(n)], kCanary16);
    for (int c = 0; c < count; ++c) {
      double mean[3];
      for (int p = 0; p < 3; ++p) {
        const auto x0 = static_cast<size_t>(2 * c), x1 = static_cast<size_t>(std::min(2 * c + 1, n - 1));
        mean[p] = 0.25 * (double{rows.a[p][x0]} + rows.a[p][x1] + rows.b[p][x0] + rows.b[p][x1]);
      }
      const double l = luma_of(mean[0], mean[1], mean[2]);
      const auto at = static_cast<size_t>(c * step);
      ASSERT_NEAR(Code(cb[at]), clamped((mean[2] - l) * kToYuv10.cb_scale + 512), 0.51) << c;
      ASSERT_NEAR(Code(cr[at]), clamped((mean[0] - l) * kToYuv10.cr_scale + 512), 0.51) << c;
      if (step == 2) {
        ASSERT_EQ(cb[at + 1], kCanary16);
      }
    }
    ASSERT_EQ(cb[static_cast<size_t>((count - 1) * step + 1)], kCanary16);
  });
}

INSTANTIATE_TEST_SUITE_P(Ends, TenBits,
                         testing::Values(static_cast<int>(Samples::kLow10),
                                         static_cast<int>(Samples::kHigh10)),
                         [](const auto& info) { return info.param == 1 ? "Low" : "High"; });

// Weights of 0 and 1 give source and painting to the bit, others what `blend` gives.
TEST(PixelKernels, BlendByWeights) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const PixelKernels& k = ChoosePixelKernels(target.highway_bit);
    for (int n : {1, 3, 8, 17, kMaxWidth}) {
      for (const float weight : {0.0f, 1.0f, 0.4f, 0.99999994f}) {
        Rows rows(static_cast<unsigned>(n));
        std::vector<float> by(rows.a[0]), blended(rows.a[0]);
        const std::vector<float> weights(static_cast<size_t>(n), weight);
        k.blend_by(by.data(), rows.b[0].data(), weights.data(), n);
        k.blend(blended.data(), rows.b[0].data(), weight, n);
        for (size_t i = 0; i < by.size(); ++i) {
          const bool ours = i < static_cast<size_t>(n);
          const float expected = !ours || weight == 1 ? rows.a[0][i]
                                 : weight == 0        ? rows.b[0][i]
                                                      : blended[i];
          ASSERT_EQ(by[i], expected) << target.name << " n " << n << " weight " << weight << " @" << i;
        }
      }
      Rows rows(static_cast<unsigned>(n));
      std::vector<float> by(rows.a[0]), weights;
      for (int i = 0; i < n; ++i) weights.push_back(static_cast<float>(i % 5) / 4);
      k.blend_by(by.data(), rows.b[0].data(), weights.data(), n);
      for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
        ASSERT_NEAR(by[i], (1 - weights[i]) * rows.b[0][i] + weights[i] * rows.a[0][i], 1e-3);
      }
    }
  }
}

// Whole numbers: every target gives exactly what these loops give.
TEST(PixelKernels, Masks) {
  std::mt19937 random(11);
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const PixelKernels& k = ChoosePixelKernels(target.highway_bit);
    for (int n : {1, 2, 5, 8, 16, 33, kMaxWidth}) {
      const auto size = static_cast<size_t>(n);
      std::vector<uint8_t> rows(4 * size);
      for (uint8_t& v : rows) v = static_cast<uint8_t>(random());
      rows[0] = rows[size] = rows[2 * size] = rows[3 * size] = 255;
      const uint32_t weights[4] = {1, 7000, 20000, kFullMask - 27001};
      std::vector<uint32_t> sums(size + 1, 77);
      for (size_t i = 0; i < 4; ++i) k.accumulate_mask(&rows[i * size], n, weights[i], i == 0, sums.data());
      std::vector<uint16_t> closed(size + 1, 77);
      k.close_mask(sums.data(), n, closed.data());
      ASSERT_EQ(closed[0], kFullMask) << target.name;
      for (size_t x = 0; x < size; ++x) {
        uint32_t sum = 0;
        for (size_t i = 0; i < 4; ++i) sum += weights[i] * rows[i * size + x];
        ASSERT_EQ(sums[x], sum) << target.name;
        ASSERT_EQ(closed[x], (sum + 127) / 255) << target.name;
      }
      ASSERT_TRUE(sums[size] == 77 && closed[size] == 77) << target.name;
      for (const int taps : {1, 2, 3, 6}) {
        if (taps > n) continue;
        std::vector<int> first(kMaxWidth);
        std::vector<uint16_t> by(kMaxWidth * static_cast<size_t>(taps));
        for (size_t i = 0; i < first.size(); ++i) {
          first[i] = static_cast<int>((i < 200 ? i : random()) % static_cast<unsigned>(n - taps + 1));
          int left = kFullMask;
          for (int t = 0; t < taps; ++t) {
            const int weight =
                t + 1 == taps ? left : static_cast<int>(random() % static_cast<unsigned>(left + 1));
            by[static_cast<size_t>(t) * kMaxWidth + i] = static_cast<uint16_t>(weight);
            left -= weight;
          }
        }
        std::vector<uint16_t> out(kMaxWidth);
        k.gather_mask(closed.data(), first.data(), by.data(), taps, kMaxWidth, out.data());
        for (size_t i = 0; i < out.size(); ++i) {
          int64_t sum = 0;
          for (size_t t = 0; t < static_cast<size_t>(taps); ++t) {
            sum += int64_t{by[t * kMaxWidth + i]} * closed[static_cast<size_t>(first[i]) + t];
          }
          ASSERT_EQ(out[i], (sum + kFullMask / 2) / kFullMask) << target.name << " taps " << taps;
        }
      }
      std::vector<uint16_t> top(size), bottom(size);
      for (size_t i = 0; i < size; ++i) top[i] = static_cast<uint16_t>(random() % (kFullMask + 1));
      for (size_t i = 0; i < size; ++i)
        bottom[i] = i % 3 == 0 ? top[i] : static_cast<uint16_t>(random() % kFullMask);
      top[size - 1] = bottom[size - 1] = kFullMask;
      std::vector<float> made(size + 1, -5.0f);
      k.mask_weights(top.data(), bottom.data(), 0.3f, 0.6f / kFullMask, n, made.data());
      for (size_t i = 0; i < size; ++i) {
        ASSERT_NEAR(made[i], 0.6 / kFullMask * (0.7 * top[i] + 0.3 * bottom[i]), 1e-6) << target.name;
      }
      ASSERT_EQ(made[size - 1], 0.6f) << target.name;
      ASSERT_EQ(made[size], -5.0f) << target.name;
    }
  }
}

}  // namespace
}  // namespace tempera::kernels
