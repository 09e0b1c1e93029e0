// Tensors by name from a file of torch.save: the zip archive of PyTorch 1.6 and later, and the chain of
// pickles before it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "src/base/status.h"
#include "train/safetensors.h"

namespace tempera::train {

// Whether a tensor of this name is to be read. Others are only stepped over.
using WantsTensor = std::function<bool(const std::string& name)>;

bool LooksLikeTorchFile(std::string_view bytes);

// A dictionary of tensors, or a checkpoint that holds one as "state_dict" or "model". Float, half, bfloat16
// and double become float. Nothing in the file is executed (pickle.h). Untrusted bytes: kCorruptModel,
// kUnsupported. `names` gets the names of all tensors, read or not.
Result<Safetensors> ParseTorchFile(std::string_view bytes, const WantsTensor& wants,
                                   std::vector<std::string>* names);

}  // namespace tempera::train
