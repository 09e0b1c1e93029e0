// Files of weights as other programs write them, written by hand for the tests.
#pragma once

#include <string>

#include "train/safetensors.h"

namespace tempera::train {

// torch.save before PyTorch 1.6: a chain of pickles, then the storages. `parameters`: each tensor inside a
// Parameter, and by the older _rebuild_tensor, as in torchvision's first files.
std::string LegacyTorchFile(const Safetensors& file, bool parameters);
// torch.save since: a zip archive of stored members.
std::string ZippedTorchFile(const Safetensors& file);
// A zip archive of a pickle alone.
std::string ZippedPickle(const std::string& pickle);
// One of `old`: /block1_conv1/block1_conv1_W_1:0; else /block1_conv1/block1_conv1/kernel:0. Takes
// features.<k>.
void WriteKerasFile(const Safetensors& vgg, const std::string& path, bool old);
// A chain of Conv, Relu and MaxPool nodes.
void WriteOnnxFile(const Safetensors& vgg, const std::string& path);

void WriteFile(const std::string& path, const std::string& bytes);

}  // namespace tempera::train
