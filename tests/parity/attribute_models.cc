// Models of one operator each with attributes drawn at random, also such as contradict each other, and what
// the engine makes of them: attributes.mjs compares that with ONNX Runtime.
//   tempera_attribute_models FOLDER COUNT FIRST_SEED
// Leaves I.onnx, I.x, I.y (float32) and cases.json there.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "src/engine/run/session.h"
#include "src/onnx/model_builder.h"
#include "src/onnx/writer.h"

namespace tempera {
namespace {

using Json = nlohmann::ordered_json;
using Builder = onnx::ModelBuilder;

class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed) {}
  int64_t Int(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  bool Chance(int percent) { return Int(1, 100) <= percent; }
  template <typename T>
  T Of(std::vector<T> choices) {
    return choices[static_cast<size_t>(Int(0, static_cast<int64_t>(choices.size()) - 1))];
  }
  std::vector<int64_t> Ints(size_t count, int64_t low, int64_t high) {
    std::vector<int64_t> numbers(count);
    for (int64_t& n : numbers) n = Int(low, high);
    return numbers;
  }

 private:
  std::mt19937 random_;
};

// One node over "x" of this shape.
struct Net {
  Builder builder;
  Draw draw;
  Shape shape;
  std::vector<onnx::Attribute> attributes;

  Net(int64_t opset, unsigned seed) : builder(opset, seed), draw(seed) {}

