#include "cli/engine_options.h"

#include <CLI/CLI.hpp>

#include "cli/cache_folder.h"
#include "src/base/cpu.h"

namespace tempera::cli {

Result<engine::Precision> ParsePrecision(const std::string& word) {
  for (const auto p : {engine::Precision::kAuto, engine::Precision::kFp32, engine::Precision::kBf16,
                       engine::Precision::kInt8}) {
    if (word == engine::PrecisionName(p)) return p;
  }
  return InvalidArgument("precision '" + word + "' is unknown; known are auto, fp32, bf16, int8");
}

Result<engine::NormStatistics> ParseNormStatistics(const std::string& word) {
  if (word == "exact") return engine::NormStatistics::kExact;
  if (word == "smoothed") return engine::NormStatistics::kSmoothed;
  if (word == "carried") return engine::NormStatistics::kCarried;
  return InvalidArgument("norm statistics '" + word + "' are unknown; known are exact, smoothed, carried");
}

void EngineOptions::AddPrecision(CLI::App& verb) {
  verb.add_option("--precision", precision,
                  "fp32: exact; auto: what is fastest and looks the same (default " + precision + ")")
      ->type_name(kPrecisionWords)
      ->check(CLI::IsMember({"auto", "fp32", "bf16", "int8"}).description(""));
}

void EngineOptions::AddThreads(CLI::App& verb) {
  verb.add_option("--threads", threads, "Threads (default, or 0: one per physical core)")
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
}

void EngineOptions::AddPin(CLI::App& verb) {
  verb.add_flag("--pin", pin_threads, "Keep each worker thread on a core of its own");
}

void EngineOptions::AddNormStatistics(CLI::App& verb) {
  verb.add_option("--norm-statistics", norm_statistics,
                  "smoothed: blended with the runs before; carried: of the last exact run")
      ->type_name(kNormStatisticsWords)
      ->check(CLI::IsMember({"exact", "smoothed", "carried"}).description(""));
}

void EngineOptions::AddCpu(CLI::App& verb) {
  std::string names;
  for (const CpuTarget& t : AvailableCpuTargets()) names += (names.empty() ? "" : ", ") + t.name;
  verb.add_option("--cpu", cpu, "Instruction set to use; here: " + names)->type_name("TARGET");
}

Result<engine::SessionOptions> EngineOptions::ForSession() const {
  // Asked here too: a bad name is the command line's fault, whatever the model.
  TEMPERA_RETURN_IF_ERROR(ChooseCpuTarget(cpu).status());
  engine::SessionOptions options;
  options.cpu = cpu;
  options.num_threads = threads;
  options.pin_threads = pin_threads;
  TEMPERA_ASSIGN_OR_RETURN(options.norm_statistics, ParseNormStatistics(norm_statistics));
  auto host = std::make_shared<Host>();
  host->cache = OpenDiskCache(CacheFolder());
  options.host = std::move(host);
  TEMPERA_ASSIGN_OR_RETURN(options.precision, ParsePrecision(precision));
  return options;
}

}  // namespace tempera::cli
