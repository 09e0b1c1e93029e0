#include "src/onnx/tensor_reader.h"

#include <charconv>
#include <cstring>
#include <protozero/pbf_reader.hpp>
#include <type_traits>
#include <utility>
#include <vector>

#include "src/base/checked_math.h"
#include "src/onnx/quote.h"

namespace tempera::onnx {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

// TensorProto as it stands in the file. Only one of the data fields is used by a sane writer.
struct RawTensor {
  std::string name;
  Shape dims;
  int32_t data_type = 0;
  bool has_raw = false;
  protozero::data_view raw;
  std::vector<float> float_data;
  std::vector<int32_t> int32_data;
  std::vector<int64_t> int64_data;
  std::vector<double> double_data;
  std::vector<uint64_t> uint64_data;
  bool external = false;
  std::string location, offset, length;  // as it says them
  bool has_segment = false;
};

template <typename T, typename Range>
void Append(std::vector<T>* out, const Range& range) {
  for (const auto v : range) out->push_back(v);
}

// One entry of external_data; others (a checksum) are passed over.
void ParseExternal(protozero::data_view bytes, RawTensor* t) {
  std::string key, value;
  pbf_reader r(bytes);
  while (r.next()) {
    switch (r.tag_and_type()) {
      case tag_and_type(1, pbf_wire_type::length_delimited):
        key = r.get_string();
        break;
      case tag_and_type(2, pbf_wire_type::length_delimited):
        value = r.get_string();
        break;
      default:
        r.skip();
    }
  }
  if (key == "location") {
    t->location = std::move(value);
  } else if (key == "offset") {
    t->offset = std::move(value);
  } else if (key == "length") {
    t->length = std::move(value);
  }
}

// Digits alone; -1: anything else, or too many.
int64_t ToNumber(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0 ? number : -1;
}

RawTensor ParseFields(protozero::data_view bytes) {
  constexpr auto kVarint = pbf_wire_type::varint;
  constexpr auto kBytes = pbf_wire_type::length_delimited;
  RawTensor t;
  pbf_reader r(bytes);
  while (r.next()) {
    switch (r.tag_and_type()) {
      case tag_and_type(1, kVarint):
        t.dims.push_back(r.get_int64());
        break;
      case tag_and_type(1, kBytes):
        Append(&t.dims, r.get_packed_int64());
        break;
      case tag_and_type(2, kVarint):
        t.data_type = r.get_int32();
        break;
      case tag_and_type(3, kBytes):
        t.has_segment = true;
        r.skip();
        break;
      case tag_and_type(4, pbf_wire_type::fixed32):
        t.float_data.push_back(r.get_float());
        break;
      case tag_and_type(4, kBytes):
        Append(&t.float_data, r.get_packed_float());
        break;
      case tag_and_type(5, kVarint):
        t.int32_data.push_back(r.get_int32());
        break;
      case tag_and_type(5, kBytes):
        Append(&t.int32_data, r.get_packed_int32());
        break;
      case tag_and_type(7, kVarint):
        t.int64_data.push_back(r.get_int64());
        break;
      case tag_and_type(7, kBytes):
        Append(&t.int64_data, r.get_packed_int64());
        break;
      case tag_and_type(8, kBytes):
        t.name = r.get_string();
        break;
      case tag_and_type(9, kBytes):
        t.raw = r.get_view();
        t.has_raw = true;
        break;
      case tag_and_type(10, pbf_wire_type::fixed64):
        t.double_data.push_back(r.get_double());
        break;
      case tag_and_type(10, kBytes):
        Append(&t.double_data, r.get_packed_double());
        break;
      case tag_and_type(11, kVarint):
        t.uint64_data.push_back(r.get_uint64());
        break;
      case tag_and_type(11, kBytes):
        Append(&t.uint64_data, r.get_packed_uint64());
        break;
      case tag_and_type(13, kBytes):
        t.external = true;
        ParseExternal(r.get_view(), &t);
        break;
      case tag_and_type(14, kVarint):
        t.external = r.get_enum() == 1;
        break;
      default:
        r.skip();
    }
    if (t.dims.size() > kMaxRank) break;  // refused by the caller, before the list grows
  }
  return t;
}

template <typename T, typename From>
void Convert(const std::vector<From>& from, Tensor* to) {
  T* out = to->data<T>();
  for (size_t i = 0; i < from.size(); ++i) out[i] = static_cast<T>(from[i]);
}

// The values of the typed field that ONNX prescribes for the tensor's type: how many
// there are, and a copy into the tensor once the count is known to agree.
struct TypedField {
  size_t count = 0;
  void (*copy)(const RawTensor&, Tensor*) = nullptr;
};

TypedField FieldFor(DataType type, const RawTensor& t) {
  switch (type) {
    case DataType::kFloat32:
      return {t.float_data.size(), [](const RawTensor& r, Tensor* o) { Convert<float>(r.float_data, o); }};
    case DataType::kFloat64:
      return {t.double_data.size(), [](const RawTensor& r, Tensor* o) { Convert<double>(r.double_data, o); }};
    case DataType::kInt64:
      return {t.int64_data.size(), [](const RawTensor& r, Tensor* o) { Convert<int64_t>(r.int64_data, o); }};
    case DataType::kUint64:
      return {t.uint64_data.size(),
              [](const RawTensor& r, Tensor* o) { Convert<uint64_t>(r.uint64_data, o); }};
    case DataType::kUint32:
      return {t.uint64_data.size(),
              [](const RawTensor& r, Tensor* o) { Convert<uint32_t>(r.uint64_data, o); }};
    case DataType::kInt32:
      return {t.int32_data.size(), [](const RawTensor& r, Tensor* o) { Convert<int32_t>(r.int32_data, o); }};
    case DataType::kUint8:
    case DataType::kInt8:
    case DataType::kBool:
      return {t.int32_data.size(), [](const RawTensor& r, Tensor* o) { Convert<uint8_t>(r.int32_data, o); }};
    default:  // 16-bit integers, and the bits of float16 and bfloat16
      return {t.int32_data.size(), [](const RawTensor& r, Tensor* o) { Convert<uint16_t>(r.int32_data, o); }};
  }
}

}  // namespace

