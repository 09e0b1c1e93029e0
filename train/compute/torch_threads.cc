#include "train/compute/torch_threads.h"

#include <ATen/Parallel.h>
#include <unistd.h>

#include <cstdlib>

#include "src/base/platform/platform.h"
#include "train/compute/parallel.h"

namespace tempera::train {
namespace {

const char* BlasKernels() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return nullptr;
}

// True when it had no value and has one now.
bool SetDefault(const char* name, const char* value) {
  return value != nullptr && std::getenv(name) == nullptr && setenv(name, value, 0) == 0;
}

}  // namespace

void UseThreads(int threads) {
  // libtorch's own choice counts cores that it knows how to count: on a virtual machine, one of two.
  if (threads <= 0) threads = platform::UsefulThreads();
  at::set_num_threads(threads);
  SetParallelThreads(threads);
}

void SetUpLibraries(char** argv) {
  const bool waits = SetDefault("OMP_WAIT_POLICY", "passive");
  const bool kernels = SetDefault("OPENBLAS_CORETYPE", BlasKernels());
  // Once only: the second time both are set. Where the system does not let us, the run is only slower.
  if (waits || kernels) execv("/proc/self/exe", argv);
}

}  // namespace tempera::train
