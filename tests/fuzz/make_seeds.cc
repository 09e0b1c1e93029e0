// Writes the fuzzers' seed corpus: tiny valid models, a few hundred bytes each, that reach every operator,
// decisions for the door's, and the words that a mutation should try.
//   tempera_make_seeds FOLDER [DICTIONARY]
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/onnx/attributes.h"
#include "src/onnx/writer.h"
#include "src/ops/op.h"
#include "tests/fuzz/seed_files.h"

namespace tempera {
namespace {

using onnx::Attribute;
using Type = onnx::Attribute::Type;

constexpr auto& Int = onnx::IntAttribute;
constexpr auto& Ints = onnx::IntsAttribute;
constexpr auto& Text = onnx::TextAttribute;

// A model under construction: one input "x" [1, 3, H, W], nodes appended in order.
class Seed {
 public:
  explicit Seed(int opset) {
    model_.opset = opset;
    onnx::ValueInfo x;
    x.name = "x";
    x.dtype = DataType::kFloat32;
    x.has_shape = true;
    x.shape = {{1, ""}, {3, ""}, {-1, "H"}, {-1, "W"}};
    model_.graph.inputs.push_back(x);
  }

  Seed& Floats(const std::string& name, const Shape& shape) {
    auto tensor = Tensor::Create(DataType::kFloat32, shape);
    if (!tensor.ok()) return *this;
    for (int64_t i = 0; i < tensor->element_count(); ++i) {
      tensor->data<float>()[i] = static_cast<float>(i % 7) * 0.25f - 0.5f;
    }
    model_.graph.initializers.push_back({name, std::move(tensor).value()});
    return *this;
  }

  Seed& Numbers(const std::string& name, const std::vector<int64_t>& values) {
    auto tensor = Tensor::Create(DataType::kInt64, {static_cast<int64_t>(values.size())});
    if (!tensor.ok()) return *this;
    if (!values.empty()) std::memcpy(tensor->raw(), values.data(), tensor->size_bytes());
    model_.graph.initializers.push_back({name, std::move(tensor).value()});
    return *this;
  }

  Seed& Node(const std::string& op, std::vector<std::string> inputs, std::vector<std::string> outputs,
             std::vector<Attribute> attributes = {}) {
    onnx::Node node;
    node.op_type = op;
    node.inputs = std::move(inputs);
    node.outputs = std::move(outputs);
    node.attributes = std::move(attributes);
    last_ = node.outputs.front();
    model_.graph.nodes.push_back(std::move(node));
    return *this;
  }

  const onnx::Model& Finish() {
    onnx::ValueInfo y;
    y.name = last_;
    y.dtype = DataType::kFloat32;
    model_.graph.outputs = {y};
    return model_;
  }

