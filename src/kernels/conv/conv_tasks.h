// What a convolution's task is: of which image, which tile, which output channels. The task's loop and what
// is said of it (ConvPlan::ReadRegion) both ask here.
#pragma once

#include <algorithm>
#include <cstdint>

#include "src/kernels/conv/conv_f32.h"

namespace tempera::kernels {

struct ConvTask {
  int64_t image, index;             // index: of the tile, in its image
  int64_t first_group, last_group;  // channels of the input
  int64_t first_block, last_block;  // channels of the output
};

// With one group the parts share its blocks out; with several each part has whole groups.
inline ConvTask TaskOf(const ConvPlan& plan, int64_t task) {
  const int64_t groups = plan.shape.group, part = task / plan.tiles % plan.parts;
  ConvTask t;
  t.index = task % plan.tiles;
  t.image = task / plan.tiles / plan.parts;
  t.first_group = part * plan.groups_per_part % groups;
  t.last_group = std::min(groups, t.first_group + plan.groups_per_part);
  t.first_block = t.first_group * plan.blocks_per_group + (groups == 1 ? part * plan.blocks_per_part : 0);
  t.last_block = groups == 1 ? std::min(plan.blocks_per_group, t.first_block + plan.blocks_per_part)
                             : t.last_group * plan.blocks_per_group;
  return t;
}

}  // namespace tempera::kernels
