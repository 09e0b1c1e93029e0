// tempera bench: how long a model takes at a size, on this machine.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "cli/charts/roofline.h"
#include "cli/cli.h"
#include "cli/engine_options.h"
#include "cli/json/json.h"
#include "cli/model_facts.h"
#include "cli/network/picture_options.h"
#include "cli/style_library.h"
#include "media/image.h"
#include "src/base/cpu.h"
#include "src/base/peaks.h"
#include "src/engine/run/session.h"
#include "src/metadata/model_metadata.h"

namespace tempera::cli {
namespace {

using Json = nlohmann::ordered_json;

struct BenchOptions {
  std::string model;
  std::string size;
  int iterations = 100;
  int warmup = 1;
  bool per_step = false;
  std::string roofline;  // where to draw it
  bool json = false;
  EngineOptions engine;
  PictureOptions picture;
  Metadata said = {};  // what these are as metadata
};

// Numbers like a picture's: 0..255, smooth with some grain, the same at every run.
void FillInput(Tensor& tensor) {
  if (tensor.dtype() != DataType::kFloat32) return;
  uint32_t seed = 1;
  const int64_t width = tensor.shape().empty() ? 1 : std::max<int64_t>(1, tensor.shape().back());
  for (int64_t i = 0; i < tensor.element_count(); ++i) {
    seed = seed * 1664525u + 1013904223u;  // Numerical Recipes' generator
    const double ramp = 200.0 * static_cast<double>(i % width) / static_cast<double>(width);
    tensor.data<float>()[i] = static_cast<float>(ramp + (seed >> 24) * 0.2);
  }
}

// The smallest value that at least `share` of the sorted ones do not exceed.
double Percentile(const std::vector<double>& sorted, double share) {
  const auto n = static_cast<double>(sorted.size());
  const auto rank = static_cast<size_t>(std::max(1.0, std::ceil(share * n)));
  return sorted[std::min(rank, sorted.size()) - 1];
}

double Median(const std::vector<double>& sorted) {
  const size_t n = sorted.size();
  return n % 2 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
}

// The most memory this process ever had: VmHWM where Linux tells (getrusage also counts what the parent had
// before exec).
double PeakMib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::strtod(line.c_str() + 6, nullptr) / 1024.0;  // KiB
  }
  struct rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;  // Linux counts KiB
}

// Load average of the last minute; -1 where the system does not tell.
double LoadAverage() {
  double load = -1;
  return getloadavg(&load, 1) == 1 ? load : -1;
}

// What the roofline says of each step, into `steps` (one entry a step, as Measure fills it) and as a picture.
Status CompareWithRoof(const BenchOptions& options, const Json& result, const CpuTarget& target,
                       std::span<const engine::StepInfo> infos, Json& steps, Json& ceilings) {
  Roofline roofline;
  TEMPERA_ASSIGN_OR_RETURN(roofline.peaks, MeasurePeaks(target, result["threads"].get<int>()));
  for (const UnitPeak& unit : roofline.peaks.units) ceilings["gmac_per_s"][unit.name] = unit.gmac_per_s;
  ceilings["read_gb_per_s"] = roofline.peaks.read_gb_per_s;
  double total = 0;
  for (const Json& step : steps) total += step["median_ms"].get<double>();
  for (size_t i = 0; i < infos.size(); ++i) {
    RooflinePoint point;
    point.step = static_cast<int>(i);
    point.label = infos[i].kernel;
    point.kernel = infos[i].kernel;
    point.macs = static_cast<double>(infos[i].macs);
    point.bytes = static_cast<double>(infos[i].bytes);
    point.ms = steps[i]["median_ms"].get<double>();
    steps[i]["share"] = total > 0 ? point.ms / total : 0;
    steps[i]["bytes"] = infos[i].bytes;
    // Steps without multiply-accumulates have one ceiling: the memory's.
    const double seconds = point.bytes / std::max(roofline.peaks.read_gb_per_s, 1e-3) * 1e-9;
    steps[i]["share_of_roof"] = point.macs > 0 ? ShareOfRoof(roofline, point)
                                : point.ms > 0 ? seconds * 1e3 / point.ms
                                               : 0.0;
    roofline.points.push_back(std::move(point));
  }
  if (options.roofline.empty()) return OkStatus();
  const std::string path = result["model"].get<std::string>();
  roofline.title =
      path.substr(path.find_last_of('/') + 1) + ", " + result["chosen_precision"].get<std::string>();
  char numbers[200];
  std::snprintf(numbers, sizeof(numbers), "%d threads, %s, median %.2f ms, %.1f GMAC/s, load %.1f; %s",
                result["threads"].get<int>(), target.name.c_str(), result["median_ms"].get<double>(),
                result["gmac_per_s"].get<double>(), result["load_after"].get<double>(),
                ShapeToString(result["shape"].get<Shape>()).c_str());
  roofline.subtitle = CpuModelName() + ", " + numbers;
  return media::WriteImage(options.roofline, DrawRoofline(roofline));
}

