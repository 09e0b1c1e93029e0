// Findings kept on disk from one process to the next: a folder of small files, one a finding, named by a
// digest of all that it depends on. Losing any of them, or all, costs the time to find out again and nothing
// else, so whatever goes wrong here goes wrong silently.
#pragma once

#include <string>

#include "src/base/digest.h"
#include "src/engine/precision/calibrate.h"

namespace tempera::engine {

class CalibrationCache {
 public:
  // `graph`: what the calibration frame would be painted with, its passes done and its size fixed; `asked`:
  // what the finding is to hold for (the fields below `info`). An empty folder: nothing is kept, nothing is
  // read.
  CalibrationCache(const std::string& folder, const graph::Graph& graph, const Calibration& asked,
                   int64_t highway_bit, bool measured);

  // Fills in `convs` and `info` of *asked; false when the finding is not there, or not whole.
  bool Load(Calibration* asked) const;
  // Complete or not at all, whoever writes at the same time. Makes the folder, and keeps the 256 findings
  // used last (each some ten KB).
  void Store(const Calibration& found) const;

 private:
  const std::string folder_;
  const graph::Graph& graph_;
  Digest key_;
  std::string path_;
};

}  // namespace tempera::engine
