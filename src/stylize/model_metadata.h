// What a model's metadata tells this room (docs/model-format.md), parsed once, when the model is opened.
#pragma once

#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/graph/graph.h"
#include "src/stylize/frame_tensors.h"

namespace tempera::stylize {

struct ModelMetadata {
  ValueFormat values;
  int size_multiple = 4;
};

// kCorruptModel where a value is not as the format says. `name` is what messages call the model.
Result<ModelMetadata> ReadModelMetadata(const graph::Graph& model, const std::string& name);

// nullptr when the model has none of that name.
const std::string* FindMetadata(const graph::Graph& model, std::string_view key);

}  // namespace tempera::stylize
