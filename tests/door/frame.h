// Pixels of a frame in memory of their own.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "tempera/tempera.h"

namespace tempera::door {

// How a frame lies in memory.
struct FrameLayout {
  int format = TEMPERA_RGB;  // tempera_pixel_format
  int width = 1, height = 1;
  int gap = 0;           // samples behind each row
  bool upwards = false;  // the top row comes last
  int matrix = TEMPERA_MATRIX_DEFAULT, range = TEMPERA_RANGE_DEFAULT;
};

// One block of memory a plane, that ends with its last pixel, so that a sanitizer sees who goes further.
class Frame {
 public:
  explicit Frame(const FrameLayout& layout) : layout_(layout) {
    image_.format = layout.format;
    image_.width = layout.width, image_.height = layout.height;
    image_.matrix = layout.matrix, image_.range = layout.range;
    const int half_w = (layout.width + 1) / 2, half_h = (layout.height + 1) / 2;
    switch (layout.format) {
      case TEMPERA_RGB:
        Plane(0, 3 * layout.width, layout.height);
        break;
      case TEMPERA_NV12:
      case TEMPERA_P010:
        Plane(0, layout.width, layout.height), Plane(1, 2 * half_w, half_h);
        break;
      case TEMPERA_I420:
      case TEMPERA_I010:
        Plane(0, layout.width, layout.height), Plane(1, half_w, half_h), Plane(2, half_w, half_h);
        break;
      default:
        Plane(0, 4 * layout.width, layout.height);
    }
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  tempera_image& image() { return image_; }
  // What lies in the gaps too.
  bool operator==(const Frame& o) const {
    return std::equal(std::begin(planes_), std::end(planes_), std::begin(o.planes_));
  }
  // The largest difference of two samples of frames that lie alike, in levels of 8 bits, rounded up.
  int Distance(const Frame& o) const {
    int most = 0;
    ForPairs(o, [&](int a, int b) { most = std::max(most, std::abs(a - b)); });
    return ten_bits() ? (most + 3) / 4 : most;
  }
  double PsnrDb(const Frame& o) const {
    double squares = 0, count = 0;
    const double peak = ten_bits() ? 1023 : 255;
    ForPairs(o, [&](int a, int b) { squares += (a - b) * (a - b), count += 1; });
    return squares == 0 ? 200 : 10 * std::log10(peak * peak * count / squares);
  }
  // level(plane, i): of sample i of the plane, in 8 bits.
  template <typename F>
  void Fill(F&& level) {
    for (int p = 0; p < 3; ++p) {
      for (size_t i = 0; i < planes_[p].size() / SampleBytes(); ++i) {
        const int sample = level(p, static_cast<int>(i));
        if (ten_bits()) {
          Put16(p, i, sample * 1023 / 255 << Shift());
        } else {
          planes_[p][i] = static_cast<uint8_t>(sample);
        }
      }
    }
  }

 private:
  bool ten_bits() const { return layout_.format == TEMPERA_P010 || layout_.format == TEMPERA_I010; }
  int Shift() const { return layout_.format == TEMPERA_P010 ? 6 : 0; }
  size_t SampleBytes() const { return ten_bits() ? 2 : 1; }
  void Put16(int p, size_t i, int sample) {
    const auto number = static_cast<uint16_t>(sample);
    std::copy_n(reinterpret_cast<const uint8_t*>(&number), 2, planes_[p].data() + 2 * i);
  }
  int Get16(int p, size_t i) const {
    uint16_t number = 0;
    std::copy_n(planes_[p].data() + 2 * i, 2, reinterpret_cast<uint8_t*>(&number));
    return number >> Shift();
  }

  void Plane(int p, int samples, int rows) {
    const auto row = static_cast<ptrdiff_t>(SampleBytes()) * samples;
    const ptrdiff_t stride = row + static_cast<ptrdiff_t>(SampleBytes()) * layout_.gap;
    planes_[p] = std::vector<uint8_t>(static_cast<size_t>(stride * (rows - 1) + row));
    image_.stride_bytes[p] = layout_.upwards ? -stride : stride;
    image_.planes[p] = planes_[p].data() + (layout_.upwards ? stride * (rows - 1) : 0);
  }
  template <typename F>
  void ForPairs(const Frame& o, F&& fn) const {
    for (int p = 0; p < 3; ++p) {
      for (size_t i = 0; i < planes_[p].size() / SampleBytes(); ++i) {
        if (ten_bits()) {
          fn(Get16(p, i), o.Get16(p, i));
        } else {
          fn(planes_[p][i], o.planes_[p][i]);
        }
      }
    }
  }

  FrameLayout layout_;
  tempera_image image_ = TEMPERA_IMAGE_INIT;
  std::vector<uint8_t> planes_[3];
};

}  // namespace tempera::door
