// Findings kept from one process to the next in the host's store (base/cache_store.h), each under a digest of
// all that it depends on.
#pragma once

#include <string>

#include "src/base/cache_store.h"
#include "src/base/digest.h"
#include "src/engine/precision/calibrate.h"

namespace tempera::engine {

class CalibrationCache {
 public:
  // `graph`: what the calibration frame would be painted with, its passes done and its size fixed; `asked`:
  // what the finding is to hold for (the fields below `info`). nullptr: nothing is kept, nothing is read.
  // Both outlive this.
  CalibrationCache(CacheStore* store, const graph::Graph& graph, const Calibration& asked,
                   int64_t highway_bit, bool measured);

  // Fills in `convs` and `info` of *asked; false when the finding is not there, or not whole.
  bool Load(Calibration* asked) const;
  // Some ten KB.
  void Store(const Calibration& found) const;

 private:
  CacheStore* const store_;
  const graph::Graph& graph_;
  Digest key_;
  std::string name_;  // of the finding in the store
};

}  // namespace tempera::engine
