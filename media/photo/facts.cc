#include "media/photo/facts.h"

#include <algorithm>

#include "media/photo/containers.h"
#include "media/photo/exif.h"

namespace tempera::media {
namespace {

// Whom the first brand of an ISO file, or one of the compatible ones, makes a picture.
PhotoFormat SniffBrands(const ByteView& view) {
  if (!view.Is(4, "ftyp")) return PhotoFormat::kUnknown;
  if (view.Is(8, "crx ")) return PhotoFormat::kCameraRaw;
  const size_t end = std::min<size_t>(view.U32(0), view.size());
  for (size_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4) {
    for (const char* brand : {"avif", "avis"}) {
      if (view.Is(at, brand)) return PhotoFormat::kAvif;
    }
    for (const char* brand : {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "jpeg"}) {
      if (view.Is(at, brand) && (at == 8 || brand[0] == 'h')) {
        // "mif1" alone says HEIF of any coding; AVIF may hide behind it.
        const std::string_view head(reinterpret_cast<const char*>(view.bytes().data()), end);
        if (head.find("avif") != std::string_view::npos) return PhotoFormat::kAvif;
        return PhotoFormat::kHeif;
      }
    }
  }
  return PhotoFormat::kUnknown;
}

PhotoFormat SniffTiff(const ByteView& view) {
  bool big = false;
  if (IsBigTiff(view.bytes(), &big)) return PhotoFormat::kBigTiff;
  if (!IsTiff(view.bytes(), &big)) return PhotoFormat::kUnknown;
  return view.Is(8, "CR") ? PhotoFormat::kCameraRaw : PhotoFormat::kTiff;
}

bool IsSvg(const ByteView& view) {
  const std::string_view head(reinterpret_cast<const char*>(view.bytes().data()),
                              std::min(view.size(), kSniffBytes));
  const size_t first = head.find_first_not_of("\xef\xbb\xbf \t\r\n");
  return first != std::string_view::npos && head[first] == '<' && head.find("<svg") != std::string_view::npos;
}

// Its mark may stand behind other comments, and FFmpeg's decoder looks for it as well.
bool IsXpm(const ByteView& view) {
  const std::string_view head(reinterpret_cast<const char*>(view.bytes().data()),
                              std::min(view.size(), kSniffBytes));
  const size_t first = head.find_first_not_of("\xef\xbb\xbf \t\r\n");
  return first != std::string_view::npos && head[first] == '/' &&
         head.find("/* XPM") != std::string_view::npos;
}

}  // namespace

PhotoFormat SniffPhoto(ByteSpan begin) {
  const ByteView view(begin, true);
  struct Mark {
    std::string_view word;
    PhotoFormat format;
  };
  static const Mark kMarks[] = {
      {"\xff\xd8\xff", PhotoFormat::kJpeg},
      {std::string_view("\x89PNG\r\n\x1a\n", 8), PhotoFormat::kPng},
      {"GIF8", PhotoFormat::kGif},
      {"\xff\x0a", PhotoFormat::kJpegXl},
      {std::string_view("\0\0\0\x0cJXL ", 8), PhotoFormat::kJpegXl},
      {std::string_view("\0\0\0\x0cjP  ", 8), PhotoFormat::kJpeg2000},
      {std::string_view("\xff\x4f\xff\x51", 4), PhotoFormat::kJpeg2000},
      {"\x76\x2f\x31\x01", PhotoFormat::kExr},
      {"#?RADIANCE", PhotoFormat::kRadianceHdr},
      {"#?RGBE", PhotoFormat::kRadianceHdr},
      {"8BPS", PhotoFormat::kPhotoshop},
      {"FUJIFILMCCD-RAW", PhotoFormat::kCameraRaw},
      {"IIRO", PhotoFormat::kCameraRaw},
      {"IIRS", PhotoFormat::kCameraRaw},
      {std::string_view("IIU\0", 4), PhotoFormat::kCameraRaw},
      {"FOVb", PhotoFormat::kCameraRaw},
      {"%PDF", PhotoFormat::kPdf},
  };
  for (const Mark& mark : kMarks) {
    if (view.Is(0, mark.word)) return mark.format;
  }
  if (view.Is(0, "RIFF") && view.Is(8, "WEBP")) return PhotoFormat::kWebp;
  // Targa begins much like a cursor, with no count there.
  const ByteView little(begin, false);
  if (little.U16(0) == 0 && (little.U16(2) == 1 || little.U16(2) == 2) && little.U16(4) > 0 &&
      little.U8(9) == 0)
    return PhotoFormat::kIcon;
  if (view.Is(0, "BM") && view.U32(6) == 0 && view.Has(0, 26)) return PhotoFormat::kBmp;
  if (view.U8(0) == 'P' && view.size() > 2 && view.U8(2) <= ' ' &&
      std::string_view("1234567fF").find(static_cast<char>(view.U8(1))) != std::string_view::npos) {
    return PhotoFormat::kPortableMap;
  }
  if (const PhotoFormat tiff = SniffTiff(view); tiff != PhotoFormat::kUnknown) return tiff;
  if (IsSvg(view)) return PhotoFormat::kSvg;
  if (IsXpm(view)) return PhotoFormat::kXpm;
  return SniffBrands(view);
}

const char* PhotoFormatName(PhotoFormat format) {
  switch (format) {
    case PhotoFormat::kUnknown:
      return "unknown";
    case PhotoFormat::kJpeg:
      return "JPEG";
    case PhotoFormat::kPng:
      return "PNG";
    case PhotoFormat::kWebp:
      return "WebP";
    case PhotoFormat::kTiff:
      return "TIFF";
    case PhotoFormat::kBigTiff:
      return "BigTIFF";
    case PhotoFormat::kGif:
      return "GIF";
    case PhotoFormat::kBmp:
      return "BMP";
    case PhotoFormat::kIcon:
      return "icon";
    case PhotoFormat::kHeif:
      return "HEIC/HEIF";
    case PhotoFormat::kAvif:
      return "AVIF";
    case PhotoFormat::kJpegXl:
      return "JPEG XL";
    case PhotoFormat::kJpeg2000:
      return "JPEG 2000";
    case PhotoFormat::kExr:
      return "OpenEXR";
    case PhotoFormat::kRadianceHdr:
      return "Radiance HDR";
    case PhotoFormat::kPortableMap:
      return "portable map";
    case PhotoFormat::kPhotoshop:
      return "Photoshop";
    case PhotoFormat::kXpm:
      return "XPM";
    case PhotoFormat::kCameraRaw:
      return "camera raw";
    case PhotoFormat::kSvg:
      return "SVG";
    case PhotoFormat::kPdf:
      return "PDF";
  }
  return "unknown";
}

PhotoFacts ReadPhotoFacts(ByteSpan file, int page) {
  PhotoFacts facts;
  facts.format = SniffPhoto(file);
  switch (facts.format) {
    case PhotoFormat::kJpeg:
      ReadJpeg(file, &facts);
      break;
    case PhotoFormat::kPng:
      ReadPng(file, &facts);
      break;
    case PhotoFormat::kWebp:
      ReadWebp(file, &facts);
      break;
    case PhotoFormat::kTiff:
    case PhotoFormat::kBigTiff:
      ReadTiff(file, page, &facts);
      break;
    case PhotoFormat::kJpegXl:
      ReadJpegXl(file, &facts);
      break;
    case PhotoFormat::kJpeg2000:
      ReadJpeg2000(file, &facts);
      break;
    case PhotoFormat::kPhotoshop:
      ReadPhotoshop(file, &facts);
      break;
    case PhotoFormat::kExr:
      ReadExr(file, &facts);
      break;
    case PhotoFormat::kIcon:
      ReadIcon(file, &facts);
      break;
    default:
      break;
  }
  // Formats whose decoders, or whose containers, turn the picture themselves have said so by leaving 1.
  if (facts.format != PhotoFormat::kJpegXl) {
    const bool tiff = facts.format == PhotoFormat::kTiff || facts.format == PhotoFormat::kBigTiff;
    if (const int said = ExifOrientation(facts.exif); said > 0 && !tiff) facts.orientation = said;
  }
  return facts;
}

}  // namespace tempera::media
