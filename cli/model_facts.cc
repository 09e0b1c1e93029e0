#include "cli/model_facts.h"

#include <algorithm>
#include <map>
#include <set>

#include "src/metadata/adjust_tail.h"
#include "src/metadata/model_metadata.h"
#include "src/metadata/picture_model.h"
#include "tempera/tempera.h"

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
      // Weights kept in 8 bits: their zero points and scales' places are flat.
      const bool bytes = t.dtype() == DataType::kInt8 && t.shape().size() > 1;
      if ((real && !t.shape().empty()) || bytes) sum += t.element_count();
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

Result<MaskFacts> AsMask(const std::string& path, const engine::ModelPtr& model) {
  TEMPERA_ASSIGN_OR_RETURN(const engine::ModelPtr wide, metadata::WithoutHalves(model));
  MaskFacts facts;
  TEMPERA_ASSIGN_OR_RETURN(facts.model, metadata::ReadMaskModel(wide, path));
  // The library says which classes there are, and refuses what it would.
  std::vector<const char*> said;
  for (const auto& [key, value] : model->metadata) said.insert(said.end(), {key.c_str(), value.c_str()});
  said.push_back(nullptr);
  constexpr size_t kMostSaid = 256;  // tempera_options.metadata
  tempera_options options = TEMPERA_OPTIONS_INIT;
  options.precision = TEMPERA_PRECISION_FP32;
  if (said.size() / 2 <= kMostSaid) options.metadata = said.data();
  tempera_masker* opened = nullptr;
  if (tempera_mask_open_file(path.c_str(), &options, &opened) != TEMPERA_OK)
    return Unsupported(tempera_error_message());
  const std::unique_ptr<tempera_masker, void (*)(tempera_masker*)> masker(opened, tempera_mask_close);
  for (int32_t i = 0; tempera_mask_class_name(masker.get(), i) != nullptr; ++i)
    facts.classes.emplace_back(tempera_mask_class_name(masker.get(), i));
  int32_t own = -1;
  if (tempera_mask_find_class(masker.get(), nullptr, &own) == TEMPERA_OK) facts.own = own;
  const std::vector<onnx::Dim>& dims = facts.model.graph->input_dims[facts.model.metadata.picture_input];
  const char* side = tempera_mask_metadata(masker.get(), "tempera.mask.long_side");
  const bool declared = dims.size() == 4 && dims[2].value > 0 && dims[3].value > 0;
  facts.size = side != nullptr ? "long side " + std::string(side)
               : declared      ? std::to_string(dims[3].value) + "x" + std::to_string(dims[2].value)
                               : "the frame's";
  return facts;
}

Result<std::vector<Shape>> ShapesOfMask(const MaskFacts& facts, Size size, engine::ModelPtr* model,
                                        engine::SessionOptions* options) {
  const metadata::MaskModel& mask = facts.model;
  const size_t picture = mask.metadata.picture_input;
  const Shape shape = ShapeOfInput(mask.graph->input_dims[picture], size);
  if (shape.size() != 4) return InvalidArgument("it takes no picture");
  // As the masker fills a frame up that the network's size is open for.
  const auto multiple =
      static_cast<int64_t>(mask.metadata.size_multiple > 4 ? mask.metadata.size_multiple : 32);
  const auto extent = [&](size_t d) {
    const bool open =
        mask.graph->input_dims[picture].size() != 4 || mask.graph->input_dims[picture][d].value < 0;
    return open ? (shape[d] + multiple - 1) / multiple * multiple : shape[d];
  };
  TEMPERA_ASSIGN_OR_RETURN(metadata::MaskOutput output,
                           metadata::ProbeMask(mask, extent(2), extent(3), "it"));
  TEMPERA_ASSIGN_OR_RETURN(*model, metadata::GraphFor(mask, extent(2), extent(3)));
  options->picture_input = picture;
  options->input_range = mask.metadata.in.range();
  options->states = mask.metadata.states;
  return std::move(output.inputs);
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
