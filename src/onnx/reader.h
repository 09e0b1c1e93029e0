// Reads ONNX bytes. Untrusted input: every length is checked against the bytes
// that are there before anything is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "src/base/status.h"
#include "src/onnx/model.h"

namespace tempera::onnx {

// Axes of a tensor in a file, and of one computed from it (ops/specialize.h): loops over shapes take time by
// them. ONNX has no limit; nothing that makes sense for pictures comes near this one.
constexpr size_t kMaxRank = 16;

// Errors: kCorruptModel (not protobuf, truncated, sizes that disagree),
// kUnsupported (opset above 25; opsets before 7 are read, and refused by the operators that had another form
// then; sparse tensors, string tensors). Functions and branches are written out (flatten.h). External data
// needs a file beside which it lies.
Result<Model> ReadModel(std::span<const uint8_t> bytes);

// A bare onnx.TensorProto (the .pb files of ONNX's node tests).
struct NamedTensor {
  std::string name;
  Tensor tensor;
};
Result<NamedTensor> ReadTensor(std::span<const uint8_t> bytes);

// kNotFound / kIo, then as ReadModel; messages name the path. Tensors may keep their values in files of the
// same folder (external_data.h).
Result<Model> ReadModelFile(const std::string& path);

// The same of bytes that were read already, or are to be written there.
Result<Model> ReadModelAt(std::span<const uint8_t> bytes, const std::string& path);

}  // namespace tempera::onnx
