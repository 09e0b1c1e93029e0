// Keras' weights: an HDF5 file with one group a layer, kernels [height, width, in, out].
#pragma once

#include <string>
#include <string_view>

#include "src/base/status.h"
#include "train/safetensors.h"

namespace tempera::train {

bool LooksLikeH5File(std::string_view bytes);

// What lies under groups called block<i>_conv<j>, as block<i>_conv<j>.weight [out, in, height, width] and
// block<i>_conv<j>.bias. Only numbers in the file itself are read: no links to other files, no plugins.
// kUnsupported: the file is of Theano's order. Messages do not name the path.
Result<Safetensors> ReadH5File(const std::string& path);

}  // namespace tempera::train
