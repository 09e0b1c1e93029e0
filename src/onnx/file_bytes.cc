#include "src/onnx/file_bytes.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <new>

namespace tempera::onnx {
namespace {

// A style is a few MB; a file beyond this is not something we can run.
constexpr int64_t kMaxFileBytes = int64_t{2} << 30;

}  // namespace

Result<std::vector<uint8_t>> ReadFileBytes(const std::string& path) {
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
  return bytes;
}

}  // namespace tempera::onnx
