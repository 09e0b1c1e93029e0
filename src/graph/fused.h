// What the nodes that passes make ("tempera.<Name>") say, as structs: a pass fills them in and checks them
// once, everybody behind the passes reads them. Each has a plain loop too (src/ops/fused_conv.cc and beside
// the operators they resemble), so that a graph of them can be run, and what is fast compared with it.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <variant>

namespace tempera::graph {

enum class PadKind {
  kConstant,
  kReflect,
  kEdge,
  kWrap,  // of a Pad that stands alone; never of a convolution
};

struct Padding {
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  PadKind kind = PadKind::kConstant;
  float value = 0;  // of kConstant

  bool empty() const { return top == 0 && left == 0 && bottom == 0 && right == 0; }
};

enum class ActivationKind {
  kNone,
  kClamp,      // min(max(x, lo), hi)
  kSlope,      // x < 0 ? slope * x : x, a slope for each channel
  kHardSwish,  // x * min(max(x / 6 + 1 / 2, 0), 1)
};

// tempera.Conv: inputs x [n, c, h, w], weights [out, c / group, kernel_h, kernel_w], bias [out] (or absent),
// slope [out] (with kSlope). All but x are constants.
struct FusedConv {
  int64_t group = 1;
  int64_t stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  Padding padding;          // counted in enlarged pixels
  int64_t upsample = 1;     // 2: x is first enlarged by repeating pixels
  bool transposed = false;  // it was a ConvTranspose; its padding is what it leaves out
  ActivationKind activation = ActivationKind::kNone;
  float lo = -std::numeric_limits<float>::infinity(), hi = std::numeric_limits<float>::infinity();
  // r in 2..4: channel c * r * r + dy * r + dx is stored as pixel (y * r + dy, x * r + dx) of channel c,
  // after the activation.
  int64_t shuffle = 1;
};

// tempera.Affine: inputs x, scale [c], shift [c]: x * scale + shift. Here and in both kinds of norms the
// numbers per channel are constants or computed in the graph.
struct FusedAffine {};

// tempera.GroupNorm: inputs x, gamma [c], beta [c]: an instance norm whose statistics are those of c / groups
// channels together, always more than one.
struct FusedGroupNorm {
  int64_t groups = 1;
  float epsilon = 1e-5f;
};

// tempera.Softmax: input x, along one axis.
struct FusedSoftmax {
  int64_t axis = 0;
};

// tempera.Gelu (with erf), tempera.Mish, tempera.Silu: input x, number by number.
struct FusedFunction {};

// Nothing in nodes of ONNX.
using Fused =
    std::variant<std::monostate, FusedConv, FusedAffine, FusedGroupNorm, FusedSoftmax, FusedFunction>;

std::string_view NameOf(PadKind kind);         // "constant", "reflect", "edge", "wrap"
std::string_view NameOf(ActivationKind kind);  // "none", "clamp", "slope", "hard_swish"

// field(name, value) for each, in a fixed order; values are int64_t, float, bool or std::string_view.
template <typename F>
void ForEachField(const FusedConv& c, const F& field) {
  field("group", c.group);
  field("stride_h", c.stride_h);
  field("stride_w", c.stride_w);
  field("dilation_h", c.dilation_h);
  field("dilation_w", c.dilation_w);
  field("pad_top", c.padding.top);
  field("pad_left", c.padding.left);
  field("pad_bottom", c.padding.bottom);
  field("pad_right", c.padding.right);
  field("pad_kind", NameOf(c.padding.kind));
  field("pad_value", c.padding.value);
  field("upsample", c.upsample);
  field("transposed", c.transposed);
  field("activation", NameOf(c.activation));
  field("lo", c.lo);
  field("hi", c.hi);
  field("shuffle", c.shuffle);
}
template <typename F>
void ForEachField(const FusedGroupNorm& norm, const F& field) {
  field("groups", norm.groups);
  field("epsilon", norm.epsilon);
}
template <typename F>
void ForEachField(const FusedSoftmax& softmax, const F& field) {
  field("axis", softmax.axis);
}
template <typename F>
void ForEachField(const FusedAffine&, const F&) {}
template <typename F>
void ForEachField(const FusedFunction&, const F&) {}
template <typename F>
void ForEachField(const std::monostate&, const F&) {}

}  // namespace tempera::graph
