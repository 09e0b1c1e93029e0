#include "train/segment/segment_trainer.h"

#include <torch/serialize.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "src/base/atomic_file.h"
#include "train/compute/parallel.h"

namespace tempera::train {
namespace {

constexpr double kAverage = 0.998;

std::string FirstLine(const char* text) {
  const std::string s(text);
  return s.substr(0, s.find('\n'));
}

// Sizes of crops, long side `size`: square, and as pictures and films are, both ways.
std::pair<int, int> DrawSize(Random& random, int size) {
  auto multiple = [](double x) { return std::max(32, static_cast<int>(std::lround(x / 32)) * 32); };
  const double ratios[] = {1, 1, 0.75, 0.75, 0.625, 0.75, 0.5625};
  const double ratio = ratios[random.Below(7)];
  const bool upright = random.Uniform() < 0.6;
  const int other = multiple(size * ratio);
  return upright ? std::make_pair(other, size) : std::make_pair(size, other);
}

}  // namespace

torch::Tensor ToPlanes11(const media::RgbImage& image) {
  const torch::Tensor bytes = torch::from_blob(const_cast<uint8_t*>(image.pixels.data()),
                                               {image.height, image.width, 3}, torch::kUInt8);
  return bytes.permute({2, 0, 1}).to(torch::kFloat) / 127.5 - 1;
}

Result<std::unique_ptr<SegmentTrainer>> SegmentTrainer::Create(const SegmentOptions& options, MaskPairs pairs,
                                                               std::vector<media::RgbImage> backgrounds,
                                                               const Safetensors* encoder) {
  TEMPERA_ASSIGN_OR_RETURN(const MaskNet net, MakeMaskNet(options.net, options.classes, options.width));
  std::unique_ptr<SegmentTrainer> t(new SegmentTrainer(options, std::move(pairs), std::move(backgrounds)));
  const int classes = static_cast<int>(options.classes.size());
  AugmentOptions augment;
  augment.least_scale = options.least_scale;
  augment.most_scale = options.most_scale;
  augment.colour = options.colour;
  augment.turn = options.turn;
  augment.background_share = options.background_share;
  augment.crowd_share = options.crowd_share;
  augment.classes = classes > 1;
  t->augmenter_ = std::make_unique<Augmenter>(t->pairs_, t->backgrounds_, augment);
  torch::manual_seed(options.seed);
  t->random_ = Random(options.seed);
  t->net_ = std::make_shared<MaskModule>(net);
  t->averaged_ = std::make_shared<MaskModule>(net);
  if (classes > 1) t->class_weights_ = ClassWeights(t->pairs_, classes, options.class_balance);
  if (encoder != nullptr) {
    Random random(options.seed ^ 0x656e63u);
    std::swap(random, t->random_);
    const Batch batch = t->DrawBatch(std::min(32, 2 * options.batch), false);
    std::swap(random, t->random_);
    TEMPERA_RETURN_IF_ERROR(t->net_->TakePretrained(*encoder, batch.images).status());
  }
  t->Average();
  t->MakeOptimizer();
  return t;
}

void SegmentTrainer::MakeOptimizer() {
  // Scales, shifts and biases do not decay.
  std::vector<torch::Tensor> groups[4];
  for (const auto& item : net_->named_parameters()) {
    const bool encoder = !options_.encoder.empty() && net_->IsEncoder(item.key());
    groups[(encoder ? 2 : 0) + (item.value().dim() < 4 ? 1 : 0)].push_back(item.value());
  }
  std::vector<torch::optim::OptimizerParamGroup> given;
  for (int g = 0; g < 4; ++g) {
    auto settings = std::make_unique<torch::optim::AdamWOptions>(options_.learning_rate);
    settings->weight_decay(g % 2 == 1 ? 0 : options_.weight_decay);
    given.emplace_back(groups[g], std::move(settings));
  }
  optimizer_ =
      std::make_unique<torch::optim::AdamW>(given, torch::optim::AdamWOptions(options_.learning_rate));
}

double SegmentTrainer::progress() const {
  return options_.time_s > 0 ? elapsed_s_ / options_.time_s
                             : static_cast<double>(step_) / static_cast<double>(options_.steps);
}

double SegmentTrainer::left_s() const {
  if (options_.time_s > 0) return std::max(0.0, options_.time_s - elapsed_s_);
  return step_ > 0 ? elapsed_s_ / static_cast<double>(step_) * static_cast<double>(options_.steps - step_)
                   : 0;
}

double SegmentTrainer::learning_rate() const {
  const double warming =
      options_.time_s > 0 ? 100 : std::min(100.0, static_cast<double>(options_.steps) / 10);
  const double warm = std::min(1.0, static_cast<double>(step_ + 1) / std::max(1.0, warming));
  return options_.learning_rate * warm *
         (0.01 + 0.99 * 0.5 * (1 + std::cos(M_PI * std::min(1.0, progress()))));
}

SegmentTrainer::Batch SegmentTrainer::DrawBatch(int count, bool motion) {
  const std::pair<int, int> size = DrawSize(random_, options_.size);
  const int width = size.first, height = size.second;
  std::vector<View> first(static_cast<size_t>(count)), second(motion ? first.size() : 0);
  Batch batch;
  batch.motion.resize(first.size());
  std::vector<uint64_t> seeds(first.size());
  for (uint64_t& seed : seeds) seed = random_.Next();
  ParallelFor(count, [&](int64_t i) {
    const auto at = static_cast<size_t>(i);
    Random random(seeds[at]);
    augmenter_->Draw(random, width, height, &first[at], motion ? &second[at] : nullptr, &batch.motion[at]);
  });
  std::vector<torch::Tensor> images, masks;
  for (const std::vector<View>* views : {&first, &second}) {
    for (const View& view : *views) {
      images.push_back(
          torch::from_blob(const_cast<float*>(view.planes.data()), {3, height, width}, torch::kFloat));
      masks.push_back(torch::from_blob(const_cast<float*>(view.mask.data()), {height, width}, torch::kFloat));
    }
  }
  batch.images = torch::stack(images);
  batch.masks = torch::stack(masks);
  return batch;
}

Result<MaskLosses> SegmentTrainer::Step() {
  const auto start = std::chrono::steady_clock::now();
  const bool moves = options_.weights.temporal > 0 && progress() >= options_.temporal_start;
  const Batch batch = DrawBatch(moves ? std::max(1, options_.batch / 2) : options_.batch, moves);
  net_->set_rounds(options_.int8 && progress() >= options_.quantize_start);
  net_->train();
  MaskLosses losses;
  const torch::Tensor small = net_->forward(batch.images);
  const torch::Tensor logits =
      torch::upsample_bilinear2d(small, {batch.images.size(2), batch.images.size(3)}, false);
  torch::Tensor total = MaskLoss(logits, batch.masks, class_weights_, options_.weights, &losses);
  if (moves) {
    const int64_t half = batch.images.size(0) / 2;
    total = total + options_.weights.temporal * TemporalMaskLoss(logits.narrow(0, 0, half),
                                                                 logits.narrow(0, half, half), batch.motion,
                                                                 &losses);
  }
  losses.total = total.item<double>();
  if (!std::isfinite(losses.total)) {
    return Internal("the loss is no number any more at step " + std::to_string(step_) +
                    ": lower --learning-rate");
  }
  optimizer_->zero_grad();
  total.backward();
  torch::nn::utils::clip_grad_norm_(net_->parameters(), 5.0);
  const double rate = learning_rate();
  auto& groups = optimizer_->param_groups();
  for (size_t g = 0; g < groups.size(); ++g)
    static_cast<torch::optim::AdamWOptions&>(groups[g].options())
        .lr(g >= 2 ? rate * options_.encoder_rate : rate);
  optimizer_->step();
  ++step_;
  Average();
  elapsed_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return losses;
}

void SegmentTrainer::Average() {
  torch::NoGradGuard no_grad;
  const double keep = std::min(kAverage, static_cast<double>(step_) / (step_ + 10.0));
  auto blend = [&](auto from, auto to) {
    for (const auto& item : from) {
      torch::Tensor& t = to[item.key()];
      t.mul_(keep).add_(item.value(), 1 - keep);
    }
  };
  blend(net_->named_parameters(), averaged_->named_parameters());
  blend(net_->named_buffers(), averaged_->named_buffers());
}

torch::Tensor SegmentTrainer::Shares(const media::RgbImage& image) {
  torch::NoGradGuard no_grad;
  averaged_->set_rounds(options_.int8 && progress() >= options_.quantize_start);
  averaged_->eval();
  const int64_t multiple = averaged_->net().size_multiple, h = image.height, w = image.width;
  const int64_t ph = (h + multiple - 1) / multiple * multiple, pw = (w + multiple - 1) / multiple * multiple;
  const torch::Tensor planes =
      torch::replication_pad2d(ToPlanes11(image).unsqueeze(0), {0, pw - w, 0, ph - h});
  const torch::Tensor logits = torch::upsample_bilinear2d(averaged_->forward(planes), {ph, pw}, false);
  const torch::Tensor shares = logits.size(1) == 1 ? torch::sigmoid(logits) : torch::softmax(logits, 1);
  return shares[0].narrow(1, 0, h).narrow(2, 0, w).contiguous();
}

std::string SegmentTrainer::RecipeLine() const {
  char text[512];
  std::snprintf(
      text, sizeof text,
      "%s, width %g, size %d, batch %d, learning rate %g, encoder %g, decay %g, cross-entropy %g, dice %g, "
      "boundary %g, hard %g, balance %g, temporal %g from %g, 8 bits from %g, scale %g to %g, backgrounds "
      "%g, colour %g, seed %llu",
      options_.net.c_str(), options_.width, options_.size, options_.batch, options_.learning_rate,
      options_.encoder.empty() ? 1.0 : options_.encoder_rate, options_.weight_decay,
      options_.weights.cross_entropy, options_.weights.dice, options_.weights.boundary,
      options_.weights.hard_share, options_.class_balance, options_.weights.temporal, options_.temporal_start,
      options_.int8 ? options_.quantize_start : 1.0, options_.least_scale, options_.most_scale,
      backgrounds_.empty() ? 0.0 : options_.background_share, options_.colour,
      static_cast<unsigned long long>(options_.seed));
  std::string line = text;
  // Only where they say something: runs from before there were such options go on.
  std::snprintf(text, sizeof text, ", turn %g", options_.turn);
  if (options_.turn != kTurn) line += text;
  std::snprintf(text, sizeof text, ", crowds %g", options_.crowd_share);
  if (options_.crowd_share > 0) line += text;
  line += options_.classes.size() == 1 ? ", class " : ", classes ";
  for (size_t i = 0; i < options_.classes.size(); ++i) line += (i > 0 ? "," : "") + options_.classes[i];
  return line;
}

Status SegmentTrainer::Save(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  try {
    torch::serialize::OutputArchive archive, net, averaged, adam;
    net_->save(net);
    averaged_->save(averaged);
    optimizer_->save(adam);
    archive.write("segment_net", c10::IValue(options_.net));
    archive.write("recipe", c10::IValue(RecipeLine()));
    archive.write("step", c10::IValue(step_));
    archive.write("elapsed_s", c10::IValue(elapsed_s_));
    torch::Tensor random = torch::empty({4}, torch::kLong);
    for (int i = 0; i < 4; ++i)
      random.data_ptr<int64_t>()[i] = static_cast<int64_t>(random_.state()[static_cast<size_t>(i)]);
    archive.write("random", random, true);
    archive.write("weights", net);
    archive.write("averaged", averaged);
    archive.write("optimizer", adam);
    archive.save_to(file.write_path());
  } catch (const std::exception& e) {
    return IoError("cannot write the checkpoint '" + path + "': " + FirstLine(e.what()));
  }
  return file.Commit();
}

Status SegmentTrainer::Resume(const std::string& path) {
  try {
    torch::serialize::InputArchive archive, net, averaged, adam;
    archive.load_from(path, torch::kCPU);
    c10::IValue value;
    archive.read("recipe", value);
    if (value.toStringRef() != RecipeLine()) {
      return InvalidArgument("'" + path + "' was made by another recipe (" + value.toStringRef() +
                             "): give the same options, or start anew with --init");
    }
    archive.read("step", value);
    step_ = value.toInt();
    archive.read("elapsed_s", value);
    elapsed_s_ = value.toDouble();
    torch::Tensor random;
    archive.read("random", random, true);
    if (random.numel() != 4) return CorruptModel("'" + path + "' is no checkpoint of tempera-train segment");
    Random::State state;
    for (int i = 0; i < 4; ++i)
      state[static_cast<size_t>(i)] = static_cast<uint64_t>(random.data_ptr<int64_t>()[i]);
    random_.set_state(state);
    archive.read("weights", net);
    net_->load(net);
    archive.read("averaged", averaged);
    averaged_->load(averaged);
    archive.read("optimizer", adam);
    optimizer_->load(adam);
  } catch (const std::exception& e) {
    return CorruptModel("'" + path + "' is no checkpoint of tempera-train segment: " + FirstLine(e.what()));
  }
  return OkStatus();
}

Status SegmentTrainer::InitFrom(const std::string& path) {
  torch::NoGradGuard no_grad;
  int taken = 0;
  try {
    torch::serialize::InputArchive archive, averaged;
    archive.load_from(path, torch::kCPU);
    archive.read("averaged", averaged);
    auto take = [&](auto items, bool buffer) {
      for (const auto& item : items) {
        torch::Tensor t;
        if (!averaged.try_read(item.key(), t, buffer) || t.sizes() != item.value().sizes()) continue;
        item.value().copy_(t);
        ++taken;
      }
    };
    take(net_->named_parameters(), false);
    take(net_->named_buffers(), true);
  } catch (const std::exception& e) {
    return CorruptModel("'" + path + "' is no checkpoint of tempera-train segment: " + FirstLine(e.what()));
  }
  if (taken == 0) return InvalidArgument("'" + path + "' has no layer of a '" + options_.net + "' network");
  Average();
  return OkStatus();
}

}  // namespace tempera::train
