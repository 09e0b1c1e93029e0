// bf16 arithmetic in convolutions and products, where the CPU has it in hardware.
#pragma once

#include <string>

namespace tempera::train {

// AVX512-BF16 or AMX. Elsewhere libtorch emulates bf16, slower than fp32.
bool CpuHasBf16();

// What --precision means here: "fp32", "bf16", or "auto", which is bf16 only where the CPU has AMX. With
// AVX512-BF16 alone, Winograd in fp32 costs a little less: 0.55 CPU seconds a step of two 256-pixel crops
// against 0.60 (AMD, Zen 5, one thread, alternately, on a machine that others used too).
bool ChoosesBf16(const std::string& precision);

// While alive and `on`, libtorch's CPU autocast to bf16 is active on this thread.
class Bf16Autocast {
 public:
  explicit Bf16Autocast(bool on);
  ~Bf16Autocast();
  // Whether one is alive and on, on this thread.
  static bool active();
  Bf16Autocast(const Bf16Autocast&) = delete;
  Bf16Autocast& operator=(const Bf16Autocast&) = delete;

 private:
  bool on_;
};

}  // namespace tempera::train
