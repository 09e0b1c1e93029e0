#include "media/photo/embed.h"

extern "C" {
#include <libavutil/crc.h>
}

#include <algorithm>

#include "media/photo/exif.h"
#include "media/photo/facts.h"
#include "media/photo/xmp.h"

namespace tempera::media {
namespace {

// A segment of JPEG counts its own two bytes of length.
constexpr size_t kMostSegment = 65533;

// An editor's history reaches a few megabytes.
constexpr size_t kMostXmp = size_t{16} << 20;

void PutSegment(Bytes* to, uint8_t marker, std::string_view mark, ByteSpan body) {
  to->push_back(0xff);
  to->push_back(marker);
  PutNumber(to, static_cast<uint32_t>(2 + mark.size() + body.size()), 2, true);
  PutWord(to, mark);
  PutBytes(to, body);
}

ByteSpan Span(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Bytes AddToJpeg(const Bytes& file, const PhotoMetadata& m, std::vector<std::string>* notices) {
  const ByteView view(file, true);
  // Exif wants to be first, JFIF's own header too; everybody reads them in either order.
  size_t at = 2;
  if (view.U16(at) == 0xffe0) at += 2 + view.U16(at + 2);
  Bytes out(file.begin(), file.begin() + static_cast<ptrdiff_t>(std::min(at, file.size())));
  constexpr std::string_view kExif("Exif\0\0", 6), kXmp("http://ns.adobe.com/xap/1.0/\0", 29);
  constexpr std::string_view kIcc("ICC_PROFILE\0", 12);
  if (m.exif.size() + kExif.size() > kMostSegment) {
    notices->push_back("its Exif data is left out: more than a JPEG file holds");
  } else if (!m.exif.empty()) {
    PutSegment(&out, 0xe1, kExif, m.exif);
  }
  if (m.xmp.size() + kXmp.size() > kMostSegment) {
    notices->push_back("its XMP data is left out: more than a JPEG file holds");
  } else if (!m.xmp.empty()) {
    PutSegment(&out, 0xe1, kXmp, Span(m.xmp));
  }
  const size_t most = kMostSegment - kIcc.size() - 2;
  const size_t pieces = (m.icc.size() + most - 1) / most;
  if (pieces > 255) {
    notices->push_back("its colour profile is left out: more than a JPEG file holds");
  } else {
    for (size_t i = 0; i < pieces; ++i) {
      Bytes body = {static_cast<uint8_t>(i + 1), static_cast<uint8_t>(pieces)};
      PutBytes(&body, ByteSpan(m.icc).subspan(i * most, std::min(most, m.icc.size() - i * most)));
      PutSegment(&out, 0xe2, kIcc, body);
    }
  }
  PutBytes(&out, ByteSpan(file).subspan(std::min(at, file.size())));
  return out;
}

void PutChunk(Bytes* to, std::string_view name, ByteSpan body) {
  PutNumber(to, static_cast<uint32_t>(body.size()), 4, true);
  const size_t from = to->size();
  PutWord(to, name);
  PutBytes(to, body);
  const uint32_t crc =
      ~av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), UINT32_MAX, to->data() + from, to->size() - from);
  PutNumber(to, crc, 4, true);
}

Bytes AddToPng(const Bytes& file, const PhotoMetadata& m) {
  // Behind the mark (8) and IHDR (25).
  const size_t at = std::min<size_t>(33, file.size());
  Bytes out(file.begin(), file.begin() + static_cast<ptrdiff_t>(at));
  if (!m.exif.empty()) PutChunk(&out, "eXIf", m.exif);
  if (!m.xmp.empty()) {
    Bytes text;
    PutWord(&text, std::string_view("XML:com.adobe.xmp\0\0\0\0\0", 22));
    PutBytes(&text, Span(m.xmp));
    PutChunk(&out, "iTXt", text);
  }
  PutBytes(&out, ByteSpan(file).subspan(at));
  return out;
}

Bytes AddToWebp(const Bytes& file, const PhotoMetadata& m, int width, int height, bool alpha) {
  const ByteView view(file, false);
  const auto put = [](Bytes* to, std::string_view name, ByteSpan body) {
    PutWord(to, name);
    PutNumber(to, static_cast<uint32_t>(body.size()), 4, false);
    PutBytes(to, body);
    if (body.size() % 2) to->push_back(0);
  };
  Bytes header;
  PutNumber(
      &header,
      (m.icc.empty() ? 0 : 0x20) | (alpha ? 0x10 : 0) | (m.exif.empty() ? 0 : 8) | (m.xmp.empty() ? 0 : 4), 4,
      false);
  PutNumber(&header, static_cast<uint32_t>(width - 1), 3, false);
  PutNumber(&header, static_cast<uint32_t>(height - 1), 3, false);
  Bytes body;
  PutWord(&body, "WEBP");
  put(&body, "VP8X", header);
  if (!m.icc.empty()) put(&body, "ICCP", m.icc);
  for (uint64_t at = 12; view.Has(at, 8); at += 8 + view.U32(at + 4) + (view.U32(at + 4) & 1)) {
    if (view.Is(at, "VP8 ") || view.Is(at, "VP8L") || view.Is(at, "ALPH")) {
      const std::string_view name(reinterpret_cast<const char*>(file.data() + at), 4);
      put(&body, name, view.Part(at + 8, view.U32(at + 4)));
    }
  }
  if (!m.exif.empty()) put(&body, "EXIF", m.exif);
  if (!m.xmp.empty()) put(&body, "XMP ", Span(m.xmp));
  Bytes out;
  put(&out, "RIFF", body);
  return out;
}

// "Exif data and XMP data are".
std::string LeftOut(const PhotoMetadata& m) {
  std::string what;
  const auto add = [&what](const char* word) { what += (what.empty() ? "" : " and ") + std::string(word); };
  if (!m.icc.empty()) add("colour profile");
  if (!m.exif.empty()) add("Exif data");
  if (!m.xmp.empty()) add("XMP data");
  return what + (what.find(" and ") == std::string::npos ? " is" : " are");
}

Bytes AddToTiffFile(const Bytes& file, const PhotoMetadata& m, std::vector<std::string>* notices) {
  std::vector<TiffValue> more;
  // XMP is of bytes (1), a profile of undefined ones (7).
  if (!m.xmp.empty())
    more.push_back({kXmpTag, 1, static_cast<uint32_t>(m.xmp.size()), Bytes(m.xmp.begin(), m.xmp.end())});
  if (!m.icc.empty()) more.push_back({kIccTag, 7, static_cast<uint32_t>(m.icc.size()), m.icc});
  Bytes out = AddToTiff(file, m.exif, std::move(more));
  if (!out.empty()) return out;
  notices->push_back(file.size() > UINT32_MAX / 2
                         ? "its " + LeftOut(m) + " left out: the file would be too large for TIFF"
                         : "its " + LeftOut(m) + " left out: this FFmpeg writes another kind of TIFF");
  return file;
}

}  // namespace

