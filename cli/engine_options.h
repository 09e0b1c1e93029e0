// Options that several verbs hand to the engine.
#pragma once

#include <string>

#include "src/base/status.h"
#include "src/engine/run/session.h"

namespace CLI {
class App;
}

namespace tempera::cli {

// "auto", "fp32", "bf16", "int8"; kInvalidArgument for other words.
Result<engine::Precision> ParsePrecision(const std::string& word);
inline constexpr const char* kPrecisionWords = "auto|fp32|bf16|int8";
// "exact", "smoothed", "carried".
Result<engine::NormStatistics> ParseNormStatistics(const std::string& word);
inline constexpr const char* kNormStatisticsWords = "exact|smoothed|carried";

struct EngineOptions {
  std::string precision = "auto";  // a verb may set another default before AddPrecision
  std::string cpu;                 // "" = the environment variable TEMPERA_CPU, or the best
  int threads = 0;
  bool pin_threads = false;
  std::string norm_statistics = "exact";

  // Each adds its option to a verb; this object must outlive the parsing.
  void AddPrecision(CLI::App& verb);
  void AddThreads(CLI::App& verb);
  void AddPin(CLI::App& verb);
  void AddNormStatistics(CLI::App& verb);
  void AddCpu(CLI::App& verb);

  // Refuses a CPU target that is not there.
  Result<engine::SessionOptions> ForSession() const;
};

}  // namespace tempera::cli
