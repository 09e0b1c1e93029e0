// protobuf -> onnx::Model. Private to the reader.
#pragma once

#include <cstddef>
#include <protozero/data_view.hpp>
#include <string>

#include "src/base/status.h"
#include "src/onnx/external_data.h"
#include "src/onnx/model.h"

namespace tempera::onnx {

// Parses one model. Methods throw protozero's exceptions on malformed protobuf and
// return a status for everything that is wrong in a way ONNX itself defines. Sub-graphs are entered to a
// bounded depth.
class ModelParser {
 public:
  // `source` opens every message. external: where tensors may keep their values; nullptr: nowhere.
  ModelParser(std::string source, ExternalData* external) : source_(std::move(source)), external_(external) {}

  Result<Model> Parse(protozero::data_view bytes);

 private:
  Status ParseGraph(protozero::data_view bytes, Graph* graph);
  Status ParseNode(protozero::data_view bytes, Node* node);
  Status ParseAttribute(protozero::data_view bytes, const Node& node, Attribute* attribute);
  Status ParseValueInfo(protozero::data_view bytes, ValueInfo* info);
  Status ParseTensorType(protozero::data_view bytes, ValueInfo* info);
  Status ParseShape(protozero::data_view bytes, ValueInfo* info);
  Status ParseMetadata(protozero::data_view bytes, Model* model);
  Status ParseFunction(protozero::data_view bytes, Function* function);
  // What it says of the default domain.
  static void ParseOpset(protozero::data_view bytes, int64_t* opset);
  Status ParseSubGraph(protozero::data_view bytes, const Node& node, Attribute* attribute);

  // Counts one more node, value, attribute or dim; false when there are too many.
  bool CountPart();
  Status TooManyParts() const;

  std::string source_;
  ExternalData* external_;
  size_t parts_ = 0;
  int depth_ = 0;  // of sub-graphs in sub-graphs
};

}  // namespace tempera::onnx
