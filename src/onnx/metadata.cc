#include "src/onnx/metadata.h"

#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <protozero/pbf_reader.hpp>
#include <system_error>

namespace tempera::onnx {
namespace {

using Metadata = std::vector<std::pair<std::string, std::string>>;

// Of ModelProto.
constexpr uint32_t kGraph = 7, kMetadataProps = 14;
// All keys and values together. A thumbnail is the longest of them, at most a quarter.
constexpr uint64_t kMostBytes = uint64_t{1} << 20;
// Fields at the top level: exporters write a dozen, and one per line of metadata, opset and function.
constexpr int kMostFields = 1 << 16;

// The top level of a protobuf, read field by field from a file.
class FieldReader {
 public:
  FieldReader(std::FILE* file, uint64_t size) : file_(file), left_(size) {}

  uint64_t left() const { return left_; }

  bool Varint(uint64_t* out) {
    *out = 0;
    for (int shift = 0; shift < 64 && left_ > 0; shift += 7) {
      const int byte = std::fgetc(file_);
      if (byte == EOF) return false;
      --left_;
      *out |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool Skip(uint64_t bytes) {
    if (bytes > left_ || fseeko(file_, static_cast<off_t>(bytes), SEEK_CUR) != 0) return false;
    left_ -= bytes;
    return true;
  }

  bool Bytes(uint64_t count, std::string* out) {
    if (count > left_) return false;
    out->resize(static_cast<size_t>(count));
    left_ -= count;
    return std::fread(out->data(), 1, out->size(), file_) == out->size();
  }

 private:
  std::FILE* file_;
  uint64_t left_;
};

// One StringStringEntryProto; false where it is no protobuf.
bool ReadEntry(const std::string& bytes, Metadata* out) {
  try {
    protozero::pbf_reader r(bytes);
    std::pair<std::string, std::string> entry;
    while (r.next()) {
      if (r.tag() == 1 && r.wire_type() == protozero::pbf_wire_type::length_delimited) {
        entry.first = r.get_string();
      } else if (r.tag() == 2 && r.wire_type() == protozero::pbf_wire_type::length_delimited) {
        entry.second = r.get_string();
      } else {
        r.skip();
      }
    }
    out->push_back(std::move(entry));
    return true;
  } catch (const protozero::exception&) {
    return false;
  }
}

// nullptr, or what is wrong.
const char* ReadFields(FieldReader& reader, Metadata* out) {
  constexpr const char* kDamaged = " is damaged; download or export it again";
  bool has_graph = false;
  uint64_t said = 0;
  std::string entry;
  for (int fields = 0; reader.left() > 0; ++fields) {
    uint64_t key, length = 0;
    if (fields == kMostFields || !reader.Varint(&key)) return kDamaged;
    const uint64_t tag = key >> 3;
    // 25 is ModelProto's last.
    if (tag < 1 || tag > 25) return " is not an ONNX model; give a .onnx file";
    bool ok = false;
    switch (key & 7) {
      case 0:
        ok = reader.Varint(&length);
        break;
      case 1:
        ok = reader.Skip(8);
        break;
      case 5:
        ok = reader.Skip(4);
        break;
      case 2:
        if (!reader.Varint(&length)) return kDamaged;
        if (length > reader.left()) return " is truncated; download it again";
        if (tag != kMetadataProps) {
          ok = reader.Skip(length);
          has_graph = has_graph || tag == kGraph;
          break;
        }
        said += length;
        if (said > kMostBytes) return " says more of itself than a megabyte; export it with less metadata";
        ok = reader.Bytes(length, &entry) && ReadEntry(entry, out);
        break;
      default:
        break;
    }
    if (!ok) return kDamaged;
  }
  return has_graph ? nullptr : " is not an ONNX model: it has no graph; give a .onnx file";
}

}  // namespace

Result<Metadata> ReadMetadataFile(const std::string& path) {
  std::error_code error;
  const auto kind = std::filesystem::status(path, error);
  if (!std::filesystem::exists(kind)) return NotFound(path + ": no such file; check the path");
  if (!std::filesystem::is_regular_file(kind)) return IoError(path + " is no file; give a .onnx file");
  const uint64_t size = std::filesystem::file_size(path, error);
  if (error) return IoError(path + " cannot be read: " + error.message());
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) return IoError(path + " cannot be opened; check its permissions");
  FieldReader reader(file.get(), size);
  Metadata metadata;
  if (const char* wrong = ReadFields(reader, &metadata)) return CorruptModel(path + wrong);
  return metadata;
}

}  // namespace tempera::onnx
