#include "train/evaluate/evaluate.h"

#include <algorithm>

#include "train/evaluate/subjects.h"

namespace tempera::evaluate {
namespace {

void AddSettings(Bench* bench) {
  const EvaluateOptions& o = bench->options;
  auto& settings = bench->findings.settings;
  auto joined = [](const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& w : words) text += (text.empty() ? "" : ", ") + w;
    return text;
  };
  settings.emplace_back("photographs", std::to_string(bench->photos.size()) + " of " + joined(o.content));
  settings.emplace_back("clips", std::to_string(bench->clip_paths.size()) + " of " + joined(o.clips) + ", " +
                                     std::to_string(o.frames) + " frames, " + std::to_string(o.pairs) +
                                     " pairs");
  settings.emplace_back("truth", joined(o.truth));
  settings.emplace_back("features", o.features);
  settings.emplace_back("teacher", o.teacher);
  settings.emplace_back(
      "size", o.quick ? "quick: photographs at a short side of 256" : "photographs at a short side of 400");
  settings.emplace_back("loop", std::to_string(static_cast<int>(o.loop_s)) + " s");
  settings.emplace_back("threads", o.threads > 0 ? std::to_string(o.threads) : "all");
  settings.emplace_back("seed", std::to_string(o.seed));
  std::string parameters;
  for (const auto& [name, values] : o.parameters) {
    parameters += (parameters.empty() ? "" : "; ") + name + "=";
    for (size_t i = 0; i < values.size(); ++i) parameters += (i > 0 ? "," : "") + std::to_string(values[i]);
  }
  settings.emplace_back("parameters", parameters);
}

}  // namespace

const std::vector<std::string>& Groups() {
  static const std::vector<std::string> kGroups = {"losses", "hand",  "fidelity", "clips", "truth", "scenes",
                                                   "ghosts", "still", "exposure", "loop",  "speed"};
  return kGroups;
}

Result<Findings> Evaluate(const EvaluateOptions& options) {
  Bench bench(options);
  TEMPERA_RETURN_IF_ERROR(OpenSubjects(&bench));
  AddSettings(&bench);
  for (Status (*pass)(Bench*) : {&MeasurePhotographs, &MeasureClips, &MeasureTruth, &MeasureScenes,
                                 &MeasureStills, &MeasureLoop, &MeasureCost}) {
    TEMPERA_RETURN_IF_ERROR(pass(&bench));
  }
  ShowProgress("");
  // Models first, as they were named; then what they are compared with.
  std::vector<Row> sorted;
  for (const Row::Kind kind :
       {Row::Kind::kModel, Row::Kind::kGatys, Row::Kind::kSource, Row::Kind::kPainting}) {
    for (Row& row : bench.findings.rows) {
      if (row.kind == kind) sorted.push_back(std::move(row));
    }
  }
  bench.findings.rows = std::move(sorted);
  return std::move(bench.findings);
}

}  // namespace tempera::evaluate
