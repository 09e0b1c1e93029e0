#include "train/features/vgg19_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "train/compute/parallel.h"

namespace tempera::train {
namespace {

constexpr float kMean[3] = {123.68f, 116.779f, 103.939f};
constexpr int kSide = 32;  // of the built-in picture

// Slanted saws, fine in one colour and coarse in another, over a strong orange: with its colours exchanged it
// is another picture.
float Pixel(int c, int y, int x) {
  static constexpr int kSaw[3][5] = {{7, 3, 64, 190, 1}, {2, 11, 96, 60, 1}, {13, 5, 40, 0, 1}};
  const int* s = kSaw[c];
  return static_cast<float>((x * s[0] + y * s[1]) % s[2] * s[4] + s[3]);
}

// Oxford's VGG-19 on that picture: means over each quarter of the channels of relu1_1 to relu4_1.
constexpr float kOxfordMeans[9][4] = {
    {19.014f, 56.942f, 21.111f, 38.182f}, {101.1f, 134.64f, 184.76f, 173.92f},
    {149.58f, 150.69f, 158.7f, 150.13f},  {168.26f, 176.77f, 167.11f, 154.88f},
    {185.88f, 190.46f, 184.75f, 222.42f}, {327.53f, 346.05f, 259.57f, 309.46f},
    {596.09f, 719.58f, 683.95f, 592.96f}, {885.9f, 1106.5f, 670.44f, 804.61f},
    {829.36f, 854.94f, 598.95f, 885.98f},
};

// The first filter of torchvision's own training (vgg19-dcbb9e9d), [in][row][column].
constexpr float kTorchvisionFirst[27] = {
    -5.3474e-02f, -4.9257e-02f, -6.7942e-02f, 1.5314e-02f,  4.5068e-02f,  2.1444e-03f, 3.6226e-02f,
    1.9999e-02f,  1.9864e-02f,  1.7015e-02f,  5.5403e-02f,  -6.2293e-03f, 1.4165e-01f, 2.2705e-01f,
    1.3758e-01f,  1.2000e-01f,  2.0030e-01f,  9.2114e-02f,  -4.4885e-02f, 1.2680e-02f, -1.4497e-02f,
    5.9742e-02f,  1.3955e-01f,  5.4102e-02f,  -9.6141e-04f, 5.8304e-02f,  -2.9663e-02f};

// Its last one.
constexpr float kTorchvisionLast[27] = {
    -8.1056e-01f, -7.4319e-01f, -7.7885e-01f, -1.6934e-01f, 3.4232e-01f,  -7.0197e-02f, 5.2494e-01f,
    9.5989e-01f,  7.6209e-01f,  7.9164e-02f,  2.4559e-01f,  -1.5317e-01f, -7.0860e-02f, 4.4652e-01f,
    -3.8074e-01f, -1.5309e-01f, 1.2427e-01f,  -1.1070e-01f, 5.2029e-01f,  7.5736e-01f,  6.2371e-01f,
    -1.0733e-01f, 1.8762e-01f,  -1.2183e-01f, -6.6407e-01f, -6.4891e-01f, -5.5356e-01f};

std::string Weight(const Vgg19Layer& layer) { return "features." + std::to_string(layer.index) + ".weight"; }
std::string Bias(const Vgg19Layer& layer) { return "features." + std::to_string(layer.index) + ".bias"; }

// relu(conv1_1) by the definition, [y][x][64].
std::vector<float> FirstLayer(const FloatArray& weight, const FloatArray& bias) {
  std::vector<float> out(static_cast<size_t>(kSide) * kSide * 64);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      for (int k = 0; k < 64; ++k) {
        float sum = bias.values[static_cast<size_t>(k)];
        for (int c = 0; c < 3; ++c) {
          for (int t = 0; t < 9; ++t) {
            const int yy = y + t / 3 - 1, xx = x + t % 3 - 1;
            if (yy < 0 || yy >= kSide || xx < 0 || xx >= kSide) continue;
            sum += (Pixel(c, yy, xx) - kMean[c]) * weight.values[static_cast<size_t>((k * 3 + c) * 9 + t)];
          }
        }
        out[static_cast<size_t>((y * kSide + x) * 64 + k)] = std::max(sum, 0.0f);
      }
    }
  }
  return out;
}

std::vector<float> Pool(const std::vector<float>& from, int side, int channels) {
  const int half = side / 2;
  std::vector<float> to(static_cast<size_t>(half) * half * channels);
  for (int y = 0; y < half; ++y) {
    for (int x = 0; x < half; ++x) {
      for (int c = 0; c < channels; ++c) {
        auto at = [&](int dy, int dx) {
          return from[static_cast<size_t>(((2 * y + dy) * side + 2 * x + dx) * channels + c)];
        };
        to[static_cast<size_t>((y * half + x) * channels + c)] =
            std::max(std::max(at(0, 0), at(0, 1)), std::max(at(1, 0), at(1, 1)));
      }
    }
  }
  return to;
}

