#include "src/onnx/model_parser.h"

#include <protozero/pbf_reader.hpp>
#include <utility>
#include <vector>

#include "src/onnx/quote.h"
#include "src/onnx/tensor_reader.h"

namespace tempera::onnx {
namespace {

using protozero::data_view;
using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

// Opset 7 is where operators took the form they have today (NumPy's broadcasting). Many never changed,
// so older models are read too, and an operator refuses a form it does not know.
constexpr int64_t kMinOpset = 1, kMaxOpset = 25;
// Two bytes of protobuf can stand for an empty node of 200 bytes in memory. The largest
// public networks have some ten thousand nodes: this bounds what rubbish can make us allocate.
constexpr size_t kMaxParts = 1'000'000;
// Of sub-graphs in sub-graphs: parsing them recurses.
constexpr int kMaxDepth = 16;

constexpr auto kVarint = pbf_wire_type::varint;
constexpr auto kBytes = pbf_wire_type::length_delimited;

}  // namespace

Result<Model> ModelParser::Parse(data_view bytes) {
  Model model;
  model.opset = 1;  // what ONNX says a file without opset_import means
  bool has_graph = false;
  pbf_reader r(bytes);
  while (r.next()) {
    switch (r.tag_and_type()) {
      case tag_and_type(1, kVarint):
        model.ir_version = r.get_int64();
        break;
      case tag_and_type(2, kBytes):
        model.producer_name = r.get_string();
        break;
      case tag_and_type(3, kBytes):
        model.producer_version = r.get_string();
        break;
      case tag_and_type(6, kBytes):
        model.doc_string = r.get_string();
        break;
      case tag_and_type(7, kBytes):
        if (has_graph) return CorruptModel(source_ + " is damaged: it holds two graphs; download it again");
        has_graph = true;
        TEMPERA_RETURN_IF_ERROR(ParseGraph(r.get_view(), &model.graph));
        break;
      case tag_and_type(8, kBytes):
        ParseOpset(r.get_view(), &model.opset);
        break;
      case tag_and_type(14, kBytes):
        TEMPERA_RETURN_IF_ERROR(ParseMetadata(r.get_view(), &model));
        break;
      case tag_and_type(25, kBytes):
        if (!CountPart()) return TooManyParts();
        TEMPERA_RETURN_IF_ERROR(ParseFunction(r.get_view(), &model.functions.emplace_back()));
        break;
      default:
        r.skip();
    }
  }
  if (!has_graph) {
    return CorruptModel(source_ + " is not an ONNX model: it holds no graph; give a .onnx file");
  }
  if (model.opset < kMinOpset || model.opset > kMaxOpset) {
    return Unsupported(source_ + " uses ONNX opset " + std::to_string(model.opset) + "; 7 to " +
                       std::to_string(kMaxOpset) + " are read: export it again with opset_version=17");
  }
  return model;
}

Status ModelParser::ParseMetadata(data_view bytes, Model* model) {
  if (!CountPart()) return TooManyParts();
  pbf_reader entry(bytes);
  std::pair<std::string, std::string> prop;
  while (entry.next()) {
    switch (entry.tag_and_type()) {
      case tag_and_type(1, kBytes):
        prop.first = entry.get_string();
        break;
      case tag_and_type(2, kBytes):
        prop.second = entry.get_string();
        break;
      default:
        entry.skip();
    }
  }
  model->metadata_props.push_back(std::move(prop));
  return OkStatus();
}

Status ModelParser::ParseFunction(data_view bytes, Function* function) {
  std::vector<data_view> defaults;
  pbf_reader r(bytes);
  while (r.next()) {
    if (!CountPart()) return TooManyParts();
    switch (r.tag_and_type()) {
      case tag_and_type(1, kBytes):
        function->name = r.get_string();
        break;
      case tag_and_type(4, kBytes):
        function->inputs.push_back(r.get_string());
        break;
      case tag_and_type(5, kBytes):
        function->outputs.push_back(r.get_string());
        break;
      case tag_and_type(6, kBytes):
        function->attributes.push_back(r.get_string());
        break;
      case tag_and_type(7, kBytes):
        TEMPERA_RETURN_IF_ERROR(ParseNode(r.get_view(), &function->nodes.emplace_back()));
        break;
      case tag_and_type(9, kBytes):
        ParseOpset(r.get_view(), &function->opset);
        break;
      case tag_and_type(10, kBytes):
        function->domain = r.get_string();
        break;
      case tag_and_type(11, kBytes):
        defaults.push_back(r.get_view());
        break;
      case tag_and_type(13, kBytes):
        function->overload = r.get_string();
        break;
      default:
        r.skip();
    }
  }
  Node named;
  named.op_type = function->name;
  for (const data_view& a : defaults)
    TEMPERA_RETURN_IF_ERROR(ParseAttribute(a, named, &function->defaults.emplace_back()));
  return OkStatus();
}

void ModelParser::ParseOpset(data_view bytes, int64_t* opset) {
  std::string domain;
  int64_t version = 0;
  pbf_reader r(bytes);
  while (r.next()) {
    switch (r.tag_and_type()) {
      case tag_and_type(1, kBytes):
        domain = r.get_string();
        break;
      case tag_and_type(2, kVarint):
        version = r.get_int64();
        break;
      default:
        r.skip();
    }
  }
  if (domain.empty() || domain == "ai.onnx") *opset = version;
}

Status ModelParser::ParseGraph(data_view bytes, Graph* graph) {
  pbf_reader r(bytes);
  while (r.next()) {
    if (!CountPart()) return TooManyParts();
    switch (r.tag_and_type()) {
      case tag_and_type(1, kBytes):
        TEMPERA_RETURN_IF_ERROR(ParseNode(r.get_view(), &graph->nodes.emplace_back()));
        break;
      case tag_and_type(2, kBytes):
        graph->name = r.get_string();
        break;
      case tag_and_type(5, kBytes): {
        TEMPERA_ASSIGN_OR_RETURN(NamedTensor t, ParseTensor(r.get_view(), source_, external_));
        graph->initializers.push_back({std::move(t.name), std::move(t.tensor)});
        break;
      }
      case tag_and_type(11, kBytes):
        TEMPERA_RETURN_IF_ERROR(ParseValueInfo(r.get_view(), &graph->inputs.emplace_back()));
        break;
      case tag_and_type(12, kBytes):
        TEMPERA_RETURN_IF_ERROR(ParseValueInfo(r.get_view(), &graph->outputs.emplace_back()));
        break;
      case tag_and_type(13, kBytes):
        TEMPERA_RETURN_IF_ERROR(ParseValueInfo(r.get_view(), &graph->value_infos.emplace_back()));
        break;
      case tag_and_type(15, kBytes):
        return Unsupported(source_ + ": sparse initializers are not supported; export dense weights");
      default:
        r.skip();
    }
  }
  return OkStatus();
}

Status ModelParser::ParseNode(data_view bytes, Node* node) {
  // Attributes may stand before the names their errors want to cite.
  std::vector<data_view> attributes;
  pbf_reader r(bytes);
  while (r.next()) {
    if (!CountPart()) return TooManyParts();
    switch (r.tag_and_type()) {
      case tag_and_type(1, kBytes):
        node->inputs.push_back(r.get_string());
        break;
      case tag_and_type(2, kBytes):
        node->outputs.push_back(r.get_string());
        break;
      case tag_and_type(3, kBytes):
        node->name = r.get_string();
        break;
      case tag_and_type(4, kBytes):
        node->op_type = r.get_string();
        break;
      case tag_and_type(5, kBytes):
        attributes.push_back(r.get_view());
        break;
      case tag_and_type(7, kBytes):
        node->domain = r.get_string();
        break;
      case tag_and_type(8, kBytes):
        node->overload = r.get_string();
        break;
      default:
        r.skip();
    }
  }
  for (const data_view& a : attributes) {
    TEMPERA_RETURN_IF_ERROR(ParseAttribute(a, *node, &node->attributes.emplace_back()));
  }
  return OkStatus();
}

namespace {

// What a field holds that is not read; nullptr: it may stand there.
const char* WhatIsNotRead(uint32_t field) {
  switch (field) {
    case tag_and_type(11, kBytes):
      return "a list of sub-graphs";
    case tag_and_type(10, kBytes):
      return "a list of tensors";
    case tag_and_type(14, kBytes):
    case tag_and_type(15, kBytes):
      return "a type";
    case tag_and_type(22, kBytes):
    case tag_and_type(23, kBytes):
      return "a sparse tensor";
    default:
      return nullptr;
  }
}

// Numbers and text, one or several; kUndefined where the field at `r` is none of them, which is then unread.
Attribute::Type ReadPlainField(pbf_reader& r, Attribute* attribute) {
  using Type = Attribute::Type;
  switch (r.tag_and_type()) {
    case tag_and_type(2, pbf_wire_type::fixed32):
      attribute->f = r.get_float();
      return Type::kFloat;
    case tag_and_type(3, kVarint):
      attribute->i = r.get_int64();
      return Type::kInt;
    case tag_and_type(4, kBytes):
      attribute->s = r.get_string();
      return Type::kString;
    case tag_and_type(7, pbf_wire_type::fixed32):
      attribute->floats.push_back(r.get_float());
      return Type::kFloats;
    case tag_and_type(7, kBytes):
      for (const float v : r.get_packed_float()) attribute->floats.push_back(v);
      return Type::kFloats;
    case tag_and_type(8, kVarint):
      attribute->ints.push_back(r.get_int64());
      return Type::kInts;
    case tag_and_type(8, kBytes):
      for (const int64_t v : r.get_packed_int64()) attribute->ints.push_back(v);
      return Type::kInts;
    default:
      return Type::kUndefined;
  }
}

}  // namespace

Status ModelParser::ParseAttribute(data_view bytes, const Node& node, Attribute* attribute) {
  using Type = Attribute::Type;
  Type seen = Type::kUndefined;
  int32_t declared = 0;
  pbf_reader r(bytes);
  while (r.next()) {
    const auto field = static_cast<uint32_t>(r.tag_and_type());
    if (const char* what = WhatIsNotRead(field)) {
      return Unsupported(source_ + ": operator " + Quote(node.op_type) + " (node " + Quote(node.name) +
                         ") holds " + what + ", which is not supported; export the model without it");
    }
    if (const Type plain = ReadPlainField(r, attribute); plain != Type::kUndefined) {
      seen = plain;
      continue;
    }
    switch (field) {
      case tag_and_type(1, kBytes):
        attribute->name = r.get_string();
        break;
      case tag_and_type(5, kBytes): {
        TEMPERA_ASSIGN_OR_RETURN(NamedTensor t, ParseTensor(r.get_view(), source_, external_));
        attribute->t = std::move(t.tensor);
        seen = Type::kTensor;
        break;
      }
      case tag_and_type(6, kBytes):
        TEMPERA_RETURN_IF_ERROR(ParseSubGraph(r.get_view(), node, attribute));
        seen = Type::kGraph;
        break;
      case tag_and_type(9, kBytes):
        if (!CountPart()) return TooManyParts();
        attribute->strings.push_back(r.get_string());
        seen = Type::kStrings;
        break;
      case tag_and_type(20, kVarint):
        declared = r.get_enum();
        break;
      case tag_and_type(21, kBytes):
        attribute->ref_name = r.get_string();
        break;
      default:
        r.skip();
    }
  }
  // Writers before IR version 2 leave the type out; an empty list leaves its field out.
  attribute->type = declared != 0 ? static_cast<Type>(declared) : seen;
  const bool lacks_tensor = attribute->type == Type::kTensor && !attribute->t.defined();
  if (attribute->ref_name.empty() && (lacks_tensor || (attribute->type == Type::kGraph && !attribute->g))) {
    return CorruptModel(source_ + " is damaged: attribute " + Quote(attribute->name) + " of node " +
                        Quote(node.name) + " promises a " + (lacks_tensor ? "tensor" : "graph") +
                        " and holds none; download it again");
  }
  return OkStatus();
}

Status ModelParser::ParseSubGraph(data_view bytes, const Node& node, Attribute* attribute) {
  if (depth_ >= kMaxDepth) {
    return Unsupported(source_ + ": node " + Quote(node.name) + " (" + node.op_type + ") nests more than " +
                       std::to_string(kMaxDepth) + " sub-graphs; export the model without them");
  }
  auto graph = std::make_shared<Graph>();
  ++depth_;
  const Status parsed = ParseGraph(bytes, graph.get());
  --depth_;
  attribute->g = std::move(graph);
  return parsed;
}

bool ModelParser::CountPart() { return ++parts_ <= kMaxParts; }

Status ModelParser::TooManyParts() const {
  return CorruptModel(source_ + " is damaged: it holds more than " + std::to_string(kMaxParts) +
                      " nodes and values; download it again");
}

Status ModelParser::ParseValueInfo(data_view bytes, ValueInfo* info) {
  pbf_reader r(bytes);
  while (r.next()) {
    switch (r.tag_and_type()) {
      case tag_and_type(1, kBytes):
        info->name = r.get_string();
        break;
      case tag_and_type(2, kBytes): {
        pbf_reader type(r.get_view());
        while (type.next()) {
          // Sequences, maps and optionals keep dtype kUndefined: refused where they are used.
          if (type.tag_and_type() == tag_and_type(1, kBytes)) {
            TEMPERA_RETURN_IF_ERROR(ParseTensorType(type.get_view(), info));
          } else {
            type.skip();
          }
        }
        break;
      }
      default:
        r.skip();
    }
  }
  return OkStatus();
}

Status ModelParser::ParseTensorType(data_view bytes, ValueInfo* info) {
  pbf_reader r(bytes);
  while (r.next()) {
    switch (r.tag_and_type()) {
      case tag_and_type(1, kVarint):
        info->dtype = static_cast<DataType>(r.get_enum());
        break;
      case tag_and_type(2, kBytes):
        info->has_shape = true;
        TEMPERA_RETURN_IF_ERROR(ParseShape(r.get_view(), info));
        break;
      default:
        r.skip();
    }
  }
  return OkStatus();
}

Status ModelParser::ParseShape(data_view bytes, ValueInfo* info) {
  pbf_reader r(bytes);
  while (r.next()) {
    if (r.tag_and_type() != tag_and_type(1, kBytes)) {
      r.skip();
      continue;
    }
    if (!CountPart()) return TooManyParts();
    Dim dim;
    pbf_reader d(r.get_view());
    while (d.next()) {
      switch (d.tag_and_type()) {
        case tag_and_type(1, kVarint):
          dim.value = d.get_int64();
          break;
        case tag_and_type(2, kBytes):
          dim.symbol = d.get_string();
          break;
        default:
          d.skip();
      }
    }
    if (dim.value < 0) dim.value = -1;  // exporters write -1 and other negatives for "any"
    info->shape.push_back(std::move(dim));
  }
  return OkStatus();
}

}  // namespace tempera::onnx
