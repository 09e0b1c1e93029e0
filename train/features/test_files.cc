#include "train/features/test_files.h"

#include <hdf5.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <map>
#include <vector>

#include "src/onnx/attributes.h"
#include "src/onnx/writer.h"
#include "train/features/vgg19_weights.h"

namespace tempera::train {
namespace {

std::string Little(uint64_t value, int width) {
  std::string bytes;
  for (int i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

// Pickle's protocol 2, as Python's pickler writes it.
class Pickler {
 public:
  std::string bytes = std::string("\x80\x02", 2);

  void Text(const std::string& text) {
    if (Again(text)) return;
    bytes += "X" + Little(text.size(), 4) + text;
    Put(text);
  }
  void Global(const std::string& module, const std::string& name) {
    if (Again(module + "\n" + name)) return;
    bytes += "c" + module + "\n" + name + "\n";
    Put(module + "\n" + name);
  }
  void Int(uint64_t value) {
    if (value < 256)
      bytes += "K" + Little(value, 1);
    else if (value < 65536)
      bytes += "M" + Little(value, 2);
    else
      bytes += "J" + Little(value, 4);
  }
  void Ints(const std::vector<int64_t>& values) {
    if (values.size() > 3) bytes += "(";
    for (int64_t v : values) Int(static_cast<uint64_t>(v));
    bytes += values.size() > 3 ? "t"
             : values.empty()  ? ")"
                               : std::string(1, static_cast<char>(0x84 + values.size()));
    Put("");
  }
  void EmptyOrdered() {
    Global("collections", "OrderedDict");
    bytes += ")R";
    Put("");
  }
  void Put(const std::string& remember) {
    if (!remember.empty()) memo_[remember] = next_;
    bytes += next_ < 256 ? "q" + Little(next_, 1) : "r" + Little(next_, 4);
    ++next_;
  }

 private:
  bool Again(const std::string& what) {
    auto it = memo_.find(what);
    if (it == memo_.end()) return false;
    bytes += it->second < 256 ? "h" + Little(it->second, 1) : "j" + Little(it->second, 4);
    return true;
  }
  std::map<std::string, uint64_t> memo_;
  uint64_t next_ = 0;
};

void Tensor(Pickler& p, const FloatArray& array, const std::string& key, bool legacy, bool v1) {
  p.Global("torch._utils", v1 ? "_rebuild_tensor" : "_rebuild_tensor_v2");
  p.bytes += "((";
  p.Text("storage");
  p.Global("torch", "FloatStorage");
  p.Text(key);
  p.Text("cpu");
  p.Int(array.values.size());
  if (legacy) p.bytes += "N";
  p.bytes += "t";
  p.Put("");
  p.bytes += "Q";
  p.Int(0);
  p.Ints(array.shape);
  std::vector<int64_t> strides(array.shape.size(), 1);
  for (size_t d = strides.size(); d > 1; --d) strides[d - 2] = strides[d - 1] * array.shape[d - 1];
  p.Ints(strides);
  if (!v1) {
    p.bytes += "\x89";
    p.EmptyOrdered();
  }
  p.bytes += "t";
  p.Put("");
  p.bytes += "R";
  p.Put("");
}

std::string Key(size_t i) { return std::to_string(94000000000000 + i * 64); }

std::string StateDict(const Safetensors& file, bool legacy, bool parameters) {
  Pickler p;
  p.EmptyOrdered();
  p.bytes += "(";
  size_t i = 0;
  for (const auto& [name, array] : file.arrays) {
    p.Text(name);
    if (parameters) p.Global("torch.nn.parameter", "Parameter");
    Tensor(p, array, legacy ? Key(i) : std::to_string(i), legacy, parameters);
    if (parameters) {
      p.bytes += "\x85R";
      p.bytes += "\x88\x89";
      p.EmptyOrdered();
      p.bytes +=
          "\x87"
          "b";
    }
    ++i;
  }
  p.bytes += "u";
  if (!parameters) {  // versions of the modules
    p.bytes += "}";
    p.Text("_metadata");
    p.EmptyOrdered();
    p.bytes += "sb";
  }
  return p.bytes + ".";
}

std::string Raw(const FloatArray& array) {
  return {reinterpret_cast<const char*>(array.values.data()), array.values.size() * 4};
}

std::string Zip(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string out, directory;
  for (const auto& [name, data] : members) {
    // Sizes stand in the directory and behind the data; the extra field aligns the data.
    const std::string fields = Little(0x0808, 2) + Little(0, 2) + Little(0, 4) + Little(0, 4);
    const std::string sizes = Little(data.size(), 4) + Little(data.size(), 4);
    const std::string extra = std::string("FB") + Little(6, 2) + "ZZZZZZ";
    directory += std::string("PK\1\2") + Little(0, 2) + Little(0, 2) + fields + sizes +
                 Little(name.size(), 2) + Little(0, 2) + Little(0, 2) + Little(0, 2) + Little(0, 2) +
                 Little(0, 4) + Little(out.size(), 4) + name;
    out += std::string("PK\3\4") + Little(0, 2) + fields + Little(0, 8) + Little(name.size(), 2) +
           Little(extra.size(), 2) + name + extra + data + "PK\7\10" + Little(0, 4) + sizes;
  }
  const std::string counts = Little(members.size(), 2) + Little(members.size(), 2);
  return out + directory + "PK\5\6" + Little(0, 4) + counts + Little(directory.size(), 4) +
         Little(out.size(), 4) + Little(0, 2);
}

}  // namespace

std::string LegacyTorchFile(const Safetensors& file, bool parameters) {
  std::string out("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
  out += std::string("\x80\x02M\xe9\x03.", 6);
  Pickler system;
  system.bytes += "}(";
  system.Text("protocol_version");
  system.Int(1001);
  system.Text("little_endian");
  system.bytes += "\x88";
  system.Text("type_sizes");
  system.bytes += "}(";
  for (const auto& [name, size] : std::map<std::string, int>{{"short", 2}, {"int", 4}, {"long", 4}}) {
    system.Text(name);
    system.Int(static_cast<uint64_t>(size));
  }
  system.bytes += "uu.";
  out += system.bytes + StateDict(file, /*legacy=*/true, parameters);
  Pickler keys;
  keys.bytes += "](";
  for (size_t i = 0; i < file.arrays.size(); ++i) keys.Text(Key(i));
  out += keys.bytes + "e.";
  for (const auto& entry : file.arrays) out += Little(entry.second.values.size(), 8) + Raw(entry.second);
  return out;
}

std::string ZippedTorchFile(const Safetensors& file) {
  std::vector<std::pair<std::string, std::string>> members = {
      {"vgg19/data.pkl", StateDict(file, /*legacy=*/false, /*parameters=*/false)}};
  size_t i = 0;
  for (const auto& entry : file.arrays)
    members.emplace_back("vgg19/data/" + std::to_string(i++), Raw(entry.second));
  members.emplace_back("vgg19/version", "3\n");
  return Zip(members);
}

std::string ZippedPickle(const std::string& pickle) { return Zip({{"archive/data.pkl", pickle}}); }

void WriteKerasFile(const Safetensors& vgg, const std::string& path, bool old) {
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  for (const Vgg19Layer& layer : kVgg19Layers) {
    const std::string name = std::string("block") + layer.name[4] + "_conv" + layer.name[6];
    const std::string key = "features." + std::to_string(layer.index);
    const std::vector<float>& oihw = vgg.arrays.at(key + ".weight").values;
    const size_t in = static_cast<size_t>(layer.in), out = static_cast<size_t>(layer.out);
    std::vector<float> hwio(oihw.size());
    for (size_t k = 0; k < out; ++k) {
      for (size_t c = 0; c < in; ++c) {
        for (size_t t = 0; t < 9; ++t) hwio[(t * in + c) * out + k] = oihw[(k * in + c) * 9 + t];
      }
    }
    hid_t group = H5Gcreate2(file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t outer = group;
    if (!old) group = H5Gcreate2(outer, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const auto write = [&](const std::string& what, std::vector<hsize_t> dims, const float* values) {
      const hid_t space = H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
      const hid_t set =
          H5Dcreate2(group, what.c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
      H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
      H5Dclose(set);
      H5Sclose(space);
    };
    write(old ? name + "_W_1:0" : "kernel:0", {3, 3, in, out}, hwio.data());
    write(old ? name + "_b_1:0" : "bias:0", {out}, vgg.arrays.at(key + ".bias").values.data());
    if (!old) H5Gclose(group);
    H5Gclose(outer);
  }
  H5Fclose(file);
}

void WriteOnnxFile(const Safetensors& vgg, const std::string& path) {
  onnx::Model model;
  model.opset = 8;
  std::string x = "data";
  const auto add = [&](const std::string& type, std::vector<std::string> inputs) {
    onnx::Node node;
    node.op_type = node.name = type + std::to_string(model.graph.nodes.size());
    node.op_type = type;
    inputs.insert(inputs.begin(), x);
    node.inputs = inputs;
    x = "v" + std::to_string(model.graph.nodes.size());
    node.outputs = {x};
    if (type == "Conv") node.attributes = {onnx::IntsAttribute("pads", {1, 1, 1, 1})};
    if (type == "MaxPool") {
      node.attributes = {onnx::IntsAttribute("kernel_shape", {2, 2}), onnx::IntsAttribute("strides", {2, 2})};
    }
    model.graph.nodes.push_back(node);
  };
  int n = 0;
  for (const Vgg19Layer& layer : kVgg19Layers) {
    if (layer.pool_before) add("MaxPool", {});
    const std::string stem = "vgg0_conv" + std::to_string(n++);
    add("Conv", {stem + "_weight", stem + "_bias"});
    add("Relu", {});
    for (const char* what : {"weight", "bias"}) {
      const FloatArray& array = vgg.arrays.at("features." + std::to_string(layer.index) + "." + what);
      tempera::Tensor tensor =
          *tempera::Tensor::Create(DataType::kFloat32, Shape(array.shape.begin(), array.shape.end()));
      std::memcpy(tensor.data<float>(), array.values.data(), array.values.size() * 4);
      model.graph.initializers.push_back({stem + "_" + what, tensor});
    }
  }
  model.graph.inputs = {{"data", DataType::kFloat32, true, {{1, ""}, {3, ""}, {224, ""}, {224, ""}}}};
  model.graph.outputs = {{x, DataType::kFloat32, false, {}}};
  WriteFile(path, *onnx::WriteModel(model));
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace tempera::train
