// Models of tests: an input "x" of any size, built node by node, loaded.
#pragma once

#include <string>

#include "src/engine/run/session.h"
#include "src/onnx/model_builder.h"
#include "src/onnx/writer.h"

namespace tempera::engine {

class TestModel : public onnx::ModelBuilder {
 public:
  explicit TestModel(int64_t opset = 13) : ModelBuilder(opset) { Input("x", {-1, -1, -1, -1}); }

  Result<ModelPtr> Load() const {
    TEMPERA_ASSIGN_OR_RETURN(const std::string bytes, onnx::WriteModel(model()));
    return LoadModelMemory({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  }
};

}  // namespace tempera::engine
