// How the ranges of small values pass through operators; which operator has which rule is in operators.cc.
#pragma once

#include "src/engine/facts/small_ranges.h"

namespace tempera::engine {

// The same numbers in the same order.
SmallNumbers NumbersKept(const SmallContext& c);
SmallNumbers NumbersOfTranspose(const SmallContext& c);
SmallNumbers NumbersOfExpand(const SmallContext& c);
SmallNumbers NumbersOfConcat(const SmallContext& c);
SmallNumbers NumbersOfSlice(const SmallContext& c);
SmallNumbers NumbersOfSplit(const SmallContext& c);
SmallNumbers NumbersOfGather(const SmallContext& c);

// Of two operands, broadcast.
SmallNumbers NumbersOfAdd(const SmallContext& c);
SmallNumbers NumbersOfSub(const SmallContext& c);
SmallNumbers NumbersOfMul(const SmallContext& c);
SmallNumbers NumbersOfDiv(const SmallContext& c);
SmallNumbers NumbersOfMax(const SmallContext& c);
SmallNumbers NumbersOfMin(const SmallContext& c);

SmallNumbers NumbersOfMatMul(const SmallContext& c);
SmallNumbers NumbersOfGemm(const SmallContext& c);
SmallNumbers NumbersOfReduceSum(const SmallContext& c);
SmallNumbers NumbersOfReduceMean(const SmallContext& c);
SmallNumbers NumbersOfAffine(const SmallContext& c);
SmallNumbers NumbersOfSoftmax(const SmallContext& c);

// Number by number.
SmallNumbers NumbersOfAbs(const SmallContext& c);
SmallNumbers NumbersOfClip(const SmallContext& c);
SmallNumbers NumbersOfExp(const SmallContext& c);
SmallNumbers NumbersOfHardSigmoid(const SmallContext& c);
SmallNumbers NumbersOfNeg(const SmallContext& c);
SmallNumbers NumbersOfRelu(const SmallContext& c);
SmallNumbers NumbersOfSigmoid(const SmallContext& c);
SmallNumbers NumbersOfSoftplus(const SmallContext& c);
SmallNumbers NumbersOfSqrt(const SmallContext& c);
SmallNumbers NumbersOfTanh(const SmallContext& c);

}  // namespace tempera::engine
