#include "bench/mask_nets.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "src/onnx/model_builder.h"
#include "src/onnx/writer.h"

namespace tempera {
namespace {

enum class After { kNothing, kRelu, kHardSwish };

// A value of the network, and what its maker knows of it.
struct Map {
  std::string name;
  int64_t channels = 0, width = 0, height = 0;
};

struct Window {
  int64_t kernel = 1, stride = 1, dilation = 1;
};

class MaskNet : public onnx::ModelBuilder {
 public:
  // How hard-swish stands in the file.
  enum class SwishAs { kTimesGate, kOperator, kClip };
  // uneven: channels differ in size, as those of trained networks do.
  MaskNet(int64_t width, int64_t height, uint32_t seed, bool uneven, SwishAs swish = SwishAs::kTimesGate)
      : ModelBuilder(swish == SwishAs::kOperator ? 14 : 13, seed),
        uneven_(uneven),
        swish_(swish),
        picture_{"input", 3, width, height} {
    model().producer_name = "bench_make_net";
    graph().name = "bench";
    graph().inputs = {{"input", DataType::kFloat32, true, {{1, ""}, {3, ""}, {height, ""}, {width, ""}}}};
  }

  const Map& picture() const { return picture_; }

  // Random weights that keep the spread of what they read: of rectified numbers more, so that half may be cut
  // away again.
  Map Conv(const Map& x, int64_t out, Window window, After after, bool depthwise = false) {
    const int64_t group = depthwise ? x.channels : 1, taps = window.kernel * window.kernel;
    const int64_t fan_in = x.channels / group * taps;
    const bool pixels = x.name == picture_.name;
    const auto spread =
        static_cast<float>(std::sqrt((after == After::kNothing ? 1.5 : 6.0) / static_cast<double>(fan_in)) *
                           (pixels ? 1.0 / 60 : 1));
    const std::string name = NextName("conv");
    std::vector<float> weights = Draw(out * fan_in, -spread, spread);
    if (uneven_) MakeUneven(out, &weights);
    Constant(name + "_w", {out, x.channels / group, window.kernel, window.kernel}, weights);
    Constant(name + "_b", {out}, pixels ? GreyBiases(weights, out) : Draw(out, -0.2f, 0.2f));
    const int64_t pad = window.kernel / 2 * window.dilation;
    Map y = {NamedNode(name, "Conv", {x.name, name + "_w", name + "_b"},
                       {Ints("kernel_shape", {window.kernel, window.kernel}),
                        Ints("strides", {window.stride, window.stride}), Ints("pads", {pad, pad, pad, pad}),
                        Ints("dilations", {window.dilation, window.dilation}), Int("group", group)}),
             out, (x.width - 1) / window.stride + 1, (x.height - 1) / window.stride + 1};
    if (after == After::kRelu) y.name = NamedNode(name + "_relu", "Relu", {y.name});
    if (after == After::kHardSwish) y = HardSwish(y);
    return y;
  }
  Map Depthwise(const Map& x, Window window, After after) {
    return Conv(x, x.channels, window, after, /*depthwise=*/true);
  }
  // Depthwise, then pointwise, both rectified.
  Map Separable(const Map& x, int64_t out, Window window) {
    return Conv(Depthwise(x, window, After::kRelu), out, {}, After::kRelu);
  }

  Map Add(const Map& x, const Map& y) { return With(x, NamedNode(NextName("add"), "Add", {x.name, y.name})); }
  Map Relu(const Map& x) { return With(x, NamedNode(NextName("relu"), "Relu", {x.name})); }
  Map Concat(const std::vector<Map>& parts) {
    Map y = parts[0];
    y.channels = 0;
    std::vector<std::string> names;
    for (const Map& part : parts) {
      names.push_back(part.name);
      y.channels += part.channels;
    }
    y.name = NamedNode(NextName("concat"), "Concat", names, {Int("axis", 1)});
    return y;
  }
  // Means of bins x bins equal parts.
  Map Pool(const Map& x, int64_t bins) {
    const int64_t w = x.width / bins, h = x.height / bins;
    return {NamedNode(NextName("pool"), "AveragePool", {x.name},
                      {Ints("kernel_shape", {h, w}), Ints("strides", {h, w})}),
            x.channels, bins, bins};
  }
  Map Bilinear(const Map& x, int64_t width, int64_t height) {
    const std::string name = NextName("resize");
    const std::vector<float> scales = {1, 1, static_cast<float>(height) / static_cast<float>(x.height),
                                       static_cast<float>(width) / static_cast<float>(x.width)};
    Constant(name + "_scales", {4}, scales);
    return {NamedNode(name, "Resize", {x.name, "", name + "_scales"},
                      {Text("mode", "linear"), Text("coordinate_transformation_mode", "half_pixel")}),
            x.channels, width, height};
  }

