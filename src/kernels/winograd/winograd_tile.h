// A task's tiles in the transformed domain, and the pixels that they read and write.
#pragma once

#include <algorithm>
#include <cstdint>

#include "src/base/checked_math.h"
#include "src/kernels/conv/conv_tasks.h"

namespace tempera::kernels {

// `rows` by `columns` tiles from tile (y, x) of the output on; pixels [y0, y1) x [x0, x1), which may begin
// before the image.
struct WinogradTile {
  int64_t n, group, index;
  int64_t y, x, rows, columns;
  int64_t y0, x0, y1, x1;
};

inline WinogradTile WinogradTileOf(const ConvPlan& plan, int64_t task) {
  const WinogradLayout& w = plan.winograd;
  const ConvTask t = TaskOf(plan, task);
  const int64_t down = t.index / plan.tiles_x, across = t.index % plan.tiles_x;
  const int64_t pixels = w.axis.outputs * w.out_phases;  // of a tile, along each axis
  WinogradTile tile;
  tile.n = t.image, tile.group = t.first_group, tile.index = t.index;
  tile.y0 = down * plan.tile_h + w.origin_y.output;
  tile.x0 = across * plan.tile_w + w.origin_x.output;
  tile.y1 = std::min(tile.y0 + plan.tile_h, plan.shape.out_h);
  tile.x1 = std::min(tile.x0 + plan.tile_w, plan.shape.out_w);
  tile.y = down * w.rows, tile.x = across * w.columns;
  tile.rows = CeilDiv(tile.y1 - tile.y0, pixels);
  tile.columns = CeilDiv(tile.x1 - tile.x0, pixels);
  return tile;
}

// What the tiles read, each once.
inline ConvWindow WinogradWindow(const ConvPlan& plan, const WinogradTile& tile) {
  const WinogradLayout& w = plan.winograd;
  const auto axis = [&w](int64_t first, int64_t tiles, const WinogradOrigin& origin) -> Interval {
    return {first * w.axis.step * w.in_phases + origin.input,
            ((tiles + w.blocks - 2) * w.axis.step + w.axis.inputs) * w.in_phases};
  };
  return {axis(tile.y, tile.rows, w.origin_y), axis(tile.x, tile.columns, w.origin_x)};
}

inline TaskRegion WinogradWritten(const ConvPlan& plan, const WinogradTile& tile) {
  const ConvShape& s = plan.shape;
  const Interval rows = InsidePixels({tile.y0, tile.y1 - tile.y0}, s.shuffle, s.out_h * s.shuffle);
  const Interval columns = InsidePixels({tile.x0, tile.x1 - tile.x0}, s.shuffle, s.out_w * s.shuffle);
  return {tile.n,       0, s.out_channels / s.pixels_a_channel(), rows.first, columns.first, rows.count,
          columns.count};
}

}  // namespace tempera::kernels
