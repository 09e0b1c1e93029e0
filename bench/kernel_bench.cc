// Convolutions of style networks on one thread, each beside oneDNN's in the same process, in turns.
//   kernel_bench [--benchmark_filter=REGEX] [--benchmark_min_time=SECONDS] [--benchmark_format=json]
// Time is the thread's own, so that a neighbour's load does not count. Counters, from the best turns:
//   ms, GMAC/s, roof_share   ours; the share of the roof (src/base/peaks.h), measured in this process
//   onednn_ms, x_onednn      oneDNN's, and how many times longer it takes (0: no oneDNN for it here)
// Ours includes the pending normalisation of what it reads and the statistics of what it writes; oneDNN's is
// the convolution alone.
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "bench/conv_layers.h"
#include "bench/onednn_conv.h"
#include "bench/planned_conv.h"
#include "src/base/cpu.h"
#include "src/base/peaks.h"

namespace tempera::bench {
namespace {

double ThreadSeconds() {
  timespec t = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

template <typename Conv>
double TimeOf(Conv& conv) {
  const double start = ThreadSeconds();
  conv.Run();
  return ThreadSeconds() - start;
}

void RunLayer(benchmark::State& state, const ConvLayer& layer, ConvKind kind, const CpuTarget& target,
              const MachinePeaks& peaks) {
  const auto ours = PlanLayer(layer, kind, target);
  if (!ours.ok()) return state.SkipWithError(ours.status().message().c_str());
  const std::unique_ptr<OnednnConv> peer = MakeOnednnConv(ShapeOf(layer), kind);
  (*ours)->Run();
  if (peer) peer->Run();
  constexpr double kNever = std::numeric_limits<double>::infinity();
  double best = kNever, best_peer = kNever;
  for (auto _ : state) {
    const double seconds = TimeOf(**ours);
    best = std::min(best, seconds);
    if (peer) best_peer = std::min(best_peer, TimeOf(*peer));
    state.SetIterationTime(seconds);
  }
  const auto macs = static_cast<double>(ShapeOf(layer).macs());
  const std::string kernel = (*ours)->kernel();
  state.counters["ms"] = best * 1e3;
  state.counters["GMAC/s"] = macs / best * 1e-9;
  state.counters["roof_share"] =
      macs / best * 1e-9 / peaks.Roof(peaks.UnitOf(kernel), macs, (*ours)->bytes());
  state.counters["onednn_ms"] = peer ? best_peer * 1e3 : 0;
  state.counters["x_onednn"] = peer ? best_peer / best : 0;
  state.SetLabel(kernel);
}

int Main(int argc, char** argv) {
  const auto target = ChooseCpuTarget();
  if (!target.ok()) {
    std::fprintf(stderr, "kernel_bench: %s\n", target.status().message().c_str());
    return 2;
  }
  const auto peaks = MeasurePeaks(*target, 1);
  if (!peaks.ok()) {
    std::fprintf(stderr, "kernel_bench: %s\n", peaks.status().message().c_str());
    return 1;
  }
  for (const ConvLayer& layer : kConvLayers) {
    for (const ConvKind kind : {ConvKind::kFp32, ConvKind::kInt8, ConvKind::kBf16}) {
      // What this target has no kernel for is left out, not reported as an error.
      if (!PlanLayer(layer, kind, *target).ok()) continue;
      const std::string name = std::string(layer.name) + "/" + ConvKindName(kind);
      benchmark::RegisterBenchmark(name.c_str(), RunLayer, layer, kind, *target, *peaks)
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext("cpu", CpuModelName());
  benchmark::AddCustomContext("target", target->name);
  for (const UnitPeak& unit : peaks->units) {
    benchmark::AddCustomContext("peak " + unit.name, std::to_string(unit.gmac_per_s) + " GMAC/s");
  }
  benchmark::AddCustomContext("read", std::to_string(peaks->read_gb_per_s) + " GB/s");
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace tempera::bench

int main(int argc, char** argv) { return tempera::bench::Main(argc, argv); }
