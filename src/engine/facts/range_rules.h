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
Spreads RangeOfSigmoid(const RangeContext& c);
Spreads RangeOfTanh(const RangeContext& c);
// Of a sum of two values that do not know of each other: deviations add as squares do, sure bounds as they
// are.
Spreads RangeOfSum(const RangeContext& c);
// Zeros (or whatever number) around the picture: the range must hold them.
Spreads RangeOfPad(const RangeContext& c);
// Operators that make no number larger than the largest they read.
Spreads RangeKept(const RangeContext& c);
// The same, but for cubic curves, which swing over.
Spreads RangeOfResize(const RangeContext& c);

}  // namespace tempera::engine
