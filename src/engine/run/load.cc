// LoadModelFile and LoadModelMemory of session.h.
#include <new>
#include <string>
#include <utility>

#include "src/engine/run/load.h"
#include "src/engine/run/session.h"
#include "src/graph/import.h"
#include "src/onnx/reader.h"
#include "src/ops/op.h"

namespace tempera::engine {
namespace {

bool IsKnown(std::string_view op_type) { return ops::FindOperator(op_type) != nullptr; }

Result<ModelPtr> ImportNamed(onnx::Model model, const std::string& source) {
#if defined(__cpp_exceptions)
  try {
#endif
    Result<graph::Graph> graph = graph::Import(std::move(model), IsKnown);
    if (!graph.ok()) return Status(graph.status().code(), source + ": " + graph.status().message());
    return ModelPtr(std::make_shared<const graph::Graph>(std::move(graph).value()));
#if defined(__cpp_exceptions)
  } catch (const std::bad_alloc&) {
    return OutOfMemory(source + " does not fit into memory; close other programs or use a smaller model");
  }
#endif
}

}  // namespace

// Branches with a known condition are written out when the file is read.
bool RunsOperator(std::string_view op_type) { return IsKnown(op_type) || op_type == "If"; }

Result<ModelPtr> LoadModelFile(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(onnx::Model model, onnx::ReadModelFile(path));
  return ImportNamed(std::move(model), path);
}

Result<ModelPtr> LoadModelAt(std::span<const uint8_t> bytes, const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(onnx::Model model, onnx::ReadModelAt(bytes, path));
  return ImportNamed(std::move(model), path);
}

Result<ModelPtr> LoadModelMemory(std::span<const uint8_t> bytes) {
  TEMPERA_ASSIGN_OR_RETURN(onnx::Model model, onnx::ReadModel(bytes));
  return ImportNamed(std::move(model), "the model");
}

}  // namespace tempera::engine
