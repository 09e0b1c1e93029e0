// How the masks of a film's frames are made of what a network says: tempera_mask_params, checked.
#pragma once

namespace tempera::stylize {

struct MaskParams {
  float threshold = 0.5f;    // the share at which the edge lies: above 0 and below 1
  float hold = 0;            // 0..1: how much the frame before counts, of what shows no change but of place
  bool plain_edges = false;  // enlarged as they are; otherwise drawn along the frame's edges
  int interval = 1;          // the network sees every so many frames
};
inline constexpr int kMostInterval = 16;

}  // namespace tempera::stylize
