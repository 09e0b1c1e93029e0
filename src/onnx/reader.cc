#include "src/onnx/reader.h"

#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <protozero/pbf_reader.hpp>

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
constexpr int64_t kMinOpset = 1, kMaxOpset = 19;
// Two bytes of protobuf can stand for an empty node of 200 bytes in memory. The largest
// public networks have some ten thousand nodes: this bounds what rubbish can make us allocate.
constexpr size_t kMaxParts = 1'000'000;
// A style is a few MB; a file beyond this is not something we can run.
constexpr int64_t kMaxFileBytes = int64_t{2} << 30;

constexpr auto kVarint = pbf_wire_type::varint;
constexpr auto kBytes = pbf_wire_type::length_delimited;

// Parses one model. Methods throw protozero's exceptions on malformed protobuf and
// return a status for everything that is wrong in a way ONNX itself defines. The recursion is
// as deep as the calls below: sub-graphs are refused, not entered.
class ModelParser {
 public:
  explicit ModelParser(std::string source) : source_(std::move(source)) {}

  Result<Model> Parse(data_view bytes);

 private:
  Status ParseGraph(data_view bytes, Graph* graph);
  Status ParseNode(data_view bytes, Node* node);
  Status ParseAttribute(data_view bytes, const Node& node, Attribute* attribute);
  Status ParseValueInfo(data_view bytes, ValueInfo* info);
  Status ParseTensorType(data_view bytes, ValueInfo* info);
  Status ParseShape(data_view bytes, ValueInfo* info);
  Status ParseOpset(data_view bytes, Model* model);

  // Counts one more node, value, attribute or dim; false when there are too many.
  bool CountPart() { return ++parts_ <= kMaxParts; }
  Status TooManyParts() const {
    return CorruptModel(source_ + " is damaged: it holds more than " + std::to_string(kMaxParts) +
                        " nodes and values; download it again");
  }

  std::string source_;
  size_t parts_ = 0;
};

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
        TEMPERA_RETURN_IF_ERROR(ParseOpset(r.get_view(), &model));
        break;
      case tag_and_type(14, kBytes): {
        if (!CountPart()) return TooManyParts();
        pbf_reader entry(r.get_view());
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
        model.metadata_props.push_back(std::move(prop));
        break;
      }
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

Status ModelParser::ParseOpset(data_view bytes, Model* model) {
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
  if (domain.empty() || domain == "ai.onnx") model->opset = version;
  return OkStatus();
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
        TEMPERA_ASSIGN_OR_RETURN(NamedTensor t, ParseTensor(r.get_view(), source_));
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
      default:
        r.skip();
    }
  }
  for (const data_view& a : attributes) {
    TEMPERA_RETURN_IF_ERROR(ParseAttribute(a, *node, &node->attributes.emplace_back()));
  }
  return OkStatus();
}

