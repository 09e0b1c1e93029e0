#include "train/features.h"

#include <torch/torch.h>

#include <algorithm>
#include <set>

namespace tempera::train {
namespace {

struct Place {
  const char* name;
  int index;  // torchvision's numbering of vgg19.features
  int in_channels, out_channels;
  bool pool_before;
};
constexpr Place kPlaces[] = {
    {"relu1_1", 0, 3, 64, false},     {"relu1_2", 2, 64, 64, false},    {"relu2_1", 5, 64, 128, true},
    {"relu2_2", 7, 128, 128, false},  {"relu3_1", 10, 128, 256, true},  {"relu3_2", 12, 256, 256, false},
    {"relu3_3", 14, 256, 256, false}, {"relu3_4", 16, 256, 256, false}, {"relu4_1", 19, 256, 512, true},
    {"relu4_2", 21, 512, 512, false}, {"relu4_3", 23, 512, 512, false}, {"relu4_4", 25, 512, 512, false},
    {"relu5_1", 28, 512, 512, true},
};

Result<torch::Tensor> Take(const Safetensors& file, const std::string& name,
                           const std::vector<int64_t>& shape) {
  auto it = file.arrays.find(name);
  if (it == file.arrays.end()) return NotFound("the VGG features lack '" + name + "'");
  if (it->second.shape != shape)
    return CorruptModel("the VGG features' '" + name + "' has an unexpected shape");
  return torch::from_blob(const_cast<float*>(it->second.values.data()), shape, torch::kFloat).clone();
}

}  // namespace

Result<Vgg19> Vgg19::FromSafetensors(const Safetensors& file, torch::Device device) {
  Vgg19 vgg;
  for (const Place& place : kPlaces) {
    const std::string prefix = "features." + std::to_string(place.index);
    if (!vgg.layers_->empty() && file.arrays.count(prefix + ".weight") == 0) break;
    TEMPERA_ASSIGN_OR_RETURN(torch::Tensor weight,
                             Take(file, prefix + ".weight", {place.out_channels, place.in_channels, 3, 3}));
    TEMPERA_ASSIGN_OR_RETURN(torch::Tensor bias, Take(file, prefix + ".bias", {place.out_channels}));
    vgg.layers_->push_back(
        {place.name, place.pool_before, FrozenConvRelu(weight.to(device), bias.to(device))});
  }
  vgg.mean_ = torch::tensor({123.68f, 116.779f, 103.939f}).view({1, 3, 1, 1}).to(device);
  return vgg;
}

bool Vgg19::has(const std::string& name) const {
  return std::any_of(layers_->begin(), layers_->end(), [&](const Layer& l) { return l.name == name; });
}

FeatureMap Vgg19::Forward(const torch::Tensor& images, const std::vector<std::string>& names) const {
  std::set<std::string> wanted(names.begin(), names.end());
  FeatureMap found;
  torch::Tensor x = images - mean_;
  for (const Layer& layer : *layers_) {
    if (layer.pool_before) x = torch::max_pool2d(x, 2);
    x = layer.conv.Forward(x);
    if (wanted.erase(layer.name) > 0) found[layer.name] = x;
    if (wanted.empty()) break;
  }
  return found;
}

}  // namespace tempera::train
