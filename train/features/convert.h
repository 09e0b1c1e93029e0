// `tempera-train features`: weights as people have them, to the file that training looks through.
#pragma once

#include <string>

#include "src/base/status.h"
#include "train/safetensors.h"

namespace tempera::train {

struct ConvertedFeatures {
  Safetensors weights;     // features.<k>.weight and .bias, for RGB 0..255 minus the mean
  std::string recognised;  // "VGG-19 of Oxford (Caffe), BGR 0..255", for people
};

// A .pth (zip or legacy), Keras .h5, .onnx or .safetensors of VGG-19, told apart by its first bytes. `input`:
// what the network was trained on ("rgb255", "bgr255", "torchvision"); "" finds it out, and refuses what it
// does not know. Messages name the path.
Result<ConvertedFeatures> ConvertFeatures(const std::string& path, const std::string& input);

// The same, written whole to `output` as safetensors.
Status RunFeatures(const std::string& path, const std::string& input, const std::string& output);

// Where VGG-19 can be had, a few lines for people.
std::string FeatureSources();

}  // namespace tempera::train
