// How ranges pass through operators; which operator has which rule is in operators.cc.
#pragma once

#include "src/engine/facts/spread.h"

namespace tempera::engine {

// An instance norm leaves mean beta and deviation |gamma| in each channel, whatever the picture.
Spreads RangeOfNorm(const RangeContext& c);
Spreads RangeOfAffine(const RangeContext& c);
Spreads RangeOfActivation(const RangeContext& c);
// What a convolution makes is not known, unless it clamps on both sides.
Spreads RangeOfConv(const RangeContext& c);
Spreads RangeOfConcat(const RangeContext& c);
// Of a sum of two values that do not know of each other: deviations add as squares do, sure bounds as they
// are.
Spreads RangeOfSum(const RangeContext& c);
// Zeros (or whatever number) around the picture: the range must hold them. Channels may be padded too.
Spreads RangeOfPad(const RangeContext& c);
// A mean that counts what is padded lies between the picture's numbers and zero.
Spreads RangeOfAveragePool(const RangeContext& c);
Spreads RangeOfMaxPool(const RangeContext& c);
// Operators that make no number larger than the largest they read.
Spreads RangeKept(const RangeContext& c);
// Operators that only move numbers, from one channel to another too.
Spreads RangeOfAllChannels(const RangeContext& c);
// Not known of cubic curves, which swing over; of others as far as the channels stay apart, and with what
// stands for the numbers outside a crop.
Spreads RangeOfResize(const RangeContext& c);

// range_products.cc. Of two operands, each a picture or numbers for its channels: the corners of their
// bounds.
Spreads RangeOfProduct(const RangeContext& c);
Spreads RangeOfDifference(const RangeContext& c);
// Curves with a least value.
Spreads RangeOfHardSwish(const RangeContext& c);
Spreads RangeOfSilu(const RangeContext& c);
Spreads RangeOfMish(const RangeContext& c);
Spreads RangeOfGelu(const RangeContext& c);
Spreads RangeOfElu(const RangeContext& c);
Spreads RangeOfSelu(const RangeContext& c);
Spreads RangeOfSoftplus(const RangeContext& c);
Spreads RangeOfAbs(const RangeContext& c);
Spreads RangeOfNegative(const RangeContext& c);
// 0 to 1 and -1 to 1, whatever they read.
Spreads RangeOfShares(const RangeContext& c);
Spreads RangeOfUnits(const RangeContext& c);

// Whether some window of a pool may lie in what is padded alone: its result is no number of the picture.
bool MayMissThePicture(const graph::Node& pool);

}  // namespace tempera::engine