  void Maybe(int percent, onnx::Attribute a) {
    if (draw.Chance(percent)) attributes.push_back(std::move(a));
  }
  void MaybeAutoPad() {
    Maybe(50,
          Builder::Text("auto_pad", draw.Of<std::string>({"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"})));
  }
  void Finish(const std::string& op, std::vector<std::string> inputs = {}) {
    inputs.insert(inputs.begin(), "x");
    builder.graph().nodes.push_back({"node", op, "", std::move(inputs), {"y"}, attributes});
    builder.Output("y");
  }
};

bool Says(const Net& net, const char* name) {
  for (const auto& a : net.attributes) {
    if (a.name == name) return true;
  }
  return false;
}

Shape Picture(Draw& draw, int64_t channels, size_t axes, int64_t least = 3) {
  Shape shape = {draw.Int(1, 2), channels};
  for (size_t i = 0; i < axes; ++i) shape.push_back(draw.Int(least, 14));
  return shape;
}

// Kernels, strides, dilations and pads of windows. The oracle refuses SAME with dilations, or forgets them.
std::vector<int64_t> MaybeWindow(Net& net, size_t axes, int64_t most, bool dilates) {
  const std::vector<int64_t> kernel = net.draw.Ints(axes, 1, most);
  net.Maybe(60, Builder::Ints("strides", net.draw.Ints(axes, 1, 3)));
  if (dilates) net.Maybe(30, Builder::Ints("dilations", net.draw.Ints(axes, 1, 2)));
  if (!Says(net, "dilations")) net.MaybeAutoPad();
  if (!Says(net, "auto_pad") || net.draw.Chance(10)) {
    std::vector<int64_t> pads(2 * axes);
    for (size_t i = 0; i < pads.size(); ++i) pads[i] = net.draw.Int(0, kernel[i % axes] - 1);
    net.Maybe(60, Builder::Ints("pads", pads));
  }
  return kernel;
}

void MakeConv(Net& net, bool transposed) {
  const size_t axes = net.draw.Chance(80) ? 2 : net.draw.Chance(50) ? 1 : 3;
  const int64_t group = net.draw.Of<int64_t>({1, 1, 2, 3}), in = group * net.draw.Int(1, 3),
                out = net.draw.Int(1, 3);
  net.shape = Picture(net.draw, in, axes);
  const std::vector<int64_t> kernel = MaybeWindow(net, axes, 4, true);
  Shape weights = transposed ? Shape{in, out} : Shape{group * out, in / group};
  weights.insert(weights.end(), kernel.begin(), kernel.end());
  net.attributes.push_back(Builder::Int("group", group));
  net.Maybe(50, Builder::Ints("kernel_shape", kernel));
  if (transposed) {
    // What the oracle takes: paddings below the stride, and sizes that such a convolution would come from.
    const auto said = [&](const char* name, size_t axis) {
      for (const onnx::Attribute& a : net.attributes) {
        if (a.name == name) return a.ints[axis];
      }
      return int64_t{1};
    };
    std::vector<int64_t> padding, sizes;
    for (size_t i = 0; i < axes; ++i) {
      const int64_t stride = said("strides", i), reach = (kernel[i] - 1) * said("dilations", i) + 1;
      padding.push_back(net.draw.Int(0, stride - 1));
      sizes.push_back(std::max<int64_t>(1, stride * (net.shape[2 + i] - 1) + reach - net.draw.Int(-1, 2)));
    }
    net.Maybe(30, Builder::Ints("output_padding", padding));
    net.Maybe(40, Builder::Ints("output_shape", sizes));
  }
  std::vector<std::string> inputs = {net.builder.Random(weights)};
  if (net.draw.Chance(50)) inputs.push_back(net.builder.Random({group * out}));
  net.Finish(transposed ? "ConvTranspose" : "Conv", inputs);
}

void MakePool(Net& net) {
  const bool most = net.draw.Chance(50);
  const size_t axes = net.draw.Chance(85) ? 2 : 1;
  net.shape = Picture(net.draw, net.draw.Int(1, 3), axes, 5);  // a dilated window fits
  const bool dilates = most ? net.builder.model().opset >= 10 : net.builder.model().opset >= 19;
  net.attributes.push_back(Builder::Ints("kernel_shape", MaybeWindow(net, axes, 3, dilates)));
  if (net.builder.model().opset >= 10) net.Maybe(40, Builder::Int("ceil_mode", net.draw.Int(0, 1)));
  if (!most) net.Maybe(40, Builder::Int("count_include_pad", net.draw.Int(0, 1)));
  net.Finish(most ? "MaxPool" : "AveragePool");
}

// Before Resize, and Resize as it was first.
void MakeOldResize(Net& net) {
  const int64_t opset = net.builder.model().opset;
  net.shape = Picture(net.draw, 2, 2);
  net.attributes.push_back(Builder::Text("mode", net.draw.Of<std::string>({"nearest", "linear"})));
  const auto scale = [&] { return net.draw.Of<float>({1, 2, 3}); };
  std::vector<float> scales = {1, 1, scale(), scale()};
  if (opset >= 10 && net.draw.Chance(40)) scales[3] = 0.5f;
  if (opset >= 9) return net.Finish(opset >= 10 ? "Resize" : "Upsample", {net.builder.Floats({4}, scales)});
  net.attributes.push_back(onnx::FloatsAttribute("scales", scales));
  net.Finish("Upsample");
}

void MakeResize(Net& net) {
  if (net.builder.model().opset < 11) return MakeOldResize(net);
  net.shape = Picture(net.draw, 2, 2);
  net.shape[0] = 1;
  const std::string mode = net.draw.Of<std::string>({"nearest", "linear", "cubic"});
  net.attributes.push_back(Builder::Text("mode", mode));
  std::vector<std::string> where = {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"};
  if (net.builder.model().opset >= 19) where.push_back("half_pixel_symmetric");
  net.Maybe(70, Builder::Text("coordinate_transformation_mode", net.draw.Of(where)));
  if (mode == "nearest") {
    net.Maybe(
        60, Builder::Text("nearest_mode", net.draw.Of<std::string>(
                                              {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"})));
  }
  if (mode == "cubic") {
    net.Maybe(40, Builder::Float("cubic_coeff_a", net.draw.Of<float>({-0.5f, -0.75f})));
    net.Maybe(30, Builder::Int("exclude_outside", net.draw.Int(0, 1)));
  }
  const bool axes = net.builder.model().opset >= 18 && net.draw.Chance(40);
  if (axes) net.attributes.push_back(Builder::Ints("axes", {3, 2}));
  if (net.draw.Chance(50)) {
    std::vector<int64_t> sizes = {net.draw.Int(1, 24), net.draw.Int(1, 24)};
    if (axes) {
      net.Maybe(50, Builder::Text("keep_aspect_ratio_policy",
                                  net.draw.Of<std::string>({"stretch", "not_larger", "not_smaller"})));
    } else {
      sizes.insert(sizes.begin(), {1, 2});
    }
    return net.Finish("Resize", {"", "", net.builder.Int64s(sizes)});
  }
  // Between corners the oracle rounds the result's size down before it is used; ONNX's own tests do not.
  const bool corners = std::any_of(net.attributes.begin(), net.attributes.end(),
                                   [](const onnx::Attribute& a) { return a.s == "align_corners"; });
  const auto scale = [&] {
    return corners ? net.draw.Of<float>({1, 2, 3})
                   : net.draw.Of<float>({0.4f, 0.5f, 0.6f, 1, 1.3f, 2, 2.5f, 3});
  };
  if (axes) return net.Finish("Resize", {"", net.builder.Floats({2}, {scale(), scale()})});
  net.Finish("Resize", {"", net.builder.Floats({4}, {1, 1, scale(), scale()})});
}

void MakePad(Net& net) {
  net.shape = Picture(net.draw, 2, 2);
  std::vector<std::string> modes = {"constant", "reflect", "edge"};
  if (net.builder.model().opset >= 19) modes.push_back("wrap");
  const std::string mode = net.draw.Of(modes);
  net.Maybe(mode == "constant" ? 50 : 100, Builder::Text("mode", mode));
  std::vector<int64_t> pads(8);
  for (const size_t i : {2, 3, 6, 7}) pads[i] = net.draw.Int(mode == "reflect" || mode == "wrap" ? 0 : -1, 2);
  if (net.builder.model().opset < 11) {
    net.attributes.push_back(Builder::Ints("pads", pads));
    net.Maybe(40, Builder::Float("value", 0.5f));
    return net.Finish("Pad");
  }
  const bool axes = net.builder.model().opset >= 18 && net.draw.Chance(40);
  if (axes) pads = {pads[3], pads[2], pads[7], pads[6]};
  std::vector<std::string> inputs = {net.builder.Int64s(pads)};
  if (axes || net.draw.Chance(40)) inputs.push_back(net.builder.Floats({}, {0.5f}));
  if (axes) inputs.push_back(net.builder.Int64s({-1, 2}));
  net.Finish("Pad", inputs);
}

void MakeSlice(Net& net) {
  net.shape = Picture(net.draw, 3, 2);
  std::vector<int64_t> starts, ends, axes, steps;
  for (int64_t axis = 1; axis < 4; ++axis) {
    if (!net.draw.Chance(60)) continue;
    axes.push_back(net.draw.Chance(30) ? axis - 4 : axis);
    const bool back = net.draw.Chance(30);
    starts.push_back(back ? net.draw.Of<int64_t>({-1, 100, 2}) : net.draw.Of<int64_t>({0, 1, -2, -100}));
    ends.push_back(back ? net.draw.Of<int64_t>({-100, INT64_MIN, 0})
                        : net.draw.Of<int64_t>({2, -1, INT64_MAX, 100}));
    steps.push_back(back ? -net.draw.Int(1, 2) : net.draw.Int(1, 2));
  }
  if (axes.empty()) axes = {3}, starts = {0}, ends = {-1}, steps = {1};
  if (net.builder.model().opset < 10) {
    // Forwards only.
    net.attributes = {Builder::Ints("axes", {1, 3}), Builder::Ints("starts", {net.draw.Int(-2, 1), 1}),
                      Builder::Ints("ends", {INT64_MAX, net.draw.Int(-2, -1)})};
    return net.Finish("Slice");
  }
  net.Finish("Slice", {net.builder.Int64s(starts), net.builder.Int64s(ends), net.builder.Int64s(axes),
                       net.builder.Int64s(steps)});
}

void MakeOther(Net& net) {
  net.shape = Picture(net.draw, 4, 2);
  const int64_t opset = net.builder.model().opset;
  switch (net.draw.Int(0, 8)) {
    case 0:
      net.Maybe(60, Builder::Int("axis", net.draw.Int(opset >= 11 ? -4 : 0, 3)));
      return net.Finish(net.draw.Chance(70) ? "Softmax" : "LogSoftmax");
    case 1:
      net.attributes.push_back(Builder::Int("blocksize", 2));
      if (opset >= 11) net.Maybe(60, Builder::Text("mode", net.draw.Of<std::string>({"DCR", "CRD"})));
      return net.Finish("DepthToSpace");
    case 2:
      net.Maybe(70, Builder::Int("axis", net.draw.Int(opset >= 11 ? -4 : 0, 4)));
      return net.Finish("Flatten");
    case 3:
      net.Maybe(60, Builder::Ints("perm", net.draw.Of<std::vector<int64_t>>(
                                              {{0, 2, 3, 1}, {3, 2, 1, 0}, {1, 0, 2, 3}})));
      return net.Finish("Transpose");
    case 4:
      net.Maybe(60, Builder::Int("keepdims", net.draw.Int(0, 1)));
      if (opset < 18)
        net.Maybe(60, Builder::Ints("axes", net.draw.Of<std::vector<int64_t>>({{1}, {2, 3}, {0}})));
      return net.Finish(
          net.draw.Of<std::string>({"ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceProd"}));
    case 5:
      net.Maybe(60, Builder::Float("alpha", 0.3f));
      net.Maybe(40, Builder::Float("beta", 0.6f));
      return net.Finish("HardSigmoid");
    case 6:
      net.attributes.push_back(Builder::Int("size", net.draw.Of<int64_t>({1, 3, 2})));
      net.Maybe(60, Builder::Float("alpha", 0.2f));
      net.Maybe(60, Builder::Float("bias", 1.5f));
      return net.Finish("LRN");
    case 7:
      if (opset < 11) {
        net.Maybe(60, Builder::Float("min", -0.1f));
        net.Maybe(60, Builder::Float("max", 0.2f));
        return net.Finish("Clip");
      }
      return net.Finish("Clip", net.draw.Chance(50)
                                    ? std::vector<std::string>{"", net.builder.Floats({}, {0.2f})}
                                    : std::vector<std::string>{net.builder.Floats({}, {-0.1f})});
    default:
      net.attributes.push_back(Builder::Int("p", net.draw.Int(1, 2)));
      net.Maybe(60, Builder::Int("axis", net.draw.Int(-2, 3)));
      return net.Finish("LpNormalization");
  }
}

Net Make(unsigned seed) {
  Draw draw(seed);
  const int64_t kind = draw.Int(0, 9), opset = draw.Of<int64_t>({7, 9, 10, 11, 13, 17, 18, 19, 21});
  Net net(opset, seed);
  net.builder.model().ir_version = opset < 20 ? 8 : 10;
  if (kind <= 1) MakeConv(net, false);
  if (kind >= 2 && kind <= 4) MakeConv(net, true);
  if (kind == 5 || kind == 6) MakePool(net);
  if (kind == 7) MakeResize(net);
  if (kind == 8) draw.Chance(50) ? MakePad(net) : MakeSlice(net);
  if (kind == 9) MakeOther(net);
  net.builder.Input("x", net.shape);
  return net;
}

std::string What(const Net& net) {
  const onnx::Node& node = net.builder.model().graph.nodes.back();
  std::string text = node.op_type + " opset " + std::to_string(net.builder.model().opset) + " of " +
                     ShapeToString(net.shape);
  for (const onnx::Attribute& a : node.attributes) {
    text += ", " + a.name + " ";
    if (a.type == onnx::Attribute::Type::kInts) text += ShapeToString(a.ints);
    if (a.type == onnx::Attribute::Type::kInt) text += std::to_string(a.i);
    if (a.type == onnx::Attribute::Type::kString) text += a.s;
    if (a.type == onnx::Attribute::Type::kFloat) text += std::to_string(a.f);
  }
  for (const onnx::Initializer& init : net.builder.model().graph.initializers) {
    if (init.tensor.dtype() == DataType::kFloat32 && init.tensor.element_count() <= 4) {
      for (const float f : init.tensor.span<float>()) text += " " + std::to_string(f);
    }
    if (init.tensor.dtype() != DataType::kInt64) continue;
    const auto numbers = init.tensor.span<int64_t>();
    text += ", " + ShapeToString({numbers.begin(), numbers.end()});
  }
  return text;
}

Status WriteNumbers(const std::string& path, std::span<const float> numbers) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(numbers.data()),
             static_cast<std::streamsize>(numbers.size_bytes()));
  return file ? OkStatus() : IoError("cannot write " + path);
}

Status RunEngine(const std::string& bytes, const Net& net, std::span<const float> x, const std::string& path,
                 Json* entry) {
  TEMPERA_ASSIGN_OR_RETURN(
      const engine::ModelPtr model,
      engine::LoadModelMemory({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}));
  TEMPERA_ASSIGN_OR_RETURN(const auto session,
                           engine::Session::Create(model, {net.shape}, {.num_threads = 1}));
  std::copy(x.begin(), x.end(), session->input(0).data<float>());
  TEMPERA_RETURN_IF_ERROR(session->Run());
  (*entry)["ours"] = session->output(0).shape();
  return WriteNumbers(path, session->output(0).span<float>());
}

int Main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string folder = argv[1];
  const auto count = static_cast<unsigned>(std::atoi(argv[2])),
             first = static_cast<unsigned>(std::atoi(argv[3]));
  Json cases = Json::array();
  for (unsigned i = 0; i < count; ++i) {
    Net net = Make(first + i);
    const std::string stem = folder + "/" + std::to_string(i);
    int64_t numbers = 1;
    for (const int64_t d : net.shape) numbers *= d;
    const std::vector<float> x = net.builder.Draw(numbers, -1, 1);
    const Result<std::string> bytes = onnx::WriteModel(net.builder.model());
    if (!bytes.ok() || !onnx::WriteModelFile(net.builder.model(), stem + ".onnx").ok() ||
        !WriteNumbers(stem + ".x", x).ok()) {
      std::fprintf(stderr, "cannot write %s\n", stem.c_str());
      return 1;
    }
    Json entry = {{"stem", stem}, {"seed", first + i}, {"what", What(net)}, {"shape", net.shape}};
    const Status ran = RunEngine(*bytes, net, x, stem + ".y", &entry);
    if (!ran.ok()) entry["error"] = ran.message();
    cases.push_back(std::move(entry));
  }
  std::ofstream(folder + "/cases.json") << cases.dump(1) << "\n";
  return 0;
}

}  // namespace
}  // namespace tempera

int main(int argc, char** argv) { return tempera::Main(argc, argv); }
