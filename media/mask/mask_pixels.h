// Masks as pictures: read from a picture's or a film's frame, drawn as one, and cut out of one as
// transparency.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "media/frame.h"
#include "src/base/status.h"

namespace tempera::media {

// Whether some pixel is not opaque: many formats hold transparency that says nothing.
bool ShowsThrough(const Frame& frame);

// How transparent a pixel is (0 is nothing; 255 where the frame holds none), or how light, black nothing and
// white all, in either range.
enum class MaskBy { kTransparency, kLight };
// What the frame says as a mask, a byte a pixel, rows without gaps. Of a film all frames go by the same.
Result<std::vector<uint8_t>> MaskOf(const Frame& frame, MaskBy by);
// Of a picture: its transparency where it shows some.
inline Result<std::vector<uint8_t>> MaskOf(const Frame& frame) {
  return MaskOf(frame, ShowsThrough(frame) ? MaskBy::kTransparency : MaskBy::kLight);
}

// Whether more than specks are far from grey: as a mask by light it says less than it seems to.
bool IsColored(const Frame& frame);

// The mask (of the frame's size, rows without gaps) as grey pixels, opaque. What MaskOf reads back is the
// same to the byte in RGB and full range, and within one of 255 in a film's usual range.
void DrawMask(const std::vector<uint8_t>& mask, Frame* frame);

// The frame is seen where the mask is 255, and where it was seen before. Of what is not seen the colours are
// taken away as well, so that nobody finds what was cut off: in RGBA by the pixel, in films in squares of 16
// by 16, within which an encoder would mix them with what is seen. Formats without transparency of their own
// get a plane beside the pixels, for VideoInfo::has_alpha.
Status CutOut(const std::vector<uint8_t>& mask, Frame* frame);

}  // namespace tempera::media
