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

Status ExternalData::Open(const std::string& location, const std::string& what) {
  if (open_ && location == open_location_) return OkStatus();
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
  const auto size = fs::file_size(file, error);
  if (error || size > static_cast<uintmax_t>(INT64_MAX))
    return IoError(what + ": the size of " + Quote(location) + " cannot be told; check the disk");
  open_.reset(std::fopen(file.c_str(), "rb"));
  if (!open_) return IoError(what + ": " + Quote(location) + " cannot be opened; check its permissions");
  open_location_ = location;
  size_ = static_cast<int64_t>(size);
  return OkStatus();
}

Status ExternalData::Check(const ExternalPlace& place, const std::string& what, int64_t bytes) {
  TEMPERA_RETURN_IF_ERROR(Open(place.location, what));
  if (place.offset < 0 || (place.length >= 0 && place.length != bytes)) {
    return CorruptModel(what + " needs " + std::to_string(bytes) + " bytes, and says that " +
                        Quote(place.location) + " holds " + std::to_string(place.length) + " at " +
                        std::to_string(place.offset) + "; export the model again");
  }
  if (place.offset > size_ || bytes > size_ - place.offset) {
    return CorruptModel(what + " needs " + std::to_string(bytes) + " bytes at " +
                        std::to_string(place.offset) + " of " + Quote(place.location) + ", which ends at " +
                        std::to_string(size_) + "; download it again");
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
  std::FILE* file = open_.get();
  if (fseeko(file, static_cast<off_t>(place.offset), SEEK_SET) != 0 ||
      std::fread(to->raw(), 1, to->size_bytes(), file) != to->size_bytes()) {
    return IoError(what + ": " + Quote(place.location) + " cannot be read to its end; check the disk");
  }
  return OkStatus();
}

}  // namespace tempera::onnx
