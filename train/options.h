// What the user asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/gallery.h"

namespace tempera::train {

struct Options {
  // Inputs.
  std::string style;                   // the painting, where there is one
  std::string gallery;                 // or a list of them (gallery.h)
  std::vector<std::string> paintings;  // where the list's pictures are
  std::vector<StyleSource> styles;     // what the two come to
  std::vector<std::string> content;    // folders of photographs
  std::vector<std::string> clips;      // films, or folders of them
  std::vector<std::string> truth;      // folders of films whose motion is known
  std::string features;                // vgg19_features.safetensors
  std::string deep_features;  // squeezenet1_1_features.safetensors, in place of VGG-19\'s deep layers
  std::string output;         // the .onnx
  // Recipe.
  std::string net = "painter";
  int64_t steps = 1500;
  double time_s = 0;  // > 0: train this long instead of `steps`
  int size = 256;
  int view =
      0;  // side, in pixels, of the squares that crops are cut from: 70 to 100 % of a photograph; 0: size
  int batch = 2;
  uint64_t seed = 1;
  double learning_rate = 1.5e-3;
  double row_rate = 3.0;  // times the learning rate, for the affine rows
  double style_weight = 1.0;
  double content_weight = 1.0;
  double tv_weight = 0.3;
  double grid_weight = 2.0;
  double colour_weight = 0.3;
  double direction_weight = 0.1;
  double tone_weight = 1.0;
  double identity_weight = 1.0;
  double temporal_weight = 60.0;
  std::string temporal_loss;             // compound, reconet; "": what suits the net (UsesReconetLoss)
  double feature_temporal_weight = 0.1;  // with reconet
  double ping_pong_weight = 30.0;        // of a network that is fed with its own painting
  int unroll = 3;                        // frames of it at a time
  double motion_share = 0.5;    // of the steps with motion: from clips and truth, where there are any
  double temporal_start = 0.3;  // share of the run after which frames must agree
  int style_size = 512;         // long side of the painting for fine strokes, in pixels, at its middle scale
  int bold_size = 900;          // and for bold ones
  // Running.
  bool resume = false;
  std::string base;                   // a network of many styles whose body the new style keeps ("": none)
  std::string encoder;                // with it: the style encoder ("": what lies beside the base)
  std::string train_layers = "rows";  // with it: rows, last, all
  bool predict_only = false;          // with it: no training
  std::string init;                   // checkpoint whose weights to start from
  std::string work_dir;               // checkpoint, losses, previews; default: the output's name + ".train"
  std::vector<std::string> preview_photos;
  double preview_every_s = 180;
  int threads = 0;  // 0 = libtorch's choice
  std::string device = "auto";
  std::string precision = "auto";  // auto, fp32, bf16: arithmetic of the convolutions on a CPU
  // Written into the .onnx.
  std::string name, title, artist, year;
  std::string license;  // of the weights; "" leaves it out
  // Verbs other than training.
  std::string trained_on;     // export: one line on paintings and photographs
  std::string stroke_period;  // of fine and of bold strokes, pixels; export: given, training: the base's
  std::string checkpoint;     // evaluate, export: the trained weights
  std::vector<std::string> held_out;  // evaluate: pictures or folders that were not trained on
};

// Whether frames are held together by ReCoNet's published losses: where asked, and by default in its
// networks.
inline bool UsesReconetLoss(const Options& o) {
  return o.temporal_loss.empty() ? o.net == "reconet" || o.net == "reconet-edge"
                                 : o.temporal_loss == "reconet";
}

// Whether any step has motion.
inline bool UsesMotion(const Options& o) {
  return o.temporal_weight > 0 || (UsesReconetLoss(o) && o.feature_temporal_weight > 0) ||
         (o.net == "painter-fed" && o.ping_pong_weight > 0);
}

}  // namespace tempera::train
