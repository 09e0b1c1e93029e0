#include "train/trainer.h"

#include <ATen/Context.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "train/autocast.h"
#include "train/import_onnx.h"
#include "train/loss_direction.h"
#include "train/loss_grid.h"
#include "train/loss_tone.h"
#include "train/loss_tv.h"

namespace tempera::train {
namespace {

std::map<std::string, double> StyleWeights(const FeatureNetwork& network) {
  std::map<std::string, double> weights;
  for (const std::string& name : network.StyleLayers()) weights[name] = 1.0;
  return weights;
}

torch::Tensor ToTensor(const media::RgbImage& image, torch::Device device) {
  std::vector<float> planes = ToPlanes(image);
  return torch::from_blob(planes.data(), {1, 3, image.height, image.width}, torch::kFloat).clone().to(device);
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The painting with its long side at `long_side`, enlarged where it is smaller.
Result<torch::Tensor> PaintingAt(const media::RgbImage& painting, double long_side, torch::Device device) {
  const double scale = long_side / std::max(painting.width, painting.height);
  const int width = std::max(16, static_cast<int>(std::lround(painting.width * scale)));
  const int height = std::max(16, static_cast<int>(std::lround(painting.height * scale)));
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage fit, media::ResizeImage(painting, width, height));
  return ToTensor(fit, device);
}

// Sizes of the picture at which the style is compared: whole, halved and quartered.
constexpr int kLevels = 3;

torch::Tensor AtLevel(const torch::Tensor& images, int level) {
  return level == 0 ? images : torch::avg_pool2d(images, 1 << level);
}

// Shares of the draws.
constexpr double kIdentityShare = 0.06, kBlendShare = 0.12;

// Crops that rows alone are taught by: 2 MB of features each.
constexpr int64_t kPoolCrops = 64;

}  // namespace

torch::Tensor DrawCrops(const Photos& photos, Random& random, int count, int size) {
  const int64_t view = photos.crop_size();
  torch::Tensor crops = torch::empty({count, 3, size, size}, torch::kFloat);
  torch::Tensor square = torch::empty({3, view, view}, torch::kFloat);
  for (int i = 0; i < count; ++i) {
    photos.RandomCrop(random, square.data_ptr<float>());
    const int64_t top = random.Below(view - size + 1), left = random.Below(view - size + 1);
    crops[i].copy_(square.narrow(1, top, size).narrow(2, left, size));
  }
  return crops;
}

std::string RecipeLine(const Options& o) {
  char line[512];
  std::snprintf(line, sizeof line,
                "recipe 3, net %s, size %d of %d, batch %d, seed %llu, learning rate %g, style %g, content "
                "%g, tv %g, grid "
                "%g, colour %g, direction %g, tone %g, identity %g, temporal %g from %g, row rate %g, ",
                o.net.c_str(), o.size, std::max(o.view, o.size), o.batch,
                static_cast<unsigned long long>(o.seed), o.learning_rate, o.style_weight, o.content_weight,
                o.tv_weight, o.grid_weight, o.colour_weight, o.direction_weight, o.tone_weight,
                o.identity_weight, o.temporal_weight, o.temporal_start, o.row_rate);
  std::string recipe = line;
  for (const StyleSource& s : o.styles) {
    std::snprintf(line, sizeof line, "%s at %d and %d weight %g, ", s.name.c_str(), s.fine_size, s.bold_size,
                  s.style_weight);
    recipe += line;
  }
  if (UsesReconetLoss(o)) {
    std::snprintf(line, sizeof line, "reconet's temporal losses, features %g, ", o.feature_temporal_weight);
    recipe += line;
  }
  if (o.net == "painter-fed") {
    std::snprintf(line, sizeof line, "%d frames unrolled, ping-pong %g, ", o.unroll, o.ping_pong_weight);
    recipe += line;
  }
  if (!o.base.empty()) recipe += "rows of a base, trained " + o.train_layers + ", ";
  return recipe + (o.time_s > 0 ? std::to_string(static_cast<int>(o.time_s)) + " s"
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

Result<std::unique_ptr<Trainer>> Trainer::Create(const Options& options,
                                                 std::shared_ptr<const FeatureNetwork> features,
                                                 Photos photos,
                                                 const std::vector<media::RgbImage>& paintings) {
  TEMPERA_ASSIGN_OR_RETURN(torch::Device device, ChooseDevice(options.device));
  std::vector<std::string> names;
  for (const StyleSource& style : options.styles) names.push_back(style.name);
  if (names.size() != paintings.size() || paintings.empty())
    return InvalidArgument("no painting to learn: give one with --style, or several with --gallery");
  TEMPERA_ASSIGN_OR_RETURN(NetConfig config, MakeNetConfig(options.net, names));
  std::unique_ptr<Trainer> t(new Trainer(options, std::move(features), std::move(photos), device));
  t->bf16_ = device.is_cpu() && ChoosesBf16(options.precision);
  torch::manual_seed(options.seed);
  t->random_ = Random(options.seed);
  t->net_ = std::make_shared<TransformerNet>(config);
  t->net_->to(device);
  t->MakeOptimizer();
  t->state_.net = options.net;
  t->state_.styles = config.styles;
  t->state_.recipe = RecipeLine(options) + ", through " + t->features_->name();
  t->content_layer_ = t->features_->ContentLayer();

  // Plain photographs, the yardstick of all losses: 16 crops, drawn with a seed of their own.
  torch::NoGradGuard no_grad;
  Random random(options.seed ^ 0x59617264u);
  const torch::Tensor crops = DrawCrops(t->photos_, random, 16, options.size).to(device);
  for (int level = 0; level < kLevels; ++level) {
    std::vector<FeatureMap> plain;
    for (const torch::Tensor& four : AtLevel(crops, level).split(4))
      plain.push_back(t->features_->Forward(four, t->features_->StyleLayers()));
    t->style_losses_.emplace_back(plain, StyleWeights(*t->features_));
  }
  std::vector<torch::Tensor> content;
  for (const torch::Tensor& four : crops.split(4))
    content.push_back(t->features_->Forward(four, {t->content_layer_}).at(t->content_layer_));
  t->content_loss_ = std::make_unique<ContentLoss>(torch::cat(content));
  t->colour_loss_ = std::make_unique<ColourLoss>(crops);
  TEMPERA_RETURN_IF_ERROR(t->AddTargets(paintings));
  if (t->TrainsRowsOnly()) {
    Random pool(options.seed ^ 0x506f6f6cu);
    t->pool_ = DrawCrops(t->photos_, pool, kPoolCrops, options.size);
    t->pool_content_.resize(kPoolCrops);
  }
  return t;
}

void Trainer::MakeOptimizer() {
  // Affine rows apart: a style's row learns only when that style is drawn, so it takes larger steps.
  std::vector<torch::Tensor> body, rows;
  for (auto& item : net_->named_parameters()) {
    const std::string& name = item.key();
    const std::string layer = name.substr(0, name.find('_'));
    const bool row = name.find("_norm_") != std::string::npos;
    const bool last = layer == "up2" || layer == "up3" || layer == "out";
    const bool trains = options_.base.empty() || row || options_.train_layers == "all" ||
                        (options_.train_layers == "last" && last);
    item.value().set_requires_grad(trains);
    if (trains) (row ? rows : body).push_back(item.value());
  }
  optimizer_ = std::make_unique<torch::optim::Adam>(
      std::vector<torch::optim::OptimizerParamGroup>{{body}, {rows}},
      torch::optim::AdamOptions(options_.learning_rate).betas({0.9, 0.99}));
}

Status Trainer::StartFrom(const TransformerNet& net) {
  const int copied = net.config().name == net_->config().name ? CopyMatchingWeights(net, *net_) : 0;
  if (copied != static_cast<int>(net_->parameters().size()))
    return Internal("the base's network is not of the shape of the new one");
  state_.recipe = "body " + BodyHash(net.config(), PlainWeights(net)) + ", " + state_.recipe;
  return OkStatus();
}

void Trainer::TakeFilms(std::shared_ptr<const FilmPairs> films) {
  films_ = std::move(films);
  char share[64];
  std::snprintf(share, sizeof share, " for %g of the steps with motion, ", options_.motion_share);
  state_.recipe = films_->report().Used() + share + state_.recipe;
}

torch::Tensor Trainer::ContentOf(const torch::Tensor& images) {
  torch::NoGradGuard no_grad;
  Bf16Autocast autocast(bf16_);
  return features_->Forward(images, {content_layer_}).at(content_layer_);
}

torch::Tensor Trainer::DrawFromPool(torch::Tensor* content) {
  std::vector<torch::Tensor> images, features;
  for (int i = 0; i < options_.batch; ++i) {
    const int64_t at = random_.Below(pool_.size(0));
    images.push_back(pool_[at].unsqueeze(0));
    torch::Tensor& known = pool_content_[at];
    if (!known.defined()) known = ContentOf(images.back().to(device_));
    features.push_back(known);
  }
  *content = torch::cat(features);
  return torch::cat(images);
}

Status Trainer::AddTargets(const std::vector<media::RgbImage>& paintings) {
  const int strokes = net_->config().conditional() ? NetConfig::kStrokeSizes : 1;
  for (int stroke = 0; stroke < strokes; ++stroke) {
    for (size_t i = 0; i < paintings.size(); ++i) {
      const StyleSource& source = options_.styles[i];
      const int size = stroke == 0 ? source.fine_size : source.bold_size;
      for (int level = 0; level < kLevels; ++level) {
        // Strokes at several scales: a fifth smaller, as asked, a quarter larger.
        std::vector<FeatureMap> features;
        for (double scale : {0.8, 1.0, 1.25}) {
          TEMPERA_ASSIGN_OR_RETURN(const torch::Tensor fit, PaintingAt(paintings[i], size * scale, device_));
          features.push_back(features_->Forward(AtLevel(fit, level), features_->StyleLayers()));
        }
        style_losses_[level].AddTarget(features);
      }
      TEMPERA_ASSIGN_OR_RETURN(const torch::Tensor fit, PaintingAt(paintings[i], size, device_));
      colour_loss_->AddTarget(fit);
    }
  }
  return OkStatus();
}

std::vector<Pick> Trainer::DrawPicks() {
  const auto styles = static_cast<int64_t>(options_.styles.size());
  std::vector<Pick> picks(options_.batch);
  for (Pick& pick : picks) {
    pick.style = pick.other = static_cast<int>(random_.Below(styles));
    pick.bold = static_cast<double>(random_.Below(NetConfig::kStrokeSizes));
    const double kind = random_.Uniform(), share = random_.Uniform();
    const int other = static_cast<int>(random_.Below(styles));
    if (!net_->config().conditional()) {
      pick.bold = 0;
    } else if (kind < kIdentityShare && !TrainsRowsOnly()) {  // that row is right already
      pick.identity = true;
    } else if (kind < kIdentityShare + kBlendShare) {
      pick.other = other;
      pick.other_share = share;
    }
  }
  return picks;
}

torch::Tensor Trainer::SharesOf(const std::vector<Pick>& picks) const {
  const NetConfig& config = net_->config();
  const auto styles = static_cast<int64_t>(options_.styles.size());
  const int64_t strokes = config.conditional() ? NetConfig::kStrokeSizes : 1;
  torch::Tensor shares = torch::zeros({static_cast<int64_t>(picks.size()), styles * strokes});
  for (size_t i = 0; i < picks.size(); ++i) {
    float* row = shares.data_ptr<float>() + static_cast<int64_t>(i) * styles * strokes;
    const Pick& p = picks[i];
    for (int64_t stroke = 0; stroke < strokes; ++stroke) {
      const double share = strokes == 1 ? 1 : stroke == 0 ? 1 - p.bold : p.bold;
      row[stroke * styles + p.style] += static_cast<float>(share * (1 - p.other_share));
      row[stroke * styles + p.other] += static_cast<float>(share * p.other_share);
    }
  }
  return shares.to(device_);
}

RowMix Trainer::MixOf(const std::vector<Pick>& picks) const {
  const NetConfig& config = net_->config();
  if (!config.conditional()) return {};
  const torch::Tensor shares = SharesOf(picks).to(torch::kCPU);
  torch::Tensor rows = torch::zeros({shares.size(0), config.rows()});
  for (size_t i = 0; i < picks.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    if (picks[i].identity) {
      rows[at][config.identity_row()] = 1;
    } else {
      rows[at].narrow(0, 0, shares.size(1)).copy_(shares[at]);
    }
  }
  rows = rows.to(device_);
  return {rows, rows, {}};
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

Losses Trainer::Compute(const torch::Tensor& batch, const std::vector<Pick>& picks, const MotionPair* motion,
                        torch::Tensor* total, torch::Tensor source) {
  const int64_t n = batch.size(0);
  torch::Tensor images = batch, painted, temporal;
  Losses losses;
  std::vector<FeatureMap> features;
  std::vector<std::string> all = features_->StyleLayers();
  all.push_back(content_layer_);
  {
    Bf16Autocast autocast(bf16_);
    if (motion != nullptr && net_->config().fed) {
      painted = PaintFed(MixOf(picks), *motion, &images, &temporal, &losses);
      source = torch::Tensor();
    } else {
      painted = PaintPair(images, MixOf(picks), motion, &temporal, &losses);
    }
    if (!source.defined()) {
      torch::NoGradGuard no_grad;
      source = features_->Forward(images, {content_layer_}).at(content_layer_);
    }
    for (int level = 0; level < kLevels; ++level) {
      features.push_back(
          features_->Forward(AtLevel(painted, level), level == 0 ? all : features_->StyleLayers()));
    }
  }
  const torch::Tensor shares = SharesOf(picks);
  torch::Tensor as_style = torch::ones({n}), weights = torch::ones({n});
  for (int64_t i = 0; i < n; ++i) {
    if (picks[i].identity) as_style[i] = 0;
    weights[i] = (1 - picks[i].other_share) * options_.styles[picks[i].style].style_weight +
                 picks[i].other_share * options_.styles[picks[i].other].style_weight;
  }
  as_style = as_style.to(device_);
  auto mean = [&](const torch::Tensor& each, const torch::Tensor& weight) {
    return (each * weight).sum() / as_style.sum().clamp_min(1.0);
  };
  torch::Tensor each_style;
  for (int level = 0; level < kLevels; ++level) {
    const torch::Tensor term = style_losses_[level](features[level], shares) / static_cast<double>(kLevels);
    each_style = level == 0 ? term : each_style + term;
  }
  const torch::Tensor content = mean((*content_loss_)(features[0].at(content_layer_), source), as_style);
  const torch::Tensor style = mean(each_style, as_style * weights.to(device_));
  const torch::Tensor tv = TotalVariation(painted);
  const int64_t cell = net_->config().size_multiple;
  const torch::Tensor grid = GridPattern(painted, cell) + GridPattern(painted, cell / 2) +
                             BlockPattern(painted, cell) + BlockPattern(painted, cell / 2);
  const torch::Tensor colour = mean((*colour_loss_)(painted, shares), as_style);
  const torch::Tensor direction = mean(DirectionLoss(painted, images), as_style);
  const torch::Tensor tone = mean(ToneLoss(painted, images), as_style);
  // 1: as far from the picture as photographs are spread about their mean.
  const torch::Tensor identity =
      (((painted.to(torch::kFloat) - images) / kInputScale).square().mean({1, 2, 3}) * (1 - as_style)).sum() /
      (1 - as_style).sum().clamp_min(1.0);
  *total = options_.content_weight * content + options_.style_weight * style + options_.tv_weight * tv +
           options_.grid_weight * grid + options_.colour_weight * colour +
           options_.direction_weight * direction + options_.tone_weight * tone +
           options_.identity_weight * identity;
  if (temporal.defined()) *total = *total + temporal;
  losses.total = total->item<double>();
  losses.content = content.item<double>();
  losses.style = style.item<double>();
  losses.tv = tv.item<double>();
  losses.grid = grid.item<double>();
  losses.colour = colour.item<double>();
  losses.direction = direction.item<double>();
  losses.tone = tone.item<double>();
  losses.identity = identity.item<double>();
  return losses;
}

Result<Losses> Trainer::Step() {
  const double start = Now();
  for (size_t i = 0; i < optimizer_->param_groups().size(); ++i) {
    static_cast<torch::optim::AdamOptions&>(optimizer_->param_groups()[i].options())
        .lr(learning_rate() * (i == 1 ? options_.row_rate : 1));
  }
  torch::Tensor content;
  MotionPair motion;
  std::vector<Pick> picks;
  const torch::Tensor images = DrawBatch(&picks, &motion, &content);
  torch::Tensor total;
  const Losses losses = Compute(images, picks, motion.grid.defined() ? &motion : nullptr, &total, content);
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
  return Compute(ToTensor(image, device_), {Pick{}}, nullptr, &total);
}

media::RgbImage Trainer::Paint(const media::RgbImage& image, const Pick& pick) {
  torch::NoGradGuard no_grad;
  const torch::Tensor painted =
      net_->forward(ToTensor(image, device_), MixOf({pick})).to(torch::kCPU).contiguous();
  return FromPlanes(painted.data_ptr<float>(), image.width, image.height);
}

}  // namespace tempera::train
