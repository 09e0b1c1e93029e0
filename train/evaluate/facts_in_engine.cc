#include "train/evaluate/facts_in_engine.h"

#include <utility>

#include "src/engine/run/session.h"
#include "src/metadata/adjust_tail.h"
#include "src/metadata/model_metadata.h"
#include "src/metadata/picture_model.h"
#include "src/onnx/file_bytes.h"
#include "src/onnx/outline.h"

namespace tempera::evaluate {
namespace {

// As the model is painted with, in fp32: the arithmetic does not depend on the precision.
Result<int64_t> CountMacs(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(engine::ModelPtr model, engine::LoadModelFile(path));
  TEMPERA_ASSIGN_OR_RETURN(model, metadata::WithoutHalves(std::move(model)));
  TEMPERA_ASSIGN_OR_RETURN(metadata::ModelMetadata read, metadata::ReadModelMetadata(*model, path));
  metadata::SettlePainting(*model, &read);
  metadata::TakeOutAdjustTail(&model, &read);
  TEMPERA_ASSIGN_OR_RETURN(
      const metadata::PictureModel painted,
      metadata::WithPictureEnds({model, std::move(read)}, metadata::Makes::kPainting, path));
  const metadata::ModelMetadata& said = painted.metadata;
  engine::SessionOptions options;
  options.num_threads = 1;
  options.picture_input = said.picture_input;
  options.input_range = said.in.range();
  options.input_values = metadata::InputValuesOf(*painted.graph, said);
  options.states = said.states;
  Shape shape;
  for (const onnx::Dim& d : painted.graph->input_dims[said.picture_input]) shape.push_back(d.value);
  if (shape.empty()) shape.assign(4, -1);
  constexpr int64_t kOpen[] = {1, 3, 360, 640};
  for (size_t i = 0; i < shape.size() && i < 4; ++i) {
    if (shape[i] < 0) shape[i] = kOpen[i];
  }
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<Shape> shapes,
                           engine::InputShapesFor(*painted.graph, shape, said.picture_input, said.states));
  TEMPERA_ASSIGN_OR_RETURN(const auto session, engine::Session::Create(painted.graph, shapes, options));
  int64_t macs = 0;
  for (const engine::StepInfo& step : session->steps()) macs += step.macs;
  return macs;
}

}  // namespace

Result<ModelFacts> ReadModelFacts(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, onnx::ReadFileBytes(path));
  TEMPERA_ASSIGN_OR_RETURN(const onnx::Outline outline, onnx::ReadOutline(bytes, path));
  ModelFacts facts;
  facts.bytes = static_cast<int64_t>(bytes.size());
  facts.parameters = outline.parameters;
  const Result<int64_t> macs = CountMacs(path);
  if (macs.ok()) facts.macs = *macs;
  return facts;
}

}  // namespace tempera::evaluate
