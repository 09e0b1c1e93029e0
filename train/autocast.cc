#include "train/autocast.h"

#include <ATen/autocast_mode.h>
#include <torch/version.h>

namespace tempera::train {
namespace {

thread_local bool t_active = false;

void Enable(bool on) {
  t_active = on;
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  if (on) at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  at::autocast::set_autocast_enabled(at::kCPU, on);
#else
  if (on) at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
  at::autocast::set_cpu_enabled(on);
#endif
}

}  // namespace

bool CpuHasBf16() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

bool ChoosesBf16(const std::string& precision) {
  if (precision != "auto") return precision == "bf16";
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("amx-bf16");
#else
  return false;
#endif
}

Bf16Autocast::Bf16Autocast(bool on) : on_(on) {
  if (on_) Enable(true);
}

bool Bf16Autocast::active() { return t_active; }

Bf16Autocast::~Bf16Autocast() {
  if (!on_) return;
  at::autocast::clear_cache();
  Enable(false);
}

}  // namespace tempera::train
