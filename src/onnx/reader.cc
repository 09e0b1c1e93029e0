#include "src/onnx/reader.h"

#include <exception>
#include <new>
#include <protozero/pbf_reader.hpp>

#include "src/base/memory.h"
#include "src/onnx/external_data.h"
#include "src/onnx/file_bytes.h"
#include "src/onnx/flatten.h"
#include "src/onnx/model_parser.h"
#include "src/onnx/tensor_reader.h"

namespace tempera::onnx {
namespace {

using protozero::data_view;
using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr auto kBytes = pbf_wire_type::length_delimited;

// Why the protobuf could not be walked. A cut download and a file of another kind ask for
// different cures, so look at the top level: a cut file is sound up to one field too long.
Status ExplainMalformed(data_view bytes, const std::string& source) {
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
  if (!any_known_field) return CorruptModel(source + " is not an ONNX model; give a .onnx file");
  return CorruptModel(source + " is damaged; download or export it again");
}

// The one place where protozero's exceptions, and the standard library's when memory runs
// out, become a status.
template <typename Parse>
auto Guarded(std::span<const uint8_t> bytes, const std::string& source, Parse parse)
    -> decltype(parse(data_view())) {
  const data_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  try {
    const CatchesBadAlloc here;
    return parse(view);
  } catch (const protozero::exception&) {
    return ExplainMalformed(view, source);
  } catch (const std::bad_alloc&) {
    return OutOfMemory(source +
                       " needs more memory than there is; close other programs or use a smaller model");
  } catch (const std::exception& e) {
    return Internal(source + " could not be read: " + e.what());
  }
}

Result<Model> ReadNamed(std::span<const uint8_t> bytes, const std::string& source, ExternalData* external) {
  if (bytes.empty()) return CorruptModel(source + " is empty; give a .onnx file");
  return Guarded(bytes, source, [&](data_view view) -> Result<Model> {
    TEMPERA_ASSIGN_OR_RETURN(Model model, ModelParser(source, external).Parse(view));
    TEMPERA_RETURN_IF_ERROR(Flatten(&model, source));
    return model;
  });
}

}  // namespace

Result<Model> ReadModel(std::span<const uint8_t> bytes) { return ReadNamed(bytes, "the model", nullptr); }

Result<NamedTensor> ReadTensor(std::span<const uint8_t> bytes) {
  const std::string source = "the tensor file";
  return Guarded(bytes, source, [&](data_view view) { return ParseTensor(view, source, nullptr); });
}

Result<Model> ReadModelFile(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadFileBytes(path));
  return ReadModelAt(bytes, path);
}

Result<Model> ReadModelAt(std::span<const uint8_t> bytes, const std::string& path) {
  ExternalData external(path);
  return ReadNamed(bytes, path, &external);
}

}  // namespace tempera::onnx
