// Judge::Optimise.
#include <algorithm>
#include <cmath>

#include "train/evaluate/losses/judge.h"
#include "train/evaluate/losses/studied.h"
#include "train/loss_style.h"
#include "train/loss_tv.h"

namespace tempera::evaluate {

Result<media::RgbImage> Judge::Optimise(const media::RgbImage& photo, const StudiedPainting& painting,
                                        double content_scale, const Recipe& recipe, Progress progress) const {
  TEMPERA_ASSIGN_OR_RETURN(const std::shared_ptr<const StudiedPhoto> studied, StudyPhoto(photo));
  const StyleDistance own = StyleOf(*studied, painting);
  // In units of 0..1, or the first step of L-BFGS would be as short as a rounding error.
  torch::Tensor pixels = ImageTensor(photo, eye_->device) / 255.0;
  pixels.requires_grad_(true);
  std::vector<std::string> names = StyleLayerNames();
  names.push_back(kContentLayer);
  torch::optim::LBFGS optimiser({pixels}, torch::optim::LBFGSOptions(1)
                                              .max_iter(recipe.steps)
                                              .history_size(20)
                                              .tolerance_change(1e-12)
                                              .tolerance_grad(1e-12)
                                              .line_search_fn("strong_wolfe"));
  int step = 0;
  bool stopped = false;
  auto loss = [&]() {
    optimiser.zero_grad();
    if (stopped) return torch::zeros({1});
    const torch::Tensor image = pixels * 255.0;
    const train::FeatureMap features = eye_->vgg.Forward(image, names);
    torch::Tensor style = torch::zeros({}, image.options());
    for (size_t i = 0; i < StyleLayerNames().size(); ++i) {
      const torch::Tensor gram = train::GramMatrix(features.at(StyleLayerNames()[i]));
      style = style + (gram - painting.grams[i]).square().sum() / (std::max(own[i], 1e-12) * kStyleLayers);
    }
    const torch::Tensor content =
        (features.at(kContentLayer) - studied->content).square().mean() / std::max(content_scale, 1e-12);
    const torch::Tensor total =
        content + recipe.style_weight * style + recipe.tv_weight * train::TotalVariation(image);
    total.backward();
    ++step;
    if (progress != nullptr && !progress(step, style.item<double>(), content.item<double>())) stopped = true;
    return total.detach();
  };
  optimiser.step(loss);
  if (stopped) return Status(StatusCode::kCancelled, "stopped");
  torch::NoGradGuard no_grad;
  return ImageOfTensor(pixels * 255.0);
}

}  // namespace tempera::evaluate
