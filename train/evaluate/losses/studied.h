// Inside of judge.h: what is kept of pictures. Includes libtorch.
#pragma once

#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "train/evaluate/losses/judge.h"
#include "train/features.h"

namespace tempera::evaluate {

struct StudiedPainting {
  std::vector<torch::Tensor> grams;  // [1, c, c] a style layer
  torch::Tensor mean, covariance;    // of relu2_2, in doubles: [c], [c, c]
};

struct StudiedPhoto {
  std::vector<torch::Tensor> grams;
  std::vector<torch::Tensor>
      directions;                  // [1, c, h, w] of unit length along c, a layer of the feature distance
  torch::Tensor content;           // [1, c, h, w]
  torch::Tensor mean, covariance;  // as of a painting
};

struct Judge::Eye {
  train::Vgg19 vgg;
  torch::Device device;
};

inline const std::vector<std::string>& StyleLayerNames() {
  static const std::vector<std::string> kNames = {"relu1_1", "relu2_1", "relu3_1", "relu4_1"};
  return kNames;
}
inline const std::vector<std::string>& DistanceLayerNames() {
  static const std::vector<std::string> kNames = {"relu1_2", "relu2_2", "relu3_3", "relu4_2"};
  return kNames;
}
inline constexpr const char* kContentLayer = "relu4_2";
inline constexpr const char* kFrechetLayer = "relu2_2";

// [1, 3, h, w] RGB 0..255.
torch::Tensor ImageTensor(const media::RgbImage& image, torch::Device device);
media::RgbImage ImageOfTensor(const torch::Tensor& image);

}  // namespace tempera::evaluate
