// What a model's metadata tells this room (docs/model-format.md), parsed once, when the model is opened.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/engine/run/session.h"
#include "src/graph/graph.h"
#include "src/stylize/frame_tensors.h"
#include "src/stylize/parameters.h"

namespace tempera::stylize {

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

// nullptr when the model has none of that name.
const std::string* FindMetadata(const graph::Graph& model, std::string_view key);

// The text of `tempera.param.<input>`: "kind = weights; range = 0..1; line = How much of each style".
// `elements` are the input's numbers; `given` is what the file gives the input, or empty. The message says
// what is wrong with it.
Result<Parameter> ParseParameter(const std::string& input, const std::string& text, size_t elements,
                                 const std::vector<float>& given);

}  // namespace tempera::stylize
