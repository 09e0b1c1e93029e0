#include "src/base/cpu.h"

#include <hwy/targets.h>

#include <cstdlib>

#include "src/base/cpu_features.h"
#include "src/base/platform/platform.h"

namespace tempera {
namespace {

std::string Lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Highway's names, in the words the rest of the world uses.
std::string NameOf(int64_t bit) {
  std::string name = Lower(hwy::TargetName(bit));
  if (name == "emu128") return "scalar";  // where Highway knows no instruction set
  if (name == "avx3") return "avx512";
  if (name == "avx3_dl") return "avx512_dl";
  return name;
}

}  // namespace

std::vector<CpuTarget> AvailableCpuTargets() {
  std::vector<CpuTarget> targets;
#if HWY_ARCH_X86
  // Highway knows no tiles. Their target stands where Highway has Ice Lake's, which every processor with
  // tiles surpasses and this build does not use; Highway's own kernels are then those of AVX-512.
  if (ThisCpu().amx_tile && (hwy::SupportedTargets() & HWY_AVX3 & HWY_TARGETS) != 0) {
    targets.push_back({"amx", HWY_AVX3_DL});
  }
#endif
  // In Highway a lower bit is a better target.
  for (int64_t left = hwy::SupportedTargets() & HWY_TARGETS; left != 0; left &= left - 1) {
    const int64_t bit = left & -left;
    targets.push_back({NameOf(bit), bit});
  }
  if (targets.empty()) targets.push_back({NameOf(HWY_STATIC_TARGET), HWY_STATIC_TARGET});
  return targets;
}

Result<CpuTarget> ChooseCpuTarget(std::string_view name) {
#if HWY_ARCH_X86
  if (!ThisCpu().sse42)
    return Unsupported(
        "this processor has no SSE4.2, which Tempera needs (Intel since 2008, AMD since 2011)");
  const bool runs = HWY_STATIC_TARGET == HWY_AVX2   ? ThisCpu().avx2 && ThisCpu().fma && ThisCpu().f16c
                    : HWY_STATIC_TARGET == HWY_AVX3 ? ThisCpu().avx512()
                                                    : true;
  if (!runs) {
    return Unsupported("this build of Tempera is for processors with " + NameOf(HWY_STATIC_TARGET) +
                       ", which this one has not: use the build for all of them");
  }
#endif
  std::string wanted = Lower(name);
  const bool from_environment = wanted.empty();
  if (from_environment) {
    const char* value = std::getenv("TEMPERA_CPU");
    if (value != nullptr) wanted = Lower(value);
  }
  const std::vector<CpuTarget> targets = AvailableCpuTargets();
  if (wanted.empty() || wanted == "auto") return targets.front();
  std::string names;
  for (const CpuTarget& target : targets) {
    if (target.name == wanted) return target;
    names += (names.empty() ? "" : ", ") + target.name;
  }
  return InvalidArgument(std::string(from_environment ? "TEMPERA_CPU" : "CPU target") + " '" + wanted +
                         "' is unknown or not available on this processor; use one of: auto, " + names);
}

std::string CpuModelName() { return platform::ProcessorName(); }

}  // namespace tempera
