// What a model's metadata says (docs/model-format.md), parsed once, when the model is opened: for whoever
// paints with it, and for whoever shows the plan that painting runs.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/engine/types/inputs.h"
#include "src/graph/graph.h"
#include "src/metadata/parameters.h"
#include "src/metadata/picture_format.h"

namespace tempera::metadata {

struct ModelMetadata {
  SaidOfPicture said;  // of the picture at both ends, by the file or beside it
  ValueFormat in;      // by what was said, what the graph's arithmetic tells, or 0..255
  ValueFormat out;     // likewise once SettlePainting was called
  ValueFormat alpha;   // of the painting's transparency, likewise
  float opaque = 255;  // what a fourth channel of the input holds: no mean is said of it
  int size_multiple = 4;
  std::vector<Parameter> parameters;  // the file's and the built-in ones it does not replace
  std::vector<engine::StateLink> states;
  size_t picture_input = 0;  // the input that is neither a parameter nor a state
  // The output that holds the painting's transparency, [1, 3, H, W] of thrice the same, where it has one.
  std::optional<size_t> alpha_output = {};
  // What was guessed or is left out, a line each for whoever opens the model: "..., which metadata
  // tempera.value_range can say otherwise".
  std::vector<std::string> notices = {};
};

// kCorruptModel where a value is not as the format says, kUnsupported where an input is neither the picture
// nor named. `name` is what messages call the model.
Result<ModelMetadata> ReadModelMetadata(const graph::Graph& model, const std::string& name);

// What the metadata itself says, whichever input is the picture: as ReadModelMetadata refuses it.
Status CheckMetadata(const graph::Graph& model, const std::string& name);

using MetadataList = std::vector<std::pair<std::string, std::string>>;

// `said` as it goes before `old`: a layout keeps the words that are not said anew, and means that come
// without a range are not read in a range that was said without means.
MetadataList SaidBefore(const MetadataList& old, const MetadataList& said);

// The model with these said of it as well (SaidBefore), in place of what its file says under the same keys;
// the same one where there are none.
std::shared_ptr<const graph::Graph> WithMetadata(std::shared_ptr<const graph::Graph> model,
                                                 const MetadataList& said);

// Of a model that paints: what its first output holds, and, where nothing tells it, that its input holds the
// same. One range that was said of both ends yields at the output to a graph that can give no such numbers.
void SettlePainting(const graph::Graph& model, ModelMetadata* metadata);

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
