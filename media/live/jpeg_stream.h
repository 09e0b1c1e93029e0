// JPEG pictures one after the other, as cameras send them: some without Huffman tables, some damaged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "media/frame.h"
#include "src/base/status.h"

namespace tempera::media {

// One thread at a time.
class JpegStream {
 public:
  static Result<std::unique_ptr<JpegStream>> Open();
  virtual ~JpegStream() = default;

  // The picture as I420, chroma averaged where the JPEG has more of it; matrix and range as JPEG means them
  // (BT.601, full) unless it says otherwise. kIo: damaged, and nothing of it is to be shown; the next one may
  // be whole again.
  virtual Result<Frame> Decode(const uint8_t* bytes, size_t count) = 0;
};

}  // namespace tempera::media
