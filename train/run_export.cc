#include "train/network.h"
#include "train/run.h"

namespace tempera::train {

Metadata MakeMetadata(const Options& o, const TrainingState& state, const std::string& trained_on) {
  Metadata all = {
      {"tempera.style", o.name},
      {"tempera.title", o.title.empty() ? o.name : o.title},
      {"tempera.artist", o.artist},
      {"tempera.year", o.year},
      {"tempera.value_range", "0..255"},
      {"tempera.layout", "NCHW RGB"},
      {"tempera.size_multiple", "4"},
      {"tempera.net", state.net},
      {"tempera.trained_on", trained_on},
      {"tempera.seed", std::to_string(o.seed)},
      {"tempera.steps", std::to_string(state.step)},
      {"tempera.settings", state.recipe + (o.init.empty() ? "" : ", started from another style's weights")},
      {"tempera.license", o.license}};
  Metadata known;
  for (auto& entry : all) {
    if (!entry.second.empty()) known.push_back(std::move(entry));
  }
  return known;
}

Status RunExport(const Options& options) {
  TEMPERA_ASSIGN_OR_RETURN(LoadedCheckpoint loaded, LoadCheckpoint(options.checkpoint));
  return ExportOnnx(loaded.net->config(), PlainWeights(*loaded.net),
                    MakeMetadata(options, loaded.state, options.trained_on), options.output);
}

}  // namespace tempera::train
