#include "src/onnx/outline.h"

#include <algorithm>
#include <exception>
#include <map>
#include <new>
#include <protozero/pbf_reader.hpp>
#include <set>
#include <string_view>

#include "src/onnx/reader.h"

namespace tempera::onnx {
namespace {

using protozero::data_view;
using protozero::pbf_reader;

// Branches in branches: beyond, nobody wrote it by hand or by an exporter.
constexpr int kMostDepth = 16;
constexpr size_t kMostOperators = 4096;  // of different names
// Nodes, values, entries: as ModelParser has it.
constexpr size_t kMostParts = 1'000'000;
// Of a name; beyond, its end is left out.
constexpr size_t kMostName = 1024;

struct TooManyParts : std::exception {};

std::string NameOf(data_view text) {
  if (text.size() <= kMostName) return {text.data(), text.size()};
  return std::string(text.data(), kMostName) + "...";
}

bool IsBytes(const pbf_reader& r) { return r.wire_type() == protozero::pbf_wire_type::length_delimited; }
bool IsVarint(const pbf_reader& r) { return r.wire_type() == protozero::pbf_wire_type::varint; }

// Steps over a field of another wire type than ONNX gives it.
class OutlineReader {
 public:
  Outline Read(data_view bytes) {
    pbf_reader r(bytes);
    while (r.next()) {
      CountPart();
      if (IsVarint(r) && r.tag() == 1) {
        outline_.ir_version = r.get_int64();
      } else if (!IsBytes(r)) {
        r.skip();
      } else {
        ReadModelField(r);
      }
    }
    // As graph::Import has it: those that metadata names are parameters with a default.
    std::set<std::string> parameters;
    for (const auto& [key, value] : outline_.metadata) {
      if (key.starts_with(kParameter))
        parameters.insert(NameOf({key.data() + kParameter.size(), key.size() - kParameter.size()}));
    }
    std::erase_if(outline_.inputs, [&](const ValueInfo& v) {
      return initializers_.contains(v.name) && !parameters.contains(v.name);
    });
    for (auto& [name, use] : uses_) outline_.operators.push_back(std::move(use));
    outline_.external_files.assign(external_.begin(), external_.end());
    return std::move(outline_);
  }
  bool has_graph() const { return has_graph_; }

 private:
  static constexpr std::string_view kParameter = "tempera.param.";

  void CountPart() {
    if (++parts_ > kMostParts) throw TooManyParts();
  }

  void ReadModelField(pbf_reader& r) {
    switch (r.tag()) {
      case 2:
        outline_.producer_name = NameOf(r.get_view());
        return;
      case 3:
        outline_.producer_version = NameOf(r.get_view());
        return;
      case 7:
        has_graph_ = true;
        ReadGraph(r.get_view(), 0);
        return;
      case 8:
        outline_.opsets.push_back(ReadOpset(r.get_view()));
        return;
      case 14:
        outline_.metadata.push_back(ReadPair(r.get_view()));
        return;
      case 25:
        ReadFunction(r.get_view());
        return;
      default:
        r.skip();
    }
  }

  static std::pair<std::string, int64_t> ReadOpset(data_view bytes) {
    std::pair<std::string, int64_t> opset;
    pbf_reader r(bytes);
    while (r.next()) {
      if (r.tag() == 1 && IsBytes(r)) {
        opset.first = NameOf(r.get_view());
      } else if (r.tag() == 2 && IsVarint(r)) {
        opset.second = r.get_int64();
      } else {
        r.skip();
      }
    }
    return opset;
  }

  static std::pair<std::string, std::string> ReadPair(data_view bytes) {
    std::pair<std::string, std::string> entry;
    pbf_reader r(bytes);
    while (r.next()) {
      if (r.tag() <= 2 && IsBytes(r)) {
        // The right side is evaluated first, and a reader that checks itself has no tag then.
        std::string& field = r.tag() == 1 ? entry.first : entry.second;
        field = r.get_string();
      } else {
        r.skip();
      }
    }
    return entry;
  }

  void ReadGraph(data_view bytes, int depth) {
    if (depth > kMostDepth) return;
    pbf_reader r(bytes);
    while (r.next()) {
      if (!IsBytes(r)) {
        r.skip();
        continue;
      }
      switch (r.tag()) {
        case 1:
          ReadNode(r.get_view(), depth);
          break;
        case 5:
          ReadTensor(r.get_view(), depth == 0);
          break;
        case 11:
        case 12:
          CountPart();
          if (depth == 0) {
            (r.tag() == 11 ? outline_.inputs : outline_.outputs).push_back(ReadValue(r.get_view()));
            break;
          }
          r.skip();
          break;
        default:
          r.skip();
      }
    }
  }

  void ReadFunction(data_view bytes) {
    std::pair<std::string, std::string> name;
    pbf_reader r(bytes);
    while (r.next()) {
      if (!IsBytes(r)) {
        r.skip();
      } else if (r.tag() == 1) {
        name.second = NameOf(r.get_view());
      } else if (r.tag() == 7) {
        ReadNode(r.get_view(), 1);
      } else if (r.tag() == 10) {
        name.first = NameOf(r.get_view());
      } else {
        r.skip();
      }
    }
    if (name.first == "ai.onnx") name.first.clear();
    outline_.functions.push_back(std::move(name));
  }

