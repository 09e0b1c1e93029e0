// Runs a model one iteration per line on standard input and answers with its milliseconds, so that
// bench/run can let several engines take turns.
//   bench_session MODEL.onnx WIDTHxHEIGHT THREADS
// Lines: "run" -> milliseconds; "steps" -> per-step report of one run, then an empty line; "memory" -> MiB.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "src/engine/session.h"

namespace {

using tempera::engine::Session;

int Fail(const std::string& message) {
  std::fprintf(stderr, "bench_session: %s\n", message.c_str());
  return 1;
}

double RunOnce(Session& session) {
  const auto start = std::chrono::steady_clock::now();
  if (!session.Run().ok()) return -1;
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

void PrintSteps(Session& session) {
  session.set_profiling(true);
  RunOnce(session);
  for (const auto& step : session.steps()) {
    const double gmacs = step.last_ms > 0 ? static_cast<double>(step.macs) / step.last_ms * 1e-6 : 0;
    std::printf("%8.3f ms %7.1f GMAC/s  %-34s %-18s %s\n", step.last_ms, gmacs, step.kernel.c_str(),
                tempera::ShapeToString(step.output_shape).c_str(), step.operators.c_str());
  }
  std::printf("\n");
  session.set_profiling(false);
}

}  // namespace

int main(int argc, char** argv) {
  int width = 0, height = 0;
  if (argc != 4 || std::sscanf(argv[2], "%dx%d", &width, &height) != 2) {
    std::fprintf(stderr, "usage: bench_session MODEL.onnx WIDTHxHEIGHT THREADS\n");
    return 2;
  }
  const auto model = tempera::engine::LoadModelFile(argv[1]);
  if (!model.ok()) return Fail(model.status().message());
  tempera::engine::SessionOptions options;
  options.num_threads = std::atoi(argv[3]);
  auto created = Session::Create(*model, {{1, 3, height, width}}, options);
  if (!created.ok()) return Fail(created.status().message());
  Session& session = **created;
  tempera::Tensor& input = session.input(0);
  for (int64_t i = 0; i < input.element_count(); ++i) {
    input.data<float>()[i] = 127.5f + 100.0f * std::sin(static_cast<float>(i) * 0.013f);
  }
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "run") std::printf("%.4f\n", RunOnce(session));
    if (line == "steps") PrintSteps(session);
    if (line == "memory") {
      std::printf("%.2f\n", static_cast<double>(session.memory().activation_bytes) / (1 << 20));
    }
    std::fflush(stdout);
  }
  return 0;
}
