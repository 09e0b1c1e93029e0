#include "train/encoder/targets.h"

#include <torch/serialize.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "src/base/atomic_file.h"
#include "train/loss_style.h"
#include "train/photos.h"

namespace tempera::train {
namespace {

Result<torch::Tensor> PaintingAt(const media::RgbImage& painting, int long_side) {
  const double scale = static_cast<double>(long_side) / std::max(painting.width, painting.height);
  auto side = [&](int pixels) { return std::max(64, static_cast<int>(std::lround(pixels * scale))); };
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage fit,
                           media::ResizeImage(painting, side(painting.width), side(painting.height)));
  return ImageTensor(fit);
}

std::string GramName(size_t level, const std::string& layer) {
  return "gram" + std::to_string(level) + layer;
}

// Grams of a file that may not be there, or not be one: then empty.
std::vector<std::map<std::string, torch::Tensor>> ReadGrams(const std::string& path,
                                                            const std::vector<std::string>& layers) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  std::vector<std::map<std::string, torch::Tensor>> grams(kTargetLevels);
  try {
    torch::serialize::InputArchive archive;
    archive.load_from(path);
    for (size_t level = 0; level < grams.size(); ++level) {
      for (const std::string& layer : layers)
        archive.read(GramName(level, layer), grams[level][layer], /*is_buffer=*/true);
    }
  } catch (const std::exception&) {
    return {};
  }
  return grams;
}

Status WriteGrams(const std::vector<std::map<std::string, torch::Tensor>>& grams, const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  try {
    torch::serialize::OutputArchive archive;
    for (size_t level = 0; level < grams.size(); ++level) {
      for (const auto& [layer, gram] : grams[level])
        archive.write(GramName(level, layer), gram, /*is_buffer=*/true);
    }
    archive.save_to(file.write_path());
  } catch (const std::exception& e) {
    return IoError("cannot write '" + path + "'");
  }
  return file.Commit(AtomicFile::Flush::kNever);
}

}  // namespace

torch::Tensor AtTargetLevel(const torch::Tensor& images, int level) {
  return level == 0 ? images : torch::avg_pool2d(images, 1 << level);
}

torch::Tensor Target::Style(const std::vector<FeatureMap>& features, int64_t index) const {
  torch::Tensor sum;
  for (size_t level = 0; level < levels.size(); ++level) {
    for (const auto& [name, layer] : levels[level]) {
      const torch::Tensor gram = GramMatrix(features[level].at(name).narrow(0, index, 1));
      const torch::Tensor term = (gram - layer.gram).square().sum() * (layer.scale / kTargetLevels);
      sum = sum.defined() ? sum + term : term;
    }
  }
  return sum;
}

Targets::Targets(Features network, const torch::Tensor& photos, std::string folder, uint64_t features)
    : network_(std::move(network)), colour_(photos), folder_(std::move(folder)), features_(features) {
  torch::NoGradGuard no_grad;
  photos_.resize(kTargetLevels);
  std::vector<Grams> parts;
  for (const torch::Tensor& four : photos.split(4)) parts.push_back(Measure(four));
  for (int level = 0; level < kTargetLevels; ++level) {
    for (const std::string& layer : network_->StyleLayers()) {
      std::vector<torch::Tensor> all;
      for (const Grams& part : parts) all.push_back(part[level].at(layer));
      photos_[level][layer] = torch::cat(all);
    }
  }
}

Targets::Grams Targets::Measure(const torch::Tensor& picture) const {
  torch::NoGradGuard no_grad;
  Grams grams(kTargetLevels);
  for (int level = 0; level < kTargetLevels; ++level) {
    for (const auto& [layer, features] :
         network_->Forward(AtTargetLevel(picture, level), network_->StyleLayers()))
      grams[level][layer] = GramMatrix(features);
  }
  return grams;
}

std::shared_ptr<const Target> Targets::Make(const Grams& grams, const torch::Tensor& picture) const {
  torch::NoGradGuard no_grad;
  auto target = std::make_shared<Target>();
  target->levels.resize(grams.size());
  for (size_t level = 0; level < grams.size(); ++level) {
    for (const auto& [layer, gram] : grams[level]) {
      const double plain = (photos_[level].at(layer) - gram).square().sum({1, 2}).mean().item<double>();
      target->levels[level][layer] = {gram, 1.0 / std::max(plain, 1e-12)};
    }
  }
  target->colour = std::make_shared<ColourLoss>(colour_);
  target->colour->AddTarget(picture);
  return target;
}

Result<std::shared_ptr<const Target>> Targets::Of(const media::RgbImage& painting, int long_side) {
  char key[64];
  std::snprintf(
      key, sizeof key, "%016llx-%dx%d-%d",
      static_cast<unsigned long long>(HashBytes(painting.pixels.data(), painting.pixels.size(), features_)),
      painting.width, painting.height, long_side);
  if (auto it = known_.find(key); it != known_.end()) return it->second;
  TEMPERA_ASSIGN_OR_RETURN(const torch::Tensor picture, PaintingAt(painting, long_side));
  const std::string path = folder_ + "/" + key + ".pt";
  Grams grams = folder_.empty() ? Grams() : ReadGrams(path, network_->StyleLayers());
  if (grams.empty()) {
    grams = Measure(picture);
    if (!folder_.empty()) TEMPERA_RETURN_IF_ERROR(WriteGrams(grams, path));
  }
  return known_[key] = Make(grams, picture);
}

Result<std::shared_ptr<const Target>> Targets::OfWindow(const media::RgbImage& painting, int long_side,
                                                        int window, double x, double y) const {
  TEMPERA_ASSIGN_OR_RETURN(const torch::Tensor whole, PaintingAt(painting, long_side));
  const int64_t h = std::min<int64_t>(window, whole.size(2)), w = std::min<int64_t>(window, whole.size(3));
  const torch::Tensor part =
      whole.narrow(2, static_cast<int64_t>(y * static_cast<double>(whole.size(2) - h)), h)
          .narrow(3, static_cast<int64_t>(x * static_cast<double>(whole.size(3) - w)), w);
  return Make(Measure(part.contiguous()), whole);
}

uint64_t HashBytes(const void* bytes, size_t size, uint64_t hash) {
  const auto* p = static_cast<const unsigned char*>(bytes);
  for (size_t i = 0; i < size; ++i) hash = (hash ^ p[i]) * 0x100000001b3u;
  return hash;
}

torch::Tensor ImageTensor(const media::RgbImage& image) {
  std::vector<float> planes = ToPlanes(image);
  return torch::from_blob(planes.data(), {1, 3, image.height, image.width}, torch::kFloat).clone();
}

media::RgbImage TensorImage(const torch::Tensor& image) {
  const torch::Tensor planes = image.contiguous();
  return FromPlanes(planes.data_ptr<float>(), static_cast<int>(image.size(3)),
                    static_cast<int>(image.size(2)));
}

}  // namespace tempera::train
