// The imported graph: values by index, nodes in topological order, shapes still
// open. Checked at import: every input exists, no cycle, no value written twice,
// every operator known to the table given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/graph/fused.h"
#include "src/onnx/model.h"

namespace tempera::graph {

using ValueId = int32_t;
inline constexpr ValueId kNoValue = -1;  // an absent optional input or output

// Attribute access with ONNX's defaults; a missing or wrongly typed attribute gives the default.
class Attributes {
 public:
  Attributes() = default;
  explicit Attributes(std::vector<onnx::Attribute> list) : list_(std::move(list)) {}
  const onnx::Attribute* Find(std::string_view name) const;
  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  int64_t Int(std::string_view name, int64_t fallback) const;
  float Float(std::string_view name, float fallback) const;
  std::string String(std::string_view name, std::string_view fallback) const;
  std::vector<int64_t> Ints(std::string_view name, std::vector<int64_t> fallback = {}) const;
  std::vector<float> Floats(std::string_view name, std::vector<float> fallback = {}) const;
  void Set(onnx::Attribute attribute);
  const std::vector<onnx::Attribute>& list() const { return list_; }

 private:
  std::vector<onnx::Attribute> list_;
};

struct Node {
  std::string name;     // the model's, or "<op>_<index>"
  std::string op_type;  // ONNX's name; fused nodes made by passes are "tempera.<Name>"
  Attributes attributes;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  // Branches (onnx/flatten.h): it is there only where each of these values, once they are known, is as said.
  // None behind specialising.
  std::vector<std::pair<ValueId, bool>> guards = {};
  Fused fused = {};  // what a "tempera.<Name>" says; its attributes are empty but for `operators`
};

struct Value {
  std::string name;
  TensorInfo info;                 // concrete after specialisation; dims may be -1 before
  std::optional<Tensor> constant;  // initializers, and whatever folding found
};

struct Graph {
  int opset = 17;
  std::vector<Value> values;
  std::vector<Node> nodes;                         // topological order
  std::vector<ValueId> inputs;                     // with a constant: a parameter and its default
  std::vector<std::vector<onnx::Dim>> input_dims;  // as declared, one per input (empty: rank unknown)
  std::vector<ValueId> outputs;
  std::vector<std::pair<std::string, std::string>> metadata;

  Value& value(ValueId id) { return values[static_cast<size_t>(id)]; }
  const Value& value(ValueId id) const { return values[static_cast<size_t>(id)]; }
};

}  // namespace tempera::graph
