#include "src/ops/window.h"

#include <algorithm>
#include <string>

#include "src/base/checked_math.h"
#include "src/graph/auto_pad.h"

namespace tempera::ops {
namespace {

// Far beyond any picture, and small enough that sums and products of three stay exact.
constexpr int64_t kMaxExtent = int64_t{1} << 20;

Status CheckList(const std::vector<int64_t>& list, size_t rank, int64_t least, const char* name) {
  if (list.size() != rank) {
    return CorruptModel(std::string(name) + " has " + std::to_string(list.size()) + " entries where " +
                        std::to_string(rank) + " are needed");
  }
  for (const int64_t v : list) {
    if (v < least || v > kMaxExtent) {
      return CorruptModel(std::string(name) + " holds the impossible value " + std::to_string(v));
    }
  }
  return OkStatus();
}

}  // namespace

Result<Window> ResolveWindow(const graph::Node& node, std::span<const int64_t> spatial,
                             std::span<const int64_t> kernel) {
  const size_t rank = spatial.size();
  const graph::Attributes& attributes = node.attributes;
  Window w;
  w.kernel = attributes.Ints("kernel_shape", {kernel.begin(), kernel.end()});
  w.strides = attributes.Ints("strides", std::vector<int64_t>(rank, 1));
  w.dilations = attributes.Ints("dilations", std::vector<int64_t>(rank, 1));
  std::vector<int64_t> pads = attributes.Ints("pads", std::vector<int64_t>(2 * rank, 0));
  TEMPERA_RETURN_IF_ERROR(CheckList(w.kernel, rank, 1, "kernel_shape"));
  TEMPERA_RETURN_IF_ERROR(CheckList(w.strides, rank, 1, "strides"));
  TEMPERA_RETURN_IF_ERROR(CheckList(w.dilations, rank, 1, "dilations"));
  TEMPERA_RETURN_IF_ERROR(CheckList(pads, 2 * rank, -kMaxExtent, "pads"));
  if (!kernel.empty() && !std::equal(kernel.begin(), kernel.end(), w.kernel.begin(), w.kernel.end())) {
    return CorruptModel("kernel_shape " + ShapeToString(w.kernel) + " disagrees with the weights' " +
                        ShapeToString(kernel));
  }
  w.pads_begin.assign(pads.begin(), pads.begin() + static_cast<ptrdiff_t>(rank));
  w.pads_end.assign(pads.begin() + static_cast<ptrdiff_t>(rank), pads.end());

  const std::string auto_pad = attributes.String("auto_pad", "NOTSET");
  const bool same = graph::IsSamePad(auto_pad);
  if (!same && auto_pad != "NOTSET" && auto_pad != "VALID" && !auto_pad.empty()) {
    return CorruptModel("auto_pad '" + auto_pad + "' is none of ONNX's values");
  }
  const bool ceil_mode = attributes.Int("ceil_mode", 0) != 0;
  w.output.resize(rank);
  for (size_t d = 0; d < rank; ++d) {
    if (spatial[d] < 0 || spatial[d] > (int64_t{1} << 40))
      return CorruptModel("its input is impossibly large");
    if (same) {
      const graph::SamePad pad = graph::SamePadOf(auto_pad, spatial[d], w.strides[d], w.reach(d));
      w.output[d] = pad.out, w.pads_begin[d] = pad.before, w.pads_end[d] = pad.after;
      continue;
    }
    if (auto_pad == "VALID") w.pads_begin[d] = w.pads_end[d] = 0;
    const int64_t room = spatial[d] + w.pads_begin[d] + w.pads_end[d] - w.reach(d);
    if (room < 0) {
      return InvalidArgument("its window of " + std::to_string(w.reach(d)) +
                             " does not fit into an input of " +
                             std::to_string(spatial[d] + w.pads_begin[d] + w.pads_end[d]) +
                             " (with padding); use a larger picture");
    }
    w.output[d] = room / w.strides[d] + 1;
    if (ceil_mode && room % w.strides[d] != 0) {
      // A window that would start in the padding behind the input is left out (as PyTorch and
      // later ONNX versions have it).
      if (w.output[d] * w.strides[d] < spatial[d] + w.pads_begin[d]) ++w.output[d];
    }
  }
  return w;
}

}  // namespace tempera::ops
