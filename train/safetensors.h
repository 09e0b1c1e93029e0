// Reads safetensors files (github.com/huggingface/safetensors): an 8-byte length, a JSON header, raw numbers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace tempera::train {

// Row-major float32, whatever the file held: F32, F16, BF16, or I8, whose numbers are as they are, without
// any scale.
struct FloatArray {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

struct Safetensors {
  std::map<std::string, FloatArray> arrays;
  std::map<std::string, std::string> metadata;
};

// Untrusted bytes: the header's length, every offset and every shape are checked against the
// bytes that are there before anything is allocated. Errors: kCorruptModel, kUnsupported (type).
Result<Safetensors> ParseSafetensors(std::string_view bytes);

// kNotFound / kIo, then as ParseSafetensors; messages name the path.
Result<Safetensors> ReadSafetensorsFile(const std::string& path);

}  // namespace tempera::train
