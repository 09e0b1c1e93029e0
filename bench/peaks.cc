// Prints what this machine's units and memory can do, as JSON: the ceilings of every share in
// docs/performance.md.
//   bench_peaks [THREADS [TARGET]]      1e9 multiply-accumulates and 1e9 bytes a second
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "src/base/cpu.h"
#include "src/base/peaks.h"

int main(int argc, char** argv) {
  const auto target = tempera::ChooseCpuTarget(argc > 2 ? argv[2] : "");
  const auto peaks = target.ok() ? tempera::MeasurePeaks(*target, argc > 1 ? std::atoi(argv[1]) : 1)
                                 : tempera::Result<tempera::MachinePeaks>(target.status());
  if (!peaks.ok()) {
    std::fprintf(stderr, "bench_peaks: %s\n", peaks.status().message().c_str());
    return 1;
  }
  nlohmann::ordered_json about;
  about["cpu"] = tempera::CpuModelName();
  about["target"] = target->name;
  about["threads"] = peaks->threads;
  for (const tempera::UnitPeak& unit : peaks->units) about["gmac_per_s"][unit.name] = unit.gmac_per_s;
  about["read_gb_per_s"] = peaks->read_gb_per_s;
  std::printf("%s\n", about.dump(2).c_str());
  return 0;
}
