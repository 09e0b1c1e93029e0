// What a stream says to PipeWire about formats and buffers, and what it is told.
#pragma once

#include <spa/param/param.h>
#include <spa/pod/builder.h>
#include <spa/utils/defs.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "live/pipewire/raw_video.h"

namespace tempera::live {

struct StreamFormat {
  RawFormat format = RawFormat::kI420;
  int width = 0, height = 0;
  int fps_num = 0, fps_denom = 1;  // 0/1: as frames come
  media::ColorMatrix matrix = media::ColorMatrix::kBt709;
  bool full_range = false;
};

// 30/1 of 30, 30000/1001 of 29.97. 1 to 1000 a second.
spa_fraction FractionOf(double fps);

// Parameters for one call of a stream's: good as long as this lives.
class StreamParams {
 public:
  StreamParams();
  StreamParams(const StreamParams&) = delete;
  StreamParams& operator=(const StreamParams&) = delete;

  // What we can read, the wish first: any raw format at that size and rate, at that size, at any. No modifier
  // is offered, so that what compositors keep on a graphics card comes as memory.
  void AddReadableFormats(int width, int height, double fps);
  // One format, size and rate each, since some readers understand no choices.
  void AddWrittenFormats(const StreamFormat& format);
  // bytes 0: as the writer says.
  void AddBuffers(int count, int least, size_t bytes, int stride_bytes);
  void AddMeta(uint32_t type, size_t bytes);

  const spa_pod** data() { return params_.data(); }
  uint32_t size() const { return static_cast<uint32_t>(params_.size()); }

 private:
  struct Wish;
  void AddReadable(const Wish& wish);

  uint8_t memory_[4096];
  spa_pod_builder builder_ = {};
  std::vector<const spa_pod*> params_;
};

// Nothing where it is no raw video that we read, or its size is none.
std::optional<StreamFormat> ParseStreamFormat(const spa_pod* param);

}  // namespace tempera::live
