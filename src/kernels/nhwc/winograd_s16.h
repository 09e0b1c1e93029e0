// 3x3 convolution in exact integers with a quarter of the products: Winograd's F(4x4, 3x3) (Lavin, Gray
// 2015, "Fast algorithms for convolutional neural networks") on 16-bit numbers.
//
// A tile of 4x4 outputs needs 6x6 inputs d: Y = A (G g G' .* B d B') A', 36 products instead of 144.
// B is integers; with d in 0..255 all of B d B' lies within 17340, so int16 holds it. The rows of G have
// denominators 4, 6, 6, 24, 24, 1; here they are multiplied by 24, -6, -6, 24, 24, 6, which leaves weights of
// at most 49 * 127 in int16, and A's columns take what is left: each row of A then computes 24, 12, 6 or 6
// times its output, so that a sum S comes out as 9 * 2^k * S, k <= 6.
// All of it is done modulo 2^32: 9 has an inverse there, and 2^k needs |S| < 2^25 to be shifted out again,
// which the plan makes sure of from the weights. The outcome is the integer that direct sums give.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/kernels/nhwc/conv_nhwc.h"

namespace tempera::kernels {

// Whether the shape and the dot kernel are worth it.
bool WinogradSuits(const ConvShape& shape, const DotKernel& dot);

// Whether the sums of these weights are small enough, too. weights: the rounded ones, [3][row_k][columns].
bool WinogradServes(const ConvNhwcPlan& plan, std::span<const double> weights);

// [block of columns][36][as the dot kernel packs packed_channels x the block's columns].
std::vector<uint8_t> PackWinograd(const ConvNhwcPlan& plan, std::span<const double> weights);

// Fills ConvNhwcPlan::Winograd but for the offsets.
void PlanWinograd(ConvNhwcPlan& plan);

}  // namespace tempera::kernels
