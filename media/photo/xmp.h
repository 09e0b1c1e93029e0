// XMP packets: RDF as text, of which only what a painting would make untrue is touched. Private to media/.
#pragma once

#include <string>
#include <string_view>

namespace tempera::media {

// The packet for a picture that was turned upright and is no longer what its thumbnails show.
std::string XmpOfPainting(std::string_view packet);

// Whether the packet describes further pictures of the file it was in (a gain map, depth), which a painting
// lacks.
bool XmpTellsOfOtherPictures(std::string_view packet);

}  // namespace tempera::media