Status ModelParser::ParseAttribute(data_view bytes, const Node& node, Attribute* attribute) {
  using Type = Attribute::Type;
  Type seen = Type::kUndefined;
  int32_t declared = 0;
  const auto refuse = [&](const char* what) {
    return Unsupported(source_ + ": operator " + Quote(node.op_type) + " (node " + Quote(node.name) +
                       ") holds " + what + ", which is not supported; export the model without it");
  };
  pbf_reader r(bytes);
  while (r.next()) {
    switch (r.tag_and_type()) {
      case tag_and_type(1, kBytes):
        attribute->name = r.get_string();
        break;
      case tag_and_type(2, pbf_wire_type::fixed32):
        attribute->f = r.get_float();
        seen = Type::kFloat;
        break;
      case tag_and_type(3, kVarint):
        attribute->i = r.get_int64();
        seen = Type::kInt;
        break;
      case tag_and_type(4, kBytes):
        attribute->s = r.get_string();
        seen = Type::kString;
        break;
      case tag_and_type(5, kBytes): {
        TEMPERA_ASSIGN_OR_RETURN(NamedTensor t, ParseTensor(r.get_view(), source_));
        attribute->t = std::move(t.tensor);
        seen = Type::kTensor;
        break;
      }
      case tag_and_type(7, pbf_wire_type::fixed32):
        attribute->floats.push_back(r.get_float());
        seen = Type::kFloats;
        break;
      case tag_and_type(7, kBytes):
        for (const float v : r.get_packed_float()) attribute->floats.push_back(v);
        seen = Type::kFloats;
        break;
      case tag_and_type(8, kVarint):
        attribute->ints.push_back(r.get_int64());
        seen = Type::kInts;
        break;
      case tag_and_type(8, kBytes):
        for (const int64_t v : r.get_packed_int64()) attribute->ints.push_back(v);
        seen = Type::kInts;
        break;
      case tag_and_type(9, kBytes):
        if (!CountPart()) return TooManyParts();
        attribute->strings.push_back(r.get_string());
        seen = Type::kStrings;
        break;
      case tag_and_type(20, kVarint):
        declared = r.get_enum();
        break;
      case tag_and_type(6, kBytes):
      case tag_and_type(11, kBytes):
        return refuse("a sub-graph");
      case tag_and_type(10, kBytes):
        return refuse("a list of tensors");
      case tag_and_type(14, kBytes):
      case tag_and_type(15, kBytes):
        return refuse("a type");
      case tag_and_type(21, kBytes):
        return refuse("a reference to a function's attribute");
      case tag_and_type(22, kBytes):
      case tag_and_type(23, kBytes):
        return refuse("a sparse tensor");
      default:
        r.skip();
    }
  }
  // Writers before IR version 2 leave the type out; an empty list leaves its field out.
  attribute->type = declared != 0 ? static_cast<Type>(declared) : seen;
  if (attribute->type == Type::kTensor && !attribute->t.defined()) {
    return CorruptModel(source_ + " is damaged: attribute " + Quote(attribute->name) + " of node " +
                        Quote(node.name) + " promises a tensor and holds none; download it again");
  }
  return OkStatus();
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

// Why the protobuf could not be walked. A cut download and a file of another kind ask for
// different cures, so look at the top level: a cut file is sound up to one field too long.
Status ExplainMalformed(data_view bytes, const std::string& source, const char* what) {
  pbf_reader r(bytes);
  bool any_known_field = false;
  try {
    while (r.next()) {
      const uint32_t tag = r.tag();
      if (tag > 25) break;
      if (r.wire_type() == kBytes) {
        const auto at = r.data();
        const char* p = at.data();
        const uint64_t claimed = protozero::decode_varint(&p, at.data() + at.size());
        const auto left = static_cast<uint64_t>(at.data() + at.size() - p);
        if (claimed > left && (any_known_field || tag == 7)) {
          return CorruptModel(source + " is truncated: its " + (tag == 7 ? "graph" : "last part") +
                              " claims " + std::to_string(claimed) + " bytes but only " +
                              std::to_string(left) + " are left; download it again");
        }
      }
      r.skip();
      any_known_field = true;
    }
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): bytes nobody can walk are named below
    // The walk ends; what was seen until here decides.
  }
  if (!any_known_field)
    return CorruptModel(source + " is not an ONNX model (" + what + "); give a .onnx file");
  return CorruptModel(source + " is damaged (" + what + "); download or export it again");
}

// The one place where protozero's exceptions, and the standard library's when memory runs
// out, become a status.
template <typename Parse>
auto Guarded(std::span<const uint8_t> bytes, const std::string& source, Parse parse)
    -> decltype(parse(data_view())) {
  const data_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  try {
    return parse(view);
  } catch (const protozero::exception& e) {
    return ExplainMalformed(view, source, e.what());
  } catch (const std::bad_alloc&) {
    return OutOfMemory(source +
                       " needs more memory than there is; close other programs or use a smaller model");
  } catch (const std::exception& e) {
    return Internal(source + " could not be read: " + e.what());
  }
}

Result<Model> ReadNamed(std::span<const uint8_t> bytes, const std::string& source) {
  if (bytes.empty()) return CorruptModel(source + " is empty; give a .onnx file");
  return Guarded(bytes, source, [&](data_view view) { return ModelParser(source).Parse(view); });
}

}  // namespace

Result<Model> ReadModel(std::span<const uint8_t> bytes) { return ReadNamed(bytes, "the model"); }

Result<NamedTensor> ReadTensor(std::span<const uint8_t> bytes) {
  const std::string source = "the tensor file";
  return Guarded(bytes, source, [&](data_view view) { return ParseTensor(view, source); });
}

Result<Model> ReadModelFile(const std::string& path) {
  std::error_code error;
  const auto kind = std::filesystem::status(path, error);
  if (!std::filesystem::exists(kind)) return NotFound(path + ": no such file; check the path");
  if (std::filesystem::is_directory(kind)) return IoError(path + " is a folder; give a .onnx file");
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) return IoError(path + " cannot be opened; check its permissions");
  // Read in pieces: the size a file system reports is not to be trusted (pipes, /proc).
  std::vector<uint8_t> bytes;
  constexpr size_t kPiece = size_t{1} << 20;
  try {
    for (;;) {
      const size_t before = bytes.size();
      bytes.resize(before + kPiece);
      const size_t got = std::fread(bytes.data() + before, 1, kPiece, file.get());
      bytes.resize(before + got);
      if (got < kPiece) break;
      if (static_cast<int64_t>(bytes.size()) > kMaxFileBytes) {
        return Unsupported(path + " is larger than 2 GiB, the limit of an ONNX file; use a smaller model");
      }
    }
  } catch (const std::bad_alloc&) {
    return OutOfMemory(path + " does not fit into memory; close other programs or use a smaller model");
  }
  if (std::ferror(file.get())) return IoError(path + " cannot be read to its end; check the disk");
  return ReadNamed(bytes, path);
}

}  // namespace tempera::onnx