  Map Mean(const Map& x) {
    return {NamedNode(NextName("mean"), "GlobalAveragePool", {x.name}), x.channels, 1, 1};
  }
  // Each channel by what two small layers make of all channels' means; of them `squeezed` channels.
  Map SqueezeAndExcite(const Map& x, int64_t squeezed) {
    const Map small = Conv(Mean(x), squeezed, {}, After::kRelu);
    return Times(x, HardSigmoid(Conv(small, x.channels, {}, After::kNothing)));
  }
  Map Softmax(const Map& x) {
    return With(x, NamedNode(NextName("softmax"), "Softmax", {x.name}, {Int("axis", 1)}));
  }
  Map Tanh(const Map& x) { return With(x, NamedNode(NextName("tanh"), "Tanh", {x.name})); }
  Map Sigmoid(const Map& x) { return With(x, NamedNode(NextName("sigmoid"), "Sigmoid", {x.name})); }
  Map Times(const Map& x, const Map& y) {
    return With(x, NamedNode(NextName("times"), "Mul", {x.name, y.name}));
  }

  Status Finish(const Map& x, const std::string& path) {
    graph().outputs = {
        {x.name, DataType::kFloat32, true, {{1, ""}, {x.channels, ""}, {x.height, ""}, {x.width, ""}}}};
    return onnx::WriteModelFile(model(), path);
  }

 private:
  // Each output channel larger or smaller, up to five times.
  void MakeUneven(int64_t out, std::vector<float>* weights) {
    const auto each = static_cast<int64_t>(weights->size()) / out;
    const std::vector<float> powers = Draw(out, -1.6f, 1.6f);
    for (int64_t i = 0; i < out * each; ++i)
      (*weights)[static_cast<size_t>(i)] *= std::exp(powers[static_cast<size_t>(i / each)]);
  }
  static Map With(Map x, std::string name) {
    x.name = std::move(name);
    return x;
  }
  std::string NextName(const char* kind) { return kind + std::to_string(++names_); }
  Map HardSigmoid(const Map& x) {
    return With(x, NamedNode(NextName("gate"), "HardSigmoid", {x.name},
                             {Float("alpha", 1.0f / 6), Float("beta", 0.5f)}));
  }
  Map HardSwish(const Map& x) {
    if (swish_ == SwishAs::kTimesGate) return Times(x, HardSigmoid(x));
    const std::string name = NextName("swish");
    if (swish_ == SwishAs::kOperator) return With(x, NamedNode(name, "HardSwish", {x.name}));
    Constant(name + "_three", {}, std::vector<float>{3});
    Constant(name + "_zero", {}, std::vector<float>{0});
    Constant(name + "_six", {}, std::vector<float>{6});
    const std::string sum = NamedNode(name + "_sum", "Add", {x.name, name + "_three"});
    const std::string clipped = NamedNode(name + "_clip", "Clip", {sum, name + "_zero", name + "_six"});
    const std::string product = NamedNode(name + "_product", "Mul", {x.name, clipped});
    return With(x, NamedNode(name, "Div", {product, name + "_six"}));
  }

