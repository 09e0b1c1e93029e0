// Writes a style network with random weights: speed does not depend on what it learned.
//   bench_make_net NET OUT.onnx [WIDTHxHEIGHT] [qdq]
// NET:
//   johnson           pytorch/examples' TransformerNet: 32/64/128 channels, 5 residual blocks, 9x9 ends;
//                     63.2 GMAC at 856x480
//   small             the same with 8/16/32 channels and 3 blocks; 4.20 GMAC at 856x480
//   tiny              8/16/24 channels, 3 blocks, 5x5 ends; 1.74 GMAC at 640x480
//   bundled           the shape of the bundled styles
//   blend2, blend4    the same, each norm's scale and shift a blend of two or four styles by an input "style"
//   batchnorm         16/32/64 channels, 3 blocks, 3x3 ends, batch norms and zero padding
//   fast-scnn, mobilenetv3-unet, person   networks of masks (mask_nets.h); they want a size
// Without a size, height and width stay open; some peers want them fixed. qdq: QuantizeLinear and
// DequantizeLinear around every convolution, as quantisation tools write them.
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/mask_nets.h"
#include "src/onnx/model_builder.h"
#include "src/onnx/writer.h"

namespace tempera {
namespace {

struct Layer {
  int64_t in, out, kernel, stride = 1;
  bool upsample = false, norm = true, relu = true, residual = false;
};

std::vector<Layer> Transformer(int64_t a, int64_t b, int64_t c, int64_t ends, int blocks) {
  std::vector<Layer> l = {{3, a, ends}, {a, b, 3, 2}, {b, c, 3, 2}};
  for (int i = 0; i < blocks; ++i) {
    l.push_back({c, c, 3});
    l.push_back({c, c, 3, 1, false, true, false, true});
  }
  l.push_back({c, b, 3, 1, true});
  l.push_back({b, a, 3, 1, true});
  l.push_back({a, 3, ends, 1, false, false, false});
  return l;
}

// How many styles a net blends; 0: it is of one.
int64_t StylesOf(std::string_view net) { return net == "blend2" ? 2 : net == "blend4" ? 4 : 0; }

std::vector<Layer> LayersOf(std::string_view net) {
  if (net == "johnson") return Transformer(32, 64, 128, 9, 5);
  if (net == "small") return Transformer(8, 16, 32, 9, 3);
  if (net == "tiny") return Transformer(8, 16, 24, 5, 3);
  if (net == "batchnorm") return Transformer(16, 32, 64, 3, 3);
  if (net != "bundled" && StylesOf(net) == 0) return {};
  std::vector<Layer> l = Transformer(8, 16, 32, 3, 3);
  l[0] = {3, 16, 5, 2};  // one convolution instead of the first two
  l.erase(l.begin() + 1);
  l.back().kernel = 5;
  return l;
}

class StyleNet : public onnx::ModelBuilder {
 public:
  // width, height: 0 leaves both open.
  StyleNet(std::string_view net, int64_t width, int64_t height, bool qdq)
      : ModelBuilder(13, /*seed=*/1),
        width_(width),
        height_(height),
        qdq_(qdq),
        batch_norm_(net == "batchnorm"),
        styles_(StylesOf(net)) {
    model().producer_name = "bench_make_net";
    graph().name = "bench";
  }

  Status Write(const std::vector<Layer>& layers, const std::string& path) {
    onnx::Graph& g = graph();
    const onnx::Dim h = height_ > 0 ? onnx::Dim{height_, ""} : onnx::Dim{-1, "H"};
    const onnx::Dim w = width_ > 0 ? onnx::Dim{width_, ""} : onnx::Dim{-1, "W"};
    g.inputs = {{"input", DataType::kFloat32, true, {{1, ""}, {3, ""}, h, w}}};
    if (styles_ > 0) g.inputs.push_back({"style", DataType::kFloat32, true, {{1, ""}, {styles_, ""}}});
    g.outputs = {{"output", DataType::kFloat32, true, {{1, ""}, {3, ""}, h, w}}};
    Constant("scales", {4}, std::vector<float>{1, 1, 2, 2});
    std::string x = "input", before_last;
    for (size_t i = 0; i < layers.size(); ++i) {
      const Layer& l = layers[i];
      const std::string name = "layer" + std::to_string(i);
      const std::string entered = x;
      if (l.upsample) {
        x = NamedNode(name + "_resize", "Resize", {x, "", "scales"},
                      {Text("mode", "nearest"), Text("coordinate_transformation_mode", "asymmetric"),
                       Text("nearest_mode", "floor")});
      }
      if (!batch_norm_) {
        const int64_t pad = l.kernel / 2;
        Constant(name + "_pads", {8}, std::vector<int64_t>{0, 0, pad, pad, 0, 0, pad, pad});
        x = NamedNode(name + "_pad", "Pad", {x, name + "_pads"}, {Text("mode", "reflect")});
      }
      const bool last = i + 1 == layers.size();
      x = Convolve(l, name, last ? "output" : name + "_conv", x, i == 0);
      if (l.norm) {
        x = styles_ > 0   ? BlendNorm(l.out, name, x)
            : batch_norm_ ? BatchNorm(l.out, name, x)
                          : Norm(l.out, name, x);
      }
      if (l.residual) x = NamedNode(name + "_add", "Add", {x, before_last});
      if (l.relu) x = NamedNode(name + "_relu", "Relu", {x});
      before_last = entered;
    }
    return onnx::WriteModelFile(model(), path);
  }

