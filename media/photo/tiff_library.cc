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

// Samples of whole bytes, one or two, in strips or tiles, all channels together or one behind the other: read
// as they are written, a band of strips or of tiles at a time.
class Samples {
 public:
  explicit Samples(TIFF* tiff) : tiff_(tiff) {
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width_);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height_);
    channels_ = Field(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    bytes_ = Field(tiff, TIFFTAG_BITSPERSAMPLE, 1) / 8;
    planes_ = Field(tiff, TIFFTAG_PLANARCONFIG, 1) == PLANARCONFIG_SEPARATE ? std::max(1, channels_) : 1;
    tiled_ = TIFFIsTiled(tiff) != 0;
    part_width_ = width_;
    if (tiled_) {
      TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &part_width_);
      TIFFGetField(tiff, TIFFTAG_TILELENGTH, &part_height_);
    } else {
      TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &part_height_);
      part_height_ = std::min(part_height_, height_);
    }
  }

  // A strip of 16 bits and four channels with the most pixels that are painted.
  static constexpr uint64_t kMostBytes = uint64_t{8} * kMaxSide * kMaxSide;

  // Whether they are of that kind. More than eight channels are no picture's.
  bool CanRead() const {
    const int bits = Field(tiff_, TIFFTAG_BITSPERSAMPLE, 1);
    const int compression = Field(tiff_, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    const uint64_t part_row = uint64_t{part_width_} * (channels_ / planes_) * bytes_;
    const tmsize_t row = tiled_ ? TIFFTileRowSize(tiff_) : TIFFScanlineSize(tiff_);
    return (bits == 8 || bits == 16) && channels_ >= 1 && channels_ <= 8 && part_width_ > 0 &&
           part_height_ > 0 && part_row <= kMostBytes && part_row * part_height_ <= kMostBytes &&
           Field(tiff_, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT) == SAMPLEFORMAT_UINT &&
           compression != COMPRESSION_JPEG && compression != COMPRESSION_OJPEG && row > 0 &&
           static_cast<uint64_t>(row) == part_row;
  }

  int channels() const { return channels_; }

  // Calls take(y, row) for every row, the channels of a pixel together, each brought to a byte. What cannot
  // be read is 0.
  template <typename Take>
  void ReadRows(const Take& take) {
    const size_t stride = size_t{width_} * channels_;
    const size_t in_part = channels_ / planes_;
    Bytes part(size_t{part_width_} * part_height_ * in_part * bytes_),
        band(stride * std::min(part_height_, height_));
    for (uint32_t top = 0; top < height_; top += part_height_) {
      std::fill(band.begin(), band.end(), 0);
      const uint32_t rows = std::min(part_height_, height_ - top);
      for (int plane = 0; plane < planes_; ++plane) {
        for (uint32_t left = 0; left < width_; left += part_width_) {
          std::fill(part.begin(), part.end(), 0);
          const uint16_t channel = static_cast<uint16_t>(plane);
          const tmsize_t room = static_cast<tmsize_t>(part.size());
          if (tiled_) {
            TIFFReadEncodedTile(tiff_, TIFFComputeTile(tiff_, left, top, 0, channel), part.data(), room);
          } else {
            TIFFReadEncodedStrip(tiff_, TIFFComputeStrip(tiff_, top, channel), part.data(), room);
          }
          Place(part, plane, left, rows, &band);
        }
      }
      for (uint32_t y = 0; y < rows; ++y) take(static_cast<int>(top + y), band.data() + stride * y);
    }
  }

 private:
  // A strip or tile into its columns and channels of the band.
  void Place(const Bytes& part, int plane, uint32_t left, uint32_t rows, Bytes* band) const {
    const size_t in_part = channels_ / planes_;
    const uint32_t columns = std::min(part_width_, width_ - left);
    for (uint32_t y = 0; y < rows; ++y) {
      const uint8_t* from = part.data() + size_t{y} * part_width_ * in_part * bytes_;
      uint8_t* to = band->data() + (size_t{y} * width_ + left) * channels_ + plane;
      for (uint32_t x = 0; x < columns; ++x) {
        for (size_t c = 0; c < in_part; ++c, from += bytes_) {
          uint16_t n = from[0];
          if (bytes_ == 2) std::memcpy(&n, from, 2);  // libtiff has put it into the machine's order
          to[size_t{x} * channels_ + c] = static_cast<uint8_t>(bytes_ == 2 ? (n * 255u + 32767) / 65535 : n);
        }
      }
    }
  }

  TIFF* tiff_;
  uint32_t width_ = 0, height_ = 0, part_width_ = 0, part_height_ = 0;
  int channels_ = 1, bytes_ = 1, planes_ = 1;
  bool tiled_ = false;
};

