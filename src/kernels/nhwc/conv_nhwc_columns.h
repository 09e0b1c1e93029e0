// Which sums a convolution over interleaved pixels makes: the part of its plan that needs no weights.
#pragma once

#include <cstdint>

#include "src/kernels/nhwc/conv_nhwc.h"

namespace tempera::kernels {

// Of a packed pixel. Planes of a picture are packed without padding: 9x9 over 3 channels is rows of 27
// numbers.
int64_t PackedInputChannels(const ConvShape& shape, PictureLayout input);

bool SuitsPrecision(const DotKernel& dot, ConvPrecision precision);
// Of the target's kernels, for this shape; never nullptr, the plain ones are always there.
const DotKernel* FastestDot(const ConvShape& shape, const ConvNhwcOptions& options);

// Fills packed_channels, columns, dot_columns, shifts and shift_step, when input, dot and the geometry are
// there: the split of the kernel's columns that takes the fewest products; on a tie the fewest additions.
void PlanColumns(ConvNhwcPlan& plan);

}  // namespace tempera::kernels
