// Every target's pixel functions against the least one's (scalar on x86), at widths around the vectors', with
// canaries behind each row.
#include "src/kernels/pixels/pixels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "src/base/cpu.h"

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
  const PixelKernels& scalar = ChoosePixelKernels(AvailableCpuTargets().back().highway_bit);
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const PixelKernels& kernels = ChoosePixelKernels(target.highway_bit);
    for (int n : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, kMaxWidth}) {
      Rows expected(static_cast<unsigned>(n)), got(static_cast<unsigned>(n));
      call(scalar, expected, n);
      call(kernels, got, n);
      // Fused multiply-adds round once where scalar code rounds twice: at most one code apart.
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
      k.read_yuv(r.bytes.data(), r.bytes.data() + 80, r.bytes.data() + 81, step, n, kToRgb, r.Out());
    });
    CompareTargets("write_chroma", [&](const PixelKernels& k, Rows& r, int n) {
      k.write_chroma(r.A(), r.B(), n, kToYuv, r.out_bytes.data(), r.out_bytes.data() + (step == 2 ? 1 : 100),
                     step);
    });
  }
  CompareTargets("write_luma", [&](const PixelKernels& k, Rows& r, int n) {
    k.write_luma(r.A(), n, kToYuv, r.out_bytes.data());
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

}  // namespace
}  // namespace tempera::kernels
