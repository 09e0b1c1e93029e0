#include "train/features/two_networks.h"

#include <utility>

namespace tempera::train {
namespace {

class TwoNetworks : public FeatureNetwork {
 public:
  TwoNetworks(std::shared_ptr<const FeatureNetwork> vgg, std::shared_ptr<const FeatureNetwork> squeezenet)
      : vgg_(std::move(vgg)), squeezenet_(std::move(squeezenet)) {}

  std::string name() const override { return vgg_->name() + " and " + squeezenet_->name(); }
  std::vector<std::string> StyleLayers() const override { return {"relu1_1", "relu2_1", "fire3", "fire5"}; }
  std::string ContentLayer() const override { return "fire5"; }

  FeatureMap Forward(const torch::Tensor& images, const std::vector<std::string>& names) const override {
    std::vector<std::string> first, deep;
    for (const std::string& name : names) (name.rfind("fire", 0) == 0 ? deep : first).push_back(name);
    FeatureMap found = first.empty() ? FeatureMap() : vgg_->Forward(images, first);
    if (!deep.empty()) found.merge(squeezenet_->Forward(images, deep));
    return found;
  }

 private:
  std::shared_ptr<const FeatureNetwork> vgg_, squeezenet_;
};

}  // namespace

Result<std::shared_ptr<const FeatureNetwork>> MakeTwoNetworks(
    std::shared_ptr<const FeatureNetwork> vgg, std::shared_ptr<const FeatureNetwork> squeezenet) {
  if (vgg->name() != "vgg19")
    return InvalidArgument("--features is not VGG-19's: with --deep-features it must be");
  if (squeezenet->name() != "squeezenet1_1")
    return InvalidArgument(
        "--deep-features is not SqueezeNet 1.1's: give squeezenet1_1_features.safetensors");
  return std::shared_ptr<const FeatureNetwork>(
      std::make_shared<TwoNetworks>(std::move(vgg), std::move(squeezenet)));
}

}  // namespace tempera::train
