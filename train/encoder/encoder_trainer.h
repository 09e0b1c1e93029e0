// Teaches a style encoder: paintings in, rows out, judged by what the frozen network paints with them.
#pragma once

#include <torch/optim/adam.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/encoder/base.h"
#include "train/encoder/paintings.h"
#include "train/encoder/style_encoder.h"
#include "train/encoder/targets.h"
#include "train/loss_content.h"
#include "train/photos.h"

namespace tempera::train {

struct EncoderOptions {
  std::string base;                    // .onnx or checkpoint.pt of many styles
  std::vector<std::string> paintings;  // folders
  std::string gallery;                 // which of them the base knows
  std::vector<std::string> content;
  std::string features, deep_features;
  std::string output;
  std::string work_dir;
  std::string init;      // an encoder of a network of the same shape to start from
  bool check = false;    // judges `output` instead
  bool prepare = false;  // only looks at the paintings, and keeps that in the work folder
  bool resume = false;
  int64_t steps = 1500;
  int64_t row_steps = 200;  // of these towards rows that are known, before anything is painted
  double time_s = 0;
  int size = 256;
  int view = 0;  // side of the squares that crops are cut from; 0: size
  int batch = 2;
  uint64_t seed = 1;
  double learning_rate = 2e-3;
  int fine_size = 512, bold_size = 900;  // long side of a painting, as the base was trained
  std::string license;
  Options training;  // threads, device, weights of the losses
};

// Settings that a resumed run must share.
std::string EncoderRecipe(const EncoderOptions& options);

struct EncoderLosses {
  double total = 0, style = 0, content = 0, colour = 0, rows = 0;
};

class EncoderTrainer {
 public:
  // The photographs' crops are drawn once; `features` names the network's files.
  static Result<std::unique_ptr<EncoderTrainer>> Create(const EncoderOptions& options, Features network,
                                                        uint64_t features, const Photos& photos,
                                                        std::vector<Painting> paintings, Base base);

  // First steps towards rows that are known: those of the paintings that are styles of the base. Then by the
  // losses of what is painted. Every step's draws depend on the seed and its number alone.
  Result<EncoderLosses> Step();
  // Looks at every painting in both sizes now, instead of when it is first drawn.
  Status Prepare(const std::function<void(int)>& looked_at);
  bool done() const;
  int64_t step() const { return step_; }
  double elapsed_s() const { return elapsed_s_; }
  double left_s() const;

  Status Save(const std::string& path);
  Status ResumeFrom(const std::string& path);
  StyleEncoder& encoder() { return *encoder_; }
  const Base& base() const { return base_; }

 private:
  struct Example {
    torch::Tensor picture;  // as the encoder sees it
    int stroke = 0;
    std::shared_ptr<const Target> target;
  };
  EncoderTrainer(const EncoderOptions& options, Features network)
      : options_(options), network_(std::move(network)) {}
  double Share() const;
  std::string Recipe() const;
  int64_t RowSteps() const;  // towards rows that are known
  Result<Example> DistortedExample(int64_t number);
  Result<Example> DrawExample(Random& random);
  Result<EncoderLosses> TowardsRows(Random& random, torch::Tensor* total);
  Result<EncoderLosses> TowardsPaintings(Random& random, torch::Tensor* total);

  EncoderOptions options_;
  Features network_;
  std::string content_layer_;
  std::vector<Painting> paintings_;
  std::vector<media::RgbImage> small_;  // the paintings, no larger than the encoder needs
  std::vector<int> known_;              // those that are styles of the base
  Base base_;
  torch::Tensor table_;  // the base's rows
  torch::Tensor spread_;
  std::shared_ptr<StyleEncoder> encoder_;
  std::unique_ptr<torch::optim::Adam> optimizer_;
  std::unique_ptr<Targets> targets_;
  std::unique_ptr<ContentLoss> content_loss_;
  torch::Tensor crops_;
  std::vector<torch::Tensor> crop_content_;
  std::vector<Example> distorted_;  // a ring of the last few
  int64_t distorted_end_ = 0;       // number of the next one
  int64_t step_ = 0;
  double elapsed_s_ = 0;
};

// How near the rows of `encoder` come to the base's best row, for pictures that it was not taught.
struct EncoderScore {
  std::string name;
  double predicted = 0;  // style loss, mean of fine and bold strokes
  double best = 0;       // of the base's rows the nearest, chosen for each stroke size
  std::string best_style;
  double photo = 0;  // of the photographs as they are
};
Result<std::vector<EncoderScore>> JudgeEncoder(StyleEncoder& encoder, const Base& base,
                                               const Features& network, Targets& targets,
                                               const std::vector<Painting>& paintings,
                                               const std::vector<media::RgbImage>& photos, int fine_size,
                                               int bold_size);

// The verb.
Status RunEncoder(const EncoderOptions& options);

}  // namespace tempera::train
