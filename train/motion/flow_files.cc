#include <cmath>
#include <cstring>
#include <fstream>

#include "media/image16.h"
#include "src/base/atomic_file.h"
#include "train/motion/flow.h"

namespace tempera::train {
namespace {

constexpr float kMagic = 202021.25f;  // "PIEH"
constexpr int32_t kMostSide = 16384;

}  // namespace

Result<Flow> ReadFlo(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return NotFound("cannot open the flow '" + path + "'");
  const std::streamoff bytes = in.tellg();
  in.seekg(0);
  float magic = 0;
  int32_t size[2] = {};
  in.read(reinterpret_cast<char*>(&magic), sizeof magic);
  in.read(reinterpret_cast<char*>(size), sizeof size);
  if (!in || magic != kMagic) return InvalidArgument("'" + path + "' is no .flo file");
  if (size[0] < 1 || size[1] < 1 || size[0] > kMostSide || size[1] > kMostSide ||
      bytes != 12 + std::streamoff{8} * size[0] * size[1]) {
    return InvalidArgument("'" + path + "' is cut off, or its size is wrong");
  }
  Flow flow(size[0], size[1]);
  std::vector<float> pairs(flow.dx.size() * 2);
  in.read(reinterpret_cast<char*>(pairs.data()), static_cast<std::streamsize>(pairs.size() * sizeof(float)));
  if (!in) return IoError("cannot read '" + path + "'");
  for (size_t i = 0; i < flow.dx.size(); ++i) {
    constexpr float kUnknown = 1e9f;
    const float u = pairs[2 * i], v = pairs[2 * i + 1];
    // Not a number is unknown as well.
    flow.valid[i] = std::abs(u) < kUnknown && std::abs(v) < kUnknown;
    if (flow.valid[i]) flow.dx[i] = u, flow.dy[i] = v;
  }
  return flow;
}

Status WriteFlo(const std::string& path, const Flow& flow) {
  std::string bytes(12 + flow.dx.size() * 8, '\0');
  const int32_t size[2] = {flow.width, flow.height};
  std::memcpy(bytes.data(), &kMagic, 4);
  std::memcpy(bytes.data() + 4, size, 8);
  for (size_t i = 0; i < flow.dx.size(); ++i) {
    constexpr float kUnknown = 1e10f;
    const float pair[2] = {flow.valid[i] ? flow.dx[i] : kUnknown, flow.valid[i] ? flow.dy[i] : kUnknown};
    std::memcpy(bytes.data() + 12 + 8 * i, pair, 8);
  }
  return WriteWholeFile(path, bytes);
}

Result<Flow> ReadKittiFlow(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage16 image, media::ReadImage16(path));
  Flow flow(image.width, image.height);
  for (size_t i = 0; i < flow.dx.size(); ++i) {
    flow.dx[i] = (static_cast<float>(image.pixels[3 * i]) - 32768.0f) / 64.0f;
    flow.dy[i] = (static_cast<float>(image.pixels[3 * i + 1]) - 32768.0f) / 64.0f;
    flow.valid[i] = image.pixels[3 * i + 2] != 0;
  }
  return flow;
}

}  // namespace tempera::train
