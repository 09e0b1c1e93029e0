#include "src/engine/facts/layouts.h"

#include "src/engine/facts/operators.h"
#include "src/graph/activation.h"
#include "src/graph/rewrite.h"

namespace tempera::engine {
namespace {

using graph::Graph;
using graph::kNoValue;
using graph::Node;
using graph::ValueId;

// A value is a root with something pending on it, as the planners will find it.
struct Pending {
  ValueId root = kNoValue;  // made by a convolution or an Add that may be interleaved
  bool affine = false, activation = false;
};

// Whether the kernels can store a convolution's `channels` channels as pixels.
bool MayInterleave(const Node& conv, int64_t channels) {
  return graph::ConvOf(conv)->shuffle == 1 || channels % 8 == 0;
}

class LayoutChooser {
 public:
  LayoutChooser(const Graph& graph, const std::vector<bool>& low_precision,
                const std::vector<bool>& depthwise)
      : graph_(graph),
        low_precision_(low_precision),
        depthwise_(depthwise),
        pending_(graph.values.size()),
        is_conv_root_(graph.values.size()),
        interleaved_(graph.values.size()) {}

  std::vector<bool> Run() {
    for (size_t n = 0; n < graph_.nodes.size(); ++n) Follow(n);
    // What an Add gives up its operands must give up too, so until nothing changes.
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t n = 0; n < graph_.nodes.size(); ++n) changed |= GiveUpForReader(n);
      for (ValueId v : graph_.outputs) changed |= GiveUp(v);
    }
    return std::move(interleaved_);
  }

 private:
  Pending& pending(ValueId v) { return pending_[static_cast<size_t>(v)]; }

  void MakeRoot(ValueId v, bool conv) {
    pending(v) = {v, false, false};
    is_conv_root_[static_cast<size_t>(v)] = conv;
    interleaved_[static_cast<size_t>(v)] = true;
  }

  // What is pending on node n's output.
  void Follow(size_t n) {
    const Node& node = graph_.nodes[n];
    if (node.inputs.empty() || node.outputs.empty() || node.outputs[0] == kNoValue) return;
    const ValueId out = node.outputs[0];
    const LayoutRole role = FactsOf(node.op_type).layout;
    if (role == LayoutRole::kConv) {
      if (low_precision_[n]) {
        if (MayInterleave(node, graph_.value(out).info.shape[1])) MakeRoot(out, true);
      } else if (depthwise_[n] && pending(node.inputs[0]).root != kNoValue) {
        MakeRoot(out, false);  // it gathers no moments
      }
      return;
    }
    if (node.inputs[0] == kNoValue) return;
    Pending x = pending(node.inputs[0]);
    if (x.root == kNoValue) return;
    if (role == LayoutRole::kAdd) {
      const ValueId b = node.inputs[1];
      if (pending(b).root != kNoValue &&
          graph_.value(b).info.shape == graph_.value(node.inputs[0]).info.shape)
        MakeRoot(out, false);
      return;
    }
    const bool untouched = !x.affine && !x.activation;
    if (role == LayoutRole::kNorm) {
      if (!untouched || !is_conv_root_[static_cast<size_t>(x.root)]) return;  // it gathers the moments
      x.affine = true;
    } else if (role == LayoutRole::kAffine) {
      if (!untouched) return;
      x.affine = true;
    } else if (role == LayoutRole::kActivation && graph::ReadActivation(graph_, node)) {
      if (x.activation) return;
      x.activation = true;
    } else {
      return;
    }
    pending(out) = x;
  }

  bool GiveUp(ValueId v) {
    const ValueId root = v == kNoValue ? kNoValue : pending(v).root;
    if (root == kNoValue || !interleaved_[static_cast<size_t>(root)]) return false;
    interleaved_[static_cast<size_t>(root)] = false;
    return true;
  }

  // Of a depthwise convolution: makes pixels of pixels, or planes of planes.
  bool GiveUpDepthwise(const Node& node) {
    const ValueId from = pending(node.inputs[0]).root, to = pending(node.outputs[0]).root;
    const bool read = from != kNoValue && interleaved_[static_cast<size_t>(from)];
    const bool made = to != kNoValue && interleaved_[static_cast<size_t>(to)];
    if (read == made) return false;
    return GiveUp(read ? node.inputs[0] : node.outputs[0]);
  }

  bool GiveUpForReader(size_t n) {
    const Node& node = graph_.nodes[n];
    const ValueId out = node.outputs.empty() ? kNoValue : node.outputs[0];
    const bool conv = FactsOf(node.op_type).layout == LayoutRole::kConv;
    if (conv && !low_precision_[n] && pending(out).root != kNoValue) return GiveUpDepthwise(node);
    const ValueId root = out == kNoValue || conv ? kNoValue : pending(out).root;
    const bool serves = conv ? low_precision_[n]
                             // An Add that stays interleaved, or a node that only leaves more pending.
                             : root != kNoValue && interleaved_[static_cast<size_t>(root)];
    bool changed = false;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (!serves || (conv && i > 0)) changed |= GiveUp(node.inputs[i]);
    }
    return changed;
  }

  const Graph& graph_;
  const std::vector<bool>&low_precision_, &depthwise_;
  std::vector<Pending> pending_;
  std::vector<bool> is_conv_root_, interleaved_;
};

}  // namespace

std::vector<bool> ChooseInterleaved(const Graph& graph, const std::vector<bool>& low_precision,
                                    const std::vector<bool>& depthwise) {
  return LayoutChooser(graph, low_precision, depthwise).Run();
}

}  // namespace tempera::engine
