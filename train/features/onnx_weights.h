// The convolutions of a chain in an .onnx file, as torchvision would name them.
#pragma once

#include <string>

#include "src/base/status.h"
#include "train/safetensors.h"

namespace tempera::train {

// The k-th Conv of the graph as conv<i>_<j>, counted as VGG-19 counts. `mxnet` is set where the file is of
// the form that MXNet's exporter gives, as the ONNX model zoo's vgg19-7.onnx is. Messages do not name the
// path.
Result<Safetensors> ReadOnnxWeights(const std::string& path, bool* mxnet);

}  // namespace tempera::train
