#include "train/run_in_engine.h"

#include <algorithm>

#include "src/engine/run/session.h"
#include "src/onnx/reader.h"
#include "tempera/tempera.hpp"

namespace tempera::train {

Result<std::vector<float>> RunInEngine(const std::string& path, const std::vector<float>& planes,
                                       int64_t height, int64_t width,
                                       const std::map<std::string, std::vector<float>>& parameters) {
  TEMPERA_ASSIGN_OR_RETURN(engine::ModelPtr model, engine::LoadModelFile(path));
  engine::SessionOptions options;
  options.num_threads = 1;
  options.precision = engine::Precision::kFp32;
  std::vector<Shape> shapes = {{1, 3, height, width}};
  std::vector<std::vector<float>> given = {planes};
  for (size_t i = 1; i < model->inputs.size(); ++i) {
    const graph::Value& input = model->value(model->inputs[i]);
    std::vector<float>& numbers = given.emplace_back();
    if (const auto said = parameters.find(input.name); said != parameters.end()) {
      numbers = said->second;
    } else if (input.constant) {
      numbers.assign(input.constant->data<float>(),
                     input.constant->data<float>() + input.constant->element_count());
    } else {
      return InvalidArgument("no values for the input " + input.name);
    }
    if (numbers.size() == planes.size()) {  // the painting before
      shapes.push_back({1, 3, height, width});
    } else {
      shapes.push_back({static_cast<int64_t>(numbers.size())});
    }
  }
  TEMPERA_ASSIGN_OR_RETURN(auto session, engine::Session::Create(model, shapes, options));
  for (size_t i = 0; i < given.size(); ++i)
    std::copy(given[i].begin(), given[i].end(), session->input(i).data<float>());
  TEMPERA_RETURN_IF_ERROR(session->Run());
  const Tensor& output = session->output(0);
  return std::vector<float>(output.data<float>(), output.data<float>() + output.element_count());
}

Result<std::vector<std::vector<float>>> PaintFilm(const std::string& path,
                                                  const std::vector<std::vector<float>>& frames, int height,
                                                  int width, int reset) {
  auto stylizer = Stylizer::Open(path, {.threads = 1, .precision = TEMPERA_PRECISION_FP32});
  if (!stylizer) return Internal(stylizer.error().message);
  std::vector<std::vector<float>> painted;
  for (size_t f = 0; f < frames.size(); ++f) {
    const size_t plane = static_cast<size_t>(width) * height;
    std::vector<uint8_t> in(plane * 3), out(plane * 3);
    for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<uint8_t>(frames[f][i % 3 * plane + i / 3]);
    if (static_cast<int>(f) == reset) stylizer->Reset();
    const Error error = stylizer->Process(MakeImage(TEMPERA_RGB, in.data(), width, height),
                                          MakeImage(TEMPERA_RGB, out.data(), width, height));
    if (error) return Internal(error.message);
    std::vector<float>& planes = painted.emplace_back(out.size());
    for (size_t i = 0; i < out.size(); ++i) planes[i % 3 * plane + i / 3] = out[i];
  }
  return painted;
}

Result<std::map<std::string, std::string>> ReadMetadata(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(onnx::Model model, onnx::ReadModelFile(path));
  return std::map<std::string, std::string>(model.metadata_props.begin(), model.metadata_props.end());
}

}  // namespace tempera::train
