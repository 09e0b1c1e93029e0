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

  Seed& Input(const std::string& name, const std::vector<int64_t>& dims) {
    onnx::ValueInfo info;
    info.name = name;
    info.dtype = DataType::kFloat32;
    info.has_shape = true;
    for (size_t i = 0; i < dims.size(); ++i)
      info.shape.push_back({dims[i], dims[i] < 0 ? name + std::to_string(i) : ""});
    model_.graph.inputs.push_back(std::move(info));
    return *this;
  }
  // The first input takes these dims.
  Seed& Declares(const std::vector<int64_t>& dims) {
    model_.graph.inputs.pop_back();
    return Input("x", dims);
  }
  // Beside the last node's result.
  Seed& Output(const std::string& name) {
    onnx::ValueInfo info;
    info.name = name;
    info.dtype = DataType::kFloat32;
    model_.graph.outputs.push_back(std::move(info));
    return *this;
  }
  Seed& Metadata(const std::string& key, const std::string& value) {
    model_.metadata_props.emplace_back(key, value);
    return *this;
  }

  const onnx::Model& Finish() {
    Output(last_);
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

// The forms that mask networks have: one channel and many, classes by number, channels last, states and a
// share of the size.
bool SaveMasks(const std::filesystem::path& folder) {
  const auto classes = [](int opset, const std::vector<int64_t>& dims, int64_t count) {
    Seed seed(opset);
    seed.Declares(dims).Floats("w", {count, 3, 1, 1});
    return seed;
  };
  Seed one = classes(13, {1, 3, 64, 64}, 1), voc = classes(13, {1, 64, 64, 3}, 21),
       index = classes(13, {1, 3, 64, 64}, 2), seven = classes(13, {1, 3, -1, -1}, 1);
  one.Node("Conv", {"x", "w"}, {"l"}).Node("Sigmoid", {"l"}, {"y"});
  voc.Node("Transpose", {"x"}, {"p"}, {Ints("perm", {0, 3, 1, 2})})
      .Node("Conv", {"p", "w"}, {"l"})
      .Node("Transpose", {"l"}, {"y"}, {Ints("perm", {0, 2, 3, 1})})
      .Metadata("tempera.mask.class", "tv");
  index.Node("Conv", {"x", "w"}, {"l"}).Node("ArgMax", {"l"}, {"y"}, {Int("axis", 1), Int("keepdims", 0)});
  seven.Node("Conv", {"x", "w"}, {"l"});
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) seven.Node("Sigmoid", {"l"}, {name}).Output(name);
  seven.Node("Sigmoid", {"l"}, {"y"});
  Seed matting = classes(13, {1, 3, -1, -1}, 1);
  matting.Input("r1i", {-1, -1, -1, -1})
      .Input("downsample_ratio", {1})
      .Floats("none", {0})
      .Numbers("two", {2})
      .Numbers("four", {4})
      .Numbers("zero", {0})
      .Numbers("ones", {1, 1})
      .Node("Cast", {"ones"}, {"whole"}, {Int("to", 1)})
      .Node("Concat", {"whole", "downsample_ratio", "downsample_ratio"}, {"scales"}, {Int("axis", 0)})
      .Node("Resize", {"x", "none", "scales"}, {"small"}, {Text("mode", "linear")})
      .Node("Conv", {"small", "w"}, {"l"})
      .Node("Shape", {"l"}, {"like"})
      .Node("Expand", {"r1i", "like"}, {"before"})
      .Node("Add", {"l", "before"}, {"r1o"})
      .Output("r1o")
      .Node("Shape", {"x"}, {"s"})
      .Node("Slice", {"s", "two", "four", "zero"}, {"hw"})
      .Node("Concat", {"ones", "hw"}, {"size"}, {Int("axis", 0)})
      .Node("Resize", {"r1o", "none", "none", "size"}, {"wide"}, {Text("mode", "linear")})
      .Node("Sigmoid", {"wide"}, {"pha"});
  return Save(one, folder, "mask_one") && Save(voc, folder, "mask_voc") &&
         Save(index, folder, "mask_index") && Save(seven, folder, "mask_seven") &&
         Save(matting, folder, "mask_matting");
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
                                         "ceil_mode",
                                         "tempera.mask.class",
                                         "tempera.mask.classes",
                                         "tempera.mask.values",
                                         "tempera.mask.output",
                                         "tempera.mask.downsample_ratio",
                                         "downsample_ratio",
                                         "logits",
                                         "index"};
  for (const ops::Operator& op : ops::AllOperators()) words.push_back(op.name);
  return words;
}

}  // namespace
}  // namespace tempera

int main(int argc, char** argv) {
  const auto save = [](const std::filesystem::path& folder) {
    return tempera::SaveStyles(folder) && tempera::SaveMasks(folder) &&
           tempera::SaveShapeArithmetic(folder) && tempera::SaveOperators(folder) &&
           tempera::SaveDecisions(folder);
  };
  return tempera::MakeSeeds(argc, argv, save, tempera::Words());
}
