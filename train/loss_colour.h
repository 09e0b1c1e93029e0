// Colour: how far the painting's palette is from the painter's, as a distance between clouds of pixels.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace tempera::train {

// Sliced Wasserstein distance (Rabin et al. 2011) in CIE Lab: the mean over fixed directions of the mean
// distance between the sorted projections of both clouds. Gram matrices know means and products of colours
// only; this knows which colours are rare and which are never used.
class ColourLoss {
 public:
  static constexpr int64_t kSamples = 2048;  // pixels of each picture
  static constexpr int64_t kDirections = 16;

  // photos: [n, 3, h, w] RGB 0..255, plain crops: the yardstick (an unstyled crop scores 1 on average).
  explicit ColourLoss(const torch::Tensor& photos);

  // One more painting: [1, 3, h, w] RGB 0..255.
  void AddTarget(const torch::Tensor& painting);

  // [n]. shares as StyleLoss takes them; between two paintings the sorted projections are mixed, which is the
  // way that optimal transport goes.
  torch::Tensor operator()(const torch::Tensor& images, const torch::Tensor& shares) const;

 private:
  torch::Tensor Sorted(const torch::Tensor& images) const;  // [n, kDirections, kSamples]

  torch::Tensor directions_;  // [3, kDirections]
  torch::Tensor photos_;      // sorted
  torch::Tensor targets_;     // [targets, kDirections * kSamples]
  std::vector<float> scales_;
};

// [n, 3, ...] RGB 0..255 (clamped) -> CIE Lab, D65.
torch::Tensor RgbToLab(const torch::Tensor& rgb);

}  // namespace tempera::train
