#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "train/compute/torch_threads.h"
#include "train/run.h"
#include "train/trainer.h"

namespace tempera::train {
namespace {

// Mean and spread of one loss over the pictures.
struct Statistics {
  double sum = 0, squares = 0;
  int count = 0;
  void Add(double v) {
    sum += v;
    squares += v * v;
    ++count;
  }
  double mean() const { return sum / count; }
  double deviation() const { return std::sqrt(std::max(0.0, squares / count - mean() * mean())); }
};

}  // namespace

Status RunEvaluate(const Options& options) {
  UseThreads(options.threads);
  TEMPERA_ASSIGN_OR_RETURN(LoadedCheckpoint loaded, LoadCheckpoint(options.checkpoint));
  TEMPERA_ASSIGN_OR_RETURN(Safetensors file, ReadSafetensorsFile(options.features));
  TEMPERA_ASSIGN_OR_RETURN(torch::Device device, ChooseDevice(options.device));
  TEMPERA_ASSIGN_OR_RETURN(Vgg19 vgg, Vgg19::FromSafetensors(file, device));
  TEMPERA_ASSIGN_OR_RETURN(media::RgbImage style, media::ReadImage(options.styles[0].picture));
  TEMPERA_ASSIGN_OR_RETURN(Photos photos, Photos::Load(options.content, options.size, options.seed));
  std::vector<media::RgbImage> pictures = photos.HoldOut(kHeldOutPhotos);
  if (!options.held_out.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(Photos given, Photos::Load(options.held_out, options.size, options.seed));
    pictures.clear();
    for (int i = 0; i < given.size(); ++i) pictures.push_back(given.image(i));
  }
  if (pictures.empty()) return NotFound("no pictures to evaluate on: name some with --on");

  Options recipe = options;
  recipe.net = loaded.state.net;
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<Trainer> trainer,
                           Trainer::Create(recipe, std::move(vgg), std::move(photos), {style}));
  TEMPERA_RETURN_IF_ERROR(trainer->InitFrom(options.checkpoint));
  Statistics content, style_loss, tv, grid;
  for (const media::RgbImage& picture : pictures) {
    TEMPERA_ASSIGN_OR_RETURN(media::RgbImage fit, FitForNet(picture, 480));
    TEMPERA_ASSIGN_OR_RETURN(Losses losses, trainer->Evaluate(fit));
    content.Add(losses.content);
    style_loss.Add(losses.style);
    tv.Add(losses.tv);
    grid.Add(losses.grid);
  }
  std::printf("%s: %s after %lld steps, %lld parameters, on %d pictures\n", options.checkpoint.c_str(),
              loaded.state.net.c_str(), static_cast<long long>(loaded.state.step),
              static_cast<long long>(CountParameters(loaded.net->config())), content.count);
  std::printf("style %.4f +- %.4f  content %.3f +- %.3f  tv %.3f  grid %.4f\n", style_loss.mean(),
              style_loss.deviation(), content.mean(), content.deviation(), tv.mean(), grid.mean());
  return OkStatus();
}

}  // namespace tempera::train
