// The numbers of one training step.
#pragma once

namespace tempera::train {

// Each term as it enters the sum, before its weight.
struct Losses {
  double content = 0, style = 0, tv = 0, grid = 0, total = 0;
};

}  // namespace tempera::train
