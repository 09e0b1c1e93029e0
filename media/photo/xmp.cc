#include "media/photo/xmp.h"

namespace tempera::media {

std::string XmpOfPainting(std::string_view packet) {
  std::string xmp(packet);
  // As an attribute (tiff:Orientation="6") or an element (<tiff:Orientation>6</...>): the first digit after
  // it.
  constexpr std::string_view kName = "tiff:Orientation";
  for (size_t at = xmp.find(kName); at != std::string::npos; at = xmp.find(kName, at)) {
    at += kName.size();
    size_t digit = at;
    while (digit < xmp.size() && (xmp[digit] == ' ' || xmp[digit] == '=')) ++digit;
    if (digit + 1 < xmp.size() && (xmp[digit] == '"' || xmp[digit] == '\'' || xmp[digit] == '>')) {
      if (xmp[digit + 1] >= '1' && xmp[digit + 1] <= '8') xmp[digit + 1] = '1';
    }
  }
  constexpr std::string_view kBegin = "<xmp:Thumbnails", kEnd = "</xmp:Thumbnails>";
  for (size_t at = xmp.find(kBegin); at != std::string::npos; at = xmp.find(kBegin, at)) {
    const size_t end = xmp.find(kEnd, at);
    if (end == std::string::npos) break;
    xmp.erase(at, end + kEnd.size() - at);
  }
  return xmp;
}

bool XmpTellsOfOtherPictures(std::string_view packet) {
  for (const char* word : {"hdrgm:", "Container:Directory", "GDepth:", "GImage:", "HDRGainMap:"}) {
    if (packet.find(word) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace tempera::media
