// Everything that a stopped training run needs to go on exactly where it was.
#pragma once

#include <torch/optim/adam.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/network.h"
#include "train/random.h"

namespace tempera::train {

struct TrainingState {
  std::string net;                  // name of the NetConfig
  std::vector<std::string> styles;  // of a conditional network
  int64_t step = 0;
  double elapsed_s = 0;  // spent in steps, over all runs
  Random::State random{};
  std::string recipe;  // settings that must agree for the run to go on
};

// Written beside `path` and renamed. `optimizer` may be null: weights only.
Status SaveCheckpoint(const std::string& path, const TrainingState& state, const TransformerNet& net,
                      torch::optim::Adam* optimizer);

// The state and the network; nullptr optimizer = weights only. The optimizer is loaded by LoadOptimizer,
// once it exists over the network's parameters.
struct LoadedCheckpoint {
  TrainingState state;
  std::shared_ptr<TransformerNet> net;
};
Result<LoadedCheckpoint> LoadCheckpoint(const std::string& path);
Status LoadOptimizer(const std::string& path, torch::Device device, torch::optim::Adam* optimizer);

}  // namespace tempera::train
