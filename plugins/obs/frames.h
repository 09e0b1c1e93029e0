// Frames as OBS has them of cameras and films, in the processor's memory, painted where they lie.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plugins/obs/painter.h"

struct obs_source_frame;

namespace tempera::plugins::obs {

// What the engine is given for such a frame; none where OBS has a format that is not known here.
std::optional<FrameShape> ShapeOf(const obs_source_frame& frame);

// Kept between frames, for formats that the engine is given in another form.
struct Repacked {
  std::vector<uint8_t> bytes;
};

// Paints in place. I420, NV12, P010, I010, RGBA, BGRA and BGRX (and the colours of I420 with alpha) as they
// are; other YCbCr with its chroma at half size, put back at its own; BGR3 as RGB. Alpha stays. Y800 stays
// grey.
Error PaintFrame(Composition& composition, obs_source_frame& frame, Repacked& repacked);

}  // namespace tempera::plugins::obs
