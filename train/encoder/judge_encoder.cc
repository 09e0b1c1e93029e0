#include <torch/torch.h>

#include <limits>

#include "train/encoder/encoder_trainer.h"

namespace tempera::train {
namespace {

// Style losses of several targets for one painted (or plain) picture, added to `sums`.
void AddLosses(const torch::Tensor& picture, const Features& network,
               const std::vector<std::shared_ptr<const Target>>& targets, double share,
               std::vector<double>* sums) {
  std::vector<FeatureMap> features;
  for (int level = 0; level < kTargetLevels; ++level)
    features.push_back(network->Forward(AtTargetLevel(picture, level), network->StyleLayers()));
  sums->resize(targets.size());
  for (size_t i = 0; i < targets.size(); ++i)
    (*sums)[i] += share * targets[i]->Style(features, 0).item<double>();
}

}  // namespace

Result<std::vector<EncoderScore>> JudgeEncoder(StyleEncoder& encoder, const Base& base,
                                               const Features& network, Targets& targets,
                                               const std::vector<Painting>& paintings,
                                               const std::vector<media::RgbImage>& photos, int fine_size,
                                               int bold_size) {
  torch::NoGradGuard no_grad;
  const NetConfig& config = base.net->config();
  const auto styles = static_cast<int>(config.styles.size());
  const torch::Tensor table = RowTable(*base.net);
  std::vector<EncoderScore> scores(paintings.size());
  std::vector<torch::Tensor> pictures;
  for (const media::RgbImage& photo : photos) pictures.push_back(ImageTensor(photo));
  const double share = 1.0 / static_cast<double>(pictures.size());
  for (int stroke = 0; stroke < NetConfig::kStrokeSizes; ++stroke) {
    std::vector<std::shared_ptr<const Target>> all;
    for (const Painting& painting : paintings) {
      TEMPERA_ASSIGN_OR_RETURN(all.emplace_back(),
                               targets.Of(painting.image, stroke == 0 ? fine_size : bold_size));
    }
    auto paint = [&](const torch::Tensor& row, const std::vector<std::shared_ptr<const Target>>& of) {
      std::vector<double> sums;
      RowMix mix;
      mix.given = row.unsqueeze(0);
      for (const torch::Tensor& x : pictures) AddLosses(base.net->forward(x, mix), network, of, share, &sums);
      return sums;
    };
    std::vector<double> best(paintings.size(), std::numeric_limits<double>::infinity()), plain;
    std::vector<int> best_style(paintings.size(), 0);
    for (int row = 0; row < NetConfig::kStrokeSizes * styles;
         ++row) {  // either stroke size may be the nearer
      const std::vector<double> losses = paint(table[row], all);
      for (size_t i = 0; i < losses.size(); ++i) {
        if (losses[i] < best[i]) {
          best[i] = losses[i];
          best_style[i] = row % styles;
        }
      }
    }
    for (const torch::Tensor& x : pictures) AddLosses(x, network, all, share, &plain);
    for (size_t i = 0; i < paintings.size(); ++i) {
      TEMPERA_ASSIGN_OR_RETURN(const torch::Tensor rows, PredictRows(encoder, paintings[i].image));
      EncoderScore& score = scores[i];
      score.name = paintings[i].name;
      score.predicted += paint(rows[stroke], {all[i]})[0] / NetConfig::kStrokeSizes;
      score.best += best[i] / NetConfig::kStrokeSizes;
      score.photo += plain[i] / NetConfig::kStrokeSizes;
      const std::string& style = config.styles[best_style[i]];
      if (stroke == 0) {
        score.best_style = style;
      } else if (style != score.best_style) {
        score.best_style += ", " + style;
      }
    }
  }
  return scores;
}

}  // namespace tempera::train
