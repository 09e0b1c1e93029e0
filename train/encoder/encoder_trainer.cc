#include "train/encoder/encoder_trainer.h"

#include <torch/serialize.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "src/base/atomic_file.h"
#include "train/import_onnx.h"
#include "train/loss_direction.h"
#include "train/loss_grid.h"
#include "train/loss_tone.h"
#include "train/loss_tv.h"
#include "train/trainer.h"

namespace tempera::train {
namespace {

constexpr int kRowBatch = 4;        // pictures of such a step
constexpr int64_t kCrops = 128;     // photographs' crops, 2 MB of features each
constexpr int64_t kDistorted = 48;  // distorted paintings kept at a time
constexpr int64_t kStepsEach = 2;   // after which the oldest of them is replaced
constexpr double kDistortedShare = 0.4;
constexpr int kWindow = 384;  // of a distorted painting's target, pixels

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The ways in which the base's styles differ, most of it first, in units of spread: [k, numbers].
torch::Tensor Ways(const torch::Tensor& rows, const torch::Tensor& middle, const torch::Tensor& spread) {
  const torch::Tensor apart = (rows - middle) / spread;  // [styles, numbers]
  const auto [u, s, v] = torch::linalg_svd(apart, false);
  const int64_t k = std::min<int64_t>(rows.size(0), kEncoderCode / 2);
  // A code of about 1 moves as far as one style does.
  return v.narrow(0, 0, k) * (s.narrow(0, 0, k) / std::sqrt(static_cast<double>(rows.size(0)))).unsqueeze(1);
}

}  // namespace

std::string EncoderRecipe(const EncoderOptions& o) {
  char line[256];
  std::snprintf(line, sizeof line,
                "encoder, size %d of %d, batch %d, seed %llu, learning rate %g, style %g, grid %g, tone %g, "
                "paintings at %d and %d, ",
                o.size, std::max(o.view, o.size), o.batch, static_cast<unsigned long long>(o.seed),
                o.learning_rate, o.training.style_weight, o.training.grid_weight, o.training.tone_weight,
                o.fine_size, o.bold_size);
  const std::string started = o.init.empty() ? "" : "started from another encoder, ";
  return line + started +
         (o.time_s > 0 ? std::to_string(static_cast<int>(o.time_s)) + " s"
                       : std::to_string(o.steps) + " steps");
}

Result<std::unique_ptr<EncoderTrainer>> EncoderTrainer::Create(const EncoderOptions& options,
                                                               Features network, uint64_t features,
                                                               const Photos& photos,
                                                               std::vector<Painting> paintings, Base base) {
  std::unique_ptr<EncoderTrainer> t(new EncoderTrainer(options, network));
  t->paintings_ = std::move(paintings);
  t->base_ = std::move(base);
  for (auto& p : t->base_.net->parameters()) p.set_requires_grad(false);
  for (size_t i = 0; i < t->paintings_.size(); ++i) {
    if (t->paintings_[i].style >= 0) t->known_.push_back(static_cast<int>(i));
    // Parts of it, 70 % a side, are then still as large as the encoder looks at them.
    const media::RgbImage& image = t->paintings_[i].image;
    const double scale = std::min(1.0, kEncoderSide / 0.7 / std::max(image.width, image.height));
    auto side = [&](int pixels) { return std::max(1, static_cast<int>(std::lround(pixels * scale))); };
    TEMPERA_ASSIGN_OR_RETURN(media::RgbImage small,
                             media::ResizeImage(image, side(image.width), side(image.height)));
    t->small_.push_back(std::move(small));
  }
  torch::NoGradGuard no_grad;
  torch::manual_seed(options.seed);
  const NetConfig& config = t->base_.net->config();
  const auto styles = static_cast<int64_t>(config.styles.size());
  t->table_ = RowTable(*t->base_.net)
                  .narrow(0, 0, NetConfig::kStrokeSizes * styles)
                  .view({NetConfig::kStrokeSizes, styles, -1})
                  .transpose(0, 1)
                  .reshape({styles, -1});  // [styles, both rows]
  const torch::Tensor middle = t->table_.mean(0);
  // A spread of at least a fifth of the typical: numbers in which the few styles agree may still matter.
  t->spread_ = styles > 1 ? t->table_.std(0) : torch::full_like(middle, 0.2);
  t->spread_ = t->spread_.clamp_min(0.2 * t->spread_.mean().item<double>() + 1e-3);
  t->encoder_ = std::make_shared<StyleEncoder>(middle, t->spread_, Ways(t->table_, middle, t->spread_));
  if (!options.init.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(const EncoderFile file, ReadEncoderFile(options.init));
    TEMPERA_RETURN_IF_ERROR(t->encoder_->StartFrom(file));
  }
  t->optimizer_ = std::make_unique<torch::optim::Adam>(
      t->encoder_->parameters(), torch::optim::AdamOptions(options.learning_rate).betas({0.9, 0.99}));
  t->content_layer_ = network->ContentLayer();

  Random random(options.seed ^ 0x59617264u);
  t->crops_ = DrawCrops(photos, random, kCrops, options.size);
  t->crop_content_.resize(kCrops);
  const torch::Tensor yardstick = t->crops_.narrow(0, 0, 16);
  std::vector<torch::Tensor> content;
  for (const torch::Tensor& four : yardstick.split(4))
    content.push_back(network->Forward(four, {t->content_layer_}).at(t->content_layer_));
  t->content_loss_ = std::make_unique<ContentLoss>(torch::cat(content));
  t->targets_ = std::make_unique<Targets>(
      network, yardstick, options.work_dir.empty() ? "" : options.work_dir + "/targets", features);
  return t;
}

int64_t EncoderTrainer::RowSteps() const {
  return known_.empty() || !options_.init.empty() ? 0 : options_.row_steps;
}

std::string EncoderTrainer::Recipe() const {
  return EncoderRecipe(options_) + ", through " + network_->name() + ", body " + base_.body;
}

double EncoderTrainer::Share() const {
  const double share = options_.time_s > 0 ? elapsed_s_ / options_.time_s
                                           : static_cast<double>(step_) / static_cast<double>(options_.steps);
  return std::min(share, 1.0);
}

bool EncoderTrainer::done() const { return Share() >= 1; }

double EncoderTrainer::left_s() const {
  if (options_.time_s > 0) return std::max(0.0, options_.time_s - elapsed_s_);
  return step_ == 0 ? 0
                    : elapsed_s_ / static_cast<double>(step_) * static_cast<double>(options_.steps - step_);
}

Result<EncoderTrainer::Example> EncoderTrainer::DistortedExample(int64_t number) {
  Random random(options_.seed * 0x9e3779b97f4a7c15u + static_cast<uint64_t>(number) * 2 + 1);
  const Painting& painting = paintings_[random.Below(static_cast<int64_t>(paintings_.size()))];
  Example example;
  example.stroke = static_cast<int>(random.Below(NetConfig::kStrokeSizes));
  const media::RgbImage other = Distort(painting.image, random);
  TEMPERA_ASSIGN_OR_RETURN(example.picture, EncoderPicture(other));
  const double x = random.Uniform(), y = random.Uniform();
  TEMPERA_ASSIGN_OR_RETURN(
      example.target, targets_->OfWindow(other, example.stroke == 0 ? options_.fine_size : options_.bold_size,
                                         kWindow, x, y));
  return example;
}

Result<EncoderTrainer::Example> EncoderTrainer::DrawExample(Random& random) {
  if (random.Uniform() < kDistortedShare) {
    const int64_t have = std::min(distorted_end_, kDistorted);
    return distorted_[random.Below(have)];
  }
  const int64_t which = random.Below(static_cast<int64_t>(paintings_.size()));
  Example example;
  example.stroke = static_cast<int>(random.Below(NetConfig::kStrokeSizes));
  // Now and then a part of it, whose target is nearly the same.
  if (random.Uniform() < 0.5) {
    TEMPERA_ASSIGN_OR_RETURN(example.picture, EncoderPicture(small_[which]));
  } else {
    TEMPERA_ASSIGN_OR_RETURN(example.picture, EncoderPicture(PartOf(small_[which], random)));
  }
  TEMPERA_ASSIGN_OR_RETURN(
      example.target,
      targets_->Of(paintings_[which].image, example.stroke == 0 ? options_.fine_size : options_.bold_size));
  return example;
}

Status EncoderTrainer::Prepare(const std::function<void(int)>& looked_at) {
  for (size_t i = 0; i < paintings_.size(); ++i) {
    for (int size : {options_.fine_size, options_.bold_size}) {
      TEMPERA_RETURN_IF_ERROR(targets_->Of(paintings_[i].image, size).status());
    }
    looked_at(static_cast<int>(i) + 1);
  }
  return OkStatus();
}

Result<EncoderLosses> EncoderTrainer::TowardsRows(Random& random, torch::Tensor* total) {
  for (int i = 0; i < kRowBatch; ++i) {
    const int which = known_[random.Below(static_cast<int64_t>(known_.size()))];
    TEMPERA_ASSIGN_OR_RETURN(const torch::Tensor x, EncoderPicture(PartOf(small_[which], random)));
    const torch::Tensor apart = (encoder_->forward(x)[0] - table_[paintings_[which].style]) / spread_;
    const torch::Tensor loss = apart.square().mean() / kRowBatch;
    *total = total->defined() ? *total + loss : loss;
  }
  EncoderLosses losses;
  losses.total = losses.rows = total->item<double>();
  return losses;
}

Result<EncoderLosses> EncoderTrainer::TowardsPaintings(Random& random, torch::Tensor* total) {
  // The ring holds what it would hold had the run never stopped.
  const int64_t end = (step_ - RowSteps()) / kStepsEach + kDistorted / 4;
  distorted_end_ = std::max(distorted_end_, end - kDistorted);
  distorted_.resize(kDistorted);
  for (; distorted_end_ < end; ++distorted_end_) {
    TEMPERA_ASSIGN_OR_RETURN(distorted_[distorted_end_ % kDistorted], DistortedExample(distorted_end_));
  }
  std::vector<Example> examples;
  std::vector<torch::Tensor> rows, images, content;
  for (int i = 0; i < options_.batch; ++i) {
    TEMPERA_ASSIGN_OR_RETURN(Example example, DrawExample(random));
    rows.push_back(encoder_->forward(example.picture).view({NetConfig::kStrokeSizes, -1})[example.stroke]);
    examples.push_back(std::move(example));
    const int64_t at = random.Below(kCrops);
    images.push_back(crops_[at]);
    if (!crop_content_[at].defined()) {
      torch::NoGradGuard no_grad;
      crop_content_[at] = network_->Forward(crops_[at].unsqueeze(0), {content_layer_}).at(content_layer_);
    }
    content.push_back(crop_content_[at]);
  }
  const torch::Tensor in = torch::stack(images);
  RowMix mix;
  mix.given = torch::stack(rows);
  const torch::Tensor painted = base_.net->forward(in, mix);
  std::vector<std::string> all = network_->StyleLayers();
  all.push_back(content_layer_);
  std::vector<FeatureMap> features;
  for (int level = 0; level < kTargetLevels; ++level)
    features.push_back(
        network_->Forward(AtTargetLevel(painted, level), level == 0 ? all : network_->StyleLayers()));
  torch::Tensor style = torch::zeros({}), colour = torch::zeros({});
  const auto n = static_cast<double>(examples.size());
  for (size_t i = 0; i < examples.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    style = style + examples[i].target->Style(features, at) / n;
    colour = colour + (*examples[i].target->colour)(painted.narrow(0, at, 1), torch::ones({1, 1})).sum() / n;
  }
  const torch::Tensor shape = (*content_loss_)(features[0].at(content_layer_), torch::cat(content)).mean();
  const int64_t cell = base_.net->config().size_multiple;
  const Options& weights = options_.training;
  *total = weights.style_weight * style + weights.content_weight * shape + weights.colour_weight * colour +
           weights.tv_weight * TotalVariation(painted) +
           weights.grid_weight * (GridPattern(painted, cell) + GridPattern(painted, cell / 2) +
                                  BlockPattern(painted, cell) + BlockPattern(painted, cell / 2)) +
           weights.direction_weight * DirectionLoss(painted, in).mean() +
           weights.tone_weight * ToneLoss(painted, in).mean();
  EncoderLosses losses;
  losses.total = total->item<double>();
  losses.style = style.item<double>();
  losses.content = shape.item<double>();
  losses.colour = colour.item<double>();
  return losses;
}

Result<EncoderLosses> EncoderTrainer::Step() {
  const double start = Now();
  Random random(options_.seed + static_cast<uint64_t>(step_) * 0x2545f4914f6cdd1du);
  for (auto& group : optimizer_->param_groups()) {
    static_cast<torch::optim::AdamOptions&>(group.options())
        .lr(options_.learning_rate * (0.02 + 0.98 * 0.5 * (1 + std::cos(M_PI * Share()))));
  }
  torch::Tensor total;
  const bool rows = step_ < RowSteps();
  TEMPERA_ASSIGN_OR_RETURN(const EncoderLosses losses,
                           rows ? TowardsRows(random, &total) : TowardsPaintings(random, &total));
  if (!std::isfinite(losses.total))
    return Internal("the loss became infinite at step " + std::to_string(step_) + ": lower --learning-rate");
  optimizer_->zero_grad();
  total.backward();
  torch::nn::utils::clip_grad_norm_(encoder_->parameters(), 5.0);
  optimizer_->step();
  ++step_;
  elapsed_s_ += Now() - start;
  return losses;
}

Status EncoderTrainer::Save(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  try {
    torch::serialize::OutputArchive archive, weights, adam;
    archive.write("recipe", c10::IValue(Recipe()));
    archive.write("step", c10::IValue(step_));
    archive.write("elapsed_s", c10::IValue(elapsed_s_));
    encoder_->save(weights);
    archive.write("weights", weights);
    optimizer_->save(adam);
    archive.write("optimizer", adam);
    archive.save_to(file.write_path());
  } catch (const std::exception& e) {
    return IoError("cannot write the checkpoint '" + path + "'");
  }
  return file.Commit();
}

Status EncoderTrainer::ResumeFrom(const std::string& path) {
  try {
    torch::serialize::InputArchive archive, weights, adam;
    archive.load_from(path);
    c10::IValue value;
    archive.read("recipe", value);
    const std::string now = Recipe();
    if (value.toStringRef() != now) {
      return InvalidArgument("cannot resume: '" + path + "' was made with \"" + value.toStringRef() +
                             "\", now asked is \"" + now + "\"");
    }
    archive.read("weights", weights);
    encoder_->load(weights);
    archive.read("optimizer", adam);
    optimizer_->load(adam);
    archive.read("step", value);
    step_ = value.toInt();
    archive.read("elapsed_s", value);
    elapsed_s_ = value.toDouble();
  } catch (const std::exception&) {
    return CorruptModel("'" + path + "' is not a checkpoint of tempera-train encoder");
  }
  return OkStatus();
}

}  // namespace tempera::train
