// Images of every format with their memory: rows longer than needed, canaries in the gaps, upside down if
// wished.
#pragma once

#include <cstring>
#include <random>
#include <vector>

#include "src/stylize/image.h"

namespace tempera::stylize {

inline constexpr PixelFormat kFormats[] = {PixelFormat::kRgba, PixelFormat::kBgra, PixelFormat::kRgb,
                                           PixelFormat::kNv12, PixelFormat::kI420, PixelFormat::kP010,
                                           PixelFormat::kI010};

struct OwnedImage {
  static constexpr uint8_t kCanary = 0xA5;
  Image image;
  std::vector<uint8_t> bytes;

  OwnedImage(PixelFormat format, int width, int height, Matrix matrix = Matrix::kBt709, bool full = false,
             bool upwards = false) {
    image.format = format, image.width = width, image.height = height;
    image.matrix = matrix, image.full_range = full;
    size_t at[3] = {}, total = 0;
    for (int p = 0; p < PlaneCount(format); ++p) {
      const PlaneExtent extent = ExtentOf(image, p);
      const ptrdiff_t stride = extent.row_bytes + 6;
      at[p] = total + (upwards ? static_cast<size_t>(stride) * static_cast<size_t>(extent.rows - 1) : 0);
      total += static_cast<size_t>(stride) * static_cast<size_t>(extent.rows);
      image.stride_bytes[p] = upwards ? -stride : stride;
    }
    bytes.assign(total, kCanary);
    for (int p = 0; p < PlaneCount(format); ++p) image.planes[p] = bytes.data() + at[p];
  }
  // Copies would point into the original.
  OwnedImage(const OwnedImage&) = delete;
  OwnedImage& operator=(const OwnedImage&) = delete;

  // Bytes of the pixels, row by row.
  template <typename F>
  void ForEachByte(F&& fn) {
    for (int p = 0; p < PlaneCount(image.format); ++p) {
      const PlaneExtent extent = ExtentOf(image, p);
      for (int y = 0; y < extent.rows; ++y) {
        for (int x = 0; x < extent.row_bytes; ++x) fn(image.Row(p, y)[x]);
      }
    }
  }
  std::vector<uint8_t> Pixels() {
    std::vector<uint8_t> pixels;
    ForEachByte([&](uint8_t b) { pixels.push_back(b); });
    return pixels;
  }
  // Any numbers that the format has.
  void Fill(std::mt19937& random) {
    ForEachByte([&](uint8_t& b) { b = static_cast<uint8_t>(random()); });
    if (!HasTenBits(image.format)) return;
    ForEachSample(
        [&](uint16_t v) -> uint16_t { return image.format == PixelFormat::kP010 ? v & 0xFFC0 : v & 0x03FF; });
  }
  // Of ten bits: each becomes what fn makes of it.
  template <typename F>
  void ForEachSample(F&& fn) {
    for (int p = 0; p < PlaneCount(image.format); ++p) {
      const PlaneExtent extent = ExtentOf(image, p);
      for (int y = 0; y < extent.rows; ++y) {
        for (int x = 0; x < extent.row_bytes; x += 2) {
          uint16_t sample;
          std::memcpy(&sample, image.Row(p, y) + x, 2);
          sample = fn(sample);
          std::memcpy(image.Row(p, y) + x, &sample, 2);
        }
      }
    }
  }
  // Ten-bit code of a sample.
  int CodeAt(int plane, int y, int sample) const {
    uint16_t v;
    std::memcpy(&v, image.Row(plane, y) + 2 * sample, 2);
    return image.format == PixelFormat::kP010 ? v >> 6 : v;
  }
  bool GapsIntact() const {
    size_t canaries = 0, gaps = 0;
    for (int p = 0; p < PlaneCount(image.format); ++p) {
      const PlaneExtent extent = ExtentOf(image, p);
      for (int y = 0; y < extent.rows; ++y) {
        for (int x = 0; x < 6; ++x, ++gaps) canaries += image.Row(p, y)[extent.row_bytes + x] == kCanary;
      }
    }
    return canaries == gaps;
  }
};

}  // namespace tempera::stylize
