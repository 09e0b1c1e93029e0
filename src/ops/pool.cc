// MaxPool (with indices), AveragePool, GlobalAveragePool and GlobalMaxPool; any number of spatial dimensions.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"
#include "src/ops/window.h"

namespace tempera::ops {
namespace {

Status InferPool(InferContext& c, size_t outputs) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1, outputs));
  const Shape& x = c.inputs[0]->shape;
  if (x.size() < 3) return CorruptModel("its input " + ShapeToString(x) + " has no spatial dimensions");
  TEMPERA_ASSIGN_OR_RETURN(const Window window, ResolveWindow(c.node, std::span(x).subspan(2), {}));
  c.outputs[0].dtype = c.inputs[0]->dtype;
  c.outputs[0].shape = {x[0], x[1]};
  c.outputs[0].shape.insert(c.outputs[0].shape.end(), window.output.begin(), window.output.end());
  if (c.outputs.size() > 1) c.outputs[1] = {DataType::kInt64, c.outputs[0].shape};
  return OkStatus();
}

Status InferMaxPool(InferContext& c) { return InferPool(c, 2); }
Status InferAveragePool(InferContext& c) { return InferPool(c, 1); }

// Counts through a box: index[d] in [0, size[d]), last dimension fastest. False after the last.
bool Advance(std::vector<int64_t>* index, std::span<const int64_t> size) {
  for (size_t d = size.size(); d-- > 0;) {
    if (++(*index)[d] < size[d]) return true;
    (*index)[d] = 0;
  }
  return false;
}

// Calls visit(offset) for every tap of the window at output position `at` that lies inside the
// input; returns how many taps lie inside input plus padding.
template <typename Visit>
int64_t VisitWindow(const Window& w, std::span<const int64_t> spatial, const std::vector<int64_t>& at,
                    Visit visit) {
  int64_t padded_taps = 0;
  std::vector<int64_t> tap(w.kernel.size(), 0);
  do {
    bool inside = true, in_padding = true;
    int64_t offset = 0;
    for (size_t d = 0; d < w.kernel.size(); ++d) {
      const int64_t i = at[d] * w.strides[d] - w.pads_begin[d] + tap[d] * w.dilations[d];
      inside = inside && i >= 0 && i < spatial[d];
      in_padding = in_padding && i < spatial[d] + w.pads_end[d];
      offset = offset * spatial[d] + i;
    }
    if (in_padding) ++padded_taps;
    if (inside) visit(offset);
  } while (Advance(&tap, w.kernel));
  return padded_taps;
}

// storage_order = 1: indices count columns first, within the last two dimensions swapped throughout.
int64_t ColumnMajor(int64_t offset, std::span<const int64_t> spatial) {
  int64_t result = 0, stride = 1, rest = offset;
  std::vector<int64_t> index(spatial.size());
  for (size_t d = spatial.size(); d-- > 0;) {
    index[d] = rest % spatial[d];
    rest /= spatial[d];
  }
  for (size_t d = 0; d < spatial.size(); ++d) {
    result += index[d] * stride;
    stride *= spatial[d];
  }
  return result;
}

template <typename T>
void MaxPoolPlanes(const ComputeContext& c, const Window& w) {
  const Shape& x = c.inputs[0]->shape();
  const std::span<const int64_t> spatial = std::span(x).subspan(2);
  int64_t in_size = 1;
  for (const int64_t s : spatial) in_size *= s;
  const bool columns_first = c.node.attributes.Int("storage_order", 0) != 0;
  T* out = c.outputs[0]->data<T>();
  int64_t* indices = c.outputs.size() > 1 && c.outputs[1] ? c.outputs[1]->data<int64_t>() : nullptr;
  if (c.outputs[0]->element_count() == 0) return;
  for (int64_t plane = 0; plane < x[0] * x[1]; ++plane) {
    const T* in = c.inputs[0]->data<T>() + plane * in_size;
    std::vector<int64_t> at(spatial.size(), 0);
    do {
      int64_t best = -1;
      VisitWindow(w, spatial, at, [&](int64_t offset) {
        if (best < 0 || static_cast<ComputeType<T>>(in[offset]) > static_cast<ComputeType<T>>(in[best]))
          best = offset;
      });
      // A window of padding alone has no maximum: the lowest value there is.
      *out++ = best >= 0 ? in[best] : static_cast<T>(std::numeric_limits<ComputeType<T>>::lowest());
      if (indices)
        *indices++ = plane * in_size + (columns_first && best >= 0 ? ColumnMajor(best, spatial) : best);
    } while (Advance(&at, w.output));
  }
}

