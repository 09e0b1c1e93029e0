// Kernels are compiled once per Highway target; this picks one target's entry of a
// HWY_EXPORT table by the target's bit, without Highway's process-wide choice, so that two
// sessions may use two targets.
#pragma once

#include <hwy/targets.h>

#include <cstddef>
#include <cstdint>

namespace tempera::kernels {

// `table` is HWY_DISPATCH_TABLE(Function). Takes the entry of `highway_bit`, or the next worse one
// that this file was compiled for.
template <typename Function, size_t kSize>
Function ChooseForTarget(Function const (&table)[kSize], int64_t highway_bit) {
  if constexpr (kSize == 1) {
    return table[0];  // a build for one target only
  } else {
    hwy::ChosenTarget chosen;
    // In Highway worse targets have higher bits.
    chosen.Update(hwy::SupportedTargets() & ~(highway_bit - 1));
    return table[chosen.GetIndex()];
  }
}

// The exit of a kernel's file, inside `#if HWY_ONCE` and this namespace: `Choose(highway_bit)` gives what
// `Get()` gives in that target's namespace, of type `Result`.
#define TEMPERA_CHOOSE_BY_TARGET(Result, Choose, Get)                                                    \
  HWY_EXPORT(Get);                                                                                       \
  Result Choose(int64_t highway_bit) { return ChooseForTarget(HWY_DISPATCH_TABLE(Get), highway_bit)(); } \
  static_assert(true) /* a semicolon follows */

}  // namespace tempera::kernels
