#include "src/stylize/regions/layer.h"

#include <algorithm>
#include <cstring>

namespace tempera::stylize {
namespace {

// As FrameBlender's.
constexpr int kPart = 256;

// Rows [y, y + rows) of every plane, y even.
void CopyRows(const Image& from, const Image& to, int y, int rows) {
  for (int p = 0; p < PlaneCount(to.format); ++p) {
    const bool chroma = p > 0;
    const int begin = chroma ? y / 2 : y, count = chroma ? 1 : rows;
    for (int i = begin; i < begin + count; ++i)
      std::memcpy(to.Row(p, i), from.Row(p, i), static_cast<size_t>(ExtentOf(to, p).row_bytes));
  }
}

}  // namespace

void LayerBlender::BlendRows(const LayerOver& over, const Image& out, int y, int rows) const {
  float numbers[2][3][kPart], below[3][kPart], weights[2][kPart], shares[kPart];
  uint8_t alpha[kPart];
  for (int x = 0; x < out.width; x += kPart) {
    const int columns = std::min(kPart, out.width - x);
    const RgbRow laid[2] = {{numbers[0][0], numbers[0][1], numbers[0][2]},
                            {numbers[1][0], numbers[1][1], numbers[1][2]}};
    for (int i = 0; i < rows; ++i) {
      const uint8_t* const mask =
          over.coverage->weights(over.region) + static_cast<ptrdiff_t>(y + i) * out.width + x;
      for (int k = 0; k < columns; ++k) weights[i][k] = static_cast<float>(mask[k]) / 255.0f;
      ReadPixels(*kernels_, over.layer, y + i, x, columns, laid[i]);
      ReadPixels(*kernels_, out, y + i, x, columns, {below[0], below[1], below[2]});
      const float* by = weights[i];
      if (over.transparent) {
        for (int k = 0; k < columns; ++k) alpha[k] = over.layer.Row(0, y + i)[4 * (x + k) + 3];
        WeighByAlpha(alpha, out, weights[i], y + i, x, columns, shares);
        by = shares;
      }
      for (int c = 0; c < 3; ++c) kernels_->blend_by(numbers[i][c], below[c], by, columns);
    }
    WritePixels(*kernels_, out, y, rows, x, columns, laid);
    for (int i = 0; HasAlpha(out.format) && i < rows; ++i)
      BlendAlpha(over.layer, out, weights[i], out, y + i, x, columns);
  }
}

void LayerBlender::Run(const LayerOver& over, const Image& out) const {
  using Row = Coverage::Row;
  const bool same = SameCoding(over.layer, out);
  pool_->ParallelFor((out.height + 1) / 2, [&](int pair, int) {
    const int y = 2 * pair, rows = std::min(2, out.height - y);
    const Row top = over.coverage->row(over.region, y),
              bottom = over.coverage->row(over.region, y + rows - 1);
    if (top == Row::kNone && bottom == Row::kNone) return;
    if (same && top == Row::kAll && bottom == Row::kAll) return CopyRows(over.layer, out, y, rows);
    BlendRows(over, out, y, rows);
  });
}

}  // namespace tempera::stylize
