#include "src/onnx/annotate.h"

#include <algorithm>
#include <new>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

namespace tempera::onnx {
namespace {

using protozero::data_view;
using protozero::pbf_reader;

constexpr size_t kMaxFileBytes = size_t{2} << 30;  // as ReadFileBytes has it

constexpr uint32_t kGraph = 7, kMetadataProps = 14;  // of ModelProto

std::string KeyOf(data_view entry) {
  std::string key;
  pbf_reader r(entry);
  while (r.next()) {
    if (r.tag() == 1 && r.wire_type() == protozero::pbf_wire_type::length_delimited) {
      key = r.get_string();
    } else {
      r.skip();
    }
  }
  return key;
}

Result<std::string> AnnotateOrThrow(std::span<const uint8_t> model, const Annotations& annotations,
                                    const std::string& source) {
  std::vector<std::string> missing = annotations.remove;
  const auto is_replaced = [&](const std::string& key) {
    std::erase(missing, key);
    return std::any_of(annotations.set.begin(), annotations.set.end(),
                       [&](const auto& entry) { return entry.first == key; }) ||
           std::find(annotations.remove.begin(), annotations.remove.end(), key) != annotations.remove.end();
  };
  const auto* const begin = reinterpret_cast<const char*>(model.data());
  std::string out;
  size_t added = 0;
  for (const auto& [key, value] : annotations.set) added += key.size() + value.size() + 32;  // and lengths
  if (added > kMaxFileBytes || model.size() > kMaxFileBytes - added)
    return Unsupported(source + " would be larger than 2 GiB, the limit of an ONNX file; say less of it");
  out.reserve(model.size() + added);
  bool has_graph = false;
  try {
    pbf_reader r(data_view(begin, model.size()));
    const char* field = begin;  // where the one that is read begins
    while (r.next()) {
      const bool bytes = r.wire_type() == protozero::pbf_wire_type::length_delimited;
      has_graph = has_graph || (bytes && r.tag() == kGraph);
      bool keep = true;
      if (bytes && r.tag() == kMetadataProps) {
        keep = !is_replaced(KeyOf(r.get_view()));
      } else {
        r.skip();
      }
      const char* const next = r.data().data();
      if (keep) out.append(field, next);
      field = next;
    }
  } catch (const protozero::exception&) {
    return CorruptModel(source + " is not an ONNX model, or is damaged; download or export it again");
  }
  if (!has_graph) return CorruptModel(source + " is not an ONNX model: it has no graph; give a .onnx file");
  if (!missing.empty()) return NotFound(source + " has no metadata " + missing.front() + " to remove");
  protozero::pbf_writer w(out);
  for (const auto& [key, value] : annotations.set) {
    protozero::pbf_writer entry(w, kMetadataProps);
    entry.add_string(1, key);
    entry.add_string(2, value);
  }
  return out;
}

}  // namespace

Result<std::string> Annotate(std::span<const uint8_t> model, const Annotations& annotations,
                             const std::string& source) {
  try {
    return AnnotateOrThrow(model, annotations, source);
  } catch (const std::bad_alloc&) {
    return OutOfMemory(source + " does not fit into memory twice; close other programs");
  }
}

}  // namespace tempera::onnx
