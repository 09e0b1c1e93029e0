#include "train/evaluate/losses/judge.h"

#include <algorithm>
#include <cmath>

#include "train/compute/torch_threads.h"
#include "train/evaluate/losses/studied.h"
#include "train/loss_style.h"
#include "train/photos.h"
#include "train/trainer.h"

namespace tempera::evaluate {
namespace {

std::vector<std::string> AllLayers() {
  std::vector<std::string> names = StyleLayerNames();
  names.insert(names.end(), DistanceLayerNames().begin(), DistanceLayerNames().end());
  return names;
}

std::vector<torch::Tensor> Grams(const train::FeatureMap& features) {
  std::vector<torch::Tensor> grams;
  for (const std::string& name : StyleLayerNames()) grams.push_back(train::GramMatrix(features.at(name)));
  return grams;
}

torch::Tensor UnitAlongChannels(const torch::Tensor& features) {
  return features / (features.square().sum(1, true).sqrt() + 1e-8);
}

// Mean and covariance of the feature vectors of all places, in doubles.
void Gather(const torch::Tensor& features, torch::Tensor* mean, torch::Tensor* covariance) {
  const int64_t c = features.size(1);
  const torch::Tensor rows = features.permute({0, 2, 3, 1}).reshape({-1, c}).to(torch::kDouble);
  *mean = rows.mean(0);
  const torch::Tensor centred = rows - *mean;
  *covariance = torch::mm(centred.t(), centred) / static_cast<double>(std::max<int64_t>(1, rows.size(0) - 1));
}

torch::Tensor RootOf(const torch::Tensor& symmetric) {
  const auto [values, vectors] = torch::linalg_eigh(symmetric);
  return torch::mm(vectors * values.clamp_min(0).sqrt(), vectors.t());
}

// |m1 - m2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2): the Frechet distance of two normal distributions.
// Over the trace of C2, the painting's.
double Frechet(const torch::Tensor& m1, const torch::Tensor& c1, const torch::Tensor& m2,
               const torch::Tensor& c2) {
  const torch::Tensor root = RootOf(c1);
  const torch::Tensor middle = torch::mm(torch::mm(root, c2), root);
  const torch::Tensor values = torch::linalg_eigvalsh((middle + middle.t()) / 2);
  const double cross = values.clamp_min(0).sqrt().sum().item<double>();
  const double trace = (c1.trace() + c2.trace()).item<double>();
  const double distance = (m1 - m2).square().sum().item<double>() + trace - 2 * cross;
  return std::max(0.0, distance) / std::max(c2.trace().item<double>(), 1e-12);
}

StyleDistance Distances(const std::vector<torch::Tensor>& grams, const StudiedPainting& painting) {
  StyleDistance d{};
  for (size_t i = 0; i < d.size(); ++i) d[i] = (grams[i] - painting.grams[i]).square().sum().item<double>();
  return d;
}

Status CheckSize(const media::RgbImage& image) {
  constexpr int kLeast = 64;
  if (image.width >= kLeast && image.height >= kLeast) return OkStatus();
  return InvalidArgument("a picture has " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                         " pixels: the losses need 64 a side");
}

}  // namespace

torch::Tensor ImageTensor(const media::RgbImage& image, torch::Device device) {
  std::vector<float> planes = train::ToPlanes(image);
  return torch::from_blob(planes.data(), {1, 3, image.height, image.width}, torch::kFloat).clone().to(device);
}

media::RgbImage ImageOfTensor(const torch::Tensor& image) {
  const torch::Tensor cpu = image.detach().to(torch::kCPU).contiguous();
  return train::FromPlanes(cpu.data_ptr<float>(), static_cast<int>(cpu.size(3)),
                           static_cast<int>(cpu.size(2)));
}

void ContentScale::Add(const StudiedPhoto& photo) {
  const torch::Tensor rows =
      photo.content.permute({0, 2, 3, 1}).reshape({-1, photo.content.size(1)}).to(torch::kDouble);
  const torch::Tensor sums = rows.sum(0).to(torch::kCPU), squares = rows.square().sum(0).to(torch::kCPU);
  const size_t c = static_cast<size_t>(rows.size(1));
  sums_.resize(c);
  squares_.resize(c);
  for (size_t i = 0; i < c; ++i) {
    sums_[i] += sums.data_ptr<double>()[i];
    squares_[i] += squares.data_ptr<double>()[i];
  }
  places_ += static_cast<double>(rows.size(0));
}

double ContentScale::value() const {
  if (places_ <= 0) return 0;
  double sum = 0;
  for (size_t i = 0; i < sums_.size(); ++i) {
    const double mean = sums_[i] / places_;
    sum += 2 * std::max(0.0, squares_[i] / places_ - mean * mean);
  }
  return sum / static_cast<double>(sums_.size());
}

Judge::Judge() = default;
Judge::~Judge() = default;

Result<std::unique_ptr<Judge>> Judge::Open(const std::string& features, int threads,
                                           const std::string& device) {
  train::UseThreads(threads);
  TEMPERA_ASSIGN_OR_RETURN(const train::Safetensors file, train::ReadSafetensorsFile(features));
  if (file.arrays.count("features.21.weight") == 0) {
    return NotFound("'" + features +
                    "' ends before relu4_2 (features.21): evaluate needs VGG-19 up to there");
  }
  TEMPERA_ASSIGN_OR_RETURN(const torch::Device chosen, train::ChooseDevice(device));
  TEMPERA_ASSIGN_OR_RETURN(train::Vgg19 vgg, train::Vgg19::FromSafetensors(file, chosen));
  std::unique_ptr<Judge> judge(new Judge);
  judge->eye_ = std::unique_ptr<Eye>(new Eye{std::move(vgg), chosen});
  return judge;
}

Result<std::shared_ptr<const StudiedPainting>> Judge::StudyPainting(const media::RgbImage& painting) const {
  torch::NoGradGuard no_grad;
  auto studied = std::make_shared<StudiedPainting>();
  constexpr double kLongSide = 512, kScales[] = {0.8, 1.0, 1.25};
  for (double scale : kScales) {
    TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage fit,
                             train::FitForNet(painting, static_cast<int>(std::lround(kLongSide * scale))));
    TEMPERA_RETURN_IF_ERROR(CheckSize(fit));
    std::vector<std::string> names = StyleLayerNames();
    names.push_back(kFrechetLayer);
    const train::FeatureMap features = eye_->vgg.Forward(ImageTensor(fit, eye_->device), names);
    const std::vector<torch::Tensor> grams = Grams(features);
    for (size_t i = 0; i < grams.size(); ++i) {
      if (studied->grams.size() <= i) studied->grams.push_back(torch::zeros_like(grams[i]));
      studied->grams[i] += grams[i] / static_cast<double>(std::size(kScales));
    }
    if (scale == 1.0) Gather(features.at(kFrechetLayer), &studied->mean, &studied->covariance);
  }
  return std::shared_ptr<const StudiedPainting>(studied);
}

