// Which dot kernels there are, and which of them a target may use.
#include <hwy/targets.h>

#include "src/kernels/dot/dot_entry.h"
#include "src/kernels/dot/dot_trust.h"

namespace tempera::kernels {
namespace {

// Fastest first. A new kernel is one line here.
constexpr DotEntry kEntries[] = {
#if defined(__x86_64__)
    {&AmxInt8Dot, HWY_AVX3_DL, &HasAmxInt8Dot},  // the target "amx" of src/base/cpu.cc
    {&AmxBf16Dot, HWY_AVX3_DL, &HasAmxBf16Dot},      {&Avx512Bf16Dot, HWY_AVX3, &HasAvx512Bf16Dot},
    {&Avx512VnniDot, HWY_AVX3, &HasAvx512VnniDot},   {&AvxVnniDot, HWY_AVX2, &HasAvxVnniDot},
    {&Avx2MaddubsDot, HWY_AVX2, &HasAvx2Dot},        {&Avx2S16Dot, HWY_AVX2, &HasAvx2Dot},
#elif defined(__aarch64__)
    {&NeonI8mmDot, HWY_NEON, &HasNeonI8mmDot},
    {&NeonDotprodDot, HWY_NEON, &HasNeonDotprodDot},
    {&NeonS16Dot, HWY_NEON, &HasNeonDot},
    {&NeonBf16Dot, HWY_NEON, &HasNeonBf16Dot},
#elif defined(__wasm__)
#if defined(TEMPERA_WASM_RELAXED)
    {&WasmRelaxedDot, HWY_WASM, [] { return true; }}, {&WasmRelaxed64Dot, HWY_WASM, [] { return true; }},
#endif
    {&WasmS16Dot, HWY_WASM, [] { return true; }},
#endif
    {&PlainU8S8Dot, INT64_MAX, [] { return true; }}, {&PlainS16Dot, INT64_MAX, [] { return true; }},
    {&PlainBf16Dot, INT64_MAX, [] { return true; }},
};

}  // namespace

const DotKernel& PlainDotKernel(DotElement element) {
  switch (element) {
    case DotElement::kS16:
      return PlainS16Dot();
    case DotElement::kBf16:
      return PlainBf16Dot();
    case DotElement::kU8S8:
      break;
  }
  return PlainU8S8Dot();
}

std::vector<const DotKernel*> DotKernelsFor(int64_t highway_bit) {
  std::vector<const DotKernel*> kernels;
  for (const DotEntry& entry : kEntries) {
    // In Highway better targets have lower bits. The plain ones, which serve every target, vouch for the
    // others.
    if (highway_bit > entry.least_target || !entry.runs_here()) continue;
    if (entry.least_target == INT64_MAX || TrustDot(entry.kernel())) kernels.push_back(&entry.kernel());
  }
  return kernels;
}

}  // namespace tempera::kernels
