#include "src/onnx/external_data.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "src/onnx/quote.h"

namespace tempera::onnx {
namespace {

namespace fs = std::filesystem;

// Of all tensors, as of a model in one file.
constexpr int64_t kMaxBytes = int64_t{2} << 30;

// Whether `file` lies in `folder` or below; both are free of links and dots.
bool LiesIn(const fs::path& file, const fs::path& folder) {
  const auto [end, at] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return end == folder.end() && at != file.end();
}

}  // namespace

ExternalData::ExternalData(std::string model_path) : model_path_(std::move(model_path)) {}

Result<const ExternalData::File*> ExternalData::Open(const std::string& location, const std::string& what) {
  const auto found = files_.find(location);
  if (found != files_.end()) return &found->second;
  const auto outside = [&] {
    return Unsupported(what + " keeps its values in " + Quote(location) +
                       ", outside the model's folder; put that file beside the model");
  };
  const fs::path given(location);
  if (location.empty() || location.find('\0') != std::string::npos || given.is_absolute() ||
      given.has_root_name() || std::find(given.begin(), given.end(), "..") != given.end())
    return outside();
  std::error_code error;
  const fs::path beside = fs::absolute(model_path_, error).parent_path();
  if (error) return IoError(what + ": the folder of " + model_path_ + " cannot be found; check the path");
  const fs::path folder = fs::canonical(beside, error);
  const fs::path real_folder = fs::canonical(model_path_, error).parent_path();
  const fs::path file = fs::canonical(beside / given, error);
  if (error || !fs::is_regular_file(file, error)) {
    return NotFound(what + " keeps its values in " + Quote(location) +
                    ", which is not beside the model; put it there, or save the model as one file");
  }
  if (!LiesIn(file, folder) && !(LiesIn(file, real_folder) && real_folder != real_folder.root_path()))
    return outside();
  File opened;
  opened.file.reset(std::fopen(file.c_str(), "rb"));
  if (!opened.file)
    return IoError(what + ": " + Quote(location) + " cannot be opened; check its permissions");
  const auto size = fs::file_size(file, error);
  if (error || size > static_cast<uintmax_t>(INT64_MAX))
    return IoError(what + ": the size of " + Quote(location) + " cannot be told; check the disk");
  opened.size = static_cast<int64_t>(size);
  return &files_.emplace(location, std::move(opened)).first->second;
}

Status ExternalData::Check(const ExternalPlace& place, const std::string& what, int64_t bytes) {
  TEMPERA_ASSIGN_OR_RETURN(const File* file, Open(place.location, what));
  if (place.offset < 0 || (place.length >= 0 && place.length != bytes)) {
    return CorruptModel(what + " needs " + std::to_string(bytes) + " bytes, and says that " +
                        Quote(place.location) + " holds " + std::to_string(place.length) + " at " +
                        std::to_string(place.offset) + "; export the model again");
  }
  if (place.offset > file->size || bytes > file->size - place.offset) {
    return CorruptModel(what + " needs " + std::to_string(bytes) + " bytes at " +
                        std::to_string(place.offset) + " of " + Quote(place.location) + ", which ends at " +
                        std::to_string(file->size) + "; download it again");
  }
  if (bytes > kMaxBytes - read_)
    return Unsupported(what + " makes the model larger than 2 GiB; use a smaller model");
  return OkStatus();
}

Status ExternalData::Read(const ExternalPlace& place, const std::string& what, Tensor* to) {
  const auto bytes = static_cast<int64_t>(to->size_bytes());
  TEMPERA_RETURN_IF_ERROR(Check(place, what, bytes));
  read_ += bytes;
  if (bytes == 0) return OkStatus();
  std::FILE* file = files_.at(place.location).file.get();
  if (fseeko(file, static_cast<off_t>(place.offset), SEEK_SET) != 0 ||
      std::fread(to->raw(), 1, to->size_bytes(), file) != to->size_bytes()) {
    return IoError(what + ": " + Quote(place.location) + " cannot be read to its end; check the disk");
  }
  return OkStatus();
}

}  // namespace tempera::onnx
