// The numbers of one training step.
#pragma once

#include <array>

namespace tempera::train {

// Each term as it enters the sum, before its weight. New ones at the end: logs of older runs lack the last.
struct Losses {
  double total = 0, content = 0, style = 0, tv = 0, grid = 0, colour = 0, direction = 0, identity = 0,
         temporal = 0, feature_temporal = 0, ping_pong = 0, tone = 0;

  static constexpr int kCount = 12;
  static constexpr std::array<const char*, kCount> kNames = {
      "loss",     "content",          "style",     "tv",  "grid", "colour", "direction", "identity",
      "temporal", "feature_temporal", "ping_pong", "tone"};
  std::array<double, kCount> values() const {
    return {total,    content,          style,     tv,  grid, colour, direction, identity,
            temporal, feature_temporal, ping_pong, tone};
  }
};

}  // namespace tempera::train
