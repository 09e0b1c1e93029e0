#include "train/segment/mask_net.h"

#include <algorithm>
#include <cmath>

namespace tempera::train {
namespace {

using Activation = MaskActivation;

class Maker {
 public:
  explicit Maker(double width) : width_(width) {}

  // Multiples of 8, as kernels like them, and never much fewer than asked for.
  int Scaled(int channels) const {
    if (width_ == 1) return channels;
    return std::max(8, static_cast<int>(std::lround(channels * width_ / 8)) * 8);
  }
  int channels(int layer) const {
    return layer < 0 ? 3 : net.layers[static_cast<size_t>(layer)].out_channels;
  }

  int Conv(const std::string& name, int from, int out, int kernel, int stride, Activation activation,
           const std::string& pretrained = "") {
    MaskLayer layer;
    layer.in_channels = channels(from);
    layer.out_channels = out;
    layer.kernel = kernel;
    layer.stride = stride;
    layer.activation = activation;
    layer.pretrained = pretrained;
    return Push(layer, name, {from});
  }
  int Depthwise(const std::string& name, int from, int kernel, int stride, Activation activation,
                const std::string& pretrained = "") {
    const int layer = Conv(name, from, channels(from), kernel, stride, activation, pretrained);
    net.layers.back().groups = channels(from);
    return layer;
  }
  // Depthwise 3x3, then 1x1.
  int Separable(const std::string& name, int from, int out, int stride) {
    return Conv(name + "_pw", Depthwise(name + "_dw", from, 3, stride, Activation::kRelu), out, 1, 1,
                Activation::kRelu);
  }
  int SqueezeExcite(const std::string& name, int from, int squeezed, const std::string& pretrained) {
    MaskLayer layer;
    layer.op = MaskOp::kSqueezeExcite;
    layer.in_channels = layer.out_channels = channels(from);
    layer.squeezed = squeezed;
    layer.pretrained = pretrained;
    return Push(layer, name, {from});
  }
  int Gate(const std::string& name, int from, int by) {
    MaskLayer layer;
    layer.op = MaskOp::kGate;
    layer.in_channels = channels(by);
    layer.out_channels = channels(from);
    return Push(layer, name, {from, by});
  }
  int Add(const std::string& name, int a, int b, Activation activation) {
    MaskLayer layer;
    layer.op = MaskOp::kAdd;
    layer.in_channels = layer.out_channels = channels(a);
    layer.activation = activation;
    return Push(layer, name, {a, b});
  }
  int Enlarge(const std::string& name, int from, int factor) {
    MaskLayer layer;
    layer.op = MaskOp::kEnlarge;
    layer.in_channels = layer.out_channels = channels(from);
    layer.factor = factor;
    return Push(layer, name, {from});
  }
  int Pyramid(const std::string& name, int from) {
    MaskLayer layer;
    layer.op = MaskOp::kPyramid;
    layer.in_channels = channels(from);
    layer.out_channels = 2 * channels(from);
    return Push(layer, name, {from});
  }
  // The classes' logits: with bias.
  void Classify(const std::string& name, int from) {
    Conv(name, from, static_cast<int>(net.classes.size()), 1, 1, Activation::kNone);
    net.layers.back().norm = false;
  }

  MaskNet net;

