// Runs a session for N frames and fails when the process grows.
//   bench_leak MODEL.onnx WIDTHxHEIGHT FRAMES [PRECISION]     an hour of a film: 90000
// Then plans and drops sessions of changing sizes, which must not grow it either.
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "bench/precision_name.h"
#include "src/engine/run/session.h"

namespace {

using tempera::engine::Session;

// Resident memory in MiB, freed pages handed back first. 0 where the system does not tell.
double ResidentMib() {
  malloc_trim(0);
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::atof(line.c_str() + 6) / 1024;
  }
  return 0;
}

bool RunFrames(Session& session, int frames, int seed) {
  for (int f = 0; f < frames; ++f) {
    tempera::Tensor& input = session.input(0);
    for (int64_t i = 0; i < input.element_count(); ++i) {
      input.data<float>()[i] = static_cast<float>((i * 31 + f * 17 + seed) % 256);
    }
    if (!session.Run().ok()) return false;
  }
  return true;
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "bench_leak: %s\n", message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  int width = 0, height = 0;
  if (argc < 4 || argc > 5 || std::sscanf(argv[2], "%dx%d", &width, &height) != 2) {
    std::fprintf(stderr, "usage: bench_leak MODEL.onnx WIDTHxHEIGHT FRAMES [PRECISION]\n");
    return 2;
  }
  const int frames = std::atoi(argv[3]);
  const auto precision = tempera::bench::PrecisionNamed(argc > 4 ? argv[4] : "auto");
  if (!precision.ok()) return Fail(precision.status().message());
  const auto model = tempera::engine::LoadModelFile(argv[1]);
  if (!model.ok()) return Fail(model.status().message());
  tempera::engine::SessionOptions options;
  options.num_threads = 2;
  options.precision = *precision;

  // A page here and there is the system's; a leak of 64 bytes a frame would show after 20000 frames.
  constexpr double kMostMib = 1.0;
  {
    const auto session = Session::Create(*model, {{1, 3, height, width}}, options);
    if (!session.ok()) return Fail(session.status().message());
    if (!RunFrames(**session, 10, 0)) return Fail("a run failed");
    const double before = ResidentMib();
    if (!RunFrames(**session, frames, 1)) return Fail("a run failed");
    const double grown = ResidentMib() - before;
    std::printf("%d frames: %.2f MiB resident, grown by %.2f\n", frames, before, grown);
    if (grown > kMostMib) return Fail("a session grows as it runs");
  }
  double before = 0, after = 0;
  for (int round = 0; round < 14; ++round) {
    for (int step = 0; step < 4; ++step) {
      const auto session = Session::Create(*model, {{1, 3, height + 4 * step, width - 4 * step}}, options);
      if (!session.ok()) return Fail(session.status().message());
      if (!RunFrames(**session, 1, round)) return Fail("a run failed");
    }
    if (round == 3) before = ResidentMib();
    after = ResidentMib();
  }
  std::printf("40 sessions: %.2f MiB resident, grown by %.2f\n", before, after - before);
  if (after - before > kMostMib) return Fail("planning sessions leaks");
  return 0;
}
