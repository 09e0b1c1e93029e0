// Mask networks as their users meet them, through tempera.hpp, against what people drew, and on films.
#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/segment/pairs.h"

namespace tempera::train {

struct JudgeOptions {
  std::vector<std::string> models;   // FILE.onnx or FILE.onnx:CLASS
  std::vector<MaskFolders> folders;  // each judged by itself
  std::vector<std::string> classes;  // of one: "person"; of more: all are judged
  std::vector<std::string> clips;    // films: how much masks flicker
  std::vector<std::string> write;    // pictures without masks: their masks are written into write_folder
  std::string write_folder;
  // Of what is written: pictures where the first model finds less than that share of the area get no mask,
  // and those where it finds less than a twentieth of that an empty one. 0: all get theirs.
  double at_least = 0;
  int long_side = 0;   // pictures are given to the models at that; 0: as they are
  bool edges = false;  // masks as frames are painted by: drawn along edges, without specks
  double hold = 0;     // with edges, of films: as tempera_mask_params has it
  int frames = 60;     // of each clip
  int threads = 0;
};

// Of one model on one folder.
struct MaskFigures {
  std::string model, folder;
  int pictures = 0;
  double iou = 0;         // one class: mean over pictures; more: mean over classes
  double iou_pooled = 0;  // one class: of all pixels of all pictures
  double boundary = 0;    // F-score of outlines, one class
  double accuracy = 0;    // of pixels, more classes
  std::vector<double> class_iou;
};
// Of one model on one film: 1 - IoU of each frame's mask and the last one's brought along the motion (DIS
// flow of the film), over pixels whose motion is known; and the mean change of shares there.
struct FlickerFigures {
  std::string model, clip;
  int pairs = 0;
  double flicker = 0, change = 0;
};
struct JudgeReport {
  std::vector<MaskFigures> masks;
  std::vector<FlickerFigures> films;
};

// Prints nothing; a model that cannot be opened is an error that names it.
Result<JudgeReport> JudgeMasks(const JudgeOptions& options);

}  // namespace tempera::train