 private:
  std::string Norm(int64_t channels, const std::string& name, const std::string& x) {
    Constant(name + "_gamma", {channels}, Draw(channels, -1, 1));
    Constant(name + "_beta", {channels}, Draw(channels, -1, 1));
    return NamedNode(name + "_norm", "InstanceNormalization", {x, name + "_gamma", name + "_beta"},
                     {Float("epsilon", 1e-5f)});
  }

  // A norm of 1 and 0, then times and plus what the style's weights make of tables.
  std::string BlendNorm(int64_t channels, const std::string& name, std::string x) {
    const auto count = static_cast<size_t>(channels);
    Constant(name + "_one", {channels}, std::vector<float>(count, 1));
    Constant(name + "_zero", {channels}, std::vector<float>(count, 0));
    Constant(name + "_shape", {4}, std::vector<int64_t>{1, channels, 1, 1});
    x = NamedNode(name + "_norm", "InstanceNormalization", {x, name + "_one", name + "_zero"},
                  {Float("epsilon", 1e-5f)});
    for (const auto& [part, op_type] : {std::pair{"_gamma", "Mul"}, std::pair{"_beta", "Add"}}) {
      const std::string own = name + part;
      Constant(own + "s", {styles_, channels}, Draw(styles_ * channels, -1, 1));
      NamedNode(own, "MatMul", {"style", own + "s"});
      NamedNode(own + "_planes", "Reshape", {own, name + "_shape"});
      x = NamedNode(own + "_" + op_type, op_type, {x, own + "_planes"});
    }
    return x;
  }

  // Of a trained network: what it reads has about the moments that it expects.
  std::string BatchNorm(int64_t channels, const std::string& name, const std::string& x) {
    const auto count = static_cast<size_t>(channels);
    std::vector<float> gammas = Draw(channels, -0.2f, 0.2f);
    for (float& gamma : gammas) gamma += 1;
    Constant(name + "_gamma", {channels}, gammas);
    Constant(name + "_beta", {channels}, Draw(channels, -0.2f, 0.2f));
    Constant(name + "_mean", {channels}, Draw(channels, -0.2f, 0.2f));
    Constant(name + "_var", {channels}, std::vector<float>(count, 1));
    return NamedNode(name + "_norm", "BatchNormalization",
                     {x, name + "_gamma", name + "_beta", name + "_mean", name + "_var"},
                     {Float("epsilon", 1e-5f)});
  }

