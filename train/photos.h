// The content photographs: found, judged, kept shrunk in memory, cut into random crops.
#pragma once

#include <string>
#include <vector>

#include "media/image.h"
#include "src/base/status.h"
#include "train/random.h"

namespace tempera::train {

// What a folder held, for the user to see before minutes are spent on it.
struct PhotoReport {
  int found = 0;    // files with a picture's extension
  int sampled = 0;  // of these, looked at (the limit is below)
  int used = 0;
  int unreadable = 0;         // skipped
  int too_small = 0;          // skipped: short side below 3/4 of the crop
  int borders = 0;            // skipped: constant bands; a network learns to paint them
  int greyscale = 0;          // used, but worth knowing
  std::string first_skipped;  // one example, "" if none
};

// For previews and evaluation.
inline constexpr int kHeldOutPhotos = 6;

class Photos {
 public:
  // At most this many stay in memory (about 0.5 MB each at crop size 256).
  static constexpr int kMaxPhotos = 3000;
  // Crops span this share of a photograph's short side at least.
  static constexpr double kMinCropShare = 0.7;

  // Searches `folders` and what lies below them, in sorted order. When there are more than kMaxPhotos, an
  // even selection drawn with `seed`. kNotFound when no usable photograph is left.
  static Result<Photos> Load(const std::vector<std::string>& folders, int crop_size, uint64_t seed);

  // Pictures already in memory; each at least as large as the crop.
  static Photos FromImages(std::vector<media::RgbImage> images, int crop_size);

  const PhotoReport& report() const { return report_; }
  int crop_size() const { return crop_size_; }
  int size() const { return static_cast<int>(images_.size()); }
  const media::RgbImage& image(int index) const { return images_[index]; }
  const std::string& path(int index) const { return paths_[index]; }

  // Takes the pictures at `count` even places out of the set: held out for previews and evaluation.
  std::vector<media::RgbImage> HoldOut(int count);

  // A random square of a random photograph: 70 to 100 % of its short side, half of them mirrored, resampled
  // to crop_size with a sub-pixel offset. Writes 3 planes of crop_size^2, RGB 0..255.
  void RandomCrop(Random& random, float* planes) const;

 private:
  int crop_size_ = 0;
  std::vector<media::RgbImage> images_;
  std::vector<std::string> paths_;
  PhotoReport report_;
};

// True when at least 2 % of the height at top or bottom, or of the width at left or right, is one flat
// colour.
bool HasConstantBorder(const media::RgbImage& image);
bool IsGreyscale(const media::RgbImage& image);

// Planes [3, height, width], RGB 0..255, and back (rounded, clamped).
std::vector<float> ToPlanes(const media::RgbImage& image);
media::RgbImage FromPlanes(const float* planes, int width, int height);

// Shrinks (never enlarges) so that the long side is at most `long_side`, then crops to multiples of 8.
Result<media::RgbImage> FitForNet(const media::RgbImage& image, int long_side);

}  // namespace tempera::train
