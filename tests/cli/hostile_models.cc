// Writes models that are broken in one way each, byte by byte: our own writer would refuse.
//   tempera_hostile_models FOLDER
// FOLDER/odd gets some that are whole and unusual.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

// protobuf by hand: a varint, and a field of each kind we need.
std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string Number(int field, int64_t value) {
  return Varint(static_cast<uint64_t>(field) << 3) + Varint(static_cast<uint64_t>(value));
}
std::string Bytes(int field, std::string_view bytes) {
  return Varint(static_cast<uint64_t>(field) << 3 | 2) + Varint(bytes.size()) + std::string(bytes);
}

// onnx.proto, as much as is needed; field numbers are the format's.
std::string Tensor(std::string_view name, const std::vector<int64_t>& dims, int type, std::string_view raw) {
  std::string out;
  for (const int64_t dim : dims) out += Number(1, dim);
  return out + Number(2, type) + Bytes(8, name) + Bytes(9, raw);
}
std::string Floats(std::string_view name, const std::vector<int64_t>& dims,
                   const std::vector<float>& values) {
  return Tensor(name, dims, 1, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}
std::string Ints(std::string_view name, const std::vector<int64_t>& values) {
  return Tensor(name, {static_cast<int64_t>(values.size())}, 7,
                {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(int64_t)});
}
std::string Zeros(std::string_view name, const std::vector<int64_t>& dims) {
  size_t count = 1;
  for (const int64_t dim : dims) count *= static_cast<size_t>(dim);
  return Floats(name, dims, std::vector<float>(count));
}
std::string IntsAttribute(std::string_view name, const std::vector<int64_t>& values) {
  std::string out = Bytes(1, name) + Number(20, 7);
  for (const int64_t value : values) out += Number(8, value);
  return out;
}
std::string IntAttribute(std::string_view name, int64_t value) {
  return Bytes(1, name) + Number(3, value) + Number(20, 2);
}
std::string TextAttribute(std::string_view name, std::string_view value) {
  return Bytes(1, name) + Bytes(4, value) + Number(20, 3);
}
std::string Node(std::string_view op, const std::vector<std::string>& inputs, std::string_view output,
                 const std::vector<std::string>& attributes = {}) {
  std::string out;
  for (const std::string& input : inputs) out += Bytes(1, input);
  out += Bytes(2, output) + Bytes(3, "the_" + std::string(op)) + Bytes(4, op);
  for (const std::string& attribute : attributes) out += Bytes(5, attribute);
  return Bytes(1, out);  // a field of the graph
}
std::string Weight(const std::string& tensor) { return Bytes(5, tensor); }
std::string Value(std::string_view name, int type, const std::vector<int64_t>& dims) {
  std::string shape;
  for (const int64_t dim : dims) shape += Bytes(1, dim == -1 ? Bytes(2, "N") : Number(1, dim));
  return Bytes(1, name) + Bytes(2, Bytes(1, Number(1, type) + Bytes(2, shape)));
}
const std::string kX = Bytes(11, Value("x", 1, {1, 3, -1, -1}));
const std::string kY = Bytes(12, Value("y", 1, {}));

std::string Model(const std::string& graph, int64_t opset = 13) {
  return Number(1, 8) + Bytes(8, Number(2, opset)) + Bytes(7, graph);
}
// x -> the nodes given -> y
std::string Net(const std::string& body, int64_t opset = 13) { return Model(body + kX + kY, opset); }

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

using Models = std::map<std::string, std::string>;

void AddBrokenFiles(Models* m) {
  const std::string good = Net(Weight(Zeros("w", {3, 3, 3, 3})) +
                               Node("Conv", {"x", "w"}, "y", {IntsAttribute("pads", {1, 1, 1, 1})}));
  (*m)["file_empty"] = "";
  (*m)["file_text"] = "This is not a model.\nIt is a letter.\n";
  (*m)["file_truncated"] = good.substr(0, good.size() * 6 / 10);
  (*m)["file_cut_by_one"] = good.substr(0, good.size() - 1);
  std::string flipped = good;
  for (size_t i = 7; i < flipped.size(); i += 11) flipped[i] = static_cast<char>(flipped[i] ^ 0x55);
  (*m)["file_flipped"] = flipped;
  (*m)["file_huge_length"] = Number(1, 8) + Varint(7 << 3 | 2) + Varint(uint64_t{1} << 62) + "x";
  (*m)["file_endless_varint"] = std::string(64, '\xff');
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep = Bytes(7, deep);
  (*m)["file_deep_nesting"] = deep;
  (*m)["file_no_graph"] = Number(1, 8) + Bytes(8, Number(2, 13));
  (*m)["opset_99"] = Net(Node("Relu", {"x"}, "y"), 99);
  (*m)["opset_0"] = Net(Node("Relu", {"x"}, "y"), 0);
}

void AddBrokenGraphs(Models* m) {
  (*m)["graph_cycle"] =
      Net(Node("Add", {"x", "b"}, "a") + Node("Relu", {"a"}, "b") + Node("Relu", {"b"}, "y"));
  (*m)["graph_self_loop"] = Net(Node("Add", {"x", "y"}, "y"));
  (*m)["graph_missing_initializer"] = Net(Node("Conv", {"x", "w"}, "y"));
  (*m)["graph_missing_output"] = Net(Node("Relu", {"x"}, "z"));
  (*m)["graph_no_output"] = Model(Node("Relu", {"x"}, "y") + kX);
  (*m)["graph_written_twice"] = Net(Node("Relu", {"x"}, "y") + Node("Tanh", {"x"}, "y"));
  (*m)["graph_no_inputs_given"] = Net(Node("Relu", {}, "y"));
  (*m)["graph_unknown_operator"] = Net(Node("FancyAttention", {"x"}, "y"));
  (*m)["graph_control_flow"] = Net(Node("If", {"x"}, "y"));
  (*m)["weight_negative_dim"] =
      Net(Weight(Tensor("w", {-3, 3, 3, 3}, 1, "")) + Node("Conv", {"x", "w"}, "y"));
  (*m)["weight_overflowing_dims"] =
      Net(Weight(Tensor("w", {kMax, kMax, 3, 3}, 1, "")) + Node("Conv", {"x", "w"}, "y"));
  (*m)["weight_wraps_to_zero"] = Net(Weight(Tensor("w", {int64_t{1} << 32, int64_t{1} << 32, 1, 1}, 1, "")) +
                                     Node("Conv", {"x", "w"}, "y"));
  (*m)["weight_claims_2gb"] =
      Net(Weight(Tensor("w", {1 << 29, 1, 1, 1}, 1, std::string(900, 'w'))) + Node("Conv", {"x", "w"}, "y"));
  (*m)["weight_elsewhere"] = Net(Weight(Number(1, 4) + Number(2, 1) + Bytes(8, "w") + Number(14, 1) +
                                        Bytes(13, Bytes(1, "location") + Bytes(2, "/etc/passwd"))) +
                                 Node("Add", {"x", "w"}, "y"));
  (*m)["weight_of_strings"] = Net(Weight(Tensor("w", {1}, 8, "")) + Node("Add", {"x", "w"}, "y"));
}

void AddHugeResults(Models* m) {
  const int64_t big = int64_t{1} << 40;
  (*m)["huge_fill"] =
      Net(Weight(Ints("s", {big})) + Node("ConstantOfShape", {"s"}, "c") + Node("Add", {"x", "c"}, "y"));
  (*m)["huge_fill_negative"] =
      Net(Weight(Ints("s", {-4})) + Node("ConstantOfShape", {"s"}, "c") + Node("Add", {"x", "c"}, "y"));
  (*m)["huge_expand"] =
      Net(Weight(Ints("s", {1 << 20, 1 << 20, 1, 3, 1, 1})) + Node("Expand", {"x", "s"}, "y"));
  (*m)["huge_tile"] = Net(Weight(Ints("t", {1, big, big, 1})) + Node("Tile", {"x", "t"}, "y"));
  (*m)["huge_tile_negative"] = Net(Weight(Ints("t", {1, -1, 1, 1})) + Node("Tile", {"x", "t"}, "y"));
  (*m)["huge_pad"] = Net(Weight(Ints("p", {0, 0, big, big, 0, 0, 0, 0})) + Node("Pad", {"x", "p"}, "y"));
  (*m)["huge_pad_overflow"] =
      Net(Weight(Ints("p", {0, 0, kMax, 0, 0, 0, kMax, 0})) + Node("Pad", {"x", "p"}, "y"));
  (*m)["pad_below_nothing"] =
      Net(Weight(Ints("p", {0, 0, -999, 0, 0, 0, 0, 0})) + Node("Pad", {"x", "p"}, "y"));
  (*m)["pad_reflects_too_far"] = Net(Weight(Ints("p", {0, 0, 999, 0, 0, 0, 0, 0})) +
                                     Node("Pad", {"x", "p"}, "y", {TextAttribute("mode", "reflect")}));
  for (const auto& [name, scale] : std::map<std::string, float>{{"huge_resize", 1e9f},
                                                                {"resize_zero", 0.0f},
                                                                {"resize_negative", -2.0f},
                                                                {"resize_nan", kNan},
                                                                {"resize_infinite", kInf}}) {
    (*m)[name] = Net(Weight(Floats("f", {4}, {1, 1, scale, scale})) + Node("Resize", {"x", "", "f"}, "y"));
    (*m)["old_" + name] =
        Net(Weight(Floats("f", {4}, {1, 1, scale, scale})) + Node("Upsample", {"x", "f"}, "y"), 9);
  }
  (*m)["huge_roi_align"] = Net(Weight(Floats("r", {1, 4}, {0, 0, 64, 64})) + Weight(Ints("i", {0})) +
                               Node("RoiAlign", {"x", "r", "i"}, "y",
                                    {IntAttribute("sampling_ratio", 1024), IntAttribute("output_height", 512),
                                     IntAttribute("output_width", 512)}));
  std::string doubling = Node("Concat", {"x", "x"}, "d0", {IntAttribute("axis", 1)});
  for (int i = 0; i < 48; ++i) {
    const std::string in = "d" + std::to_string(i);
    doubling +=
        Node("Concat", {in, in}, i == 47 ? "y" : "d" + std::to_string(i + 1), {IntAttribute("axis", 1)});
  }
  (*m)["huge_doubling"] = Net(doubling);
}

void AddBrokenWindows(Models* m) {
  const std::string weight = Weight(Zeros("w", {3, 3, 3, 3}));
  const std::map<std::string, std::vector<std::string>> attributes = {
      {"stride_zero", {IntsAttribute("strides", {0, 0})}},
      {"stride_negative", {IntsAttribute("strides", {-1, 1})}},
      {"dilation_zero", {IntsAttribute("dilations", {0, 1})}},
      {"dilation_huge", {IntsAttribute("dilations", {kMax, kMax})}},
      {"pads_negative", {IntsAttribute("pads", {-1, -1, -1, -1})}},
      {"pads_huge", {IntsAttribute("pads", {kMax, 0, kMax, 0})}},
      {"pads_too_few", {IntsAttribute("pads", {1})}},
      {"group_zero", {IntAttribute("group", 0)}},
      {"group_uneven", {IntAttribute("group", 2)}},
      {"kernel_disagrees", {IntsAttribute("kernel_shape", {5, 5})}},
      {"auto_pad_nonsense", {TextAttribute("auto_pad", "SIDEWAYS")}}};
  for (const auto& [name, list] : attributes) {
    (*m)["conv_" + name] = Net(weight + Node("Conv", {"x", "w"}, "y", list));
  }
  (*m)["conv_weight_rank_1"] = Net(Weight(Zeros("w", {3})) + Node("Conv", {"x", "w"}, "y"));
  (*m)["conv_no_weight"] = Net(Node("Conv", {"x"}, "y"));
  (*m)["conv_empty_kernel"] = Net(Weight(Zeros("w", {3, 3, 0, 0})) + Node("Conv", {"x", "w"}, "y"));
  (*m)["conv_short_bias"] = Net(weight + Weight(Zeros("b", {1})) + Node("Conv", {"x", "w", "b"}, "y"));
  (*m)["conv_larger_than_input"] = Net(Weight(Zeros("w", {1, 3, 99, 99})) + Node("Conv", {"x", "w"}, "y"));
  (*m)["deconv_stride_zero"] =
      Net(weight + Node("ConvTranspose", {"x", "w"}, "y", {IntsAttribute("strides", {0, 0})}));
  (*m)["deconv_huge_stride"] =
      Net(weight + Node("ConvTranspose", {"x", "w"}, "y", {IntsAttribute("strides", {kMax, kMax})}));
  (*m)["pool_no_kernel"] = Net(Node("MaxPool", {"x"}, "y"));
  (*m)["pool_zero_kernel"] = Net(Node("AveragePool", {"x"}, "y", {IntsAttribute("kernel_shape", {0, 0})}));
  (*m)["pool_huge_kernel"] = Net(Node("MaxPool", {"x"}, "y", {IntsAttribute("kernel_shape", {kMax, 3})}));
}

void AddBrokenNodes(Models* m) {
  const auto ints = [](std::string_view name, const std::vector<int64_t>& values) {
    return Weight(Ints(name, values));
  };
  (*m)["divide_sizes_by_zero"] =
      Net(Node("Shape", {"x"}, "s") + ints("z", {0}) + Node("Div", {"s", "z"}, "d") +
          Node("Sub", {"d", "s"}, "e") + Node("Reshape", {"x", "e"}, "y"));
  (*m)["divide_sizes_overflow"] = Net(ints("a", {kMin}) + ints("b", {-1}) + Node("Div", {"a", "b"}, "d") +
                                      Node("Reshape", {"x", "d"}, "y"));
  (*m)["reshape_two_unknowns"] = Net(ints("s", {-1, -1}) + Node("Reshape", {"x", "s"}, "y"));
  (*m)["reshape_wrong_count"] = Net(ints("s", {7, 11, 13}) + Node("Reshape", {"x", "s"}, "y"));
  (*m)["reshape_zero_beyond_rank"] = Net(ints("s", {1, 1, 1, 1, 0}) + Node("Reshape", {"x", "s"}, "y"));
  (*m)["slice_step_zero"] = Net(ints("a", {0}) + ints("b", {4}) + ints("i", {2}) + ints("t", {0}) +
                                Node("Slice", {"x", "a", "b", "i", "t"}, "y"));
  (*m)["slice_axis_beyond"] =
      Net(ints("a", {0}) + ints("b", {4}) + ints("i", {9}) + Node("Slice", {"x", "a", "b", "i"}, "y"));
  (*m)["slice_lists_disagree"] =
      Net(ints("a", {0, 0, 0}) + ints("b", {4}) + Node("Slice", {"x", "a", "b"}, "y"));
  (*m)["gather_beyond"] = Net(Node("Shape", {"x"}, "s") + ints("i", {99}) + Node("Gather", {"s", "i"}, "g") +
                              Node("Reshape", {"x", "g"}, "y"));
  (*m)["split_wrong_sum"] =
      Net(ints("s", {1, 9}) + Node("Split", {"x", "s"}, "y", {IntAttribute("axis", 1)}));
  (*m)["transpose_twice_one_axis"] =
      Net(Node("Transpose", {"x"}, "y", {IntsAttribute("perm", {0, 0, 1, 2})}));
  (*m)["transpose_beyond"] = Net(Node("Transpose", {"x"}, "y", {IntsAttribute("perm", {0, 1, 2, 77})}));
  (*m)["concat_axis_beyond"] = Net(Node("Concat", {"x", "x"}, "y", {IntAttribute("axis", 12)}));
  (*m)["concat_nothing"] = Net(Node("Concat", {}, "y", {IntAttribute("axis", 1)}));
  (*m)["softmax_axis_beyond"] = Net(Node("Softmax", {"x"}, "y", {IntAttribute("axis", kMin)}));
  (*m)["argmax_axis_beyond"] = Net(Node("ArgMax", {"x"}, "y", {IntAttribute("axis", kMax)}));
  (*m)["mean_axes_beyond"] = Net(Node("ReduceMean", {"x"}, "y", {IntsAttribute("axes", {-77})}));
  (*m)["squeeze_real_axis"] = Net(ints("i", {1}) + Node("Squeeze", {"x", "i"}, "y"));
  (*m)["unsqueeze_beyond"] = Net(ints("i", {kMax}) + Node("Unsqueeze", {"x", "i"}, "y"));
  (*m)["flatten_beyond"] = Net(Node("Flatten", {"x"}, "y", {IntAttribute("axis", 50)}));
  (*m)["depth_to_space_zero"] = Net(Node("DepthToSpace", {"x"}, "y", {IntAttribute("blocksize", 0)}));
  (*m)["depth_to_space_huge"] = Net(Node("DepthToSpace", {"x"}, "y", {IntAttribute("blocksize", kMax)}));
  (*m)["space_to_depth_zero"] = Net(Node("SpaceToDepth", {"x"}, "y", {IntAttribute("blocksize", 0)}));
  (*m)["norm_short_scale"] =
      Net(Weight(Zeros("s", {1})) + Node("InstanceNormalization", {"x", "s", "s"}, "y"));
  (*m)["batch_norm_short"] =
      Net(Weight(Zeros("s", {2})) + Node("BatchNormalization", {"x", "s", "s", "s", "s"}, "y"));
  (*m)["add_shapes_disagree"] = Net(Weight(Zeros("w", {5, 7, 11})) + Node("Add", {"x", "w"}, "y"));
  (*m)["add_types_disagree"] = Net(ints("w", {1}) + Node("Add", {"x", "w"}, "y"));
  (*m)["prelu_slope_disagrees"] = Net(Weight(Zeros("w", {7, 1, 1})) + Node("PRelu", {"x", "w"}, "y"));
  (*m)["matmul_disagrees"] = Net(Weight(Zeros("w", {5, 7})) + Node("MatMul", {"x", "w"}, "y"));
  (*m)["gemm_rank_4"] = Net(Weight(Zeros("w", {5, 7})) + Node("Gemm", {"x", "w"}, "y"));
  (*m)["cast_to_nothing"] = Net(Node("Cast", {"x"}, "y", {IntAttribute("to", 0)}));
  (*m)["cast_to_unknown"] = Net(Node("Cast", {"x"}, "y", {IntAttribute("to", 12345)}));
  (*m)["constant_without_value"] = Net(Node("Constant", {}, "c") + Node("Add", {"x", "c"}, "y"));
  (*m)["resize_sizes_too_few"] = Net(ints("s", {8}) + Node("Resize", {"x", "", "", "s"}, "y"));
}

// Models that are whole, and meet what few do.
Models OddModels() {
  Models m;
  m["no_inputs"] =
      Model(Weight(Floats("w", {1, 3, 2, 2}, std::vector<float>(12, 1.0f))) + Node("Relu", {"w"}, "y") + kY);
  // What a terminal would obey: colours, its title, and control characters of Latin-1 as UTF-8.
  const auto metadata = [](const char* key, const char* value) {
    return Bytes(14, Bytes(1, key) + Bytes(2, value));
  };
  m["escapes"] = Net(Node("Relu", {"x"}, "y")) + metadata("tempera.title", "red \x1b[31m and more") +
                 metadata("tempera.artist", "\x1b]0;gone\x07") +
                 metadata("tempera.year",
                          "\xc2\x9b"
                          "5m1889");
  return m;
}

bool WriteModels(const Models& models, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  // What an older version of this program left would be tried too.
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".onnx") std::filesystem::remove(entry.path(), error);
  }
  for (const auto& [name, bytes] : models) {
    std::ofstream file(folder / (name + ".onnx"), std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) {
      std::fprintf(stderr, "hostile_models: cannot write %s\n", name.c_str());
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: tempera_hostile_models FOLDER\n");
    return 2;
  }
  Models models;
  AddBrokenFiles(&models);
  AddBrokenGraphs(&models);
  AddHugeResults(&models);
  AddBrokenWindows(&models);
  AddBrokenNodes(&models);
  const std::filesystem::path folder = argv[1];
  if (!WriteModels(models, folder) || !WriteModels(OddModels(), folder / "odd")) return 1;
  std::printf("%zu hostile models\n", models.size());
  return 0;
}
