// Runs a model one iteration per line on standard input, so that bench/run can let several engines take
// turns.
//   bench_session MODEL.onnx WIDTHxHEIGHT THREADS [PRECISION [TARGET]]
// Says "ready tempera VERSION", or "absent WHY" where this machine or the file cannot do it. Then, per line:
//   run     milliseconds by the clock on the wall, and of all threads' computing
//   facts   JSON: GMAC, planned and peak memory, resident memory, how many steps
//   steps   per-step report of one run, then an empty line
//   peaks   JSON: 1e9 multiply-accumulates and bytes a second that units and memory can do, and the
//   milliseconds that
//           all steps would take if each ran at its roof
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "bench/precision_name.h"
#include "src/base/cpu.h"
#include "src/base/peaks.h"
#include "src/engine/run/session.h"

namespace {

using Json = nlohmann::ordered_json;
using tempera::engine::Session;

int Absent(const std::string& why) {
  std::printf("absent %s\n", why.c_str());
  return 1;
}

double ProcessMs() {
  timespec t = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

// A line of /proc/self/status, in MiB; 0 where there is none.
double StatusMib(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name + ":", 0) == 0) return std::atof(line.c_str() + name.size() + 1) / 1024;
  }
  return 0;
}

// Numbers like a picture's, anew before each run: the session may use the input's memory for something else.
void FillInput(Session& session) {
  static std::vector<float> picture;
  tempera::Tensor& input = session.input(0);
  const auto count = static_cast<size_t>(input.element_count());
  if (picture.empty()) {
    picture.resize(count);
    for (size_t i = 0; i < count; ++i)
      picture[i] = 127.5f + 100.0f * std::sin(static_cast<float>(i) * 0.013f);
  }
  std::copy(picture.begin(), picture.end(), input.data<float>());
}

bool RunOnce(Session& session) {
  FillInput(session);
  const double cpu = ProcessMs();
  const auto start = std::chrono::steady_clock::now();
  if (!session.Run().ok()) return false;
  const double wall =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  std::printf("%.4f %.4f\n", wall, ProcessMs() - cpu);
  return true;
}

bool PrintSteps(Session& session) {
  session.set_profiling(true);
  FillInput(session);
  if (!session.Run().ok()) return false;
  session.set_profiling(false);
  for (const auto& step : session.steps()) {
    const double gmacs = step.last_ms > 0 ? static_cast<double>(step.macs) / step.last_ms * 1e-6 : 0;
    std::printf("%8.3f ms %7.1f GMAC/s  %-34s %-18s %s\n", step.last_ms, gmacs, step.kernel.c_str(),
                tempera::ShapeToString(step.output_shape).c_str(), step.operators.c_str());
  }
  std::printf("\n");
  return true;
}

void PrintFacts(const Session& session) {
  int64_t macs = 0;
  for (const auto& step : session.steps()) macs += step.macs;
  const Json facts = {{"precision", session.precision().chosen},
                      {"gmac", static_cast<double>(macs) * 1e-9},
                      {"steps", session.steps().size()},
                      {"activation_mib", static_cast<double>(session.memory().activation_bytes) / (1 << 20)},
                      {"peak_mib", StatusMib("VmHWM")},
                      {"resident_mib", StatusMib("VmRSS")}};
  std::printf("%s\n", facts.dump().c_str());
}

void PrintPeaks(const Session& session, const tempera::CpuTarget& target, int threads) {
  const auto peaks = tempera::MeasurePeaks(target, threads);
  Json about;
  if (peaks.ok()) {
    about["target"] = target.name;
    for (const auto& unit : peaks->units) about["gmac_per_s"][unit.name] = unit.gmac_per_s;
    about["read_gb_per_s"] = peaks->read_gb_per_s;
    double roof_ms = 0;
    for (const auto& step : session.steps()) {
      const double arithmetic = static_cast<double>(step.macs) / peaks->UnitOf(step.kernel).gmac_per_s;
      roof_ms += std::max(arithmetic, static_cast<double>(step.bytes) / peaks->read_gb_per_s) * 1e-6;
    }
    about["roof_ms"] = roof_ms;
  }
  std::printf("%s\n", about.dump().c_str());
}

// Channels last where the file says so.
tempera::Shape PictureShape(const tempera::graph::Graph& model, int64_t width, int64_t height) {
  const tempera::Shape& declared = model.value(model.inputs[0]).info.shape;
  const bool channels_last = declared.size() == 4 && declared[1] != 3 && declared[3] == 3;
  return channels_last ? tempera::Shape{1, height, width, 3} : tempera::Shape{1, 3, height, width};
}

}  // namespace

int main(int argc, char** argv) {
  int width = 0, height = 0;
  if (argc < 4 || argc > 6 || std::sscanf(argv[2], "%dx%d", &width, &height) != 2) {
    std::fprintf(stderr, "usage: bench_session MODEL.onnx WIDTHxHEIGHT THREADS [PRECISION [TARGET]]\n");
    return 2;
  }
  const auto precision = tempera::bench::PrecisionNamed(argc > 4 ? argv[4] : "auto");
  if (!precision.ok()) return Absent(precision.status().message());
  const auto target = tempera::ChooseCpuTarget(argc > 5 ? argv[5] : "");
  if (!target.ok()) return Absent(target.status().message());
  auto model = tempera::engine::LoadModelFile(argv[1]);
  if (!model.ok()) return Absent(model.status().message());
  if ((*model)->inputs.empty()) return Absent("it has no input");
  tempera::engine::SessionOptions options;
  options.num_threads = std::atoi(argv[3]);
  options.precision = *precision;
  options.cpu = target->name;
  options.rewrites_inputs = true;
  const tempera::Shape shape = PictureShape(**model, width, height);
  auto created = Session::Create(std::move(model).value(), {shape}, options);
  if (!created.ok()) return Absent(created.status().message());
  Session& session = **created;
  std::printf("ready tempera %s\n", TEMPERA_VERSION);
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "run" && !RunOnce(session)) return 1;
    if (line == "steps" && !PrintSteps(session)) return 1;
    if (line == "facts") PrintFacts(session);
    if (line == "peaks") PrintPeaks(session, *target, options.num_threads);
    std::fflush(stdout);
  }
  return 0;
}
