// Networks of masks with depthwise-separable convolutions and random weights, for the bench.
//   fast-scnn          Poudel, Liwicki and Cipolla 2019: 19 classes, pooling pyramid; the picture's sides
//   must be
//                      multiples of 192
//   mobilenetv3-unet   MobileNetV3-Large (Howard et al. 2019) without its last layer, and a decoder that
//   enlarges
//                      by two, joins the encoder's map of that size and convolves depthwise and pointwise;
//                      one mask; sides must be multiples of 32
//   person             MobileNetV3-Small's first blocks down to a sixteenth, a gate of all, joins at an
//   eighth
//                      and a quarter; one mask at half the size; sides must be multiples of 32. Hard-swish as
//                      PyTorch writes it; person-operator: as ONNX's own, person-clip: of Add, Clip, Mul and
//                      Div
//   randomN            an encoder and a decoder of parts like these, drawn from the seed N; sides as before
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace tempera {

// Biases that a mid-grey picture cancels, for weights [out, ...]: what follows sees numbers around 0.
std::vector<float> GreyBiases(const std::vector<float>& weights, int64_t out);

bool IsMaskNet(std::string_view net);
Status WriteMaskNet(std::string_view net, int64_t width, int64_t height, const std::string& path);

}  // namespace tempera