std::vector<float> Convolve(const std::vector<float>& from, int side, const Vgg19Layer& layer,
                            const WinogradWeights& weights, const FloatArray& bias) {
  std::vector<float> to(static_cast<size_t>(side) * side * layer.out);
  const WinogradConv conv{&weights, from.data(), nullptr, bias.values.data(), true, 1, side, side, to.data()};
  ParallelFor(conv.BlockCount(), [&](int64_t block) { conv.RunBlocks(block, block + 1); });
  return to;
}

std::array<float, 4> Quarters(const std::vector<float>& values, int channels, double* positive) {
  double sums[4] = {};
  size_t above = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sums[i % static_cast<size_t>(channels) * 4 / static_cast<size_t>(channels)] += values[i];
    above += values[i] > 0;
  }
  std::array<float, 4> means;
  for (size_t q = 0; q < 4; ++q)
    means[q] = static_cast<float>(sums[q] * 4 / static_cast<double>(values.size()));
  *positive = static_cast<double>(above) / static_cast<double>(values.size());
  return means;
}

bool Digit(char c) { return c >= '0' && c <= '9'; }

// Whether the filter agrees to half-precision rounding.
bool SameFilter(const float* filter, const float* known) {
  for (int i = 0; i < 27; ++i) {
    if (!(std::abs(filter[i] - known[i]) <= 2e-3f * std::abs(known[i]) + 1e-5f)) return false;
  }
  return true;
}

}  // namespace

Result<PictureConvention> ParsePictureConvention(const std::string& name) {
  if (name == "rgb255") return PictureConvention::kRgb255;
  if (name == "bgr255") return PictureConvention::kBgr255;
  if (name == "torchvision") return PictureConvention::kTorchvision;
  return InvalidArgument("unknown input '" + name + "': choose rgb255, bgr255 or torchvision");
}

int Vgg19LayerOf(const std::string& name, bool* bias) {
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos) return -1;
  const std::string what = name.substr(dot + 1), stem = name.substr(0, dot);
  if (what != "weight" && what != "bias") return -1;
  *bias = what == "bias";
  const size_t features = stem.rfind("features.");
  if (features != std::string::npos && (features == 0 || stem[features - 1] == '.')) {
    const std::string number = stem.substr(features + 9);
    if (number.empty() || number.size() > 2 || !std::all_of(number.begin(), number.end(), Digit)) return -1;
    for (size_t i = 0; i < kVgg19Layers.size(); ++i) {
      if (kVgg19Layers[i].index == std::atoi(number.c_str())) return static_cast<int>(i);
    }
    return -1;
  }
  // conv1_1, block1_conv1, with anything before.
  const size_t n = stem.size();
  std::string key;
  if (n >= 7 && stem.substr(n - 7, 4) == "conv" && stem[n - 2] == '_') key = stem.substr(n - 7);
  if (n >= 12 && stem.substr(n - 12, 5) == "block" && stem.substr(n - 6, 5) == "_conv") {
    key = std::string("conv") + stem[n - 7] + "_" + stem[n - 1];
  }
  for (size_t i = 0; i < kVgg19Layers.size(); ++i) {
    if (key == kVgg19Layers[i].name) return static_cast<int>(i);
  }
  return -1;
}

Result<Safetensors> NameAsTorchvision(Safetensors file, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (name.find("running_mean") != std::string::npos) {
      return Unsupported(
          "it has batch normalisation (vgg19_bn), which style losses do not look through: take the "
          "plain vgg19");
    }
    // In torchvision's VGG-16, and there only, 17 is a convolution.
    if (name.size() >= 18 && name.compare(name.size() - 18, 18, "features.17.weight") == 0) {
      return Unsupported("it is VGG-16: take VGG-19");
    }
  }
  Safetensors result;
  for (auto& [name, array] : file.arrays) {
    bool bias = false;
    const int i = Vgg19LayerOf(name, &bias);
    if (i < 0) continue;
    const Vgg19Layer& layer = kVgg19Layers[static_cast<size_t>(i)];
    const std::vector<int64_t> shape =
        bias ? std::vector<int64_t>{layer.out} : std::vector<int64_t>{layer.out, layer.in, 3, 3};
    if (array.shape != shape) {
      return Unsupported("its '" + name + "' has not the shape of VGG-19's " + layer.name +
                         ": it is another network");
    }
    if (!result.arrays.emplace(bias ? Bias(layer) : Weight(layer), std::move(array)).second) {
      return CorruptModel(std::string("it holds VGG-19's ") + layer.name + " twice");
    }
  }
  if (result.arrays.empty()) {
    return NotFound("it holds no VGG-19: no tensor is called features.0.weight, conv1_1 or block1_conv1");
  }
  bool ended = false;
  for (size_t i = 0; i < kVgg19Layers.size(); ++i) {
    const Vgg19Layer& layer = kVgg19Layers[i];
    const size_t has = result.arrays.count(Weight(layer)) + result.arrays.count(Bias(layer));
    ended = ended || has == 0;
    if (has == 2 && !ended) continue;
    if (i < 9 || has != 0) {
      return Unsupported(std::string("it lacks ") + layer.name + " of VGG-19" +
                         (std::string(layer.name) == "conv3_4" ? ": is it VGG-16?" : ""));
    }
  }
  return result;
}

