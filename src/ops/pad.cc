// Pad: constant, reflect, edge (and wrap, opset 19); pads as attribute before opset 11, as
// input since, with an axes input since opset 18.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "src/base/checked_math.h"
#include "src/kernels/pad_index.h"
#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/pad_sources.h"
#include "src/ops/saturate.h"
#include "src/ops/shape_rules.h"
#include "src/ops/strided_copy.h"

namespace tempera::ops {
namespace {

// Beyond any picture; the table of sources below has an entry per position.
constexpr int64_t kMaxPadded = int64_t{1} << 26;

struct Pads {
  std::vector<int64_t> begin, end;  // one per dimension; negative crops
};

// `pads` and `axes` as given: [begin of each axis..., end of each axis...].
Result<Pads> SpreadPads(const std::vector<int64_t>& pads, std::vector<int64_t> axes, size_t rank) {
  if (axes.empty()) {
    for (size_t i = 0; i < rank; ++i) axes.push_back(static_cast<int64_t>(i));
  }
  TEMPERA_ASSIGN_OR_RETURN(axes, NormalizeAxes(std::move(axes), rank));
  if (pads.size() != 2 * axes.size()) {
    return CorruptModel("pads has " + std::to_string(pads.size()) + " entries where " +
                        std::to_string(2 * axes.size()) + " are needed");
  }
  Pads p{std::vector<int64_t>(rank, 0), std::vector<int64_t>(rank, 0)};
  for (size_t i = 0; i < axes.size(); ++i) {
    p.begin[static_cast<size_t>(axes[i])] = pads[i];
    p.end[static_cast<size_t>(axes[i])] = pads[axes.size() + i];
  }
  return p;
}

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckOpset(c, 2));
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 4));
  const Shape& x = c.inputs[0]->shape;
  std::vector<int64_t> pads, axes;
  if (c.opset < 11) {
    pads = c.node.attributes.Ints("pads");
  } else {
    TEMPERA_ASSIGN_OR_RETURN(pads, ConstantInts(c, 1, "pads"));
    if (InputInfo(c, 3)) {
      TEMPERA_ASSIGN_OR_RETURN(axes, ConstantInts(c, 3, "axes"));
    }
  }
  TEMPERA_ASSIGN_OR_RETURN(const Pads p, SpreadPads(pads, axes, x.size()));
  const std::string mode = c.node.attributes.String("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap") {
    return Unsupported("its mode '" + mode + "' is not supported");
  }
  c.outputs[0] = *c.inputs[0];
  for (size_t d = 0; d < x.size(); ++d) {
    int64_t size = 0;
    if (!CheckedAdd(x[d], p.begin[d], &size) || !CheckedAdd(size, p.end[d], &size) || size < 0) {
      return CorruptModel("pads of " + std::to_string(p.begin[d]) + " and " + std::to_string(p.end[d]) +
                          " do not fit a dimension of " + std::to_string(x[d]));
    }
    if (size > kMaxPadded && size != x[d])
      return Unsupported("padding to " + std::to_string(size) + " is not supported; use a smaller picture");
    const int64_t margin = std::max(p.begin[d], p.end[d]);
    if (mode == "reflect" && margin > 0 && margin >= x[d]) {
      return InvalidArgument("reflecting " + std::to_string(margin) + " pixels needs more than " +
                             std::to_string(x[d]) + "; use a larger picture");
    }
    if (mode != "constant" && x[d] == 0 && size > 0) return InvalidArgument("there is nothing to pad from");
    c.outputs[0].shape[d] = size;
  }
  return OkStatus();
}

Status Reference(const ComputeContext& c) {
  const Tensor& x = *c.inputs[0];
  std::vector<int64_t> pads, axes;
  uint64_t fill = 0;  // the bits of one element; zero in every type
  if (c.opset < 11) {
    pads = c.node.attributes.Ints("pads");
    const float value = c.node.attributes.Float("value", 0.0f);
    TEMPERA_RETURN_IF_ERROR(DispatchNumeric(x.dtype(), [&]<typename T>() {
      const T typed = SaturateCast<T>(value);
      std::memcpy(&fill, &typed, sizeof(T));
      return OkStatus();
    }));
  } else {
    TEMPERA_ASSIGN_OR_RETURN(pads, IntsOf(*c.inputs[1]));
    if (const Tensor* value = InputTensor(c, 2); value && value->element_count() > 0) {
      if (value->dtype() != x.dtype())
        return CorruptModel("its constant_value has another type than its input");
      std::memcpy(&fill, value->raw(), DataTypeSize(x.dtype()));
    }
    if (const Tensor* axes_input = InputTensor(c, 3)) {
      TEMPERA_ASSIGN_OR_RETURN(axes, IntsOf(*axes_input));
    }
  }
  TEMPERA_ASSIGN_OR_RETURN(const Pads p, SpreadPads(pads, axes, x.shape().size()));
  const std::string mode = c.node.attributes.String("mode", "constant");
  std::vector<std::vector<int64_t>> tables;
  for (size_t d = 0; d < x.shape().size(); ++d) {
    tables.push_back(PadSources(mode, x.shape()[d], p.begin[d], c.outputs[0]->shape()[d]));
  }
  TableCopy(DataTypeSize(x.dtype()), tables, x.raw(), x.shape(), &fill, c.outputs[0]->raw());
  return OkStatus();
}

}  // namespace

std::vector<int64_t> PadSources(const std::string& mode, int64_t in, int64_t begin, int64_t out) {
  const kernels::PadMode pad = mode == "constant" ? kernels::PadMode::kConstant
                               : mode == "edge"   ? kernels::PadMode::kEdge
                                                  : kernels::PadMode::kReflect;
  std::vector<int64_t> sources(static_cast<size_t>(out));
  for (int64_t o = 0; o < out; ++o) {
    const int64_t i = o - begin;
    sources[static_cast<size_t>(o)] = mode == "wrap" ? (i % in + in) % in : kernels::PadIndex(i, in, pad);
  }
  return sources;
}

Operator PadOperator() { return {"Pad", Infer, Reference}; }

}  // namespace tempera::ops
