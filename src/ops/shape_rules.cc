#include "src/ops/shape_rules.h"

#include <algorithm>
#include <string>

namespace tempera::ops {

Status CheckCounts(const InferContext& context, size_t required, size_t most, size_t outputs) {
  const size_t given = context.inputs.size();
  if (given > most) {
    return CorruptModel("it has " + std::to_string(given) + " inputs where at most " + std::to_string(most) +
                        " are allowed");
  }
  for (size_t i = 0; i < required; ++i) {
    if (InputInfo(context, i) == nullptr) {
      return CorruptModel("input " + std::to_string(i) + " is missing");
    }
  }
  if (context.outputs.size() > outputs) {
    return CorruptModel("it has " + std::to_string(context.outputs.size()) + " outputs where at most " +
                        std::to_string(outputs) + " are allowed");
  }
  return OkStatus();
}

Status CheckOpset(const InferContext& context, int first) {
  if (context.opset >= first) return OkStatus();
  return Unsupported("its form of opset " + std::to_string(context.opset) +
                     " is not read; export the model again with opset_version=17");
}

Result<int64_t> NormalizeAxis(int64_t axis, size_t rank) {
  const auto r = static_cast<int64_t>(rank);
  if (axis < -r || axis >= r) {
    return CorruptModel("axis " + std::to_string(axis) + " is outside its " + std::to_string(r) +
                        " dimensions");
  }
  return axis < 0 ? axis + r : axis;
}

Result<std::vector<int64_t>> NormalizeAxes(std::vector<int64_t> axes, size_t rank) {
  std::vector<bool> seen(rank, false);
  for (int64_t& axis : axes) {
    TEMPERA_ASSIGN_OR_RETURN(axis, NormalizeAxis(axis, rank));
    if (seen[static_cast<size_t>(axis)]) {
      return CorruptModel("axis " + std::to_string(axis) + " is given twice");
    }
    seen[static_cast<size_t>(axis)] = true;
  }
  return axes;
}

Result<Shape> BroadcastShapes(std::span<const int64_t> a, std::span<const int64_t> b) {
  const size_t rank = std::max(a.size(), b.size());
  Shape out(rank);
  for (size_t i = 0; i < rank; ++i) {  // from the last dimension
    const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      return CorruptModel("shapes " + ShapeToString(a) + " and " + ShapeToString(b) + " do not fit together");
    }
    out[rank - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

Shape DenseStrides(std::span<const int64_t> shape) {
  Shape strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

Shape BroadcastStrides(std::span<const int64_t> shape, std::span<const int64_t> out_shape) {
  const Shape dense = DenseStrides(shape);
  Shape strides(out_shape.size(), 0);
  for (size_t i = 0; i < shape.size(); ++i) {
    const size_t j = out_shape.size() - shape.size() + i;
    strides[j] = shape[i] == 1 ? 0 : dense[i];
  }
  return strides;
}

Result<std::vector<int64_t>> IntsOf(const Tensor& tensor) {
  if (tensor.shape().size() > 1) {
    return CorruptModel("a list of sizes has shape " + ShapeToString(tensor.shape()) +
                        " instead of one dimension");
  }
  std::vector<int64_t> out;
  if (tensor.dtype() == DataType::kInt64) {
    for (const int64_t v : tensor.span<int64_t>()) out.push_back(v);
  } else if (tensor.dtype() == DataType::kInt32) {
    for (const int32_t v : tensor.span<int32_t>()) out.push_back(v);
  } else {
    return CorruptModel(std::string("a list of sizes holds ") + DataTypeName(tensor.dtype()) +
                        " instead of int64");
  }
  return out;
}

Result<std::vector<int64_t>> ConstantInts(const InferContext& context, size_t input, std::string_view what) {
  const Tensor* t = input < context.constants.size() ? context.constants[input] : nullptr;
  if (t == nullptr) {
    return Unsupported("its " + std::string(what) +
                       " depends on the picture's content; only what follows from shapes is supported");
  }
  return IntsOf(*t);
}

}  // namespace tempera::ops