  bool uneven_;
  SwishAs swish_;
  Map picture_;
  int names_ = 0;
};

Map FastScnnBottleneck(MaskNet& net, const Map& x, int64_t out, int64_t stride) {
  const Map wide = net.Conv(x, 6 * x.channels, {}, After::kRelu);
  const Map y = net.Conv(net.Depthwise(wide, {3, stride}, After::kRelu), out, {}, After::kNothing);
  return stride == 1 && x.channels == out ? net.Add(x, y) : y;
}

Map FastScnn(MaskNet& net) {
  Map fine = net.Conv(net.picture(), 32, {3, 2}, After::kRelu);
  fine = net.Separable(fine, 48, {3, 2});
  fine = net.Separable(fine, 64, {3, 2});
  Map x = fine;
  for (const auto& [out, stride] :
       {std::pair{64, 2}, {64, 1}, {64, 1}, {96, 2}, {96, 1}, {96, 1}, {128, 1}, {128, 1}, {128, 1}}) {
    x = FastScnnBottleneck(net, x, out, stride);
  }
  std::vector<Map> pyramid = {x};
  for (const int64_t bins : {1, 2, 3, 6}) {
    pyramid.push_back(net.Bilinear(net.Conv(net.Pool(x, bins), 32, {}, After::kRelu), x.width, x.height));
  }
  x = net.Conv(net.Concat(pyramid), 128, {}, After::kRelu);
  x = net.Depthwise(net.Bilinear(x, fine.width, fine.height), {3, 1, 4}, After::kRelu);
  x = net.Relu(net.Add(net.Conv(x, 128, {}, After::kNothing), net.Conv(fine, 128, {}, After::kNothing)));
  x = net.Separable(net.Separable(x, 128, {3}), 128, {3});
  x = net.Conv(x, 19, {}, After::kNothing);
  return net.Softmax(net.Bilinear(x, net.picture().width, net.picture().height));
}

struct Bottleneck {
  int64_t kernel, wide, out;
  bool excite;
  After after;
  int64_t stride;
  int64_t squeezed = 0;  // 0: a quarter
};

Map MobileNetV3Bottleneck(MaskNet& net, const Map& x, const Bottleneck& b) {
  Map y = b.wide == x.channels ? x : net.Conv(x, b.wide, {}, b.after);
  y = net.Depthwise(y, {b.kernel, b.stride}, b.after);
  if (b.excite) y = net.SqueezeAndExcite(y, b.squeezed != 0 ? b.squeezed : y.channels / 4);
  y = net.Conv(y, b.out, {}, After::kNothing);
  return b.stride == 1 && x.channels == b.out ? net.Add(x, y) : y;
}

Map MobileNetV3Unet(MaskNet& net) {
  constexpr After kRelu = After::kRelu, kSwish = After::kHardSwish;
  const Bottleneck encoder[] = {
      {3, 16, 16, false, kRelu, 1},   {3, 64, 24, false, kRelu, 2},   {3, 72, 24, false, kRelu, 1},
      {5, 72, 40, true, kRelu, 2},    {5, 120, 40, true, kRelu, 1},   {5, 120, 40, true, kRelu, 1},
      {3, 240, 80, false, kSwish, 2}, {3, 200, 80, false, kSwish, 1}, {3, 184, 80, false, kSwish, 1},
      {3, 184, 80, false, kSwish, 1}, {3, 480, 112, true, kSwish, 1}, {3, 672, 112, true, kSwish, 1},
      {5, 672, 160, true, kSwish, 2}, {5, 960, 160, true, kSwish, 1}, {5, 960, 160, true, kSwish, 1}};
  Map x = net.Conv(net.picture(), 16, {3, 2}, kSwish);
  std::vector<Map> joined;
  for (const Bottleneck& b : encoder) {
    if (b.stride == 2) joined.push_back(x);
    x = MobileNetV3Bottleneck(net, x, b);
  }
  for (const int64_t channels : {80, 40, 24, 16}) {
    const Map fine = joined.back();
    joined.pop_back();
    x = net.Separable(net.Concat({net.Bilinear(x, fine.width, fine.height), fine}), channels, {3});
  }
  x = net.Bilinear(x, net.picture().width, net.picture().height);
  return net.Sigmoid(net.Conv(x, 1, {3}, After::kNothing));
}

// x enlarged twice to `fine`'s size and added to it, both in `channels` channels.
Map MergeMaps(MaskNet& net, const Map& x, const Map& fine, int64_t channels) {
  const Map coarse = net.Conv(x, channels, {}, After::kNothing);
  return net.Relu(
      net.Add(net.Bilinear(coarse, fine.width, fine.height), net.Conv(fine, channels, {}, After::kNothing)));
}

// As the trainer's: MobileNetV3-Small up to a sixteenth of the size, a gate as LR-ASPP's, joins up to a half.
Map PersonNet(MaskNet& net) {
  constexpr After kRelu = After::kRelu, kSwish = After::kHardSwish;
  const Bottleneck encoder[] = {{3, 16, 16, true, kRelu, 2, 8},    {3, 72, 24, false, kRelu, 2},
                                {3, 88, 24, false, kRelu, 1},      {5, 96, 40, true, kSwish, 2, 24},
                                {5, 240, 40, true, kSwish, 1, 64}, {5, 240, 40, true, kSwish, 1, 64},
                                {5, 120, 48, true, kSwish, 1, 32}, {5, 144, 48, true, kSwish, 1, 40}};
  Map x = net.Conv(net.picture(), 16, {3, 2}, kSwish);
  std::vector<Map> fine;
  for (const Bottleneck& b : encoder) {
    if (b.stride == 2) fine.push_back(x);
    x = MobileNetV3Bottleneck(net, x, b);
  }
  const Map gate = net.Sigmoid(net.Conv(net.Mean(x), 64, {}, After::kNothing));
  x = net.Times(net.Conv(x, 64, {}, kRelu), gate);
  x = net.Depthwise(MergeMaps(net, x, fine[2], 32), {5}, kRelu);
  x = net.Depthwise(MergeMaps(net, x, fine[1], 24), {3}, kRelu);
  x = net.Depthwise(MergeMaps(net, x, fine[0], 8), {3}, kRelu);
  return net.Conv(x, 1, {}, After::kNothing);
}

// An encoder and a decoder of random depth and width: bottlenecks with and without gates, ReLU or hard-swish,
// pooled context, joins; as an end logits, shares, a mask or a picture.
Map RandomNet(MaskNet& net, uint32_t seed) {
  std::mt19937 random(seed);
  const auto pick = [&](int64_t most) {
    return static_cast<int64_t>(random() % static_cast<uint32_t>(most));
  };
  const After after = pick(2) == 0 ? After::kRelu : After::kHardSwish;
  Map x = net.Conv(net.picture(), 8 + 8 * pick(3), {3, 2}, after);
  std::vector<Map> joined;
  for (int64_t level = 0, levels = 2 + pick(3); level < levels; ++level) {
    joined.push_back(x);
    for (int64_t block = 0, blocks = 1 + pick(3); block < blocks; ++block) {
      const int64_t stride = block == 0 ? 2 : 1, out = block == 0 ? x.channels + 8 * pick(4) : x.channels;
      if (pick(3) == 0) {
        x = net.Conv(x, out, {3, stride}, after);
      } else {
        x = MobileNetV3Bottleneck(
            net, x, {3 + 2 * pick(2), x.channels * (1 + pick(4)), out, pick(2) == 0, after, stride});
      }
    }
  }
  if (pick(3) == 0) {
    const Map context = net.Bilinear(net.Conv(net.Pool(x, 1), 16, {}, After::kRelu), x.width, x.height);
    x = net.Conv(net.Concat({x, context}), x.channels, {}, after);
  }
  for (; !joined.empty(); joined.pop_back()) {
    const Map& fine = joined.back();
    const Map large = net.Bilinear(x, fine.width, fine.height);
    x = pick(2) == 0 ? net.Separable(net.Concat({large, fine}), fine.channels, {3})
                     : net.Add(net.Conv(large, fine.channels, {}, After::kNothing), fine);
  }
  x = net.Bilinear(x, net.picture().width, net.picture().height);
  switch (pick(4)) {
    case 0:
      return net.Softmax(net.Conv(x, 2 + pick(4), {1 + 2 * pick(2)}, After::kNothing));
    case 1:
      return net.Sigmoid(net.Conv(x, 1, {3}, After::kNothing));
    case 2:
      return net.Tanh(net.Conv(x, 3, {3}, After::kNothing));
    default:
      return net.Conv(x, 3, {3}, After::kNothing);
  }
}

// The number behind "random"; nothing where that is no number.
std::optional<uint32_t> SeedOf(std::string_view net) {
  uint32_t seed = 0;
  if (!net.starts_with("random")) return std::nullopt;
  net.remove_prefix(6);
  const auto [end, error] = std::from_chars(net.data(), net.data() + net.size(), seed);
  if (error != std::errc() || end != net.data() + net.size()) return std::nullopt;
  return seed;
}

// Of "person", "person-operator" and "person-clip".
std::optional<MaskNet::SwishAs> PersonSwish(std::string_view net) {
  if (net == "person") return MaskNet::SwishAs::kTimesGate;
  if (net == "person-operator") return MaskNet::SwishAs::kOperator;
  if (net == "person-clip") return MaskNet::SwishAs::kClip;
  return std::nullopt;
}

}  // namespace

std::vector<float> GreyBiases(const std::vector<float>& weights, int64_t out) {
  const auto each = static_cast<std::ptrdiff_t>(weights.size()) / static_cast<std::ptrdiff_t>(out);
  std::vector<float> biases;
  for (auto w = weights.begin(); w != weights.end(); w += each) {
    biases.push_back(-127.5f * std::accumulate(w, w + each, 0.0f));
  }
  return biases;
}

bool IsMaskNet(std::string_view net) {
  return PersonSwish(net).has_value() || net == "fast-scnn" || net == "mobilenetv3-unet" ||
         SeedOf(net).has_value();
}

Status WriteMaskNet(std::string_view net, int64_t width, int64_t height, const std::string& path) {
  const int64_t multiple = net == "fast-scnn" ? 192 : 32;
  if (width <= 0 || height <= 0 || width % multiple != 0 || height % multiple != 0) {
    return InvalidArgument(std::string(net) + " wants a size of multiples of " + std::to_string(multiple));
  }
  const std::optional<uint32_t> seed = SeedOf(net);
  const auto swish = PersonSwish(net);
  MaskNet writer(width, height, seed.value_or(1), seed.has_value(),
                 swish.value_or(MaskNet::SwishAs::kTimesGate));
  const Map mask = swish                ? PersonNet(writer)
                   : seed               ? RandomNet(writer, *seed)
                   : net == "fast-scnn" ? FastScnn(writer)
                                        : MobileNetV3Unet(writer);
  return writer.Finish(mask, path);
}

}  // namespace tempera
