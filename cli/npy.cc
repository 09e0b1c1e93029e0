#include "cli/npy.h"

#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "src/base/atomic_file.h"

namespace tempera::cli {
namespace {

constexpr uint8_t kMagic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
// NumPy pads the header so that the numbers begin at a multiple of 64.
constexpr size_t kAlign = 64;
// No tensor we compute with has more.
constexpr size_t kMaxRank = 32;

struct TypeCode {
  const char* descr;
  DataType type;
};
constexpr TypeCode kTypes[] = {
    {"<f4", DataType::kFloat32}, {"<f8", DataType::kFloat64}, {"<f2", DataType::kFloat16},
    {"|i1", DataType::kInt8},    {"|u1", DataType::kUint8},   {"<i2", DataType::kInt16},
    {"<u2", DataType::kUint16},  {"<i4", DataType::kInt32},   {"<u4", DataType::kUint32},
    {"<i8", DataType::kInt64},   {"<u8", DataType::kUint64},  {"|b1", DataType::kBool},
    {"<i1", DataType::kInt8},    {"<u1", DataType::kUint8},   {"<b1", DataType::kBool},
};

// Reads the Python dictionary of a header: strings, True, False, tuples of numbers, nothing else.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : text_(text) {}

  struct Header {
    std::string descr;
    bool fortran_order = false;
    Shape shape;
  };

  bool Read(Header* out) {
    bool has_descr = false, has_order = false, has_shape = false;
    if (!Take('{')) return false;
    while (!Take('}')) {
      std::string key;
      if (!String(&key) || !Take(':')) return false;
      if (key == "descr" && !has_descr) {
        has_descr = String(&out->descr);
        if (!has_descr) return false;
      } else if (key == "fortran_order" && !has_order) {
        has_order = Boolean(&out->fortran_order);
        if (!has_order) return false;
      } else if (key == "shape" && !has_shape) {
        has_shape = Tuple(&out->shape);
        if (!has_shape) return false;
      } else {
        return false;
      }
      if (!Take(',') && !Peek('}')) return false;
    }
    Spaces();
    return at_ == text_.size() && has_descr && has_order && has_shape;
  }

 private:
  void Spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool Peek(char c) {
    Spaces();
    return at_ < text_.size() && text_[at_] == c;
  }
  bool Take(char c) {
    if (!Peek(c)) return false;
    ++at_;
    return true;
  }
  bool Word(std::string_view word) {
    Spaces();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  bool String(std::string* out) {
    if (!Peek('\'') && !Peek('"')) return false;
    const size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) return false;
    *out = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return true;
  }
  bool Boolean(bool* out) {
    *out = Word("True");
    return *out || Word("False");
  }
  bool Number(int64_t* out) {
    Spaces();
    const size_t begin = at_;
    int64_t n = 0;
    while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) {
      if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, text_[at_] - '0', &n)) return false;
      ++at_;
    }
    *out = n;
    return at_ > begin;
  }
  bool Tuple(Shape* out) {
    if (!Take('(')) return false;
    while (!Take(')')) {
      int64_t n = 0;
      if (!Number(&n) || out->size() == kMaxRank) return false;
      out->push_back(n);
      if (!Take(',') && !Peek(')')) return false;
    }
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

Status NotNpy(const std::string& why) { return InvalidArgument("not a usable .npy file: " + why); }

}  // namespace