// Whether tiles are as large as a picture of that size has: unpacked, each takes its whole area of memory,
// however few of its pixels are shown.
bool TilesFit(TIFF* tiff, uint32_t width, uint32_t height) {
  if (!TIFFIsTiled(tiff)) return true;
  uint32_t tile_width = 0, tile_height = 0;
  TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
  TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
  // More than any program's tiles, which have 1,024 a side at most, and than one that is the whole picture.
  constexpr uint64_t kUsual = uint64_t{4096} * 4096;
  return tile_width <= uint32_t{kMaxSide} && tile_height <= uint32_t{kMaxSide} &&
         uint64_t{tile_width} * tile_height <= std::max(kUsual, uint64_t{2} * width * height);
}

void NoteDepth(TIFF* tiff, LibraryPicture* out) {
  if (const int bits = Field(tiff, TIFFTAG_BITSPERSAMPLE, 1); bits > 8)
    out->notices.push_back(std::to_string(bits) + "-bit becomes 8-bit");
}

// Rows that are not there are paper.
Status ReadInk(TIFF* tiff, ByteSpan icc, LibraryPicture* out) {
  Samples samples(tiff);
  if (!samples.CanRead() || samples.channels() < 4)
    return Unsupported(
        "a CMYK TIFF of " + std::to_string(Field(tiff, TIFFTAG_BITSPERSAMPLE, 1)) +
        " bits in this coding cannot be read: save it as RGB, or as CMYK of 8 or 16 bits without losses");
  const int channels = samples.channels(), width = out->frame->width;
  const InkMixer mixer(icc);
  Bytes ink(size_t{4} * width);
  samples.ReadRows([&](int y, const uint8_t* row) {
    for (int x = 0; x < width; ++x) std::memcpy(&ink[size_t{4} * x], row + size_t(channels) * x, 4);
    mixer.Mix(ink.data(), static_cast<size_t>(width),
              out->frame->data[0] + ptrdiff_t{y} * out->frame->linesize[0]);
  });
  out->srgb_now = true;
  out->notices.push_back(mixer.notice());
  if (channels > 4) out->notices.push_back("channels beside CMYK (transparency, further inks) are left out");
  NoteDepth(tiff, out);
  return OkStatus();
}

// Grey or RGB with a transparency that is not multiplied in, which libtiff would multiply: at a hundredth of
// opacity that leaves a colour three levels. One more channel that nobody describes is taken for it, as
// FFmpeg does where all lie together. False: another kind.
bool ReadWithAlpha(TIFF* tiff, int photometric, AVFrame* rgba) {
  Samples samples(tiff);
  const int colors = photometric == PHOTOMETRIC_RGB ? 3 : 1;
  uint16_t extras = 0;
  const uint16_t* kinds = nullptr;
  if (photometric > PHOTOMETRIC_RGB || !TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &extras, &kinds) ||
      extras < 1 ||
      !(kinds[0] == EXTRASAMPLE_UNASSALPHA || (kinds[0] == EXTRASAMPLE_UNSPECIFIED && extras == 1)) ||
      samples.channels() != colors + extras || !samples.CanRead())
    return false;
  const int channels = samples.channels();
  const uint8_t flip = photometric == PHOTOMETRIC_MINISWHITE ? 255 : 0;
  samples.ReadRows([&](int y, const uint8_t* row) {
    uint8_t* to = rgba->data[0] + ptrdiff_t{y} * rgba->linesize[0];
    for (int x = 0; x < rgba->width; ++x, row += channels, to += 4) {
      for (int c = 0; c < 3; ++c) to[c] = row[colors == 3 ? c : 0] ^ flip;
      to[3] = row[colors];
    }
  });
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
    if (last_complaint.find("can not handle") != std::string::npos)
      return Unsupported("this kind of TIFF cannot be read: save it as 8- or 16-bit RGB, or as PNG");
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
  if (!TilesFit(tiff.get(), width, height))
    return Unsupported("a TIFF of tiles far larger than its picture cannot be read: save it in strips first");
  LibraryPicture out;
  const bool is_ink = photometric == PHOTOMETRIC_SEPARATED;
  if (is_ink && Field(tiff.get(), TIFFTAG_INKSET, INKSET_CMYK) != INKSET_CMYK)
    return Unsupported("a TIFF of other inks than CMYK cannot be read: save it as RGB first");
  TEMPERA_ASSIGN_OR_RETURN(out.frame, NewPixels(is_ink ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_RGBA,
                                                static_cast<int>(width), static_cast<int>(height)));
  // Ink of JPEG is libtiff's to unpack.
  if (is_ink && Field(tiff.get(), TIFFTAG_COMPRESSION, COMPRESSION_NONE) != COMPRESSION_JPEG) {
    TEMPERA_RETURN_IF_ERROR(ReadInk(tiff.get(), icc, &out));
  } else if (ReadWithAlpha(tiff.get(), photometric, out.frame.get())) {
    NoteDepth(tiff.get(), &out);
  } else {
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
    NoteDepth(tiff.get(), &out);
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