  void ReadNode(data_view bytes, int depth) {
    CountPart();
    OperatorUse use;
    pbf_reader r(bytes);
    while (r.next()) {
      if (!IsBytes(r)) {
        r.skip();
      } else if (r.tag() == 3) {
        use.first_node = NameOf(r.get_view());
      } else if (r.tag() == 4) {
        use.op_type = NameOf(r.get_view());
      } else if (r.tag() == 5) {
        ReadAttribute(r.get_view(), depth);
      } else if (r.tag() == 7) {
        use.domain = NameOf(r.get_view());
      } else {
        r.skip();
      }
    }
    if (use.domain == "ai.onnx") use.domain.clear();
    if (use.first_node.empty()) use.first_node = use.op_type + "_" + std::to_string(nodes_);
    ++nodes_;
    const auto key = std::pair(use.domain, use.op_type);
    if (uses_.size() < kMostOperators || uses_.contains(key))
      ++uses_.try_emplace(key, use).first->second.count;
  }

  void ReadAttribute(data_view bytes, int depth) {
    CountPart();
    pbf_reader r(bytes);
    while (r.next()) {
      if (IsBytes(r) && (r.tag() == 5 || r.tag() == 10)) {
        ReadTensor(r.get_view(), false);
      } else if (IsBytes(r) && (r.tag() == 6 || r.tag() == 11)) {
        ReadGraph(r.get_view(), depth + 1);
      } else {
        r.skip();
      }
    }
  }

  void ReadTensor(data_view bytes, bool is_initializer) {
    CountPart();
    int64_t count = 1;
    int rank = 0;
    std::string name;
    int32_t type = 0;
    pbf_reader r(bytes);
    while (r.next()) {
      if (r.tag() == 1 && IsVarint(r)) {
        Multiply(r.get_int64(), &count);
        rank = std::min(rank + 1, 2);
      } else if (r.tag() == 1 && IsBytes(r)) {
        for (const int64_t d : r.get_packed_int64()) {
          Multiply(d, &count);
          rank = std::min(rank + 1, 2);
        }
      } else if (r.tag() == 2 && IsVarint(r)) {
        type = r.get_int32();
      } else if (r.tag() == 8 && IsBytes(r)) {
        name = NameOf(r.get_view());
      } else if (r.tag() == 13 && IsBytes(r)) {
        const auto entry = ReadPair(r.get_view());
        if (entry.first == "location") external_.insert(NameOf(entry.second));
      } else {
        r.skip();
      }
    }
    if (!is_initializer) return;
    initializers_.insert(std::move(name));
    const auto dtype = static_cast<DataType>(type);
    const bool real = dtype == DataType::kFloat32 || dtype == DataType::kFloat16 ||
                      dtype == DataType::kFloat64 || dtype == DataType::kBfloat16 ||
                      (dtype == DataType::kInt8 && rank > 1);  // weights in 8 bits; zero points are flat
    if (real && count > 0 && outline_.parameters < kMostNumbers) outline_.parameters += count;
  }

  // What is beyond is untrue, and counts as nothing.
  static constexpr int64_t kMostNumbers = int64_t{1} << 40;
  static void Multiply(int64_t d, int64_t* count) {
    *count = d >= 0 && d < kMostNumbers && *count <= kMostNumbers / std::max<int64_t>(d, 1) ? *count * d : 0;
  }

  static ValueInfo ReadValue(data_view bytes) {
    ValueInfo info;
    pbf_reader r(bytes);
    while (r.next()) {
      if (r.tag() == 1 && IsBytes(r)) {
        info.name = NameOf(r.get_view());
      } else if (r.tag() == 2 && IsBytes(r)) {
        pbf_reader type(r.get_view());
        while (type.next()) {
          if (type.tag() == 1 && IsBytes(type)) {
            ReadTensorType(type.get_view(), &info);
          } else {
            type.skip();
          }
        }
      } else {
        r.skip();
      }
    }
    return info;
  }

  static void ReadTensorType(data_view bytes, ValueInfo* info) {
    pbf_reader r(bytes);
    while (r.next()) {
      if (r.tag() == 1 && IsVarint(r)) {
        info->dtype = static_cast<DataType>(r.get_int32());
      } else if (r.tag() == 2 && IsBytes(r)) {
        info->has_shape = true;
        pbf_reader shape(r.get_view());
        while (shape.next()) {
          if (shape.tag() == 1 && IsBytes(shape)) {
            if (info->shape.size() > kMaxRank) throw TooManyParts();
            info->shape.push_back(ReadDim(shape.get_view()));
          } else {
            shape.skip();
          }
        }
      } else {
        r.skip();
      }
    }
  }

  static Dim ReadDim(data_view bytes) {
    Dim dim;
    pbf_reader r(bytes);
    while (r.next()) {
      if (r.tag() == 1 && IsVarint(r)) {
        dim.value = r.get_int64();
      } else if (r.tag() == 2 && IsBytes(r)) {
        dim.symbol = NameOf(r.get_view());
      } else {
        r.skip();
      }
    }
    return dim;
  }

  Outline outline_;
  bool has_graph_ = false;
  size_t parts_ = 0;
  int64_t nodes_ = 0;
  std::map<std::pair<std::string, std::string>, OperatorUse> uses_;
  std::set<std::string> initializers_, external_;
};

}  // namespace

Result<Outline> ReadOutline(std::span<const uint8_t> bytes, const std::string& source) {
  try {
    OutlineReader reader;
    Outline outline = reader.Read({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    if (!reader.has_graph())
      return CorruptModel(source + " is not an ONNX model: it has no graph; give a .onnx file");
    return outline;
  } catch (const protozero::exception&) {
    return CorruptModel(source + " is not an ONNX model, or is damaged; download or export it again");
  } catch (const TooManyParts&) {
    return CorruptModel(source + " is damaged: it holds more than " + std::to_string(kMostParts) +
                        " nodes and values, or one of too many dimensions; download it again");
  } catch (const std::bad_alloc&) {
    return OutOfMemory(source + " does not fit into memory; close other programs or use a smaller model");
  }
}

}  // namespace tempera::onnx
