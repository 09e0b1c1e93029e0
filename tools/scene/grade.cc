#include "tools/scene/grade.h"

#include <array>

#include "tools/scene/noise.h"

namespace tempera::scene {
namespace {

// A small picture of what is brighter than paper, blurred: the glow around sun and glitter.
class Bloom {
 public:
  Bloom(const std::vector<Vec3>& light, int width, int height, ThreadPool& pool)
      : cell_(std::max(2, height / 90)),
        width_((width + cell_ - 1) / cell_),
        height_((height + cell_ - 1) / cell_) {
    std::vector<Vec3> small(static_cast<size_t>(width_) * height_), across(small.size());
    pool.ParallelFor(height_, [&](int y, int) {
      for (int x = 0; x < width_; ++x) {
        Vec3 sum;
        int count = 0;
        for (int j = y * cell_; j < std::min(height, (y + 1) * cell_); ++j) {
          for (int i = x * cell_; i < std::min(width, (x + 1) * cell_); ++i, ++count) {
            const Vec3 c = light[static_cast<size_t>(j) * width + i];
            sum += Vec3{Clamp(c.x - 1.3f, 0, 9), Clamp(c.y - 1.3f, 0, 9), Clamp(c.z - 1.3f, 0, 9)};
          }
        }
        small[static_cast<size_t>(y) * width_ + x] = sum * (1 / static_cast<float>(count));
      }
    });
    // Two exponential-looking tails from one wide kernel: 1 / (1 + (d / 2)^2), 12 cells each way.
    std::array<float, kReach + 1> weight;
    float total = 0;
    for (int d = 0; d <= kReach; ++d) {
      weight[d] = 1 / (1 + 0.25f * static_cast<float>(d * d)) - 1 / (1 + 0.25f * (kReach + 1) * (kReach + 1));
      total += d ? 2 * weight[d] : weight[d];
    }
    for (float& w : weight) w /= total;
    pool.ParallelFor(height_, [&](int y, int) {
      for (int x = 0; x < width_; ++x) {
        Vec3 sum;
        for (int d = -kReach; d <= kReach; ++d) sum += At(small, x + d, y) * weight[std::abs(d)];
        across[static_cast<size_t>(y) * width_ + x] = sum;
      }
    });
    glow_.resize(small.size());
    pool.ParallelFor(height_, [&](int y, int) {
      for (int x = 0; x < width_; ++x) {
        Vec3 sum;
        for (int d = -kReach; d <= kReach; ++d) sum += At(across, x, y + d) * weight[std::abs(d)];
        glow_[static_cast<size_t>(y) * width_ + x] = sum;
      }
    });
  }

  Vec3 Sample(int x, int y) const {
    const float u = (static_cast<float>(x) + 0.5f) / static_cast<float>(cell_) - 0.5f;
    const float v = (static_cast<float>(y) + 0.5f) / static_cast<float>(cell_) - 0.5f;
    const int c = FloorInt(u), r = FloorInt(v);
    const float fu = u - static_cast<float>(c), fv = v - static_cast<float>(r);
    return Mix(Mix(At(glow_, c, r), At(glow_, c + 1, r), fu),
               Mix(At(glow_, c, r + 1), At(glow_, c + 1, r + 1), fu), fv);
  }

 private:
  static constexpr int kReach = 12;

  Vec3 At(const std::vector<Vec3>& map, int x, int y) const {
    x = std::clamp(x, 0, width_ - 1);
    y = std::clamp(y, 0, height_ - 1);
    return map[static_cast<size_t>(y) * width_ + x];
  }

  int cell_, width_, height_;
  std::vector<Vec3> glow_;
};

// Scene light to display light: a film-like shoulder (Narkowicz's fit of the ACES curve).
float Film(float v) { return Saturate(v * (2.51f * v + 0.03f) / (v * (2.43f * v + 0.59f) + 0.14f)); }

// sRGB encoding of 0..1 in 8-bit steps, by table; fine enough that no step is skipped.
const std::array<float, 4097>& EncodeTable() {
  static const std::array<float, 4097> table = [] {
    std::array<float, 4097> t{};
    for (int i = 0; i <= 4096; ++i) {
      const float root = static_cast<float>(i) / 4096, v = root * root;
      t[i] = 255 * (v <= 0.0031308f ? 12.92f * v : 1.055f * std::pow(v, 1 / 2.4f) - 0.055f);
    }
    return t;
  }();
  return table;
}

// About normal, standard deviation 1, from one hash.
float Gaussian(uint32_t h) {
  const float sum = static_cast<float>((h & 255) + (h >> 8 & 255) + (h >> 16 & 255) + (h >> 24));
  return (sum - 510) * (1 / 147.8f);
}

}  // namespace

void GradePicture(const std::vector<Vec3>& light, int width, int height, float noise, uint32_t seed,
                  int frame, ThreadPool& pool, uint8_t* rgb) {
  const Bloom bloom(light, width, height, pool);
  const auto& encode = EncodeTable();
  pool.ParallelFor(height, [&](int y, int) {
    uint8_t* out = rgb + static_cast<size_t>(y) * width * 3;
    for (int x = 0; x < width; ++x) {
      const Vec3 c = (light[static_cast<size_t>(y) * width + x] + bloom.Sample(x, y) * 0.32f) * 0.66f;
      const float luma = 0.2126f * c.x + 0.7152f * c.y + 0.0722f * c.z;
      // A little more saturation than life, as a camera's landscape setting has.
      constexpr float kSaturation = 1.16f;
      const float channel[3] = {Mix(luma, c.x, kSaturation), Mix(luma, c.y, kSaturation),
                                Mix(luma, c.z, kSaturation)};
      // Luminance noise with a smaller colour part.
      float grain[3] = {0, 0, 0};
      if (noise > 0) {
        const uint32_t h = Hash(static_cast<uint32_t>(y) * 65536u + static_cast<uint32_t>(x),
                                static_cast<uint32_t>(frame), seed);
        const float common = Gaussian(h);
        for (int k = 0; k < 3; ++k) grain[k] = noise * (0.85f * common + 0.5f * Gaussian(Hash(h + 1 + k)));
      }
      for (int k = 0; k < 3; ++k) {
        const float v = Film(std::max(channel[k], 0.0f));
        const float at = std::sqrt(v) * 4096;
        const int i = std::min(static_cast<int>(at), 4095);
        const float code = Mix(encode[i], encode[i + 1], at - static_cast<float>(i));
        // Shot noise: less in the deep shadows and where the curve flattens.
        const float amount = 0.55f + 0.9f * v * (1 - v) * 2;
        out[x * 3 + k] = static_cast<uint8_t>(Clamp(code + grain[k] * amount + 0.5f, 0, 255));
      }
    }
  });
}

}  // namespace tempera::scene
