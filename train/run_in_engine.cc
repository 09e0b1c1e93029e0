#include "train/run_in_engine.h"

#include <algorithm>

#include "src/engine/run/session.h"
#include "src/onnx/reader.h"

namespace tempera::train {

Result<std::vector<float>> RunInEngine(const std::string& path, const std::vector<float>& planes,
                                       int64_t height, int64_t width) {
  TEMPERA_ASSIGN_OR_RETURN(engine::ModelPtr model, engine::LoadModelFile(path));
  engine::SessionOptions options;
  options.num_threads = 1;
  options.precision = engine::Precision::kFp32;
  TEMPERA_ASSIGN_OR_RETURN(auto session, engine::Session::Create(model, {{1, 3, height, width}}, options));
  std::copy(planes.begin(), planes.end(), session->input(0).data<float>());
  TEMPERA_RETURN_IF_ERROR(session->Run());
  const Tensor& output = session->output(0);
  return std::vector<float>(output.data<float>(), output.data<float>() + output.element_count());
}

Result<std::map<std::string, std::string>> ReadMetadata(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(onnx::Model model, onnx::ReadModelFile(path));
  return std::map<std::string, std::string>(model.metadata_props.begin(), model.metadata_props.end());
}

}  // namespace tempera::train
