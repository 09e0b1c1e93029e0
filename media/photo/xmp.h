// XMP packets: RDF as text, of which only what a painting would make untrue is touched. Private to media/.
#pragma once

#include <string>
#include <string_view>

namespace tempera::media {

// The packet for a picture that was turned upright and has a size, colours and thumbnails of its own no more.
std::string XmpOfPainting(std::string_view packet);

// Whether the packet describes further pictures of the file it was in (a gain map, depth), which a painting
// lacks.
bool XmpTellsOfOtherPictures(std::string_view packet);

// Whether the packet says that it goes on in others (JPEG's extended XMP), which are not read.
bool XmpIsPart(std::string_view packet);

}  // namespace tempera::media
