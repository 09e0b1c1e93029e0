// bf16 arithmetic in convolutions and products, where the CPU has it in hardware.
#pragma once

namespace tempera::train {

// AVX512-BF16 or AMX. Elsewhere libtorch emulates bf16, slower than fp32.
bool CpuHasBf16();

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
