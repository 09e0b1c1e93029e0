#include "src/onnx/writer.h"

#include <protozero/pbf_writer.hpp>
#include <string_view>

#include "src/base/atomic_file.h"

namespace tempera::onnx {
namespace {

using protozero::pbf_writer;

// Field numbers are those of onnx.proto. Repeated numbers go out unpacked, as ONNX's own writer leaves them.

Status WriteTensor(const std::string& name, const Tensor& tensor, pbf_writer to) {
  if (!tensor.defined() || DataTypeSize(tensor.dtype()) == 0) {
    return InvalidArgument("tensor '" + name + "' is of type " + DataTypeName(tensor.dtype()) +
                           ", which cannot be written");
  }
  for (int64_t dim : tensor.shape()) to.add_int64(1, dim);
  to.add_int32(2, static_cast<int32_t>(tensor.dtype()));
  if (!name.empty()) to.add_string(8, name);
  to.add_bytes(9, static_cast<const char*>(tensor.raw()), tensor.size_bytes());
  return OkStatus();
}

Status WriteAttribute(const Attribute& attribute, pbf_writer to) {
  using Type = Attribute::Type;
  to.add_string(1, attribute.name);
  switch (attribute.type) {
    case Type::kFloat:
      to.add_float(2, attribute.f);
      break;
    case Type::kInt:
      to.add_int64(3, attribute.i);
      break;
    case Type::kString:
      to.add_bytes(4, attribute.s);
      break;
    case Type::kTensor:
      TEMPERA_RETURN_IF_ERROR(WriteTensor("", attribute.t, pbf_writer(to, 5)));
      break;
    case Type::kFloats:
      for (float f : attribute.floats) to.add_float(7, f);
      break;
    case Type::kInts:
      for (int64_t i : attribute.ints) to.add_int64(8, i);
      break;
    case Type::kStrings:
      for (const std::string& s : attribute.strings) to.add_bytes(9, s);
      break;
    case Type::kUndefined:
    case Type::kGraph:
      return Unsupported("attribute '" + attribute.name + "' is of a kind that cannot be written");
  }
  to.add_int32(20, static_cast<int32_t>(attribute.type));
  return OkStatus();
}

Status WriteNode(const Node& node, pbf_writer to) {
  // Read files are flat (flatten.h), and what stood in branches is not put back there.
  if (!node.guards.empty() || (node.op_type == "If" && node.attributes.empty()))
    return Unsupported("node '" + node.name +
                       "' stands in a branch of an If, or is one, and cannot be written");
  for (const std::string& name : node.inputs) to.add_string(1, name);
  for (const std::string& name : node.outputs) to.add_string(2, name);
  if (!node.name.empty()) to.add_string(3, node.name);
  to.add_string(4, node.op_type);
  for (const Attribute& attribute : node.attributes) {
    TEMPERA_RETURN_IF_ERROR(WriteAttribute(attribute, pbf_writer(to, 5)));
  }
  if (!node.domain.empty()) to.add_string(7, node.domain);
  return OkStatus();
}

void WriteValueInfo(const ValueInfo& value, pbf_writer to) {
  to.add_string(1, value.name);
  if (value.dtype == DataType::kUndefined) return;
  pbf_writer type(to, 2);
  pbf_writer tensor_type(type, 1);
  tensor_type.add_int32(1, static_cast<int32_t>(value.dtype));
  if (!value.has_shape) return;
  pbf_writer shape(tensor_type, 2);
  for (const Dim& dim : value.shape) {
    // Built apart: a sub-writer would drop an empty message, and an unknown dim must still be counted.
    std::string one;
    if (!dim.symbol.empty()) {
      pbf_writer(one).add_string(2, dim.symbol);
    } else if (dim.value >= 0) {
      pbf_writer(one).add_int64(1, dim.value);
    }
    shape.add_message(1, one);
  }
}

Status WriteGraph(const Graph& graph, pbf_writer to) {
  for (const Node& node : graph.nodes) TEMPERA_RETURN_IF_ERROR(WriteNode(node, pbf_writer(to, 1)));
  to.add_string(2, graph.name);
  for (const Initializer& initializer : graph.initializers) {
    TEMPERA_RETURN_IF_ERROR(WriteTensor(initializer.name, initializer.tensor, pbf_writer(to, 5)));
  }
  for (const ValueInfo& value : graph.inputs) WriteValueInfo(value, pbf_writer(to, 11));
  for (const ValueInfo& value : graph.outputs) WriteValueInfo(value, pbf_writer(to, 12));
  for (const ValueInfo& value : graph.value_infos) WriteValueInfo(value, pbf_writer(to, 13));
  return OkStatus();
}

}  // namespace

Result<std::string> WriteModel(const Model& model) {
  std::string bytes;
  pbf_writer to(bytes);
  to.add_int64(1, model.ir_version);
  if (!model.producer_name.empty()) to.add_string(2, model.producer_name);
  if (!model.producer_version.empty()) to.add_string(3, model.producer_version);
  if (!model.doc_string.empty()) to.add_string(6, model.doc_string);
  TEMPERA_RETURN_IF_ERROR(WriteGraph(model.graph, pbf_writer(to, 7)));
  {
    pbf_writer opset(to, 8);
    opset.add_string(1, "");
    opset.add_int64(2, model.opset);
  }
  for (const auto& [key, value] : model.metadata_props) {
    pbf_writer entry(to, 14);
    entry.add_string(1, key);
    entry.add_string(2, value);
  }
  return bytes;
}

Status WriteModelFile(const Model& model, const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(const std::string bytes, WriteModel(model));
  return WriteWholeFile(path, bytes);
}

}  // namespace tempera::onnx
