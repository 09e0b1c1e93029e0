// The two forms of a convolution, direct and transformed, on one thread; winograd_plan.cc's rule chooses
// between them.
//   conv_method_bench --benchmark_min_time=0.03 --benchmark_repetitions=12
//   --benchmark_enable_random_interleaving=true
#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/cpu.h"
#include "src/kernels/conv/conv_f32.h"

namespace tempera::kernels {
namespace {

struct Layer {
  const char* name;
  int64_t cin, h, w, cout, k, stride, upsample;
  bool transposed = false;
  int64_t group = 1;
};
// Small network at 640x360, the full one at 856x480, then narrow layers for the rule in winograd_plan.cc.
constexpr Layer kLayers[] = {
    {"5x5s2 3->16 640x360", 3, 360, 640, 16, 5, 2, 1},
    {"3x3s2 16->32 320x180", 16, 180, 320, 32, 3, 2, 1},
    {"3x3 32->32 160x90", 32, 90, 160, 32, 3, 1, 1},
    {"up 3x3 32->16 160x90", 32, 90, 160, 16, 3, 1, 2},
    {"up 3x3 16->8 320x180", 16, 180, 320, 8, 3, 1, 2},
    {"3x3 8->3 640x360", 8, 360, 640, 3, 3, 1, 1},
    {"5x5 8->3 640x360", 8, 360, 640, 3, 5, 1, 1},
    {"9x9 3->32 856x480", 3, 480, 856, 32, 9, 1, 1},
    {"3x3s2 32->64 856x480", 32, 480, 856, 64, 3, 2, 1},
    {"3x3s2 64->128 428x240", 64, 240, 428, 128, 3, 2, 1},
    {"3x3 128->128 214x120", 128, 120, 214, 128, 3, 1, 1},
    {"up 3x3 128->64 214x120", 128, 120, 214, 64, 3, 1, 2},
    {"up 3x3 64->32 428x240", 64, 240, 428, 32, 3, 1, 2},
    {"9x9 32->3 856x480", 32, 480, 856, 3, 9, 1, 1},
    {"1x1 32->32 320x180", 32, 180, 320, 32, 1, 1, 1},
    {"3x3 3->8 320x180", 3, 180, 320, 8, 3, 1, 1},
    {"3x3 8->8 320x180", 8, 180, 320, 8, 3, 1, 1},
    {"3x3 8->16 320x180", 8, 180, 320, 16, 3, 1, 1},
    {"3x3 16->8 320x180", 16, 180, 320, 8, 3, 1, 1},
    {"3x3 16->16 320x180", 16, 180, 320, 16, 3, 1, 1},
    {"3x3 16->3 320x180", 16, 180, 320, 3, 3, 1, 1},
    {"3x3 32->3 320x180", 32, 180, 320, 3, 3, 1, 1},
    {"3x3 64->64 160x90", 64, 90, 160, 64, 3, 1, 1},
    {"up 3x3 8->8 320x180", 8, 180, 320, 8, 3, 1, 2},
    {"up 3x3 8->3 320x180", 8, 180, 320, 3, 3, 1, 2},
    {"5x5 8->8 320x180", 8, 180, 320, 8, 5, 1, 1},
    {"5x5 16->16 320x180", 16, 180, 320, 16, 5, 1, 1},
    {"9x9 3->8 640x360", 3, 360, 640, 8, 9, 1, 1},
    {"9x9 3->16 640x360", 3, 360, 640, 16, 9, 1, 1},
    {"9x9 8->3 640x360", 8, 360, 640, 3, 9, 1, 1},
    {"9x9 16->3 640x360", 16, 360, 640, 3, 9, 1, 1},
    {"7x7 3->24 320x256", 3, 256, 320, 24, 7, 1, 1},
    {"7x7 24->3 320x256", 24, 256, 320, 3, 7, 1, 1},
    {"7x7 64->32 160x90", 64, 90, 160, 32, 7, 1, 1},
    {"4x4s2 3->16 256x192", 3, 192, 256, 16, 4, 2, 1},
    {"4x4s2 32->64 64x48", 32, 48, 64, 64, 4, 2, 1},
    {"3x3s2 128->128 64x64", 128, 64, 64, 128, 3, 2, 1},
    {"5x5s2 32->64 160x90", 32, 90, 160, 64, 5, 2, 1},
    {"transposed 4x4s2 64->32 128x96", 64, 96, 128, 32, 4, 2, 1, true},
    {"transposed 4x4s2 16->8 128x96", 16, 96, 128, 8, 4, 2, 1, true},
    {"transposed 4x4s2 32->3 128x96", 32, 96, 128, 3, 4, 2, 1, true},
    {"transposed 3x3s2 96->48 80x64", 96, 64, 80, 48, 3, 2, 1, true},
    {"transposed 3x3s2 24->12 128x96", 24, 96, 128, 12, 3, 2, 1, true},
    {"3x3 48->48 by 4 80x60", 48, 60, 80, 48, 3, 1, 1, false, 4},
};

void RunLayer(benchmark::State& state, const Layer& layer, int64_t bit, ConvMethod method) {
  ConvShape s;
  s.in_channels = layer.cin, s.in_h = layer.h, s.in_w = layer.w, s.out_channels = layer.cout;
  s.kernel_h = s.kernel_w = layer.k, s.stride_h = s.stride_w = layer.stride;
  s.pad_top = s.pad_left = (layer.k - 1) / 2, s.group = layer.group, s.pad_mode = PadMode::kReflect,
  s.upsample = layer.upsample;
  s.out_h = (layer.h * layer.upsample - 1) / layer.stride + 1;
  s.out_w = (layer.w * layer.upsample - 1) / layer.stride + 1;
  if (layer.transposed) {
    s.transposed = true, s.pad_mode = PadMode::kConstant;
    s.out_h = 2 * layer.h, s.out_w = 2 * layer.w;
  }
  const std::vector<float> weights(
      static_cast<size_t>(s.out_channels * s.in_channels / s.group * layer.k * layer.k), 0.01f);
  auto plan = PlanConv(s, weights, {}, bit, method);
  if (!plan.ok()) return state.SkipWithError(plan.status().message().c_str());
  auto input = AlignedBuffer::Allocate(static_cast<size_t>(s.in_channels * s.in_h * s.in_w) * 4);
  auto output = AlignedBuffer::Allocate(static_cast<size_t>(s.out_channels * s.out_h * s.out_w) * 4);
  auto scratch = AlignedBuffer::Allocate(plan->scratch_bytes);
  if (!input.ok() || !output.ok() || !scratch.ok()) return state.SkipWithError("out of memory");
  const std::vector<float> scale(static_cast<size_t>(s.in_channels), 0.9f);
  std::vector<Moments> moments(static_cast<size_t>(s.out_channels * plan->tiles));
  ConvArgs args;
  args.input = reinterpret_cast<const float*>(input->data());
  args.output = reinterpret_cast<float*>(output->data());
  args.read = {scale.data(), scale.data(), Activation::kClamp, 0.0f};
  args.moments = moments.data();
  for (auto _ : state) {
    for (int64_t task = 0; task < plan->tasks; ++task) plan->RunTask(args, task, scratch->data());
  }
  state.counters["GMAC/s"] =
      benchmark::Counter(static_cast<double>(s.macs()) * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace
}  // namespace tempera::kernels

int main(int argc, char** argv) {
  const auto target = tempera::ChooseCpuTarget();
  if (!target.ok()) {
    std::fprintf(stderr, "%s\n", target.status().message().c_str());
    return 2;
  }
  using tempera::kernels::ConvMethod;
  for (const auto& layer : tempera::kernels::kLayers) {
    for (const auto& [method, suffix] :
         {std::pair{ConvMethod::kDirect, " direct"}, std::pair{ConvMethod::kWinograd, " winograd"}}) {
      if (method == ConvMethod::kWinograd && layer.k == 1) continue;
      benchmark::RegisterBenchmark((target->name + " " + layer.name + suffix).c_str(),
                                   tempera::kernels::RunLayer, layer, target->highway_bit, method)
          ->Unit(benchmark::kMillisecond);
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext("cpu", tempera::CpuModelName());
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
