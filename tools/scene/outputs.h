// What the renderer writes besides PNG: flow fields, raw video, sound.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "media/image.h"
#include "src/base/atomic_file.h"
#include "src/base/status.h"

namespace tempera::scene {

// Optical flow in the Sintel layout: "PIEH" (the float 202021.25), width, height as 32-bit integers, then u,
// v interleaved row by row as 32-bit floats; all little-endian. `flow` holds width * height * 2 floats.
Status WriteFlo(const std::string& path, int width, int height, const std::vector<float>& flow);

struct FlowField {
  int width = 0, height = 0;
  std::vector<float> flow;
};
Result<FlowField> ReadFlo(const std::string& path);

// 8-bit 4:2:0 Y4M in BT.709, limited range, chroma sited left as MPEG-2 has it. "-" is standard output.
// A file is written beside its final name and takes it in Close; without Close nothing stays.
class Y4mWriter {
 public:
  static Result<std::unique_ptr<Y4mWriter>> Open(const std::string& path, int width, int height, double fps);
  ~Y4mWriter();

  Status Write(const media::RgbImage& frame);
  Status Close();

 private:
  Y4mWriter() = default;

  std::string path_;
  std::optional<AtomicFile> output_;  // where path_ is a file
  std::FILE* file_ = nullptr;
  std::vector<uint8_t> planes_;
};

// Wind, surf and a few gulls: 48 kHz stereo, 16 bits, `seconds` long. The same seed gives the same bytes.
Status WriteAmbience(const std::string& path, double seconds, uint32_t seed);

}  // namespace tempera::scene