Result<Tensor> ParseNpy(std::span<const uint8_t> bytes) {
  if (bytes.size() < 10 || std::memcmp(bytes.data(), kMagic, sizeof(kMagic)) != 0) {
    return NotNpy("it does not begin with NumPy's mark");
  }
  const int major = bytes[6];
  if (major < 1 || major > 3) return NotNpy("format version " + std::to_string(major) + " is unknown");
  const size_t prefix = major == 1 ? 10 : 12;
  if (bytes.size() < prefix) return NotNpy("it ends within the header");
  size_t length = bytes[8] | static_cast<size_t>(bytes[9]) << 8;
  if (major > 1) length |= static_cast<size_t>(bytes[10]) << 16 | static_cast<size_t>(bytes[11]) << 24;
  if (length > bytes.size() - prefix) return NotNpy("it ends within the header");

  HeaderReader::Header header;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + prefix, length);
  if (!HeaderReader(text).Read(&header)) return NotNpy("its header cannot be read");
  const TypeCode* code = nullptr;
  for (const TypeCode& c : kTypes) {
    if (header.descr == c.descr) code = &c;
  }
  if (code == nullptr) {
    return NotNpy("numbers of type '" + header.descr.substr(0, 20) +
                  "' are not read; save it as little-endian floats, integers or booleans");
  }
  if (header.fortran_order && header.shape.size() > 1) {
    return NotNpy("it is in Fortran order; save numpy.ascontiguousarray(x)");
  }
  const Result<int64_t> count = ElementCount(header.shape, code->type);
  if (!count.ok()) return NotNpy(count.status().message());
  const size_t data_bytes = static_cast<size_t>(*count) * DataTypeSize(code->type);
  const std::span<const uint8_t> data = bytes.subspan(prefix + length);
  if (data.size() != data_bytes) {
    return NotNpy("shape " + ShapeToString(header.shape) + " needs " + std::to_string(data_bytes) +
                  " bytes of numbers, the file has " + std::to_string(data.size()));
  }
  TEMPERA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(code->type, std::move(header.shape)));
  if (data_bytes > 0) std::memcpy(tensor.raw(), data.data(), data_bytes);
  if (code->type == DataType::kBool) {
    for (size_t i = 0; i < data_bytes; ++i) tensor.data<uint8_t>()[i] = data[i] != 0;
  }
  return tensor;
}

Result<Tensor> ReadNpy(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return InvalidArgument(path + " is a folder, not a .npy file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound("cannot open " + path + ": " + std::strerror(errno));
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) return IoError("cannot read " + path);
  Result<Tensor> tensor = ParseNpy({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  if (!tensor.ok()) return Status(tensor.status().code(), path + ": " + tensor.status().message());
  return tensor;
}

Result<std::string> FormatNpy(const Tensor& tensor) {
  const DataType type = tensor.dtype() == DataType::kBfloat16 ? DataType::kFloat32 : tensor.dtype();
  const char* descr = nullptr;
  for (const TypeCode& c : kTypes) {
    if (descr == nullptr && c.type == type) descr = c.descr;
  }
  if (descr == nullptr) {
    return Unsupported(std::string("a .npy file cannot hold numbers of type ") +
                       DataTypeName(tensor.dtype()));
  }
  std::string shape;
  for (int64_t d : tensor.shape()) shape += std::to_string(d) + ", ";
  if (tensor.shape().size() > 1) shape.resize(shape.size() - 2);
  if (tensor.shape().size() == 1) shape.pop_back();
  std::string header =
      std::string("{'descr': '") + descr + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  const size_t prefix = sizeof(kMagic) + 4;
  header.append((kAlign - (prefix + header.size() + 1) % kAlign) % kAlign, ' ');
  header += '\n';
  std::string bytes(reinterpret_cast<const char*>(kMagic), sizeof(kMagic));
  bytes += '\x01';
  bytes += '\x00';
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  if (tensor.dtype() == DataType::kBfloat16) {
    for (uint16_t half : tensor.span<uint16_t>()) {
      const uint32_t wide = static_cast<uint32_t>(half) << 16;
      bytes.append(reinterpret_cast<const char*>(&wide), sizeof(wide));
    }
  } else if (tensor.size_bytes() > 0) {
    bytes.append(static_cast<const char*>(tensor.raw()), tensor.size_bytes());
  }
  return bytes;
}

Status WriteNpy(const std::string& path, const Tensor& tensor) {
  TEMPERA_ASSIGN_OR_RETURN(const std::string bytes, FormatNpy(tensor));
  return WriteWholeFile(path, bytes);
}

std::string FileNameFor(const std::string& output_name, std::set<std::string>* taken) {
  std::string name;
  for (char c : output_name.substr(0, 200)) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = u < 128 && (std::isalnum(u) || c == '.' || c == '_' || c == '-');
    name += plain ? c : '_';
  }
  if (name.empty()) name = "output";
  if (name[0] == '.' || name[0] == '-') name[0] = '_';
  std::string unique = name;
  for (int n = 2; !taken->insert(unique).second; ++n) unique = name + "_" + std::to_string(n);
  return unique;
}

}  // namespace tempera::cli