Result<NamedTensor> ParseTensor(protozero::data_view bytes, const std::string& source,
                                ExternalData* external) {
  const RawTensor t = ParseFields(bytes);
  const std::string what = "tensor " + Quote(t.name);
  const auto type = static_cast<DataType>(t.data_type);
  if (t.dims.size() > kMaxRank) {
    return CorruptModel(source + ": " + what + " has more than " + std::to_string(kMaxRank) +
                        " dimensions; export the model again");
  }
  if (t.external && external == nullptr) {
    return Unsupported(
        source + ": " + what +
        " keeps its values in another file (external data); open the model by its name, or save "
        "it as one file");
  }
  if (t.has_segment) return Unsupported(source + ": " + what + " is stored in segments; save it whole");
  if (DataTypeSize(type) == 0) {
    const char* name = DataTypeName(type);
    return Unsupported(source + ": " + what + " holds values of type " + name + " (" +
                       std::to_string(t.data_type) + "), which is not supported; export it as float32");
  }
  int64_t count = 0, claimed_bytes = 0;
  if (!CheckedElementCount(t.dims, &count) ||
      !CheckedMul(count, static_cast<int64_t>(DataTypeSize(type)), &claimed_bytes)) {
    return CorruptModel(source + ": " + what + " claims the impossible shape " + ShapeToString(t.dims) +
                        "; download or export the model again");
  }
  if (t.external) {
    ExternalPlace place{t.location};
    if (!t.offset.empty()) place.offset = ToNumber(t.offset);
    if (!t.length.empty()) place.length = ToNumber(t.length);
    if (place.offset < 0 || (!t.length.empty() && place.length < 0)) {
      return CorruptModel(source + ": " + what + " says no number of where its values are; export it again");
    }
    TEMPERA_RETURN_IF_ERROR(external->Check(place, source + ": " + what, claimed_bytes));
    TEMPERA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(type, t.dims));
    TEMPERA_RETURN_IF_ERROR(external->Read(place, source + ": " + what, &tensor));
    return NamedTensor{t.name, std::move(tensor)};
  }
  const TypedField field = FieldFor(type, t);
  const auto present_bytes =
      static_cast<int64_t>(t.has_raw ? t.raw.size() : field.count * DataTypeSize(type));
  if (present_bytes < claimed_bytes) {
    return CorruptModel(source + " is truncated: " + what + " claims " + std::to_string(claimed_bytes) +
                        " bytes but only " + std::to_string(present_bytes) + " are left; download it again");
  }
  if (present_bytes > claimed_bytes) {
    return CorruptModel(source + " is damaged: " + what + " of shape " + ShapeToString(t.dims) + " needs " +
                        std::to_string(claimed_bytes) + " bytes but holds " + std::to_string(present_bytes) +
                        "; download or export it again");
  }
  TEMPERA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(type, t.dims));
  if (t.has_raw) {
    if (claimed_bytes > 0) std::memcpy(tensor.raw(), t.raw.data(), t.raw.size());
  } else if (claimed_bytes > 0) {
    field.copy(t, &tensor);
  }
  return NamedTensor{t.name, std::move(tensor)};
}

}  // namespace tempera::onnx