void ConvertConvention(PictureConvention from, Safetensors* vgg) {
  std::vector<float>& weight = vgg->arrays.at("features.0.weight").values;
  std::vector<float>& bias = vgg->arrays.at("features.0.bias").values;
  static constexpr double kUnitMean[3] = {0.485, 0.456, 0.406}, kUnitDeviation[3] = {0.229, 0.224, 0.225};
  for (size_t k = 0; k < 64; ++k) {
    float* filter = weight.data() + k * 27;
    if (from == PictureConvention::kBgr255) std::swap_ranges(filter, filter + 9, filter + 18);
    if (from != PictureConvention::kTorchvision) continue;
    double shift = 0;
    for (size_t c = 0; c < 3; ++c) {
      double sum = 0;
      for (size_t t = 0; t < 9; ++t) {
        const double w = filter[c * 9 + t] / (255 * kUnitDeviation[c]);
        filter[c * 9 + t] = static_cast<float>(w);
        sum += w;
      }
      shift += sum * (static_cast<double>(kMean[c]) - 255 * kUnitMean[c]);
    }
    bias[k] = static_cast<float>(bias[k] + shift);
  }
}

Vgg19Probe::Vgg19Probe(const Safetensors& vgg) : vgg_(vgg) {
  for (size_t i = 1; i < kProbed; ++i) {
    const Vgg19Layer& layer = kVgg19Layers[i];
    deep_[i] = TransformWeights(vgg.arrays.at(Weight(layer)).values.data(), layer.out, layer.in, false);
  }
}

std::vector<std::array<float, 4>> Vgg19Probe::Means(PictureConvention convention,
                                                    std::vector<double>* positive_share) const {
  Safetensors first;
  first.arrays["features.0.weight"] = vgg_.arrays.at("features.0.weight");
  first.arrays["features.0.bias"] = vgg_.arrays.at("features.0.bias");
  ConvertConvention(convention, &first);
  std::vector<std::array<float, 4>> means;
  positive_share->clear();
  std::vector<float> x;
  int side = kSide;
  for (size_t i = 0; i < kProbed; ++i) {
    const Vgg19Layer& layer = kVgg19Layers[i];
    if (layer.pool_before) {
      x = Pool(x, side, layer.in);
      side /= 2;
    }
    x = i == 0 ? FirstLayer(first.arrays["features.0.weight"], first.arrays["features.0.bias"])
               : Convolve(x, side, layer, deep_[i], vgg_.arrays.at(Bias(layer)));
    double positive = 0;
    means.push_back(Quarters(x, layer.out, &positive));
    positive_share->push_back(positive);
  }
  return means;
}

double Vgg19Probe::DistanceFromOxford(PictureConvention convention) const {
  std::vector<double> positive;
  const std::vector<std::array<float, 4>> means = Means(convention, &positive);
  double worst = 0;
  for (size_t i = 0; i < means.size(); ++i) {
    for (size_t q = 0; q < 4; ++q) {
      const double apart = std::abs(static_cast<double>(means[i][q]) / kOxfordMeans[i][q] - 1);
      if (!(apart <= worst)) worst = std::isfinite(apart) ? apart : INFINITY;
    }
  }
  return worst;
}

bool IsTorchvisions(const Safetensors& vgg) {
  const std::vector<float>& weight = vgg.arrays.at("features.0.weight").values;
  return SameFilter(weight.data(), kTorchvisionFirst) &&
         SameFilter(weight.data() + 63 * 27, kTorchvisionLast);
}

bool Vgg19Probe::IsAlive(PictureConvention convention) const {
  std::vector<double> positive;
  const std::vector<std::array<float, 4>> means = Means(convention, &positive);
  for (size_t i = 0; i < means.size(); ++i) {
    if (positive[i] < 0.02 || positive[i] > 0.98) return false;
    for (float m : means[i]) {
      if (!(m > 0) || !std::isfinite(m)) return false;
    }
  }
  return true;
}

}  // namespace tempera::train
