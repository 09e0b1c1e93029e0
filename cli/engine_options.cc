#include "cli/engine_options.h"

#include <CLI/CLI.hpp>

#include "src/base/cpu.h"

namespace tempera::cli {

void EngineOptions::AddPrecision(CLI::App& verb) {
  verb.add_option("--precision", precision, "auto: what is fastest and looks the same; fp32: exact")
      ->type_name("auto|fp32")
      ->check(CLI::IsMember({"auto", "fp32"}).description(""));
}

void EngineOptions::AddThreads(CLI::App& verb) {
  verb.add_option("--threads", threads, "Threads (default: one per available CPU)")
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
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
  options.precision = precision == "fp32" ? engine::Precision::kFp32 : engine::Precision::kAuto;
  return options;
}

}  // namespace tempera::cli
