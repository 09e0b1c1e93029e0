#include "train/trainer.h"

#include <ATen/Context.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "train/autocast.h"
#include "train/loss_grid.h"
#include "train/loss_tv.h"

namespace tempera::train {
namespace {

const std::map<std::string, double>& StyleLayers() {
  static const std::map<std::string, double> kLayers = {
      {"relu1_1", 1.0}, {"relu2_1", 1.0}, {"relu3_1", 1.0}, {"relu4_1", 1.0}};
  return kLayers;
}

std::vector<std::string> StyleNames() {
  std::vector<std::string> names;
  for (const auto& layer : StyleLayers()) names.push_back(layer.first);
  return names;
}

std::vector<std::string> AllNames() {
  std::vector<std::string> names = StyleNames();
  names.push_back(ContentLoss::kLayer);
  return names;
}

torch::Tensor ToTensor(const media::RgbImage& image, torch::Device device) {
  std::vector<float> planes = ToPlanes(image);
  return torch::from_blob(planes.data(), {1, 3, image.height, image.width}, torch::kFloat).clone().to(device);
}

torch::Tensor DrawCrops(const Photos& photos, Random& random, int count, int size) {
  torch::Tensor crops = torch::empty({count, 3, size, size}, torch::kFloat);
  const size_t each = static_cast<size_t>(3) * size * size;
  for (int i = 0; i < count; ++i) photos.RandomCrop(random, crops.data_ptr<float>() + i * each);
  return crops;
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

std::string RecipeLine(const Options& o) {
  char line[256];
  std::snprintf(line, sizeof line,
                "net %s, size %d, batch %d, seed %llu, learning rate %g, style %g, content %g, tv %g, grid "
                "%g, style size %d, ",
                o.net.c_str(), o.size, o.batch, static_cast<unsigned long long>(o.seed), o.learning_rate,
                o.style_weight, o.content_weight, o.tv_weight, o.grid_weight, o.style_size);
  return line + (o.time_s > 0 ? std::to_string(static_cast<int>(o.time_s)) + " s"
                              : std::to_string(o.steps) + " steps");
}

Result<torch::Device> ChooseDevice(const std::string& name) {
  if (name == "cpu") return torch::Device(torch::kCPU);
  const bool cuda = torch::cuda::is_available();
  if (name == "auto") return torch::Device(cuda ? torch::kCUDA : torch::kCPU);
  if (name != "cuda") return InvalidArgument("unknown device '" + name + "': choose auto, cpu or cuda");
  if (!cuda)
    return Unsupported("this libtorch sees no CUDA device: leave out --device, or install a CUDA libtorch");
  return torch::Device(torch::kCUDA);
}

std::vector<FeatureMap> YardstickFeatures(const Vgg19& vgg, const Photos& photos, int crop_size,
                                          uint64_t seed, torch::Device device) {
  torch::NoGradGuard no_grad;
  Random random(seed ^ 0x59617264u);
  std::vector<FeatureMap> features;
  for (int i = 0; i < 4; ++i) {
    features.push_back(vgg.Forward(DrawCrops(photos, random, 4, crop_size).to(device), AllNames()));
  }
  return features;
}

Result<std::unique_ptr<Trainer>> Trainer::Create(const Options& options, Vgg19 vgg, Photos photos,
                                                 const media::RgbImage& style) {
  TEMPERA_ASSIGN_OR_RETURN(torch::Device device, ChooseDevice(options.device));
  TEMPERA_ASSIGN_OR_RETURN(NetConfig config, MakeNetConfig(options.net));
  std::unique_ptr<Trainer> t(new Trainer(options, std::move(vgg), std::move(photos), device));
  t->bf16_ = device.is_cpu() && CpuHasBf16();
  torch::manual_seed(options.seed);
  t->random_ = Random(options.seed);
  t->net_ = std::make_shared<TransformerNet>(config);
  t->net_->to(device);
  t->optimizer_ = std::make_unique<torch::optim::Adam>(
      t->net_->parameters(), torch::optim::AdamOptions(options.learning_rate).betas({0.9, 0.99}));
  t->state_.net = options.net;
  t->state_.recipe = RecipeLine(options);

  torch::NoGradGuard no_grad;
  // Strokes at several scales: a fifth smaller, as asked, a quarter larger.
  std::vector<FeatureMap> style_features;
  for (double scale : {0.8, 1.0, 1.25}) {
    TEMPERA_ASSIGN_OR_RETURN(media::RgbImage fit,
                             FitForNet(style, static_cast<int>(std::lround(options.style_size * scale))));
    style_features.push_back(t->vgg_.Forward(ToTensor(fit, device), StyleNames()));
  }
  const std::vector<FeatureMap> plain =
      YardstickFeatures(t->vgg_, t->photos_, options.size, options.seed, device);
  t->style_loss_ = std::make_unique<StyleLoss>(style_features, plain, StyleLayers());
  std::vector<torch::Tensor> content;
  for (const FeatureMap& f : plain) content.push_back(f.at(ContentLoss::kLayer));
  t->content_loss_ = std::make_unique<ContentLoss>(torch::cat(content));
  return t;
}

Status Trainer::InitFrom(const std::string& checkpoint) {
  TEMPERA_ASSIGN_OR_RETURN(LoadedCheckpoint loaded, LoadCheckpoint(checkpoint));
  if (CopyMatchingWeights(*loaded.net, *net_) == 0) {
    return InvalidArgument("'" + checkpoint + "' is of a '" + loaded.state.net +
                           "' network; nothing of it fits '" + options_.net + "'");
  }
  return OkStatus();
}

Status Trainer::ResumeFrom(const std::string& checkpoint) {
  TEMPERA_ASSIGN_OR_RETURN(LoadedCheckpoint loaded, LoadCheckpoint(checkpoint));
  if (loaded.state.recipe != state_.recipe) {
    return InvalidArgument("cannot resume: '" + checkpoint + "' was made with \"" + loaded.state.recipe +
                           "\", now asked is \"" + state_.recipe +
                           "\"; give the same settings, or use --init");
  }
  CopyMatchingWeights(*loaded.net, *net_);
  TEMPERA_RETURN_IF_ERROR(LoadOptimizer(checkpoint, device_, optimizer_.get()));
  state_ = loaded.state;
  random_.set_state(state_.random);
  return OkStatus();
}

Status Trainer::Save(const std::string& checkpoint) {
  state_.random = random_.state();
  return SaveCheckpoint(checkpoint, state_, *net_, optimizer_.get());
}

double Trainer::ProgressShare() const {
  const double share = options_.time_s > 0
                           ? state_.elapsed_s / options_.time_s
                           : static_cast<double>(state_.step) / static_cast<double>(options_.steps);
  return std::min(share, 1.0);
}

bool Trainer::done() const { return ProgressShare() >= 1.0; }

double Trainer::left_s() const {
  if (options_.time_s > 0) return std::max(0.0, options_.time_s - state_.elapsed_s);
  return state_.step == 0
             ? 0
             : state_.elapsed_s / state_.step * static_cast<double>(options_.steps - state_.step);
}

double Trainer::learning_rate() const {
  // Cosine decay to 2 %: the last steps only settle.
  return options_.learning_rate * (0.02 + 0.98 * 0.5 * (1 + std::cos(M_PI * ProgressShare())));
}

Losses Trainer::Compute(const torch::Tensor& images, torch::Tensor* total) {
  torch::Tensor painted, source;
  FeatureMap features;
  {
    Bf16Autocast autocast(bf16_);
    // oneDNN's bf16 convolutions want channels last; the fp32 ones at these few channels do not.
    painted = net_->forward(bf16_ ? images.contiguous(torch::MemoryFormat::ChannelsLast) : images);
    {
      torch::NoGradGuard no_grad;
      source = vgg_.Forward(images, {ContentLoss::kLayer}).at(ContentLoss::kLayer);
    }
    features = vgg_.Forward(painted, AllNames());
  }
  const torch::Tensor content = (*content_loss_)(features.at(ContentLoss::kLayer), source);
  const torch::Tensor style = (*style_loss_)(features);
  const torch::Tensor tv = TotalVariation(painted);
  const torch::Tensor grid = GridPattern(painted);
  *total = options_.content_weight * content + options_.style_weight * style + options_.tv_weight * tv +
           options_.grid_weight * grid;
  return {content.item<double>(), style.item<double>(), tv.item<double>(), grid.item<double>(),
          total->item<double>()};
}

Result<Losses> Trainer::Step() {
  const double start = Now();
  for (auto& group : optimizer_->param_groups()) {
    static_cast<torch::optim::AdamOptions&>(group.options()).lr(learning_rate());
  }
  const torch::Tensor images = DrawCrops(photos_, random_, options_.batch, options_.size).to(device_);
  torch::Tensor total;
  const Losses losses = Compute(images, &total);
  if (!std::isfinite(losses.total)) {
    return Internal("the loss became infinite at step " + std::to_string(state_.step) +
                    ": lower --learning-rate or --style-weight");
  }
  optimizer_->zero_grad();
  total.backward();
  optimizer_->step();
  ++state_.step;
  state_.elapsed_s += Now() - start;
  return losses;
}

Result<Losses> Trainer::Evaluate(const media::RgbImage& image) {
  torch::NoGradGuard no_grad;
  torch::Tensor total;
  return Compute(ToTensor(image, device_), &total);
}

media::RgbImage Trainer::Paint(const media::RgbImage& image) {
  torch::NoGradGuard no_grad;
  const torch::Tensor painted = net_->forward(ToTensor(image, device_)).to(torch::kCPU).contiguous();
  return FromPlanes(painted.data_ptr<float>(), image.width, image.height);
}

}  // namespace tempera::train
