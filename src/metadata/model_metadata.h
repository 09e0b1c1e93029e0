// What a model's metadata says (docs/model-format.md), parsed once, when the model is opened: for whoever
// paints with it, and for whoever shows the plan that painting runs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/engine/types/inputs.h"
#include "src/graph/graph.h"
#include "src/metadata/parameters.h"

namespace tempera::metadata {

// How the network's numbers mean colours.
struct ValueFormat {
  float low = 0;     // black
  float high = 255;  // white
  bool bgr = false;  // plane 0 is blue
};

struct ModelMetadata {
  ValueFormat values;
  int size_multiple = 4;
  std::vector<Parameter> parameters;  // the file's and the built-in ones it does not replace
  std::vector<engine::StateLink> states;
  size_t picture_input = 0;  // the input that is neither a parameter nor a state
};

// kCorruptModel where a value is not as the format says, kUnsupported where an input is neither the picture
// nor named. `name` is what messages call the model.
Result<ModelMetadata> ReadModelMetadata(const graph::Graph& model, const std::string& name);

// What the engine is told of each graph input that is a parameter; nothing of others.
std::vector<std::optional<engine::InputValues>> InputValuesOf(const graph::Graph& model,
                                                              const ModelMetadata& metadata);

// nullptr when the model has none of that name.
const std::string* FindMetadata(const graph::Graph& model, std::string_view key);

// The text of `tempera.param.<input>`: "kind = weights; range = 0..1; line = How much of each style".
// `elements` are the input's numbers; `given` is what the file gives the input, or empty. The message says
// what is wrong with it.
Result<Parameter> ParseParameter(const std::string& input, const std::string& text, size_t elements,
                                 const std::vector<float>& given);

}  // namespace tempera::metadata
