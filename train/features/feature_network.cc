#include "train/features/feature_network.h"

#include <utility>

#include "train/features/squeezenet.h"
#include "train/loss_content.h"

namespace tempera::train {
namespace {

class Vgg19Network : public FeatureNetwork {
 public:
  explicit Vgg19Network(Vgg19 vgg) : vgg_(std::move(vgg)) {}
  std::string name() const override { return "vgg19"; }
  std::vector<std::string> StyleLayers() const override {
    return {"relu1_1", "relu2_1", "relu3_1", "relu4_1"};
  }
  std::string ContentLayer() const override {
    return vgg_.has(ContentLoss::kLayer) ? ContentLoss::kLayer : ContentLoss::kShallowLayer;
  }
  FeatureMap Forward(const torch::Tensor& images, const std::vector<std::string>& names) const override {
    return vgg_.Forward(images, names);
  }

 private:
  Vgg19 vgg_;
};

}  // namespace

std::shared_ptr<const FeatureNetwork> AsFeatureNetwork(Vgg19 vgg) {
  return std::make_shared<Vgg19Network>(std::move(vgg));
}

Result<std::shared_ptr<const FeatureNetwork>> MakeFeatureNetwork(const Safetensors& file,
                                                                 torch::Device device) {
  if (file.arrays.count("features.3.squeeze.weight") > 0) {
    TEMPERA_ASSIGN_OR_RETURN(auto net, SqueezeNet::FromSafetensors(file, device));
    return std::shared_ptr<const FeatureNetwork>(std::move(net));
  }
  TEMPERA_ASSIGN_OR_RETURN(Vgg19 vgg, Vgg19::FromSafetensors(file, device));
  return AsFeatureNetwork(std::move(vgg));
}

}  // namespace tempera::train
