// The first convolutions of VGG-19, whoever stored them, in the one form that the losses look through.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/safetensors.h"
#include "train/winograd.h"

namespace tempera::train {

struct Vgg19Layer {
  const char* name;  // "conv1_1"
  int index;         // torchvision's number in vgg19.features
  int in, out;       // channels
  bool pool_before;  // 2x2 maxima
};
// conv1_1 to conv5_1: the deepest that style transfer looks at.
inline constexpr std::array<Vgg19Layer, 13> kVgg19Layers = {{
    {"conv1_1", 0, 3, 64, false},
    {"conv1_2", 2, 64, 64, false},
    {"conv2_1", 5, 64, 128, true},
    {"conv2_2", 7, 128, 128, false},
    {"conv3_1", 10, 128, 256, true},
    {"conv3_2", 12, 256, 256, false},
    {"conv3_3", 14, 256, 256, false},
    {"conv3_4", 16, 256, 256, false},
    {"conv4_1", 19, 256, 512, true},
    {"conv4_2", 21, 512, 512, false},
    {"conv4_3", 23, 512, 512, false},
    {"conv4_4", 25, 512, 512, false},
    {"conv5_1", 28, 512, 512, true},
}};

// What a network was trained to be fed with.
enum class PictureConvention {
  kRgb255,       // RGB 0..255 minus (123.68, 116.779, 103.939): ours
  kBgr255,       // the same in BGR: Caffe, Keras
  kTorchvision,  // RGB, (x / 255 - (.485, .456, .406)) / (.229, .224, .225)
};
Result<PictureConvention> ParsePictureConvention(
    const std::string& name);  // "rgb255", "bgr255", "torchvision"

// Which of kVgg19Layers a tensor belongs to by its name: features.<k>, conv<i>_<j> or block<i>_conv<j>, with
// anything before it; -1: none. *bias tells which of its two it is.
int Vgg19LayerOf(const std::string& name, bool* bias);

// features.<k>.weight and .bias from tensors of any of these names, shapes checked. `names`: of all tensors
// in the file, for what they tell of other networks. kUnsupported: VGG-16, VGG-19 with batch normalisation,
// another network, each in words.
Result<Safetensors> NameAsTorchvision(Safetensors file, const std::vector<std::string>& names);

// Turns conv1_1 so that the network takes kRgb255. (Torchvision's own mean differs by up to half a level,
// which goes into the bias: exact but for the outermost pixel.)
void ConvertConvention(PictureConvention from, Safetensors* vgg);

// Whether conv1_1, before any conversion, is that of torchvision's own training.
bool IsTorchvisions(const Safetensors& vgg);

// Sends a built-in picture through conv1_1 to conv4_1.
class Vgg19Probe {
 public:
  // `vgg` must outlive it; tensors as NameAsTorchvision gives them.
  explicit Vgg19Probe(const Safetensors& vgg);

  // How far the activations are from those of Oxford's VGG-19 if the network takes pictures so: the largest
  // relative difference of 36 means. About 0 for the same weights, above kOxfordTolerance for any other.
  double DistanceFromOxford(PictureConvention convention) const;
  // Whether every layer lives: neither dead nor constant, nor beyond numbers.
  bool IsAlive(PictureConvention convention) const;
  // Means of the activations of each quarter of a layer's channels, and the share of them above zero.
  std::vector<std::array<float, 4>> Means(PictureConvention convention,
                                          std::vector<double>* positive_share) const;

 private:
  static constexpr size_t kProbed = 9;
  const Safetensors& vgg_;
  std::array<WinogradWeights, kProbed> deep_;  // the first is empty
};
inline constexpr double kOxfordTolerance = 0.05;  // 8-bit copies of the deep layers lie below 0.02

}  // namespace tempera::train
