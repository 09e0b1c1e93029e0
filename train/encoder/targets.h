// What a picture in some painter's hand is compared with, kept by painting instead of by network.
#pragma once

#include <torch/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "media/image.h"
#include "src/base/status.h"
#include "train/features/feature_network.h"
#include "train/loss_colour.h"

namespace tempera::train {

using Features = std::shared_ptr<const FeatureNetwork>;

// Sizes of the picture at which the style is compared, whole and halved: as in training.
inline constexpr int kTargetLevels = 2;
torch::Tensor AtTargetLevel(const torch::Tensor& images, int level);

struct Target {
  struct Layer {
    torch::Tensor gram;  // [1, c, c]
    double scale = 0;    // 1 / the squared distance of plain photographs
  };
  std::vector<std::map<std::string, Layer>> levels;
  std::shared_ptr<ColourLoss> colour;

  // Of the picture `index` of a batch, scalar: the mean over the levels, each a sum over layers in which a
  // plain photograph scores 1. features: one map a level.
  torch::Tensor Style(const std::vector<FeatureMap>& features, int64_t index) const;
};

class Targets {
 public:
  // photos: [n, 3, s, s] RGB 0..255, plain crops, the yardstick. folder: where targets of whole paintings are
  // kept ("": nowhere); `features` names the features in there.
  Targets(Features network, const torch::Tensor& photos, std::string folder, uint64_t features);

  // Of the painting with its long side at `long_side`; in memory and in the folder from then on.
  Result<std::shared_ptr<const Target>> Of(const media::RgbImage& painting, int long_side);
  // Of a window of at most `window` pixels a side, with its corner at these shares of the room there is.
  Result<std::shared_ptr<const Target>> OfWindow(const media::RgbImage& painting, int long_side, int window,
                                                 double x, double y) const;

 private:
  using Grams = std::vector<std::map<std::string, torch::Tensor>>;
  Grams Measure(const torch::Tensor& picture) const;
  std::shared_ptr<const Target> Make(const Grams& grams, const torch::Tensor& picture) const;

  Features network_;
  Grams photos_;
  ColourLoss colour_;
  std::string folder_;
  uint64_t features_;
  std::map<std::string, std::shared_ptr<const Target>> known_;
};

// FNV-1a.
uint64_t HashBytes(const void* bytes, size_t size, uint64_t hash = 0xcbf29ce484222325u);

// [1, 3, h, w]
torch::Tensor ImageTensor(const media::RgbImage& image);
media::RgbImage TensorImage(const torch::Tensor& image);

}  // namespace tempera::train