Result<Json> Measure(const BenchOptions& options, Size size) {
  const double load_before = LoadAverage();
  const bool steps_wanted = options.per_step || !options.roofline.empty();
  TEMPERA_ASSIGN_OR_RETURN(const std::string path, FindModel(options.model));
  TEMPERA_ASSIGN_OR_RETURN(engine::ModelPtr model, engine::LoadModelFile(path));
  model = metadata::WithMetadata(std::move(model), options.said);
  TEMPERA_ASSIGN_OR_RETURN(engine::SessionOptions engine_options, options.engine.ForSession());
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<Shape> shapes, AsPainted(&model, size, &engine_options));
  engine_options.rewrites_inputs = true;
  // Its pool is made here, so that ceilings are measured and reported for the threads that really work.
  TEMPERA_ASSIGN_OR_RETURN(engine_options.host, HostWithPool(engine_options.host, engine_options.num_threads,
                                                             engine_options.pin_threads));
  TEMPERA_ASSIGN_OR_RETURN(const std::unique_ptr<engine::Session> session,
                           PlanModel(path, std::move(model), shapes, engine_options));
  session->set_profiling(steps_wanted);

  // States come back by themselves; parameters keep their defaults.
  std::vector<size_t> filled;
  for (size_t input = 0; input < session->input_count(); ++input) {
    const bool state = std::any_of(engine_options.states.begin(), engine_options.states.end(),
                                   [&](const engine::StateLink& s) { return s.input == input; });
    const bool parameter =
        input < engine_options.input_values.size() && engine_options.input_values[input].has_value();
    if (!state && !parameter) filled.push_back(input);
  }

  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  std::vector<std::vector<double>> step_times(session->steps().size());
  for (int i = 0; i < options.warmup + options.iterations; ++i) {
    for (const size_t input : filled) FillInput(session->input(input));
    const Clock::time_point start = Clock::now();
    TEMPERA_RETURN_IF_ERROR(session->Run());
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    if (i < options.warmup) continue;
    times.push_back(ms);
    for (size_t s = 0; s < step_times.size(); ++s) step_times[s].push_back(session->steps()[s].last_ms);
  }
  std::sort(times.begin(), times.end());

  int64_t macs = 0;
  Json steps = Json::array();
  for (size_t s = 0; s < step_times.size(); ++s) {
    const engine::StepInfo& info = session->steps()[s];
    macs += info.macs;
    std::sort(step_times[s].begin(), step_times[s].end());
    const double ms = Median(step_times[s]);
    steps.push_back({{"name", info.name},
                     {"operators", info.operators},
                     {"kernel", info.kernel},
                     {"median_ms", ms},
                     {"gmac_per_s", ms > 0 ? static_cast<double>(info.macs) / ms / 1e6 : 0.0}});
  }
  const double median = Median(times);
  Json result;
  result["model"] = path;
  result["shape"] = shapes.empty() ? Shape() : shapes[engine_options.picture_input];
  result["iterations"] = options.iterations;
  result["median_ms"] = median;
  result["p90_ms"] = Percentile(times, 0.90);
  result["p99_ms"] = Percentile(times, 0.99);
  result["min_ms"] = times.front();
  result["gmac"] = static_cast<double>(macs) / 1e9;
  result["gmac_per_s"] = static_cast<double>(macs) / median / 1e6;
  result["peak_mib"] = PeakMib();
  result["activation_mib"] = static_cast<double>(session->memory().activation_bytes) / 1048576.0;
  result["precision"] = options.engine.precision;
  result["chosen_precision"] = session->precision().chosen;
  result["norm_statistics"] = options.engine.norm_statistics;
  result["pinned"] = options.engine.pin_threads;
  result["threads"] = engine_options.host->pool->num_threads();
  result["cpu"] = CpuModelName();
  TEMPERA_ASSIGN_OR_RETURN(const CpuTarget target, ChooseCpuTarget(options.engine.cpu));
  result["target"] = target.name;
  result["load_before"] = load_before;
  result["load_after"] = LoadAverage();
  if (steps_wanted) {
    Json ceilings;
    TEMPERA_RETURN_IF_ERROR(CompareWithRoof(options, result, target, session->steps(), steps, ceilings));
    result["ceilings"] = std::move(ceilings);
  }
  if (options.per_step) result["steps"] = std::move(steps);
  return result;
}

