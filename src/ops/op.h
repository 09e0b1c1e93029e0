// One ONNX operator = one file + one line in ops.cc + its test. An operator here
// is a plain struct of functions: no virtual call, found by name when a plan is built.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/graph/graph.h"

namespace tempera::ops {

// What shape inference may look at.
struct InferContext {
  const graph::Node& node;
  int opset;
  std::span<const TensorInfo* const> inputs;  // nullptr = absent optional input
  std::span<const Tensor* const> constants;   // nullptr = absent, or not known before run time
  std::vector<TensorInfo>& outputs;           // sized to node.outputs; to be filled
};

// What the reference loop works on. Shapes are concrete, outputs are allocated to
// what infer said, and hold whatever lay there before. Inputs and outputs never alias.
struct ComputeContext {
  const graph::Node& node;
  int opset;
  std::span<const Tensor* const> inputs;  // nullptr = absent optional input
  std::span<Tensor* const> outputs;       // nullptr = unused optional output
};

struct Operator {
  std::string_view name;  // ONNX op_type
  // Shapes and types of the outputs, or why the node is wrong (the caller adds the node's name).
  Status (*infer)(InferContext& context);
  // The plain loop everything fast is tested against; called through Compute. Reads and writes NCHW,
  // row-major.
  Status (*reference)(const ComputeContext& context);
};

// Runs the plain loop, unless every output is empty: a dimension of 0 beside one of a thousand million is a
// legal shape, and loops over the latter to compute nothing.
Status Compute(const Operator& op, const ComputeContext& context);

// Of ONNX; nullptr when we lack it.
const Operator* FindOperator(std::string_view op_type);
// The same, or what passes make ("tempera.<Name>", graph/fused.h), which no file may hold: who runs a graph
// behind the passes asks here.
const Operator* FindLoop(std::string_view op_type);
// Shapes behind passes are known: it says so.
Status InferFused(InferContext& context);
// Every operator, sorted by name.
std::span<const Operator> AllOperators();

}  // namespace tempera::ops
