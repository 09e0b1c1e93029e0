// PNG files that break off or are damaged in their middle: what of them can be shown. Private to media/.
#pragma once

#include <functional>

#include "media/photo/bytes.h"

namespace tempera::media {

// Whether every chunk of the picture itself that is whole has the check sum that stands behind it.
bool PngSumsAreRight(ByteSpan file);

// Shows `read` parts of the file, each ended so that decoders show the rows before: all of it, then what lies
// before the damage, nearer and nearer. The last part that `read` took has the most rows. A dozen decodings.
void ReadPngBeforeDamage(ByteSpan file, const std::function<bool(ByteSpan part)>& read);

}  // namespace tempera::media