 private:
  int Push(MaskLayer layer, const std::string& name, std::vector<int> from) {
    layer.name = name;
    layer.from = std::move(from);
    net.layers.push_back(std::move(layer));
    return static_cast<int>(net.layers.size()) - 1;
  }
  double width_;
};

// An inverted residual of MobileNetV3. at: its name in the pretrained file, "" without.
struct Block {
  const char* at;
  int kernel, expanded, out, squeezed, stride;
  bool hard_swish;
};

int AddBlock(Maker& m, const Block& block, int from, bool pretrained) {
  const std::string at = std::string("blocks.") + block.at;
  const std::string name = std::string("block") + block.at[0] + block.at[2];
  auto file = [&](const char* part) { return pretrained ? at + "." + part : std::string(); };
  const Activation activation = block.hard_swish ? Activation::kHardSwish : Activation::kRelu;
  int x = from;
  const bool expands = block.expanded > 0;
  if (expands) x = m.Conv(name + "_pw", x, m.Scaled(block.expanded), 1, 1, activation, file("conv_pw"));
  x = m.Depthwise(name + "_dw", x, block.kernel, block.stride, activation, file("conv_dw"));
  if (block.squeezed > 0) x = m.SqueezeExcite(name + "_se", x, m.Scaled(block.squeezed), file("se"));
  x = m.Conv(name + "_pwl", x, m.Scaled(block.out), 1, 1, Activation::kNone,
             file(expands ? "conv_pwl" : "conv_pw"));
  const bool residual = block.stride == 1 && m.channels(from) == m.channels(x);
  return residual ? m.Add(name + "_add", x, from, Activation::kNone) : x;
}

// The features of a MobileNetV3-small: at 1/2, 1/4, 1/8 and 1/16 of the size.
struct Encoded {
  int half, quarter, eighth, sixteenth;
};
Encoded AddEncoder(Maker& m, bool pretrained) {
  Encoded e;
  e.half = m.Conv("stem", -1, m.Scaled(16), 3, 2, Activation::kHardSwish, pretrained ? "conv_stem" : "");
  e.quarter = AddBlock(m, {"0.0", 3, 0, 16, 8, 2, false}, e.half, pretrained);
  int x = AddBlock(m, {"1.0", 3, 72, 24, 0, 2, false}, e.quarter, pretrained);
  e.eighth = AddBlock(m, {"1.1", 3, 88, 24, 0, 1, false}, x, pretrained);
  x = AddBlock(m, {"2.0", 5, 96, 40, 24, 2, true}, e.eighth, pretrained);
  x = AddBlock(m, {"2.1", 5, 240, 40, 64, 1, true}, x, pretrained);
  x = AddBlock(m, {"2.2", 5, 240, 40, 64, 1, true}, x, pretrained);
  x = AddBlock(m, {"3.0", 5, 120, 48, 32, 1, true}, x, pretrained);
  e.sixteenth = AddBlock(m, {"3.1", 5, 144, 48, 40, 1, true}, x, pretrained);
  return e;
}

// Enlarged twice, and what the encoder saw at that size added.
int Merge(Maker& m, const std::string& name, int coarse, int skip, int channels) {
  const int up = m.Enlarge(name + "_up", m.Conv(name + "_in", coarse, channels, 1, 1, Activation::kNone), 2);
  return m.Add(name + "_add", up, m.Conv(name + "_skip", skip, channels, 1, 1, Activation::kNone),
               Activation::kRelu);
}

void MakePerson(Maker& m) {
  const Encoded e = AddEncoder(m, true);
  int x = m.Gate("gate", m.Conv("head", e.sixteenth, 64, 1, 1, Activation::kRelu), e.sixteenth);
  x = m.Depthwise("to8_dw", Merge(m, "to8", x, e.eighth, 32), 5, 1, Activation::kRelu);
  x = m.Depthwise("to4_dw", Merge(m, "to4", x, e.quarter, 24), 3, 1, Activation::kRelu);
  x = m.Depthwise("to2_dw", Merge(m, "to2", x, e.half, 8), 3, 1, Activation::kRelu);
  m.Classify("mask", x);
  m.net.output_stride = 2;
}

void MakeStreet(Maker& m) {
  const Encoded e = AddEncoder(m, true);
  int x = AddBlock(m, {"4.0", 5, 288, 96, 72, 2, true}, e.sixteenth, true);
  x = AddBlock(m, {"4.1", 5, 576, 96, 144, 1, true}, x, true);
  x = m.Gate("gate", m.Conv("head", x, 128, 1, 1, Activation::kRelu), x);
  x = Merge(m, "to16", x, e.sixteenth, 96);
  x = m.Conv("to16_pw", m.Depthwise("to16_dw", x, 5, 1, Activation::kRelu), 96, 1, 1, Activation::kRelu);
  x = Merge(m, "to8", x, e.eighth, 64);
  x = m.Conv("to8_pw", m.Depthwise("to8_dw", x, 5, 1, Activation::kRelu), 64, 1, 1, Activation::kRelu);
  x = Merge(m, "to4", x, e.quarter, 48);
  x = m.Conv("to4_pw", m.Depthwise("to4_dw", x, 3, 1, Activation::kRelu), 48, 1, 1, Activation::kRelu);
  m.Classify("mask", x);
  m.net.output_stride = 4;
}

// One of Fast-SCNN's bottlenecks: expanded six times.
int Bottleneck(Maker& m, const std::string& name, int from, int out, int stride) {
  int x = m.Conv(name + "_pw", from, 6 * m.channels(from), 1, 1, Activation::kRelu);
  x = m.Depthwise(name + "_dw", x, 3, stride, Activation::kRelu);
  x = m.Conv(name + "_pwl", x, out, 1, 1, Activation::kNone);
  const bool residual = stride == 1 && m.channels(from) == out;
  return residual ? m.Add(name + "_add", x, from, Activation::kNone) : x;
}

void MakeFastScnn(Maker& m) {
  int x = m.Conv("down1", -1, m.Scaled(32), 3, 2, Activation::kRelu);
  x = m.Separable("down2", x, m.Scaled(48), 2);
  const int fine = m.Separable("down3", x, m.Scaled(64), 2);
  x = fine;
  const int channels[3] = {64, 96, 128}, strides[3] = {2, 2, 1};
  for (int group = 0; group < 3; ++group) {
    for (int i = 0; i < 3; ++i) {
      const std::string name = "global" + std::to_string(group + 1) + std::to_string(i + 1);
      x = Bottleneck(m, name, x, m.Scaled(channels[group]), i == 0 ? strides[group] : 1);
    }
  }
  x = m.Conv("pyramid_out", m.Pyramid("pyramid", x), m.Scaled(128), 1, 1, Activation::kRelu);
  x = m.Depthwise("fuse_dw", m.Enlarge("fuse_up", x, 4), 3, 1, Activation::kRelu);
  x = m.Conv("fuse_coarse", x, m.Scaled(128), 1, 1, Activation::kNone);
  x = m.Add("fuse", x, m.Conv("fuse_fine", fine, m.Scaled(128), 1, 1, Activation::kNone), Activation::kRelu);
  x = m.Separable("classify1", x, m.Scaled(128), 1);
  x = m.Separable("classify2", x, m.Scaled(128), 1);
  m.Classify("mask", x);
  m.net.output_stride = 8;
}

int64_t Weights(const MaskLayer& layer) {
  const int64_t in = layer.in_channels, out = layer.out_channels;
  switch (layer.op) {
    case MaskOp::kConv:
      return out * (in / layer.groups) * layer.kernel * layer.kernel + (layer.norm ? 2 : 1) * out;
    case MaskOp::kSqueezeExcite:
      return 2 * in * layer.squeezed + layer.squeezed + in;
    case MaskOp::kGate:
      return in * out + out;
    case MaskOp::kPyramid:
      return 4 * (in * (in / 4) + 2 * (in / 4));
    case MaskOp::kAdd:
    case MaskOp::kEnlarge:
      return 0;
  }
  return 0;
}

}  // namespace

Result<MaskNet> MakeMaskNet(const std::string& name, const std::vector<std::string>& classes, double width) {
  if (classes.empty()) return InvalidArgument("a mask network needs a class");
  if (!(width >= 0.25 && width <= 4)) return InvalidArgument("--width is 0.25 to 4");
  Maker maker(width);
  maker.net.name = name;
  maker.net.classes = classes;
  if (name == "person") {
    MakePerson(maker);
  } else if (name == "street") {
    MakeStreet(maker);
  } else if (name == "fast-scnn") {
    MakeFastScnn(maker);
  } else {
    return InvalidArgument("no mask network is called '" + name +
                           "': there are person, street and fast-scnn");
  }
  if (width != 1) {
    for (MaskLayer& layer : maker.net.layers) layer.pretrained.clear();
  }
  return maker.net;
}

int64_t CountParameters(const MaskNet& net) {
  int64_t count = 0;
  for (const MaskLayer& layer : net.layers) count += Weights(layer);
  return count;
}

}  // namespace tempera::train
