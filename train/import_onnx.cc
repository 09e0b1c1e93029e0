#include "train/import_onnx.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "src/base/half.h"
#include "src/base/text/parts.h"
#include "src/onnx/reader.h"
#include "train/export_onnx.h"
#include "train/gallery.h"

namespace tempera::train {
namespace {

std::string Known(const std::map<std::string, std::string>& metadata, const std::string& key) {
  auto it = metadata.find(key);
  return it == metadata.end() ? "" : it->second;
}

constexpr const char* kWanted =
    "a base is a file of many styles that tempera-train wrote (--net painter), or its checkpoint.pt";

Result<NetConfig> ConfigOf(const std::map<std::string, std::string>& metadata, const std::string& path) {
  const std::string net = Known(metadata, "tempera.net"), styles = Known(metadata, "tempera.styles");
  if (net.empty()) return InvalidArgument("'" + path + "' is not of tempera-train: " + kWanted);
  if (styles.empty())
    return InvalidArgument("'" + path + "' is a '" + net + "' network of one style: " + kWanted);
  constexpr size_t kMostStyles = 256;
  const std::vector<std::string_view> parts = SplitTrimmed(styles, '|', kMostStyles);
  const std::vector<std::string> names(parts.begin(), parts.end());
  if (names.size() > kMostStyles) return CorruptModel("'" + path + "' names more than 256 styles");
  for (const std::string& name : names) {
    if (!IsStyleName(name)) return CorruptModel("'" + path + "' has a style without a proper name");
  }
  Result<NetConfig> config = MakeNetConfig(net, names);
  if (!config.ok() || !config->conditional())
    return InvalidArgument("'" + path + "' is a '" + net + "' network: " + kWanted);
  return config;
}

}  // namespace

Result<NamedArrays> ReadOnnxArrays(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(onnx::Model model, onnx::ReadModelFile(path));
  NamedArrays file;
  file.metadata.insert(model.metadata_props.begin(), model.metadata_props.end());
  for (const onnx::Initializer& item : model.graph.initializers) {
    const auto n = static_cast<size_t>(item.tensor.element_count());
    FloatArray array{item.tensor.shape(), std::vector<float>(n)};
    std::string name = item.name;
    if (item.tensor.dtype() == DataType::kFloat32) {
      if (n > 0) std::memcpy(array.values.data(), item.tensor.raw(), n * sizeof(float));
    } else if (item.tensor.dtype() == DataType::kFloat16) {
      for (size_t i = 0; i < n; ++i) array.values[i] = HalfToFloat(item.tensor.data<uint16_t>()[i]);
      if (name.size() > 3 && name.compare(name.size() - 3, 3, "_16") == 0) name.resize(name.size() - 3);
    } else {
      continue;
    }
    file.arrays[name] = std::move(array);
  }
  return file;
}

Result<FloatArray> TakeArray(const NamedArrays& file, const std::string& name,
                             const std::vector<int64_t>& shape, const std::string& path) {
  auto it = file.arrays.find(name);
  if (it == file.arrays.end()) return CorruptModel("'" + path + "' lacks the weights '" + name + "'");
  if (it->second.shape != shape) {
    return CorruptModel("'" + path + "': the weights '" + name + "' are " + ShapeToString(it->second.shape) +
                        ", not " + ShapeToString(shape));
  }
  return it->second;
}

Result<StyleFile> ReadStyleFile(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(NamedArrays file, ReadOnnxArrays(path));
  TEMPERA_ASSIGN_OR_RETURN(NetConfig config, ConfigOf(file.metadata, path));
  StyleFile style{std::move(config), {}, std::move(file.metadata)};
  const NetConfig& c = style.config;
  for (size_t i = 0; i < c.layers.size(); ++i) {
    const LayerSpec& l = c.layers[i];
    const int64_t in = l.in_channels, out = l.out_channels, k = l.kernel;
    TEMPERA_ASSIGN_OR_RETURN(FloatArray weight,
                             TakeArray(file, l.name + "_conv_weight", {out, in, k, k}, path));
    TEMPERA_ASSIGN_OR_RETURN(FloatArray bias, TakeArray(file, l.name + "_conv_bias", {out}, path));
    UnfoldScaling(c, i, weight, bias);
    style.weights[l.name + "_conv_weight"] = std::move(weight);
    style.weights[l.name + "_conv_bias"] = std::move(bias);
    if (!l.norm) continue;
    for (const std::string name : {l.name + "_norm_weight", l.name + "_norm_bias"}) {
      TEMPERA_ASSIGN_OR_RETURN(style.weights[name], TakeArray(file, name + "_table", {c.rows(), out}, path));
    }
  }
  return style;
}

std::string BodyHash(const NetConfig& config, const std::map<std::string, FloatArray>& weights) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < config.layers.size(); ++i) {
    FloatArray weight = weights.at(config.layers[i].name + "_conv_weight");
    FloatArray bias = weights.at(config.layers[i].name + "_conv_bias");
    FoldScaling(config, i, weight, bias);
    for (float value : weight.values) {
      const uint16_t half = FloatToHalf(value);
      for (int byte = 0; byte < 2; ++byte) hash = (hash ^ (half >> (8 * byte) & 0xff)) * 0x100000001b3u;
    }
  }
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace tempera::train