  // A convolution with random weights; with qdq, between quantised values. `pixels`: its input is 0..255.
  std::string Convolve(const Layer& l, const std::string& name, const std::string& out, std::string x,
                       bool pixels) {
    const int64_t fan_in = l.in * l.kernel * l.kernel;
    // Batch norms leave the spread to the weights: each layer keeps it, the first makes 1 of a picture's 60,
    // the last a picture again.
    const double gain = !batch_norm_ ? 2.0 : pixels ? 3.0 / (60 * 60) : l.norm ? 6.0 : 6.0 * 13 * 13;
    const auto spread = static_cast<float>(std::sqrt(gain / static_cast<double>(fan_in)));
    std::string weights = name + "_w", bias = name + "_b";
    if (qdq_) {
      // Ranges that such a network has: pixels, then normalised values that residual blocks add up.
      x = Quantize(name + "_in", x, pixels ? 1.0f : 20.0f / 255, pixels ? 0 : 128);
      Integers<int8_t>(name + "_wq", {l.out, l.in, l.kernel, l.kernel}, 127);
      Constant(name + "_ws", {l.out}, std::vector<float>(static_cast<size_t>(l.out), spread / 127));
      Integers<int8_t>(name + "_wz", {l.out}, 0);
      weights = NamedNode(weights, "DequantizeLinear", {name + "_wq", name + "_ws", name + "_wz"},
                          {Int("axis", 0)});
      const float bias_scale = spread / 127 * (pixels ? 1.0f : 20.0f / 255);
      Integers<int32_t>(name + "_bq", {l.out}, 100);
      Constant(name + "_bs", {l.out}, std::vector<float>(static_cast<size_t>(l.out), bias_scale));
      Integers<int32_t>(name + "_bz", {l.out}, 0);
      bias =
          NamedNode(bias, "DequantizeLinear", {name + "_bq", name + "_bs", name + "_bz"}, {Int("axis", 0)});
    } else {
      const std::vector<float> numbers = Draw(l.out * fan_in, -spread, spread);
      Constant(weights, {l.out, l.in, l.kernel, l.kernel}, numbers);
      std::vector<float> biases = Draw(l.out, -0.1f, 0.1f);
      if (batch_norm_ && pixels) biases = GreyBiases(numbers, l.out);
      if (batch_norm_ && !l.norm) biases.assign(biases.size(), 127.5f);
      Constant(bias, {l.out}, biases);
    }
    const bool quantized_end = qdq_ && l.norm;
    std::vector<onnx::Attribute> window = {Ints("kernel_shape", {l.kernel, l.kernel}),
                                           Ints("strides", {l.stride, l.stride})};
    if (batch_norm_) window.push_back(Ints("pads", std::vector<int64_t>(4, l.kernel / 2)));
    x = NamedNode(quantized_end ? out + "_real" : out, "Conv", {x, weights, bias}, std::move(window));
    if (!quantized_end) return x;
    return Quantize(out, x, (pixels ? 1200.0f : 40.0f) / 255, 128);
  }

  // x through 8 bits and back.
  std::string Quantize(const std::string& name, const std::string& x, float scale, uint8_t zero) {
    Constant(name + "_scale", {}, std::vector<float>{scale});
    Constant(name + "_zero", {}, std::vector<uint8_t>{zero});
    NamedNode(name + "_q", "QuantizeLinear", {x, name + "_scale", name + "_zero"});
    return NamedNode(name + "_dq", "DequantizeLinear", {name + "_q", name + "_scale", name + "_zero"});
  }

  // Random integers of -most..most.
  template <typename T>
  void Integers(const std::string& name, const Shape& shape, int most) {
    int64_t count = 1;
    for (int64_t d : shape) count *= d;
    std::uniform_int_distribution<int> uniform(-most, most);
    std::vector<T> numbers(static_cast<size_t>(count));
    for (T& x : numbers) x = static_cast<T>(uniform(random()));
    Constant(name, shape, numbers);
  }

  int64_t width_, height_;
  bool qdq_, batch_norm_;
  int64_t styles_;
};

}  // namespace
}  // namespace tempera

int main(int argc, char** argv) {
  const std::string_view net = argc > 2 ? argv[1] : "";
  const auto layers = tempera::LayersOf(net);
  int width = 0, height = 0;
  bool qdq = false, understood = !layers.empty() || tempera::IsMaskNet(net);
  for (int i = 3; i < argc; ++i) {
    if (std::string_view(argv[i]) == "qdq") {
      qdq = true;
    } else {
      understood =
          understood && std::sscanf(argv[i], "%dx%d", &width, &height) == 2 && width > 0 && height > 0;
    }
  }
  if (!understood || (qdq && layers.empty())) {
    std::fprintf(stderr,
                 "usage: bench_make_net johnson|small|tiny|bundled|blend2|blend4|batchnorm OUT.onnx "
                 "[WIDTHxHEIGHT] [qdq]\n"
                 "       bench_make_net fast-scnn|mobilenetv3-unet|person|randomN OUT.onnx WIDTHxHEIGHT\n");
    return 2;
  }
  const tempera::Status status = layers.empty()
                                     ? tempera::WriteMaskNet(net, width, height, argv[2])
                                     : tempera::StyleNet(net, width, height, qdq).Write(layers, argv[2]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
