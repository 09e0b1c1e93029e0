// What an ONNX file is made of, read without its weights and whether or not we could run it: for whoever
// shows a model, or writes one that it need not understand.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/onnx/model.h"

namespace tempera::onnx {

struct OperatorUse {
  std::string domain;  // "" is ONNX's own
  std::string op_type;
  int64_t count = 0;
  std::string first_node;  // its name, or "<op>_<index>"
};

struct Outline {
  int64_t ir_version = 0;
  std::string producer_name, producer_version;
  std::vector<std::pair<std::string, int64_t>> opsets;  // by domain, "" is ONNX's own
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<ValueInfo> inputs, outputs;  // inputs without weights: initializers that are no parameters
  std::vector<OperatorUse> operators;      // by name; branches and the model's functions counted in
  std::vector<std::pair<std::string, std::string>> functions;  // domain and name
  int64_t parameters = 0;                                      // numbers of initializers of floats
  std::vector<std::string> external_files;                     // where weights lie, as the file names them
};

// kCorruptModel for what is no ONNX model, is cut off or has a million parts; kOutOfMemory. Long names lose
// their end. `source` begins the messages.
Result<Outline> ReadOutline(std::span<const uint8_t> bytes, const std::string& source);

}  // namespace tempera::onnx