 private:
  onnx::Model model_;
  std::string last_;
};

bool Save(Seed& seed, const std::filesystem::path& folder, const std::string& name) {
  const Status status = onnx::WriteModelFile(seed.Finish(), (folder / (name + ".onnx")).string());
  if (!status.ok()) std::fprintf(stderr, "make_seeds: %s: %s\n", name.c_str(), status.message().c_str());
  return status.ok();
}

// The shapes that styles are made of.
bool SaveStyles(const std::filesystem::path& folder) {
  Seed norm(17);
  norm.Floats("w", {4, 3, 3, 3})
      .Floats("b", {4})
      .Floats("s", {4})
      .Numbers("p", {0, 0, 1, 1, 0, 0, 1, 1})
      .Node("Pad", {"x", "p"}, {"padded"}, {Text("mode", "reflect")})
      .Node("Conv", {"padded", "w", "b"}, {"c"}, {Ints("strides", {2, 2}), Ints("kernel_shape", {3, 3})})
      .Node("InstanceNormalization", {"c", "s", "b"}, {"n"})
      .Node("Relu", {"n"}, {"y"});
  Seed upsample(13);
  upsample.Floats("f", {4})
      .Floats("w", {2, 3, 3, 3})
      .Node("Resize", {"x", "", "f"}, {"u"}, {Text("mode", "nearest")})
      .Node("Conv", {"u", "w"}, {"y"}, {Ints("pads", {1, 1, 1, 1})});
  Seed old_upsample(9);
  old_upsample.Floats("f", {4}).Node("Upsample", {"x", "f"}, {"y"}, {Text("mode", "linear")});
  Seed transpose(11);
  transpose.Floats("w", {3, 2, 4, 4}).Node("ConvTranspose", {"x", "w"}, {"t"}, {Ints("strides", {2, 2})});
  transpose.Node("Tanh", {"t"}, {"y"});
  Seed groups(12);
  groups.Floats("w", {3, 1, 3, 3})
      .Node("Conv", {"x", "w"}, {"y"},
            {Int("group", 3), Ints("dilations", {2, 2}), Text("auto_pad", "SAME_UPPER")});
  Seed depth(13);
  depth.Floats("w", {12, 3, 1, 1})
      .Node("Conv", {"x", "w"}, {"c"})
      .Node("DepthToSpace", {"c"}, {"d"}, {Int("blocksize", 2), Text("mode", "CRD")})
      .Node("SpaceToDepth", {"d"}, {"y"}, {Int("blocksize", 2)});
  return Save(norm, folder, "style_norm") && Save(upsample, folder, "style_upsample") &&
         Save(old_upsample, folder, "style_old_upsample") && Save(transpose, folder, "style_transpose") &&
         Save(groups, folder, "conv_groups") && Save(depth, folder, "depth_space");
}

// Arithmetic on sizes, which is folded at import: the importer's own little machine.
bool SaveShapeArithmetic(const std::filesystem::path& folder) {
  Seed sizes(13);
  sizes.Numbers("i", {2})
      .Numbers("two", {2})
      .Numbers("zero", {0})
      .Numbers("minus", {-1})
      .Node("Shape", {"x"}, {"s"})
      .Node("Gather", {"s", "i"}, {"h"})
      .Node("Mul", {"h", "two"}, {"h2"})
      .Node("Div", {"h2", "two"}, {"h1"})
      .Node("Concat", {"zero", "h1", "minus"}, {"target"}, {Int("axis", 0)})
      .Node("Reshape", {"x", "target"}, {"r"})
      .Node("Transpose", {"r"}, {"y"}, {Ints("perm", {1, 0, 2})});
  Seed slices(13);
  slices.Numbers("a", {0, 1})
      .Numbers("b", {2, 100})
      .Numbers("axes", {2, 3})
      .Numbers("steps", {1, 2})
      .Numbers("parts", {1, 2})
      .Numbers("u", {0})
      .Node("Slice", {"x", "a", "b", "axes", "steps"}, {"sl"})
      .Node("Split", {"sl", "parts"}, {"p", "q"}, {Int("axis", 1)})
      .Node("Unsqueeze", {"p", "u"}, {"uq"})
      .Node("Squeeze", {"uq", "u"}, {"sq"})
      .Node("Add", {"sq", "q"}, {"y"});
  Seed fill(13);
  fill.Numbers("shape", {1, 3, 1, 4})
      .Numbers("times", {1, 1, 2, 2})
      .Node("ConstantOfShape", {"shape"}, {"c"})
      .Node("Tile", {"c", "times"}, {"t"})
      .Node("Expand", {"t", "shape"}, {"e"})
      .Node("Cast", {"e"}, {"y"}, {Int("to", 1)});
  return Save(sizes, folder, "sizes") && Save(slices, folder, "slices") && Save(fill, folder, "fill");
}

// Every operator alone, on one and on two inputs. Some are refused for their missing
// attributes: a seed need not be valid, only near to something that is.
bool SaveOperators(const std::filesystem::path& folder) {
  for (const ops::Operator& op : ops::AllOperators()) {
    const std::string name(op.name);
    Seed one(13), two(9);
    // An If without any attribute is what the reader leaves of one with branches, which cannot be written.
    one.Node(name, {"x"}, {"y"},
             name == "If" ? std::vector<Attribute>{Int("axis", 0)} : std::vector<Attribute>());
    two.Floats("w", {3, 3, 1, 1}).Node(name, {"x", "w"}, {"y"}, {Int("axis", 1)});
    if (!Save(one, folder, "op_" + name + "_1") || !Save(two, folder, "op_" + name + "_2")) return false;
  }
  return true;
}

// Decisions for the door's fuzzer: as many as a network and some frames take, of which each is a case that
// paints.
bool SaveDecisions(const std::filesystem::path& folder) {
  constexpr int kSeeds = 24, kBytes = 300;
  uint32_t state = 1;
  for (int i = 0; i < kSeeds; ++i) {
    std::string bytes;
    for (int b = 0; b < kBytes; ++b) {
      state = state * 1664525 + 1013904223;  // Numerical Recipes' quick generator
      bytes.push_back(static_cast<char>(state >> 24));
    }
    if (bytes[0] == 8) bytes[0] = 9;  // a model begins so
    std::ofstream out(folder / ("decisions_" + std::to_string(i) + ".dice"), std::ios::binary);
    out << bytes;
    if (!out.good()) return false;
  }
  return true;
}

std::vector<std::string_view> Words() {
  std::vector<std::string_view> words = {"auto_pad",
                                         "SAME_UPPER",
                                         "SAME_LOWER",
                                         "VALID",
                                         "pads",
                                         "strides",
                                         "dilations",
                                         "kernel_shape",
                                         "group",
                                         "output_padding",
                                         "output_shape",
                                         "axis",
                                         "axes",
                                         "perm",
                                         "mode",
                                         "reflect",
                                         "edge",
                                         "constant",
                                         "linear",
                                         "nearest",
                                         "scales",
                                         "sizes",
                                         "blocksize",
                                         "to",
                                         "split",
                                         "keepdims",
                                         "epsilon",
                                         "alpha",
                                         "beta",
                                         "transA",
                                         "transB",
                                         "value",
                                         "coordinate_transformation_mode",
                                         "align_corners",
                                         "tf_crop_and_resize",
                                         "ceil_mode"};
  for (const ops::Operator& op : ops::AllOperators()) words.push_back(op.name);
  return words;
}

}  // namespace
}  // namespace tempera

int main(int argc, char** argv) {
  const auto save = [](const std::filesystem::path& folder) {
    return tempera::SaveStyles(folder) && tempera::SaveShapeArithmetic(folder) &&
           tempera::SaveOperators(folder) && tempera::SaveDecisions(folder);
  };
  return tempera::MakeSeeds(argc, argv, save, tempera::Words());
}
