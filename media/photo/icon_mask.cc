#include "media/photo/icon_mask.h"

#include <algorithm>

#include "media/normalizer.h"
#include "media/photo/libraries.h"

namespace tempera::media {

Result<FramePtr> WithIconMask(FramePtr frame, ByteSpan bmp) {
  const ByteView view(bmp, false);
  const uint64_t bits = view.U16(28), width = static_cast<uint64_t>(frame->width),
                 height = static_cast<uint64_t>(frame->height);
  // Of 32 bits the fourth byte is the alpha; coded rows (at 30) are not used in icons.
  if (!view.Is(0, "BM") || bits == 0 || bits >= 32 || view.U32(30) != 0) return frame;
  const uint64_t colours = view.U32(10) + (width * bits + 31) / 32 * 4 * height;
  const uint64_t stride = (width + 31) / 32 * 4;
  const ByteSpan mask = view.Part(colours, stride * height);
  if (std::all_of(mask.begin(), mask.end(), [](uint8_t b) { return b == 0; })) return frame;

  Normalizer to_rgb(Target::kRgb, Turn(), AVRational{1, 25}, 1);
  std::vector<FramePtr> ready;
  frame->pts = 0;
  TEMPERA_RETURN_IF_ERROR(to_rgb.Push(frame.get(), &ready));
  TEMPERA_RETURN_IF_ERROR(to_rgb.Push(nullptr, &ready));
  if (ready.empty()) return Internal("the icon could not be converted");
  TEMPERA_ASSIGN_OR_RETURN(FramePtr out, NewPixels(AV_PIX_FMT_RGBA, frame->width, frame->height));
  for (int y = 0; y < out->height; ++y) {
    const uint8_t* in = ready.front()->data[0] + ptrdiff_t{y} * ready.front()->linesize[0];
    uint8_t* to = out->data[0] + ptrdiff_t{y} * out->linesize[0];
    // The last row comes first.
    const uint8_t* row = mask.data() + stride * static_cast<uint64_t>(out->height - 1 - y);
    for (int x = 0; x < out->width; ++x) {
      std::memcpy(to + ptrdiff_t{4} * x, in + ptrdiff_t{3} * x, 3);
      to[4 * x + 3] = row[x / 8] >> (7 - x % 8) & 1 ? 0 : 255;
    }
  }
  return out;
}

}  // namespace tempera::media
