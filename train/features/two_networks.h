// Pixels through the first layers of VGG-19, shapes through SqueezeNet: a third of the time of VGG-19 alone.
#pragma once

#include <memory>

#include "train/features/feature_network.h"

namespace tempera::train {

// VGG-19's relu1_1 and relu2_1, which see every pixel and cost a fifth of what leads to relu4_2; behind them
// SqueezeNet's fire3 and fire5, whose network starts with a stride of 2 and costs next to nothing. Alone it
// lets patterns of two pixels pass. `vgg` must reach relu2_1 and `squeezenet` be one: kInvalidArgument
// otherwise.
Result<std::shared_ptr<const FeatureNetwork>> MakeTwoNetworks(
    std::shared_ptr<const FeatureNetwork> vgg, std::shared_ptr<const FeatureNetwork> squeezenet);

}  // namespace tempera::train
