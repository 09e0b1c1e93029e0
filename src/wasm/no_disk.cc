// A browser gives the module no files: models come as bytes, and what was found out about them goes to the
// page.
#include <memory>
#include <string>

#include "src/base/cache_store.h"
#include "src/onnx/external_data.h"
#include "src/onnx/file_bytes.h"

namespace tempera {

std::shared_ptr<CacheStore> OpenDiskCache(const std::string&) { return nullptr; }

namespace onnx {

Result<std::vector<uint8_t>> ReadFileBytes(const std::string& path) {
  return Unsupported(path + ": there are no files here; give the model's bytes");
}

ExternalData::ExternalData(std::string model_path) : model_path_(std::move(model_path)) {}
Status ExternalData::Read(const ExternalPlace&, const std::string& what, Tensor*) {
  return Unsupported(what + " lies in a file beside the model; export the model as one file");
}
Status ExternalData::Check(const ExternalPlace& place, const std::string& what, int64_t) {
  return Read(place, what, nullptr);
}

}  // namespace onnx
}  // namespace tempera