Bytes AddMetadata(Bytes file, const PhotoMetadata& metadata, int width, int height, bool alpha,
                  std::vector<std::string>* notices) {
  if (metadata.empty()) return file;
  PhotoMetadata m;
  m.icc = metadata.icc;
  m.exif = ExifOfPainting(metadata.exif, width, height);
  if (m.exif.empty() && !metadata.exif.empty()) notices->push_back("its Exif data is damaged and left out");
  if (metadata.xmp.size() > kMostXmp) {
    notices->push_back("its XMP data is left out: more than 16 MB");
  } else {
    m.xmp = XmpOfPainting(metadata.xmp);
  }
  if (XmpIsPart(metadata.xmp)) notices->push_back("a part of its XMP data (extended XMP) is left out");
  if (XmpTellsOfOtherPictures(m.xmp)) {
    m.xmp.clear();
    notices->push_back("its gain map or depth picture, and the XMP data that tells of it, is left out");
  }
  switch (SniffPhoto(file)) {
    case PhotoFormat::kJpeg:
      return AddToJpeg(file, m, notices);
    case PhotoFormat::kPng:
      return AddToPng(file, m);
    case PhotoFormat::kWebp:
      return AddToWebp(file, m, width, height, alpha);
    case PhotoFormat::kTiff:
      return AddToTiffFile(file, m, notices);
    default:
      if (!m.empty()) {
        notices->push_back("its " + LeftOut(m) + " left out: write .png, .jpg, .webp or .tif to keep them");
      }
      return file;
  }
}

}  // namespace tempera::media
