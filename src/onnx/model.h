// An ONNX file as plain structs: bytes <-> onnx::Model. Knows no graph and no kernel.
// Field names follow onnx.proto (github.com/onnx/onnx).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/base/tensor.h"

namespace tempera::onnx {

struct Graph;

struct Attribute {
  // Values equal onnx.AttributeProto.AttributeType.
  enum class Type : int32_t {
    kUndefined = 0,
    kFloat = 1,
    kInt = 2,
    kString = 3,
    kTensor = 4,
    kGraph = 5,
    kFloats = 6,
    kInts = 7,
    kStrings = 8
  };
  std::string name;
  Type type = Type::kUndefined;
  float f = 0;
  int64_t i = 0;
  std::string s;
  Tensor t;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  std::shared_ptr<Graph> g = {};  // never changed once it is read; nullptr but for kGraph
  // Inside a function: it takes the value, and the type, of the attribute of this name of the node that
  // calls.
  std::string ref_name = {};
};

struct Node {
  std::string name;
  std::string op_type;
  std::string domain;
  std::vector<std::string> inputs;   // "" = absent optional input
  std::vector<std::string> outputs;  // "" = unused optional output
  std::vector<Attribute> attributes;
  std::string overload = {};  // of the function that it calls
  // Not of the file (flatten.h): it only counts where each of these values, conditions of If nodes around it,
  // is as said.
  std::vector<std::pair<std::string, bool>> guards = {};
};

// One dim of a declared shape: a number, a symbol ("H"), or nothing known.
struct Dim {
  int64_t value = -1;  // -1 = not a number
  std::string symbol;
};

struct ValueInfo {
  std::string name;
  DataType dtype = DataType::kUndefined;
  bool has_shape = false;
  std::vector<Dim> shape;
};

struct Initializer {
  std::string name;
  Tensor tensor;
};

struct Graph {
  std::string name;
  std::vector<Node> nodes;
  std::vector<Initializer> initializers;
  std::vector<ValueInfo> inputs;  // may also list initializers (IR < 4)
  std::vector<ValueInfo> outputs;
  std::vector<ValueInfo> value_infos;
};

// A function of the model's own (IR version 8): nodes of its domain and name stand for its nodes.
struct Function {
  std::string name, domain, overload;
  std::vector<std::string> inputs, outputs;
  std::vector<std::string> attributes;  // which it takes
  std::vector<Attribute> defaults;      // of attributes that may be left out
  std::vector<Node> nodes;
  int64_t opset = 0;  // of the default domain; 0: it does not say
};

struct Model {
  int64_t ir_version = 8;
  int64_t opset = 17;  // of the default domain
  std::string producer_name;
  std::string producer_version;
  std::string doc_string;
  std::vector<std::pair<std::string, std::string>> metadata_props;
  Graph graph;
  std::vector<Function> functions;
};

}  // namespace tempera::onnx
