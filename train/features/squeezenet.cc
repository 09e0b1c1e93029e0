#include "train/features/squeezenet.h"

#include <torch/torch.h>

#include <set>

namespace tempera::train {
namespace {

struct Place {
  const char* name;
  int index;  // torchvision's number in squeezenet1_1.features
  int in, squeeze, expand;
  bool pool_before;
};
constexpr Place kPlaces[] = {
    {"fire2", 3, 64, 16, 64, true},     {"fire3", 4, 128, 16, 64, false},
    {"fire4", 6, 128, 32, 128, true},   {"fire5", 7, 256, 32, 128, false},
    {"fire6", 9, 256, 48, 192, true},   {"fire7", 10, 384, 48, 192, false},
    {"fire8", 11, 384, 64, 256, false}, {"fire9", 12, 512, 64, 256, false},
};

Result<torch::Tensor> Take(const Safetensors& file, const std::string& name,
                           const std::vector<int64_t>& shape) {
  auto it = file.arrays.find(name);
  if (it == file.arrays.end()) return NotFound("the SqueezeNet features lack '" + name + "'");
  if (it->second.shape != shape) {
    return CorruptModel("the SqueezeNet features' '" + name + "' has an unexpected shape");
  }
  return torch::from_blob(const_cast<float*>(it->second.values.data()), shape, torch::kFloat).clone();
}

torch::Tensor Relu(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias, int stride,
                   int padding) {
  return torch::relu(torch::conv2d(x, weight, bias, stride, padding));
}

// 3x3, stride 2; a window that hangs over the edge counts, as in Caffe.
torch::Tensor Pool(const torch::Tensor& x) { return torch::max_pool2d(x, 3, 2, 0, 1, /*ceil_mode=*/true); }

}  // namespace

Result<std::shared_ptr<const SqueezeNet>> SqueezeNet::FromSafetensors(const Safetensors& file,
                                                                      torch::Device device) {
  auto net = std::make_shared<SqueezeNet>();
  auto take = [&](const std::string& prefix, int out, int in, int size) -> Result<Convolution> {
    Convolution c;
    TEMPERA_ASSIGN_OR_RETURN(c.weight, Take(file, prefix + ".weight", {out, in, size, size}));
    TEMPERA_ASSIGN_OR_RETURN(c.bias, Take(file, prefix + ".bias", {out}));
    c.weight = c.weight.to(device);
    c.bias = c.bias.to(device);
    return c;
  };
  TEMPERA_ASSIGN_OR_RETURN(net->first_, take("features.0", 64, 3, 3));
  for (const Place& place : kPlaces) {
    const std::string prefix = "features." + std::to_string(place.index) + ".";
    Fire fire;
    fire.name = place.name;
    fire.pool_before = place.pool_before;
    TEMPERA_ASSIGN_OR_RETURN(fire.squeeze, take(prefix + "squeeze", place.squeeze, place.in, 1));
    TEMPERA_ASSIGN_OR_RETURN(fire.expand1x1, take(prefix + "expand1x1", place.expand, place.squeeze, 1));
    TEMPERA_ASSIGN_OR_RETURN(fire.expand3x3, take(prefix + "expand3x3", place.expand, place.squeeze, 3));
    net->fires_.push_back(std::move(fire));
  }
  net->mean_ = torch::tensor({123.0f, 117.0f, 104.0f}).view({1, 3, 1, 1}).to(device);
  return std::shared_ptr<const SqueezeNet>(std::move(net));
}

FeatureMap SqueezeNet::Forward(const torch::Tensor& images, const std::vector<std::string>& names) const {
  std::set<std::string> wanted(names.begin(), names.end());
  FeatureMap found;
  torch::Tensor x = Relu(images - mean_, first_.weight, first_.bias, 2, 0);
  if (wanted.erase("relu1") > 0) found["relu1"] = x;
  for (const Fire& fire : fires_) {
    if (wanted.empty()) break;
    if (fire.pool_before) x = Pool(x);
    const torch::Tensor squeezed = Relu(x, fire.squeeze.weight, fire.squeeze.bias, 1, 0);
    x = torch::cat({Relu(squeezed, fire.expand1x1.weight, fire.expand1x1.bias, 1, 0),
                    Relu(squeezed, fire.expand3x3.weight, fire.expand3x3.bias, 1, 1)},
                   1);
    if (wanted.erase(fire.name) > 0) found[fire.name] = x;
  }
  return found;
}

}  // namespace tempera::train
