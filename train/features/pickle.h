// Reads what torch.save writes with Python's pickle, without Python: an interpreter of pickle's opcodes that
// knows only what tensors by name need. Nothing that a file names is ever looked up or called.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status.h"

namespace tempera::train {

// One object of a pickle. Objects refer to each other by their place in Pickle::values.
struct PickleValue {
  enum class Kind { kNone, kBool, kInt, kFloat, kText, kTuple, kList, kDict, kGlobal, kStorage, kTensor };
  Kind kind = Kind::kNone;
  int64_t number = 0;  // kBool, kInt; kStorage: elements; kTensor: offset in its storage, in elements
  std::string text;  // kText; kGlobal: "torch._utils._rebuild_tensor_v2"; kStorage: its type, "FloatStorage"
  std::string key;   // kStorage: which
  std::vector<int> items;               // kTuple, kList; kDict: key, value, key, value ...
  int storage = -1;                     // kTensor
  int64_t view_offset = 0;              // kStorage: where it begins inside `key`, in elements
  std::vector<int64_t> shape, strides;  // kTensor
};

struct Pickle {
  std::vector<PickleValue> values;
  int root = -1;
};

// One pickle from `bytes` at *at, which then is behind it. kCorruptModel: cut off or contradictory;
// kUnsupported: names a class or a function that no file of weights needs, or uses an opcode that torch.save
// does not. Memory stays within a small multiple of the bytes read.
Result<Pickle> ReadPickle(std::string_view bytes, size_t* at);

}  // namespace tempera::train
