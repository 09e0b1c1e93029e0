#include <algorithm>
#include <utility>

#include "train/network.h"
#include "train/run.h"

namespace tempera::train {
namespace {

// "a | b | c" of what `of` gives for each style; "" where it gives nothing for any.
template <typename Of>
std::string Joined(const std::vector<StyleSource>& styles, Of of) {
  std::string line;
  bool any = false;
  for (const StyleSource& style : styles) {
    line += (&style == &styles.front() ? "" : " | ") + of(style);
    any = any || !of(style).empty();
  }
  return any ? line : "";
}

Metadata ParameterMetadata(const std::vector<StyleSource>& styles) {
  return {
      {"tempera.styles", Joined(styles, [](const StyleSource& s) { return s.name; })},
      {"tempera.param.style_weights",
       "kind = weights; elements = " + Joined(styles, [](const StyleSource& s) { return s.title; }) +
           "; line = How much of each style"},
      {"tempera.param.strength", "range = 0..1; line = 0 leaves the picture as it is, 1 is the whole style"},
      {"tempera.param.fine_strength", "range = 0..1.5; line = Strength of the fine strokes"},
      {"tempera.param.coarse_strength", "range = 0..1.5; line = Strength of the composition"},
      {"tempera.param.stroke_size", "range = 0..1; line = From fine to bold strokes"}};
}

}  // namespace

Metadata MakeMetadata(const Options& o, const NetConfig& config, const TrainingState& state,
                      const std::string& trained_on) {
  Metadata all = {
      {"tempera.style", o.name},
      {"tempera.title", o.title.empty() ? o.name : o.title},
      {"tempera.artist",
       config.conditional() ? Joined(o.styles, [](const StyleSource& s) { return s.artist; }) : o.artist},
      {"tempera.year",
       config.conditional() ? Joined(o.styles, [](const StyleSource& s) { return s.year; }) : o.year},
      {"tempera.value_range", "0..255"},
      {"tempera.layout", "NCHW RGB"},
      {"tempera.size_multiple", std::to_string(config.size_multiple)},
      {"tempera.net", state.net},
      {"tempera.trained_on", trained_on},
      {"tempera.stroke_period", o.stroke_period},
      {"tempera.seed", std::to_string(o.seed)},
      {"tempera.steps", std::to_string(state.step)},
      {"tempera.settings", state.recipe + (o.init.empty() ? "" : ", started from another style's weights")},
      {"tempera.license", o.license}};
  if (config.conditional()) {
    const Metadata parameters = ParameterMetadata(o.styles);
    all.insert(all.end(), parameters.begin(), parameters.end());
  }
  if (config.fed) all.push_back({"tempera.state.output", "previous"});
  Metadata known;
  for (auto& entry : all) {
    if (!entry.second.empty()) known.push_back(std::move(entry));
  }
  return known;
}

Status RunExport(const Options& options) {
  TEMPERA_ASSIGN_OR_RETURN(LoadedCheckpoint loaded, LoadCheckpoint(options.checkpoint));
  const NetConfig& config = loaded.net->config();
  Options named = options;
  for (const std::string& style : config.styles) {
    auto known = std::find_if(options.styles.begin(), options.styles.end(),
                              [&](const StyleSource& s) { return s.name == style; });
    StyleSource bare;
    bare.name = bare.title = style;
    if (known == options.styles.end()) named.styles.push_back(bare);
  }
  // In the network's order, whatever the list's.
  std::vector<StyleSource> ordered;
  for (const std::string& style : config.styles) {
    for (const StyleSource& s : named.styles) {
      if (s.name == style) ordered.push_back(s);
    }
  }
  named.styles = ordered;
  return ExportOnnx(config, PlainWeights(*loaded.net),
                    MakeMetadata(named, config, loaded.state, options.trained_on), options.output);
}

}  // namespace tempera::train
