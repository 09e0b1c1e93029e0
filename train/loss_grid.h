// The grid: patterns locked to the network's own raster, a regular weave in flat areas.
#pragma once

#include <torch/types.h>

namespace tempera::train {

// images: [n, 3, h, w] RGB 0..255. cell: pixels, the factor by which the network shrinks the picture (or a
// power of two below it). Scalar; 0 where the picture is smaller than 8 cells.
//
// Most layers work at a quarter or an eighth of the resolution, so each position inside a cell is made by its
// own sub-filter, and Gram losses are glad of any texture these invent where the picture is flat. No
// photograph and no brush knows that raster: within a window of 8x8 cells all positions have the same mean.
// The loss is the variance of these means, averaged over windows (values in 0..1, times 1000).
torch::Tensor GridPattern(const torch::Tensor& images, int64_t cell);

// The same arguments: whether pixels differ from their neighbours more at the borders of cells than inside
// them, as they do where the cells show as blocks in a smooth sky (GridPattern cannot see that: a staircase
// has the same mean at every position). The variance, among positions in the cell, of the root mean square
// difference to the next pixel; windows and scale as above.
torch::Tensor BlockPattern(const torch::Tensor& images, int64_t cell);

}  // namespace tempera::train
