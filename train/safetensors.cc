#include "train/safetensors.h"

#include <bit>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "src/base/checked_math.h"
#include "src/base/half.h"

namespace tempera::train {
namespace {

// The format's own limit.
constexpr uint64_t kMaxHeaderBytes = 100'000'000;

// The subset of JSON that a safetensors header uses: one object whose values are objects of
// strings, or of {"dtype": string, "shape": [ints], "data_offsets": [2 ints]}.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  bool Take(char c) {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool AtEnd() {
    SkipSpace();
    return at_ == text_.size();
  }
  bool String(std::string* out) {
    if (!Take('"')) return false;
    out->clear();
    while (at_ < text_.size()) {
      char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\') {
        if (at_ >= text_.size()) return false;
        c = text_[at_++];
        switch (c) {
          case '"':
          case '\\':
          case '/':
            break;
          case 'n':
            c = '\n';
            break;
          case 't':
            c = '\t';
            break;
          case 'r':
            c = '\r';
            break;
          case 'b':
            c = '\b';
            break;
          case 'f':
            c = '\f';
            break;
          case 'u':
            // Only names and notes may hold these; kept as they stand.
            out->append("\\u");
            continue;
          default:
            return false;
        }
      }
      out->push_back(c);
    }
    return false;
  }
  bool Unsigned(int64_t* out) {
    SkipSpace();
    const size_t start = at_;
    int64_t value = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
      if (!CheckedMul(value, 10, &value) || !CheckedAdd(value, text_[at_] - '0', &value)) return false;
      ++at_;
    }
    *out = value;
    return at_ > start;
  }
  bool UnsignedList(std::vector<int64_t>* out) {
    out->clear();
    if (!Take('[')) return false;
    if (Take(']')) return true;
    do {
      int64_t value;
      if (!Unsigned(&value)) return false;
      out->push_back(value);
    } while (Take(','));
    return Take(']');
  }

 private:
  void SkipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  std::string_view text_;
  size_t at_ = 0;
};

struct Entry {
  std::string dtype;
  std::vector<int64_t> shape;
  std::vector<int64_t> offsets;
};

bool ParseEntry(HeaderParser& in, Entry* entry) {
  if (!in.Take('{')) return false;
  std::string key;
  do {
    if (!in.String(&key) || !in.Take(':')) return false;
    bool ok = false;
    if (key == "dtype") ok = in.String(&entry->dtype);
    if (key == "shape") ok = in.UnsignedList(&entry->shape);
    if (key == "data_offsets") ok = in.UnsignedList(&entry->offsets);
    if (!ok) return false;
  } while (in.Take(','));
  return in.Take('}') && entry->offsets.size() == 2;
}

bool ParseMetadata(HeaderParser& in, std::map<std::string, std::string>* out) {
  if (!in.Take('{')) return false;
  if (in.Take('}')) return true;
  std::string key, value;
  do {
    if (!in.String(&key) || !in.Take(':') || !in.String(&value)) return false;
    (*out)[key] = value;
  } while (in.Take(','));
  return in.Take('}');
}

Result<FloatArray> ReadArray(const std::string& name, const Entry& entry, std::string_view data) {
  int64_t width = 0;
  if (entry.dtype == "F32") width = 4;
  if (entry.dtype == "F16" || entry.dtype == "BF16") width = 2;
  if (entry.dtype == "I8") width = 1;
  if (width == 0)
    return Unsupported("tensor '" + name + "' has type " + entry.dtype +
                       "; only F32, F16, BF16 and I8 are read");
  int64_t count, bytes;
  const int64_t begin = entry.offsets[0], end = entry.offsets[1];
  if (!CheckedElementCount(entry.shape, &count) || !CheckedMul(count, width, &bytes) || begin > end ||
      end > static_cast<int64_t>(data.size()) || end - begin != bytes) {
    return CorruptModel("tensor '" + name + "' claims a shape or a place that the file does not have");
  }
  FloatArray array{entry.shape, std::vector<float>(static_cast<size_t>(count))};
  const char* from = data.data() + begin;
  if (width == 4) {
    if (bytes > 0) std::memcpy(array.values.data(), from, static_cast<size_t>(bytes));
    return array;
  }
  if (width == 1) {
    for (int64_t i = 0; i < count; ++i) array.values[i] = static_cast<int8_t>(from[i]);
    return array;
  }
  for (int64_t i = 0; i < count; ++i) {
    uint16_t raw;
    std::memcpy(&raw, from + 2 * i, 2);
    array.values[i] = entry.dtype == "F16" ? HalfToFloat(raw) : BfloatToFloat(raw);
  }
  return array;
}

}  // namespace

Result<Safetensors> ParseSafetensors(std::string_view bytes) {
  uint64_t header_bytes = 0;
  if (bytes.size() < 8) return CorruptModel("not a safetensors file: shorter than its header");
  std::memcpy(&header_bytes, bytes.data(), 8);  // little-endian, as every machine we build for
  if (header_bytes > kMaxHeaderBytes || header_bytes > bytes.size() - 8) {
    return CorruptModel("not a safetensors file: its header claims " + std::to_string(header_bytes) +
                        " bytes");
  }
  HeaderParser in(bytes.substr(8, header_bytes));
  const std::string_view data = bytes.substr(8 + header_bytes);
  const Status bad = CorruptModel("not a safetensors file: its header is not the expected JSON");
  Safetensors file;
  if (!in.Take('{')) return bad;
  if (!in.Take('}')) {
    std::string name;
    do {
      if (!in.String(&name) || !in.Take(':')) return bad;
      if (name == "__metadata__") {
        if (!ParseMetadata(in, &file.metadata)) return bad;
        continue;
      }
      Entry entry;
      if (!ParseEntry(in, &entry)) return bad;
      TEMPERA_ASSIGN_OR_RETURN(FloatArray array, ReadArray(name, entry, data));
      if (!file.arrays.emplace(name, std::move(array)).second) {
        return CorruptModel("tensor '" + name + "' appears twice in a safetensors header");
      }
    } while (in.Take(','));
    if (!in.Take('}')) return bad;
  }
  if (!in.AtEnd()) return bad;
  return file;
}

Result<Safetensors> ReadSafetensorsFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return NotFound("cannot open '" + path + "': check the path to the VGG features");
  std::ostringstream bytes;
  bytes << in.rdbuf();
  if (!in) return IoError("cannot read '" + path + "'");
  const std::string text = std::move(bytes).str();
  Result<Safetensors> file = ParseSafetensors(text);
  if (!file.ok()) return Status(file.status().code(), path + ": " + file.status().message());
  return file;
}

}  // namespace tempera::train
