#include "train/features/convert.h"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>
#include <vector>

#include "train/features/h5_file.h"
#include "train/features/onnx_weights.h"
#include "train/features/safetensors_writer.h"
#include "train/features/torch_file.h"
#include "train/features/vgg19_weights.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMaxBytes = uintmax_t{4} << 30;  // the whole VGG-19 has 575 MB

struct Source {
  Safetensors tensors;
  std::vector<std::string> names;
  bool mxnet = false;
};

Result<std::string> ReadWhole(const std::string& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error || !fs::is_regular_file(path, error)) return NotFound("cannot open it: give a file that exists");
  if (size > kMaxBytes) return Unsupported("it is larger than 4 GiB");
  std::string bytes(static_cast<size_t>(size), '\0');
  std::ifstream in(path, std::ios::binary);
  if (!in.read(bytes.data(), static_cast<std::streamsize>(size))) return IoError("cannot read it");
  return bytes;
}

bool Wanted(const std::string& name) {
  bool bias = false;
  return Vgg19LayerOf(name, &bias) >= 0;
}

Result<Source> ReadSource(const std::string& path) {
  Source source;
  if (fs::path(path).extension() == ".onnx") {
    TEMPERA_ASSIGN_OR_RETURN(source.tensors, ReadOnnxWeights(path, &source.mxnet));
  } else {
    TEMPERA_ASSIGN_OR_RETURN(std::string bytes, ReadWhole(path));
    if (LooksLikeH5File(bytes)) {
      TEMPERA_ASSIGN_OR_RETURN(source.tensors, ReadH5File(path));
    } else if (LooksLikeTorchFile(bytes)) {
      TEMPERA_ASSIGN_OR_RETURN(source.tensors, ParseTorchFile(bytes, Wanted, &source.names));
    } else if (bytes.size() > 8 && bytes[8] == '{') {
      TEMPERA_ASSIGN_OR_RETURN(source.tensors, ParseSafetensors(bytes));
    } else {
      return Unsupported("it is none of .pth, .h5, .onnx and .safetensors");
    }
  }
  if (source.names.empty()) {
    for (const auto& array : source.tensors.arrays) source.names.push_back(array.first);
  }
  return source;
}

const char* Describe(PictureConvention c) {
  if (c == PictureConvention::kRgb255) return "RGB 0..255 minus mean";
  if (c == PictureConvention::kBgr255) return "BGR 0..255 minus mean";
  return "RGB (x / 255 - mean) / deviation";
}

// Tries what is known of VGG-19s, surest first.
Result<PictureConvention> FindConvention(const Safetensors& vgg, const Vgg19Probe& probe, bool mxnet,
                                         std::string* who) {
  double best = kOxfordTolerance;
  std::optional<PictureConvention> found;
  for (PictureConvention c :
       {PictureConvention::kRgb255, PictureConvention::kBgr255, PictureConvention::kTorchvision}) {
    const double distance = probe.DistanceFromOxford(c);
    if (distance > best) continue;
    best = distance;
    found = c;
  }
  if (found) {
    *who = "Oxford's VGG-19 (its activations agree)";
    return *found;
  }
  if (IsTorchvisions(vgg)) {
    *who = "torchvision's VGG-19 (its first filters agree)";
    return PictureConvention::kTorchvision;
  }
  if (mxnet) {
    *who = "VGG-19 exported by MXNet, as in the ONNX model zoo (input taken from the zoo's description)";
    return PictureConvention::kTorchvision;
  }
  return Unsupported(
      "it is laid out as VGG-19, but its activations are neither Oxford's nor are its filters "
      "torchvision's: if you know what it was trained on, say --input rgb255, bgr255 or torchvision");
}

Result<ConvertedFeatures> Convert(const std::string& path, const std::string& input) {
  TEMPERA_ASSIGN_OR_RETURN(Source source, ReadSource(path));
  ConvertedFeatures result;
  TEMPERA_ASSIGN_OR_RETURN(result.weights, NameAsTorchvision(std::move(source.tensors), source.names));
  const Vgg19Probe probe(result.weights);
  PictureConvention convention;
  std::string who = "VGG-19, input as you say";
  if (input.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(convention, FindConvention(result.weights, probe, source.mxnet, &who));
  } else {
    TEMPERA_ASSIGN_OR_RETURN(convention, ParsePictureConvention(input));
  }
  if (!probe.IsAlive(convention)) {
    return Unsupported("with input " + std::string(Describe(convention)) +
                       " its layers are dead or beyond numbers: it is no trained VGG-19");
  }
  ConvertConvention(convention, &result.weights);
  result.recognised = who + ", " + Describe(convention);
  result.weights.metadata = {{"net", "VGG-19, conv1_1 to conv4_1 or deeper"},
                             {"input", "RGB 0..255 minus (123.68, 116.779, 103.939)"},
                             {"source", fs::path(path).filename().string() + ": " + result.recognised}};
  return result;
}

}  // namespace

Result<ConvertedFeatures> ConvertFeatures(const std::string& path, const std::string& input) {
  Result<ConvertedFeatures> result = Convert(path, input);
  if (result.ok() || result.status().message().find(path) != std::string::npos) return result;
  return Status(result.status().code(), "'" + path + "': " + result.status().message());
}

Status RunFeatures(const std::string& path, const std::string& input, const std::string& output) {
  TEMPERA_ASSIGN_OR_RETURN(ConvertedFeatures converted, ConvertFeatures(path, input));
  TEMPERA_RETURN_IF_ERROR(WriteSafetensorsFile(converted.weights, output));
  std::printf("%s\nwritten: %s\n", converted.recognised.c_str(), output.c_str());
  return OkStatus();
}

std::string FeatureSources() {
  return "VGG-19's weights can be had, by others and with no guarantee of ours, from\n"
         "  torchvision          vgg19-dcbb9e9d.pth\n"
         "  Keras Applications   vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5\n"
         "  the ONNX model zoo   vgg19-7.onnx\n"
         "  jcjohnson's collection for neural style in PyTorch   vgg19-d01eb7cb.pth\n"
         "Then: tempera-train features FILE -o vgg19_features.safetensors\n";
}

}  // namespace tempera::train
