// What this machine's arithmetic units and memory can do at most, measured: the ceilings that the speed of a
// kernel is compared with (Williams, Waterman, Patterson 2009, "Roofline").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/cpu.h"
#include "src/base/status.h"

namespace tempera {

struct UnitPeak {
  // "fp32", "s16" (products of 16-bit numbers, sums of 32), "maddubs", "avx_vnni", "avx512_vnni",
  // "avx512_bf16", "amx_int8", "amx_bf16"
  std::string name;
  double gmac_per_s = 0;  // 1e9 multiply-accumulates a second, all threads together
};

struct MachinePeaks {
  int threads = 1;
  std::vector<UnitPeak> units;  // what the target may use, fp32 first
  double read_gb_per_s = 0;     // 1e9 bytes a second from memory, all threads together

  // The unit that a kernel (StepInfo::kernel, DotKernel::name) works with: the one named in it, else fp32.
  const UnitPeak& UnitOf(std::string_view kernel) const;
  // min(peak of the unit, bandwidth * intensity), in 1e9 multiply-accumulates a second.
  double Roof(const UnitPeak& unit, double macs, double bytes) const;
};

// The best of several short runs on `threads` threads (>= 1), about 0.3 s. A neighbour's load lowers what it
// finds: measure right beside what is compared.
Result<MachinePeaks> MeasurePeaks(const CpuTarget& target, int threads);

}  // namespace tempera
