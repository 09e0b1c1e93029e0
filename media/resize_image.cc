// ResizeImage: swscale would take RGB through YUV and back; pictures that training reads deserve better.
#include <algorithm>
#include <cmath>
#include <string>

#include "media/ffmpeg.h"
#include "media/image.h"

namespace tempera::media {
namespace {

// One output sample of one axis: weights of `count` inputs from `first`.
struct Tap {
  int first = 0;
  std::vector<float> weights;
};

// Keys' cubic with a = -1/2 (Catmull-Rom): passes through the samples.
// R. Keys, Cubic convolution interpolation for digital image processing, 1981.
double Cubic(double x) {
  x = std::fabs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

std::vector<Tap> Taps(int from, int to) {
  std::vector<Tap> taps(to);
  const double scale = static_cast<double>(from) / to;
  for (int i = 0; i < to; ++i) {
    Tap& tap = taps[i];
    if (to < from) {
      // The share of each input pixel that the output pixel covers.
      const double begin = i * scale, end = std::min<double>(from, (i + 1) * scale);
      tap.first = static_cast<int>(begin);
      for (int k = tap.first; k < end && k < from; ++k) {
        tap.weights.push_back(
            static_cast<float>((std::min<double>(end, k + 1) - std::max<double>(begin, k)) / scale));
      }
    } else {
      // Beyond the border the border pixel repeats: its weight gathers theirs.
      const double center = (i + 0.5) * scale - 0.5;
      const int base = static_cast<int>(std::floor(center));
      tap.first = std::clamp(base - 1, 0, from - 1);
      const int last = std::clamp(base + 2, 0, from - 1);
      tap.weights.assign(last - tap.first + 1, 0.0f);
      for (int k = base - 1; k <= base + 2; ++k) {
        tap.weights[std::clamp(k, 0, from - 1) - tap.first] += static_cast<float>(Cubic(center - k));
      }
    }
  }
  return taps;
}

}  // namespace

Result<RgbImage> ResizeImage(const RgbImage& image, int width, int height) {
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide) {
    return InvalidArgument("cannot resize to " + std::to_string(width) + "x" + std::to_string(height) +
                           ": each side must be 1 to " + std::to_string(kMaxSide));
  }
  if (image.width < 1 || image.height < 1 || image.pixels.size() != size_t(3) * image.width * image.height) {
    return InvalidArgument("the picture's size does not fit its pixels");
  }
  if (width == image.width && height == image.height) return image;
  const std::vector<Tap> across = Taps(image.width, width);
  const std::vector<Tap> down = Taps(image.height, height);

  RgbImage out;
  out.width = width;
  out.height = height;
  out.pixels.resize(size_t(3) * width * height);
  // Down first, a row of floats at a time, then across.
  std::vector<float> row(size_t(3) * image.width);
  for (int y = 0; y < height; ++y) {
    std::fill(row.begin(), row.end(), 0.0f);
    for (size_t k = 0; k < down[y].weights.size(); ++k) {
      const uint8_t* in = image.pixels.data() + size_t(3) * image.width * (down[y].first + k);
      const float weight = down[y].weights[k];
      for (size_t i = 0; i < row.size(); ++i) row[i] += weight * in[i];
    }
    uint8_t* to = out.pixels.data() + size_t(3) * width * y;
    for (int x = 0; x < width; ++x) {
      float sum[3] = {};
      const float* from = row.data() + size_t(3) * across[x].first;
      for (float weight : across[x].weights) {
        for (int c = 0; c < 3; ++c) sum[c] += weight * from[c];
        from += 3;
      }
      for (int c = 0; c < 3; ++c) {
        to[3 * x + c] = static_cast<uint8_t>(std::lround(std::clamp(sum[c], 0.0f, 255.0f)));
      }
    }
  }
  return out;
}

}  // namespace tempera::media
