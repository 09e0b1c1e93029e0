// Which of the dot kernels an ARM processor is offered. What they compute is compared in dot_test.cc.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "src/base/cpu.h"
#include "src/kernels/dot/dot_kernel.h"

namespace tempera::kernels {
namespace {

// TEMPERA_EXPECT_DOT: the names, fastest first, a blank after each. Given by who knows the processor:
// tests/qemu/run.
TEST(DotNeon, OfferedAsTheProcessorHasThem) {
  const char* expected = std::getenv("TEMPERA_EXPECT_DOT");
  if (expected == nullptr) GTEST_SKIP() << "TEMPERA_EXPECT_DOT does not say what this processor has";
  std::string names;
  for (const DotKernel* dot : DotKernelsFor(AvailableCpuTargets().front().highway_bit)) {
    if (!std::string(dot->name).starts_with("plain")) names += std::string(dot->name) + " ";
  }
  EXPECT_EQ(names, expected);
}

}  // namespace
}  // namespace tempera::kernels