Status MaxPoolReference(const ComputeContext& c) {
  TEMPERA_ASSIGN_OR_RETURN(const Window w,
                           ResolveWindow(c.node, std::span(c.inputs[0]->shape()).subspan(2), {}));
  return DispatchNumeric(c.inputs[0]->dtype(), [&]<typename T>() {
    MaxPoolPlanes<T>(c, w);
    return OkStatus();
  });
}

Status AveragePoolReference(const ComputeContext& c) {
  const Shape& x = c.inputs[0]->shape();
  const std::span<const int64_t> spatial = std::span(x).subspan(2);
  TEMPERA_ASSIGN_OR_RETURN(const Window w, ResolveWindow(c.node, spatial, {}));
  const bool include_pad = c.node.attributes.Int("count_include_pad", 0) != 0;
  int64_t in_size = 1;
  for (const int64_t s : spatial) in_size *= s;
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    T* out = c.outputs[0]->data<T>();
    if (c.outputs[0]->element_count() == 0) return OkStatus();
    for (int64_t plane = 0; plane < x[0] * x[1]; ++plane) {
      const T* in = c.inputs[0]->data<T>() + plane * in_size;
      std::vector<int64_t> at(spatial.size(), 0);
      do {
        double sum = 0;
        int64_t taps = 0;
        const int64_t padded_taps = VisitWindow(w, spatial, at, [&](int64_t offset) {
          sum += static_cast<double>(in[offset]);
          ++taps;
        });
        const int64_t count = std::max<int64_t>(1, include_pad ? padded_taps : taps);
        *out++ = static_cast<T>(static_cast<ComputeType<T>>(sum / static_cast<double>(count)));
      } while (Advance(&at, w.output));
    }
    return OkStatus();
  });
}

Status InferGlobal(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 1));
  const Shape& x = c.inputs[0]->shape;
  if (x.size() < 3) return CorruptModel("its input " + ShapeToString(x) + " has no spatial dimensions");
  c.outputs[0] = *c.inputs[0];
  for (size_t d = 2; d < x.size(); ++d) c.outputs[0].shape[d] = 1;
  return OkStatus();
}

Status GlobalAveragePoolReference(const ComputeContext& c) {
  const Shape& x = c.inputs[0]->shape();
  int64_t size = 1;
  for (size_t d = 2; d < x.size(); ++d) size *= x[d];
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    const T* in = c.inputs[0]->data<T>();
    for (int64_t plane = 0; plane < x[0] * x[1]; ++plane) {
      double sum = 0;
      for (int64_t i = 0; i < size; ++i) sum += static_cast<double>(*in++);
      c.outputs[0]->data<T>()[plane] =
          static_cast<T>(static_cast<ComputeType<T>>(sum / static_cast<double>(size)));
    }
    return OkStatus();
  });
}

Status GlobalMaxPoolReference(const ComputeContext& c) {
  const Shape& x = c.inputs[0]->shape();
  int64_t size = 1;
  for (size_t d = 2; d < x.size(); ++d) size *= x[d];
  return DispatchFloating(c.inputs[0]->dtype(), [&]<typename T>() {
    const T* in = c.inputs[0]->data<T>();
    for (int64_t plane = 0; plane < x[0] * x[1]; ++plane) {
      auto most = -std::numeric_limits<ComputeType<T>>::infinity();
      for (int64_t i = 0; i < size; ++i) most = std::max(most, static_cast<ComputeType<T>>(*in++));
      c.outputs[0]->data<T>()[plane] = static_cast<T>(most);
    }
    return OkStatus();
  });
}

}  // namespace

Operator GlobalMaxPoolOperator() { return {"GlobalMaxPool", InferGlobal, GlobalMaxPoolReference}; }
Operator MaxPoolOperator() { return {"MaxPool", InferMaxPool, MaxPoolReference}; }
Operator AveragePoolOperator() { return {"AveragePool", InferAveragePool, AveragePoolReference}; }
Operator GlobalAveragePoolOperator() {
  return {"GlobalAveragePool", InferGlobal, GlobalAveragePoolReference};
}

}  // namespace tempera::ops
