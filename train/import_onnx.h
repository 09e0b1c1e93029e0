// A style file that tempera-train wrote, read back: what another style starts from.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/net_config.h"
#include "train/safetensors.h"

namespace tempera::train {

struct StyleFile {
  NetConfig config;
  std::map<std::string, FloatArray> weights;  // as PlainWeights gives them; exported again, the same 16 bits
  std::map<std::string, std::string> metadata;
};

// Files of many styles only (conditional networks): kInvalidArgument says of any other what it is instead.
// kNotFound, kIo and kCorruptModel as onnx::ReadModelFile.
Result<StyleFile> ReadStyleFile(const std::string& path);

// What ties a style encoder to the network it was trained for: the convolutions in the 16 bits that a file
// keeps, as 16 hexadecimal digits (FNV-1a). The same of a checkpoint, of the file made of it, and of every
// network that only has other rows.
std::string BodyHash(const NetConfig& config, const std::map<std::string, FloatArray>& weights);

// The 16-bit or 32-bit floats of an initializer of `path`; kCorruptModel when it is not there or not of that
// shape.
struct NamedArrays {
  std::map<std::string, FloatArray> arrays;
  std::map<std::string, std::string> metadata;
};
// All floats of an .onnx by the names of their initializers. Those of 16 bits end in "_16", as the export
// names them; that is cut off.
Result<NamedArrays> ReadOnnxArrays(const std::string& path);
Result<FloatArray> TakeArray(const NamedArrays& file, const std::string& name,
                             const std::vector<int64_t>& shape, const std::string& path);

}  // namespace tempera::train
