// What the user of `tempera-train segment` asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/segment/augment.h"
#include "train/segment/mask_losses.h"
#include "train/segment/pairs.h"

namespace tempera::train {

struct SegmentOptions {
  std::string net = "person";
  double width = 1;
  std::vector<MaskFolders> folders;
  std::vector<std::string> backgrounds;  // folders of pictures without what is looked for
  std::vector<std::string> classes;      // one: shares; more: maps of their numbers
  std::string encoder;                   // a pretrained encoder's weights; "": from nothing
  std::string output;
  std::string work_dir;
  std::string init;  // checkpoint to start from
  bool resume = false;
  int64_t steps = 6000;
  double time_s = 0;
  int size = 256;  // long side of the crops, and what the file names as its working size
  int batch = 16;
  double learning_rate = 2e-3, encoder_rate = 0.25, weight_decay = 1e-4;
  MaskWeights weights;
  double class_balance = 0.5;   // 0: all classes count alike .. 1: as much more as they are rarer
  double temporal_start = 0;    // share of the run after which masks must agree
  double quantize_start = 0.7;  // share of the run after which weights are rounded as the file has them
  bool int8 = true;
  double least_scale = 0.6, most_scale = 2, background_share = 0.25, crowd_share = 0, colour = 1;
  double turn = kTurn;  // degrees
  uint64_t seed = 1;
  int threads = 0;
  double preview_every_s = 120;
  int held_out = 24;
  int file_width = 0, file_height = 0;  // the size that the file is written for; 0: open
  std::string name, title, license, trained_on;
};

}  // namespace tempera::train
