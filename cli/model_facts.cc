#include "cli/model_facts.h"

#include <algorithm>
#include <map>
#include <set>

#include "src/metadata/adjust_tail.h"
#include "src/metadata/model_metadata.h"
#include "src/metadata/picture_model.h"

namespace tempera::cli {

int64_t CountParameters(const graph::Graph& model) {
  // Their float constants describe geometry, not training.
  static const std::set<std::string> kGeometry = {"Resize", "Upsample", "Pad",      "Reshape",
                                                  "Tile",   "Expand",   "Slice",    "Clip",
                                                  "Cast",   "Gather",   "Unsqueeze"};
  std::set<graph::ValueId> counted;
  int64_t sum = 0;
  for (const graph::Node& node : model.nodes) {
    const bool geometry = kGeometry.count(node.op_type) > 0;
    for (graph::ValueId id : node.inputs) {
      if (id == graph::kNoValue || !model.value(id).constant) continue;
      const Tensor& t = *model.value(id).constant;
      // Weights kept in 16 bits stand behind a Cast.
      const bool half = t.dtype() == DataType::kFloat16 || t.dtype() == DataType::kBfloat16;
      if ((geometry && !(node.op_type == "Cast" && half)) || !counted.insert(id).second) continue;
      const bool real = t.dtype() == DataType::kFloat32 || t.dtype() == DataType::kFloat16 ||
                        t.dtype() == DataType::kFloat64 || t.dtype() == DataType::kBfloat16;
      if (real && !t.shape().empty()) sum += t.element_count();
    }
  }
  return sum;
}

std::vector<std::pair<std::string, int>> CountOperators(const graph::Graph& model) {
  std::map<std::string, int> counts;
  for (const graph::Node& node : model.nodes) ++counts[node.op_type];
  return {counts.begin(), counts.end()};
}

namespace {

// The declared dims with what is open filled in, where a picture could have them; else the first alone.
Shape ShapeOfInput(const std::vector<onnx::Dim>& dims, Size size) {
  Shape shape;
  for (const onnx::Dim& d : dims) shape.push_back(d.value);
  const bool picture = shape.empty() || (shape.size() == 4 && (shape[1] < 0 || shape[1] <= 4));
  if (shape.empty()) shape.assign(4, -1);
  if (!picture) {
    if (shape[0] < 0) shape[0] = 1;
    return shape;
  }
  if (shape[0] < 0) shape[0] = 1;
  if (shape[1] < 0) shape[1] = 3;
  if (size.width > 0) {
    shape[2] = size.height;
    shape[3] = size.width;
  }
  if (shape[2] < 0) shape[2] = 360;
  if (shape[3] < 0) shape[3] = 640;
  return shape;
}

}  // namespace

Result<std::vector<Shape>> InputShapes(const graph::Graph& model, Size size) {
  std::vector<Shape> shapes;
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    const std::string& name = model.value(model.inputs[i]).name;
    Shape shape = ShapeOfInput(model.input_dims[i], size);
    if (std::any_of(shape.begin(), shape.end(), [](int64_t d) { return d < 0; })) {
      return InvalidArgument("input '" + name + "' is " + DeclaredShape(model.input_dims[i]) +
                             ": its open sizes cannot be guessed; use 'tempera run' with real input");
    }
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

Result<std::vector<Shape>> AsPainted(engine::ModelPtr* model, Size size, engine::SessionOptions* options,
                                     metadata::PictureModel* found) {
  TEMPERA_ASSIGN_OR_RETURN(*model, metadata::WithoutHalves(*model));
  auto read = metadata::ReadModelMetadata(**model, "");
  if (!read.ok()) return InputShapes(**model, size);
  const engine::ValueRange in = read->in.range();  // as a mask network would be given it
  metadata::SettlePainting(**model, &*read);
  metadata::TakeOutAdjustTail(model, &*read);
  auto with_ends = metadata::WithPictureEnds({*model, std::move(*read)}, metadata::Makes::kPainting, "");
  if (!with_ends.ok()) return InputShapes(**model, size);
  if (found != nullptr) *found = *with_ends;
  *model = std::move(with_ends->graph);
  const metadata::ModelMetadata& said = with_ends->metadata;
  options->picture_input = said.picture_input;
  options->input_range = with_ends->has_ends ? said.in.range() : in;
  options->input_values = metadata::InputValuesOf(**model, said);
  options->states = said.states;
  if (said.states.empty() && (*model)->inputs.size() == 1) return InputShapes(**model, size);
  return engine::InputShapesFor(**model, ShapeOfInput((*model)->input_dims[said.picture_input], size),
                                said.picture_input, said.states);
}

Result<std::unique_ptr<engine::Session>> PlanModel(const std::string& path, engine::ModelPtr model,
                                                   const std::vector<Shape>& shapes,
                                                   const engine::SessionOptions& options) {
  std::string other_shapes;
  for (size_t i = 0; i < model->inputs.size(); ++i) {
    const std::string declared = DeclaredShape(model->input_dims[i]);
    if (declared == ShapeToString(shapes[i])) continue;
    other_shapes += "; the file declares '" + model->value(model->inputs[i]).name + "' as " + declared;
  }
  auto session = engine::Session::Create(std::move(model), shapes, options);
  if (session.ok()) return session;
  std::string message = path + ": " + session.status().message();
  if (session.status().code() != StatusCode::kOutOfMemory) message += other_shapes;
  return Status(session.status().code(), std::move(message));
}

std::string DeclaredShape(const std::vector<onnx::Dim>& dims) {
  if (dims.empty()) return "[...]";
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) text += ", ";
    text += dims[i].value >= 0       ? std::to_string(dims[i].value)
            : dims[i].symbol.empty() ? "?"
                                     : dims[i].symbol;
  }
  return text + "]";
}

}  // namespace tempera::cli
