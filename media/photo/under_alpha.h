// What lies under transparent pixels. Private to media/.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tempera::media {

// RGBA rows: pixels of alpha 0 get the colour of the visible ones around them, so that nothing else seeps
// into the edges when a network looks at the picture, or sees it scaled. Visible pixels and all alphas stay.
// False: no memory.
bool SpreadColors(uint8_t* rgba, ptrdiff_t stride_bytes, int width, int height);

}  // namespace tempera::media
