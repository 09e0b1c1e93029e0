#include "src/kernels/dot/dot_trust.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "src/base/cpu.h"
#include "src/kernels/dot/amx_emulated.h"

namespace tempera::kernels {
namespace {

// What a virtual machine that does not keep tiles would do: the plain kernel, but for its last sum.
template <DotElement kElement>
void RunWrongly(const DotArgs& a) {
  PlainDotKernel(kElement).run(a);
  ++static_cast<int32_t*>(a.sums)[a.pixels * a.columns - 1];
}

template <DotElement kElement>
const DotKernel& WrongDot() {
  static const DotKernel kernel = [] {
    DotKernel wrong = PlainDotKernel(kElement);
    wrong.name = "wrong";
    wrong.run = &RunWrongly<kElement>;
    return wrong;
  }();
  return kernel;
}

TEST(DotTrust, AWrongKernelIsNotTrusted) {
  EXPECT_FALSE(TrustDot(WrongDot<DotElement::kU8S8>()));
  EXPECT_FALSE(TrustDot(WrongDot<DotElement::kS16>()));
  EXPECT_FALSE(TrustDot(WrongDot<DotElement::kBf16>()));
}

TEST(DotTrust, KernelsOfAllTargetsAre) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    for (const DotKernel* dot : DotKernelsFor(target.highway_bit)) {
      EXPECT_TRUE(DotAgreesWithPlain(*dot)) << target.name << " " << dot->name;
    }
  }
  EXPECT_TRUE(DotAgreesWithPlain(amx::EmulatedInt8Dot()));
  EXPECT_TRUE(DotAgreesWithPlain(amx::EmulatedBf16Dot()));
}

std::atomic<int> runs = 0;

TEST(DotTrust, AsksOnceHoweverManyThreadsWantToKnow) {
  static DotKernel counted = PlainDotKernel(DotElement::kU8S8);
  counted.run = [](const DotArgs& a) {
    ++runs;
    PlainDotKernel(DotElement::kU8S8).run(a);
  };
  std::atomic<int> trusting = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { trusting += TrustDot(counted); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(trusting, 8);
  EXPECT_EQ(runs, 1);
}

TEST(DotTrust, TakesLittleTime) {
  const auto seconds = [] {
    const auto start = std::chrono::steady_clock::now();
    DotAgreesWithPlain(PlainDotKernel(DotElement::kU8S8));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  double least = seconds();
  for (int i = 0; i < 20; ++i) least = std::min(least, seconds());
  RecordProperty("microseconds", static_cast<int>(least * 1e6));
  // The plain kernel twice; a sanitizer's build or an emulator may take long.
  EXPECT_LT(least, 1.0);
}

}  // namespace
}  // namespace tempera::kernels
