// Writes a style network with random weights: speed does not depend on what it learned.
//   bench_make_net small OUT.onnx     the shape of the bundled styles (1.2 GMAC at 640x360)
//   bench_make_net johnson OUT.onnx   the full network of Johnson et al. 2016
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "src/onnx/model.h"
#include "src/onnx/writer.h"

namespace tempera {
namespace {

struct Layer {
  int64_t in, out, kernel, stride = 1;
  bool upsample = false, norm = true, relu = true, residual = false;
};

std::vector<Layer> Layers(int64_t a, int64_t b, int64_t c, int64_t ends, int blocks) {
  std::vector<Layer> l;
  if (ends == 9) {
    l = {{3, a, 9}, {a, b, 3, 2}, {b, c, 3, 2}};
  } else {
    l = {{3, b, 5, 2}, {b, c, 3, 2}};
  }
  for (int i = 0; i < blocks; ++i) {
    l.push_back({c, c, 3});
    l.push_back({c, c, 3, 1, false, true, false, true});
  }
  l.push_back({c, b, 3, 1, true});
  l.push_back({b, a, 3, 1, true});
  l.push_back({a, 3, ends == 9 ? 9 : 3, 1, false, false, false});
  return l;
}

class Writer {
 public:
  Status Write(const std::vector<Layer>& layers, const std::string& path) {
    model_.opset = 13;
    model_.producer_name = "bench_make_net";
    onnx::Graph& g = model_.graph;
    g.name = "bench";
    g.inputs = {{"input", DataType::kFloat32, true, {{1, ""}, {3, ""}, {-1, "H"}, {-1, "W"}}}};
    g.outputs = {{"output", DataType::kFloat32, true, {{1, ""}, {3, ""}, {-1, "H"}, {-1, "W"}}}};
    TEMPERA_RETURN_IF_ERROR(Constant("scales", {4}, std::vector<float>{1, 1, 2, 2}));
    std::string x = "input", before_last;
    for (size_t i = 0; i < layers.size(); ++i) {
      const Layer& l = layers[i];
      const std::string name = "layer" + std::to_string(i);
      const std::string entered = x;
      if (l.upsample) {
        x = Node(name + "_resize", "Resize", {x, "", "scales"},
                 {Text("mode", "nearest"), Text("coordinate_transformation_mode", "asymmetric"),
                  Text("nearest_mode", "floor")});
      }
      TEMPERA_RETURN_IF_ERROR(Pads(name + "_pads", l.kernel / 2));
      x = Node(name + "_pad", "Pad", {x, name + "_pads"}, {Text("mode", "reflect")});
      const auto spread =
          static_cast<float>(std::sqrt(2.0 / static_cast<double>(l.in * l.kernel * l.kernel)));
      TEMPERA_RETURN_IF_ERROR(Constant(name + "_w", {l.out, l.in, l.kernel, l.kernel},
                                       Random(l.out * l.in * l.kernel * l.kernel, spread)));
      TEMPERA_RETURN_IF_ERROR(Constant(name + "_b", {l.out}, Random(l.out, 0.1f)));
      const bool last = i + 1 == layers.size();
      x = Node(last ? "output" : name + "_conv", "Conv", {x, name + "_w", name + "_b"},
               {Ints("kernel_shape", {l.kernel, l.kernel}), Ints("strides", {l.stride, l.stride})});
      if (l.norm) {
        TEMPERA_RETURN_IF_ERROR(Constant(name + "_gamma", {l.out}, Random(l.out, 1)));
        TEMPERA_RETURN_IF_ERROR(Constant(name + "_beta", {l.out}, Random(l.out, 1)));
        x = Node(name + "_norm", "InstanceNormalization", {x, name + "_gamma", name + "_beta"});
      }
      if (l.residual) x = Node(name + "_add", "Add", {x, before_last});
      if (l.relu) x = Node(name + "_relu", "Relu", {x});
      before_last = entered;
    }
    return onnx::WriteModelFile(model_, path);
  }

 private:
  static onnx::Attribute Text(const char* name, const char* value) {
    onnx::Attribute a;
    a.name = name;
    a.type = onnx::Attribute::Type::kString;
    a.s = value;
    return a;
  }
  static onnx::Attribute Ints(const char* name, std::vector<int64_t> values) {
    onnx::Attribute a;
    a.name = name;
    a.type = onnx::Attribute::Type::kInts;
    a.ints = std::move(values);
    return a;
  }
  std::string Node(const std::string& out, const char* op, std::vector<std::string> in,
                   std::vector<onnx::Attribute> attributes = {}) {
    model_.graph.nodes.push_back({out, op, "", std::move(in), {out}, std::move(attributes)});
    return out;
  }
  std::vector<float> Random(int64_t count, float spread) {
    std::uniform_real_distribution<float> uniform(-spread, spread);
    std::vector<float> numbers(static_cast<size_t>(count));
    for (float& x : numbers) x = uniform(random_);
    return numbers;
  }
  Status Constant(const std::string& name, Shape shape, const std::vector<float>& numbers) {
    TEMPERA_ASSIGN_OR_RETURN(Tensor t, Tensor::Create(DataType::kFloat32, std::move(shape)));
    std::copy(numbers.begin(), numbers.end(), t.data<float>());
    model_.graph.initializers.push_back({name, std::move(t)});
    return OkStatus();
  }
  Status Pads(const std::string& name, int64_t pad) {
    TEMPERA_ASSIGN_OR_RETURN(Tensor t, Tensor::Create(DataType::kInt64, {8}));
    for (int i : {2, 3, 6, 7}) t.data<int64_t>()[i] = pad;
    model_.graph.initializers.push_back({name, std::move(t)});
    return OkStatus();
  }

  onnx::Model model_;
  std::mt19937 random_{1};
};

}  // namespace
}  // namespace tempera

int main(int argc, char** argv) {
  const std::string_view net = argc == 3 ? argv[1] : "";
  if (net != "small" && net != "johnson") {
    std::fprintf(stderr, "usage: bench_make_net small|johnson OUT.onnx\n");
    return 2;
  }
  const auto layers = net == "small" ? tempera::Layers(8, 16, 32, 3, 3) : tempera::Layers(32, 64, 128, 9, 5);
  const tempera::Status status = tempera::Writer().Write(layers, argv[2]);
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
