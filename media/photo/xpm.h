// X pixmaps (XPM 3), read here: FFmpeg 5.1 knows colours of six or eight digits only, and gives X11's names
// their meanings on the web. Private to media/.
#pragma once

#include "media/ffmpeg.h"
#include "media/photo/bytes.h"

namespace tempera::media {

// RGBA; rows and pixels that are not there are black, *damaged is then true. Refuses colours by name that it
// does not know.
Result<FramePtr> ReadXpm(ByteSpan file, bool* damaged);

}  // namespace tempera::media
