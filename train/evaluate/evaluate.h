// tempera-train evaluate: models measured side by side. What each figure means: docs/evaluation.md.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/evaluate/painter.h"
#include "train/evaluate/report/measures.h"

namespace tempera::evaluate {

struct EvaluateOptions {
  std::vector<std::string> models;
  std::vector<std::string> content, clips, truth;  // files and folders
  std::vector<std::string> style;                  // PICTURE, NAME=PICTURE or a folder of NAME.jpg
  std::vector<std::string> only_styles;            // short names; empty: all
  std::string features, teacher;
  std::string anchors;               // a folder of optimised pictures; "" = made, not kept
  int gatys_steps = 0;               // 0: only those that are there
  std::set<std::string> only, skip;  // groups of measures
  bool quick = false;
  int photos = 20, frames = 60, pairs = 40;
  int anchor_photos = 2;
  double loop_s = 20;
  int threads = 0;
  std::string device = "auto";
  uint64_t seed = 1;
  ParameterValues parameters;
};
// The groups that --only and --skip name.
const std::vector<std::string>& Groups();

// Progress on standard error. Everything that was given is opened before anything is measured.
Result<Findings> Evaluate(const EvaluateOptions& options);

}  // namespace tempera::evaluate