Result<std::shared_ptr<const StudiedPhoto>> Judge::StudyPhoto(const media::RgbImage& photo) const {
  torch::NoGradGuard no_grad;
  TEMPERA_RETURN_IF_ERROR(CheckSize(photo));
  auto studied = std::make_shared<StudiedPhoto>();
  const train::FeatureMap features = eye_->vgg.Forward(ImageTensor(photo, eye_->device), AllLayers());
  studied->grams = Grams(features);
  for (const std::string& name : DistanceLayerNames())
    studied->directions.push_back(UnitAlongChannels(features.at(name)));
  studied->content = features.at(kContentLayer);
  Gather(features.at(kFrechetLayer), &studied->mean, &studied->covariance);
  return std::shared_ptr<const StudiedPhoto>(studied);
}

StyleDistance Judge::StyleOf(const StudiedPhoto& photo, const StudiedPainting& painting) const {
  torch::NoGradGuard no_grad;
  return Distances(photo.grams, painting);
}

double Judge::FrechetTo(const StudiedPhoto& photo, const StudiedPainting& painting) const {
  torch::NoGradGuard no_grad;
  return Frechet(photo.mean, photo.covariance, painting.mean, painting.covariance);
}

Result<Judged> Judge::Look(const media::RgbImage& painted, const StudiedPhoto& photo,
                           const StudiedPainting* painting) const {
  torch::NoGradGuard no_grad;
  TEMPERA_RETURN_IF_ERROR(CheckSize(painted));
  const train::FeatureMap features = eye_->vgg.Forward(ImageTensor(painted, eye_->device), AllLayers());
  if (features.at(kContentLayer).sizes() != photo.content.sizes()) {
    return InvalidArgument("a painting's size is not its photograph's");
  }
  Judged judged;
  judged.content = (features.at(kContentLayer) - photo.content).square().mean().item<double>();
  for (size_t i = 0; i < photo.directions.size(); ++i) {
    const torch::Tensor d = UnitAlongChannels(features.at(DistanceLayerNames()[i])) - photo.directions[i];
    judged.feature_distance +=
        d.square().sum(1).mean().item<double>() / static_cast<double>(photo.directions.size());
  }
  if (painting != nullptr) {
    judged.style = Distances(Grams(features), *painting);
    torch::Tensor mean, covariance;
    Gather(features.at(kFrechetLayer), &mean, &covariance);
    judged.sifid = Frechet(mean, covariance, painting->mean, painting->covariance);
  }
  return judged;
}

double StyleLoss(const std::vector<StyleDistance>& painted, const std::vector<StyleDistance>& unstyled) {
  double loss = 0;
  for (size_t layer = 0; layer < kStyleLayers; ++layer) {
    double above = 0, below = 0;
    for (const StyleDistance& d : painted) above += d[layer];
    for (const StyleDistance& d : unstyled) below += d[layer];
    loss += above / std::max(below, 1e-12) / kStyleLayers;
  }
  return loss;
}

}  // namespace tempera::evaluate