void PrintText(const Json& r) {
  const auto number = [&](const char* key) { return r[key].get<double>(); };
  const auto text = [](const Json& j) { return Printable(j.get<std::string>()); };
  std::printf("%s  %s  %s, %d threads, %s\n", text(r["model"]).c_str(),
              r["shape"].empty() ? "no input" : ShapeToString(r["shape"].get<Shape>()).c_str(),
              text(r["chosen_precision"]).c_str(), r["threads"].get<int>(), text(r["target"]).c_str());
  std::printf("on %s\n", text(r["cpu"]).c_str());
  std::printf("median %.2f ms  p90 %.2f  p99 %.2f  min %.2f  (%d runs)\n", number("median_ms"),
              number("p90_ms"), number("p99_ms"), number("min_ms"), r["iterations"].get<int>());
  std::printf("%.3f GMAC, %.1f GMAC/s, peak memory %.0f MiB (activations %.1f)\n", number("gmac"),
              number("gmac_per_s"), number("peak_mib"), number("activation_mib"));
  if (!r.contains("steps")) return;
  std::printf("\n%9s  %6s  %8s  %8s  %7s  %-34s  %s\n", "MS", "SHARE", "GMAC/S", "MB", "OF ROOF", "KERNEL",
              "OPERATORS");
  for (const Json& s : r["steps"]) {
    std::printf("%9.3f  %5.1f%%  %8.1f  %8.2f  %6.0f%%  %-34s  %s\n", s["median_ms"].get<double>(),
                100 * s["share"].get<double>(), s["gmac_per_s"].get<double>(), s["bytes"].get<double>() / 1e6,
                100 * s["share_of_roof"].get<double>(), text(s["kernel"]).c_str(),
                text(s["operators"]).c_str());
  }
}

}  // namespace

Run SetUpBench(CLI::App& verb) {
  auto options = std::make_shared<BenchOptions>();
  verb.add_option("MODEL", options->model, "A .onnx file, or the name of a bundled style")->required();
  verb.add_option("--size", options->size, "Picture size (default: the file's own, else 640x360)")
      ->type_name("WxH");
  verb.add_option("--iterations", options->iterations, "Timed runs (default 100)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000).description(""));
  verb.add_option("--warmup", options->warmup, "Runs before them that are left out (default 1)")
      ->type_name("N")
      ->check(CLI::Range(0, 1000000).description(""));
  options->engine.AddPrecision(verb);
  options->engine.AddThreads(verb);
  options->engine.AddPin(verb);
  options->engine.AddNormStatistics(verb);
  options->engine.AddCpu(verb);
  options->picture.AddTo(verb);
  verb.add_flag("--per-step", options->per_step,
                "Also each step: time, bytes, share of what the machine could do");
  verb.add_option("--roofline", options->roofline,
                  "Draw each step's intensity and speed under the machine's ceilings")
      ->type_name("FILE.png");
  verb.add_flag("--json", options->json, "Print JSON");
  return [options] {
    Size size;
    if (!options->size.empty()) {
      const Result<Size> parsed = ParseSize(options->size);
      if (!parsed.ok()) return FailUsage("bench", parsed.status().message());
      size = *parsed;
    }
    Result<Metadata> said = options->picture.AsMetadata();
    if (!said.ok()) return FailUsage("bench", said.status().message());
    options->said = std::move(*said);
    const Result<Json> result = Measure(*options, size);
    if (!result.ok()) return Fail(result.status());
    if (options->json) {
      std::printf("%s\n", ReadableJson(*result).c_str());
    } else {
      PrintText(*result);
    }
    return kExitOk;
  };
}

}  // namespace tempera::cli
