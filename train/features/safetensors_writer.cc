#include "train/features/safetensors_writer.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "src/base/atomic_file.h"

namespace tempera::train {

std::string FormatSafetensors(const Safetensors& file) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  size_t at = 0;
  for (const auto& [name, array] : file.arrays) {
    const size_t bytes = array.values.size() * 4;
    header[name] = {{"dtype", "F32"}, {"shape", array.shape}, {"data_offsets", {at, at + bytes}}};
    at += bytes;
  }
  // A file's name in the metadata may be no UTF-8.
  std::string text = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  out += text;
  out.reserve(out.size() + at);
  for (const auto& entry : file.arrays) {
    out.append(reinterpret_cast<const char*>(entry.second.values.data()), entry.second.values.size() * 4);
  }
  return out;
}

Status WriteSafetensorsFile(const Safetensors& file, const std::string& path) {
  return WriteWholeFile(path, FormatSafetensors(file));
}

}  // namespace tempera::train
