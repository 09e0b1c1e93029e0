// libtiff for what FFmpeg's decoder gets wrong or lacks: JPEG inside, ink, tiles, planes, pages.
#include "media/photo/color_profile.h"
#include "media/photo/libraries.h"

#if TEMPERA_HAS_TIFF
#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <memory>
#include <mutex>
#endif

namespace tempera::media {

#if TEMPERA_HAS_TIFF
namespace {

// Handlers are the process's; what they hear is the thread's.
thread_local std::string last_complaint;

void OnError(const char*, const char* format, va_list args) {
  char text[256];
  std::vsnprintf(text, sizeof text, format, args);
  last_complaint = text;
}

// A file in memory, as libtiff asks for it.
struct Source {
  ByteSpan bytes;
  uint64_t at = 0;
};
Source* From(thandle_t handle) { return static_cast<Source*>(handle); }

tmsize_t Read(thandle_t handle, void* to, tmsize_t size) {
  Source* source = From(handle);
  if (size < 0 || source->at > source->bytes.size()) return 0;
  const size_t n = std::min<size_t>(static_cast<size_t>(size), source->bytes.size() - source->at);
  std::memcpy(to, source->bytes.data() + source->at, n);
  source->at += n;
  return static_cast<tmsize_t>(n);
}
tmsize_t Write(thandle_t, void*, tmsize_t) { return 0; }
toff_t Seek(thandle_t handle, toff_t offset, int whence) {
  Source* source = From(handle);
  if (whence == SEEK_SET) source->at = offset;
  if (whence == SEEK_CUR) source->at += offset;
  if (whence == SEEK_END) source->at = source->bytes.size() + offset;
  return source->at;
}
int Close(thandle_t) { return 0; }
toff_t Size(thandle_t handle) { return From(handle)->bytes.size(); }
int Map(thandle_t handle, void** base, toff_t* size) {
  *base = const_cast<uint8_t*>(From(handle)->bytes.data());
  *size = From(handle)->bytes.size();
  return 1;
}
void Unmap(thandle_t, void*, toff_t) {}

struct TiffDeleter {
  void operator()(TIFF* p) const { TIFFClose(p); }
};

uint16_t Field(TIFF* tiff, uint32_t tag, uint16_t otherwise) {
  uint16_t value = otherwise;
  TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

// Ink in bytes, all four together and in strips: what programs for printing write. False: of another kind.
bool ReadInk(TIFF* tiff, ByteSpan icc, LibraryPicture* out) {
  const int width = out->frame->width, height = out->frame->height;
  const int samples = Field(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  if (Field(tiff, TIFFTAG_BITSPERSAMPLE, 1) != 8 || samples < 4 || samples > 8 || TIFFIsTiled(tiff) ||
      Field(tiff, TIFFTAG_PLANARCONFIG, 1) != PLANARCONFIG_CONTIG ||
      TIFFScanlineSize(tiff) != tmsize_t{samples} * width) {
    return false;
  }
  const InkMixer mixer(icc);
  Bytes row(size_t(samples) * width), ink(size_t{4} * width);
  for (int y = 0; y < height; ++y) {
    uint8_t* to = out->frame->data[0] + ptrdiff_t{y} * out->frame->linesize[0];
    // Rows that are not there are paper.
    std::memset(to, 255, size_t{3} * width);
    if (TIFFReadScanline(tiff, row.data(), static_cast<uint32_t>(y), 0) < 0) continue;
    for (int x = 0; x < width; ++x) std::memcpy(&ink[size_t{4} * x], &row[size_t(samples) * x], 4);
    mixer.Mix(ink.data(), static_cast<size_t>(width), to);
  }
  out->srgb_now = true;
  out->notices.push_back(mixer.notice());
  if (samples > 4) out->notices.push_back("channels beside CMYK (transparency, further inks) are left out");
  return true;
}

// libtiff paints any kind into rows of R, G, B, A, alpha multiplied in.
Status ReadAny(TIFF* tiff, AVFrame* rgba) {
  const int width = rgba->width, height = rgba->height;
  std::vector<uint32_t> raster(size_t(width) * height);
  // Asked for in the orientation it has, nothing is turned.
  const int orientation = Field(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  if (!TIFFReadRGBAImageOriented(tiff, static_cast<uint32_t>(width), static_cast<uint32_t>(height),
                                 raster.data(), orientation, 0)) {
    return InvalidArgument("damaged TIFF: " + last_complaint);
  }
  for (int y = 0; y < height; ++y) {
    uint8_t* to = rgba->data[0] + ptrdiff_t{y} * rgba->linesize[0];
    const uint32_t* from = raster.data() + size_t(width) * y;
    for (int x = 0; x < width; ++x) {
      to[4 * x] = static_cast<uint8_t>(TIFFGetR(from[x]));
      to[4 * x + 1] = static_cast<uint8_t>(TIFFGetG(from[x]));
      to[4 * x + 2] = static_cast<uint8_t>(TIFFGetB(from[x]));
      to[4 * x + 3] = static_cast<uint8_t>(TIFFGetA(from[x]));
    }
  }
  Unpremultiply(rgba);
  return OkStatus();
}

}  // namespace

bool HasLibtiff() { return true; }

Result<LibraryPicture> DecodeWithLibtiff(ByteSpan file, int page, ByteSpan icc) {
  static std::once_flag handlers;
  std::call_once(handlers, [] {
    TIFFSetErrorHandler(OnError);
    TIFFSetWarningHandler(nullptr);
  });
  last_complaint.clear();
  Source source{file};
  const std::unique_ptr<TIFF, TiffDeleter> tiff(
      TIFFClientOpen("picture", "r", &source, Read, Write, Seek, Close, Size, Map, Unmap));
  if (!tiff || !TIFFSetDirectory(tiff.get(), static_cast<tdir_t>(page)))
    return InvalidArgument("damaged TIFF: " + last_complaint);
  uint32_t width = 0, height = 0;
  TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height);
  if (width > uint32_t{kMaxSide} || height > uint32_t{kMaxSide}) width = height = kMaxSide + 1;
  const uint16_t photometric = Field(tiff.get(), TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
  // libtiff shows Lab for the monitor of 1990, and knows one of its three codings.
  if (photometric >= PHOTOMETRIC_CIELAB && photometric <= PHOTOMETRIC_ITULAB)
    return Unsupported("a TIFF of Lab colours cannot be read: save it as RGB first");
  LibraryPicture out;
  const bool is_ink = photometric == PHOTOMETRIC_SEPARATED;
  if (is_ink && Field(tiff.get(), TIFFTAG_INKSET, INKSET_CMYK) != INKSET_CMYK)
    return Unsupported("a TIFF of other inks than CMYK cannot be read: save it as RGB first");
  TEMPERA_ASSIGN_OR_RETURN(out.frame, NewPixels(is_ink ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_RGBA,
                                                static_cast<int>(width), static_cast<int>(height)));
  if (!is_ink || !ReadInk(tiff.get(), icc, &out)) {
    char why[1024] = {};
    if (!TIFFRGBAImageOK(tiff.get(), why)) {
      return Unsupported(std::string("this kind of TIFF cannot be read (") + why +
                         "): save it as 8- or 16-bit RGB, or as PNG");
    }
    if (is_ink) {
      TEMPERA_ASSIGN_OR_RETURN(out.frame,
                               NewPixels(AV_PIX_FMT_RGBA, static_cast<int>(width), static_cast<int>(height)));
      out.srgb_now = true;
      out.notices.push_back("CMYK becomes RGB without a colour profile: colours are approximate");
    }
    TEMPERA_RETURN_IF_ERROR(ReadAny(tiff.get(), out.frame.get()));
    if (const int bits = Field(tiff.get(), TIFFTAG_BITSPERSAMPLE, 1); bits > 8)
      out.notices.push_back(std::to_string(bits) + "-bit becomes 8-bit");
  }
  out.damaged = !last_complaint.empty();
  return out;
}
#else
bool HasLibtiff() { return false; }
Result<LibraryPicture> DecodeWithLibtiff(ByteSpan, int, ByteSpan) {
  return Unsupported(
      "this kind of TIFF needs a build of Tempera with libtiff: save it as RGB without JPEG inside, or as "
      "PNG");
}
#endif

}  // namespace tempera::media
