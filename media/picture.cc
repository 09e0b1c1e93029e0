#include "media/picture.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <new>

#include "media/frame_bridge.h"
#include "media/photo/facts.h"
#include "media/photo/under_alpha.h"
#include "media/still.h"
#include "src/base/atomic_file.h"

namespace tempera::media {

Result<Picture> ReadPicture(const std::string& path, double start_s, int page) try {
  TEMPERA_ASSIGN_OR_RETURN(Still still, DecodeStill(path, Target::kRgbAlpha, start_s, page));
  Picture picture;
  picture.frame = WrapAvFrame(std::move(still.frame));
  picture.metadata = std::make_shared<PhotoMetadata>(std::move(still.metadata));
  picture.pictures = still.pictures;
  picture.notices = std::move(still.notices);
  return picture;
} catch (const std::bad_alloc&) {
  return OutOfMemory("'" + path + "': no memory to read it");
}

Status WritePicture(const std::string& path, const Frame& frame, const Picture& source,
                    std::vector<std::string>* notices, bool lossless) try {
  TEMPERA_ASSIGN_OR_RETURN(FramePtr av, ToAvFrame(frame));
  const PhotoMetadata none;
  TEMPERA_ASSIGN_OR_RETURN(
      std::vector<uint8_t> bytes,
      EncodeStill(path, *av, source.metadata ? *source.metadata : none, notices, lossless));
  return WriteWholeFile(path, bytes);
} catch (const std::bad_alloc&) {
  return OutOfMemory("'" + path + "': no memory to write it");
}

Result<Frame> WithoutHiddenColors(const Frame& frame) {
  if (frame.format != PixelFormat::kRgba) return frame;
  TEMPERA_ASSIGN_OR_RETURN(Frame copy, Frame::AllocateLike(frame));
  for (int y = 0; y < frame.height; ++y) {
    std::memcpy(copy.planes[0] + ptrdiff_t{y} * copy.stride_bytes[0],
                frame.planes[0] + ptrdiff_t{y} * frame.stride_bytes[0], size_t{4} * frame.width);
  }
  if (!SpreadColors(copy.planes[0], copy.stride_bytes[0], copy.width, copy.height))
    return OutOfMemory("no memory for the picture's transparency");
  return copy;
}

void RestoreHiddenColors(const Frame& source, Frame* painted) {
  if (source.format != PixelFormat::kRgba) return;
  for (int y = 0; y < source.height; ++y) {
    const uint8_t* from = source.planes[0] + ptrdiff_t{y} * source.stride_bytes[0];
    uint8_t* to = painted->planes[0] + ptrdiff_t{y} * painted->stride_bytes[0];
    for (int x = 0; x < source.width; ++x) {
      if (from[4 * x + 3] == 0) std::memcpy(to + 4 * x, from + 4 * x, 4);
    }
  }
}

void PutOnWhite(Frame* frame) {
  if (frame->format != PixelFormat::kRgba) return;
  for (int y = 0; y < frame->height; ++y) {
    uint8_t* row = frame->planes[0] + ptrdiff_t{y} * frame->stride_bytes[0];
    for (int x = 0; x < frame->width; ++x) {
      uint8_t* p = row + ptrdiff_t{4} * x;
      for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>((p[c] * p[3] + 255 * (255 - p[3]) + 127) / 255);
      p[3] = 255;
    }
  }
}

Status CheckFilmInput(const std::string& path) {
  std::error_code ignored;
  if (path == "-" || IsUrl(path) || !std::filesystem::is_regular_file(path, ignored)) return OkStatus();
  Bytes begin(kSniffBytes);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(begin.data()), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  const PhotoFormat format = SniffPhoto(begin);
  if (format != PhotoFormat::kWebp && format != PhotoFormat::kHeif) return OkStatus();
  const ByteView view(begin, false);
  // The second bit of the extended header's flags.
  if (view.Is(12, "VP8X") && (view.U8(20) & 2)) {
    return Unsupported(
        "'" + path +
        "': animated WebP cannot be read as a film: convert it to GIF or a series of PNG first (its first "
        "picture is painted into a name such as painted.png)");
  }
  return InvalidArgument("'" + path + "' is a picture: give -o a name in .png, .jpg, .webp, .tif or .bmp");
}

namespace {

bool OneOf(const std::string& extension, std::initializer_list<const char*> list) {
  return std::find(list.begin(), list.end(), extension) != list.end();
}

FileKind KindOfName(const std::string& extension) {
  if (OneOf(extension, {"jpg", "jpeg", "jpe",  "jfif", "png", "apng", "webp", "tif", "tiff", "bmp",
                        "dib", "gif",  "heic", "heif", "hif", "avif", "jxl",  "jp2", "j2k",  "jpf",
                        "jpx", "exr",  "hdr",  "pfm",  "ppm", "pgm",  "pbm",  "pam", "pnm",  "tga",
                        "ico", "cur",  "psd",  "pcx",  "sgi", "xbm",  "xpm"})) {
    return FileKind::kPicture;
  }
  if (OneOf(extension, {"cr2", "cr3", "nef", "arw", "dng", "raf", "orf", "rw2", "pef", "srw", "x3f", "crw"}))
    return FileKind::kCameraRaw;
  if (OneOf(extension, {"mp4", "m4v", "mov", "mkv", "webm", "avi", "mts", "m2ts", "ts", "mpg", "mpeg", "vob",
                        "wmv", "flv", "3gp", "ogv", "y4m"})) {
    return FileKind::kFilm;
  }
  return FileKind::kOther;
}

}  // namespace

FileKind KindOfFile(const std::string& path) {
  const FileKind by_name = KindOfName(StillExtension(path));
  if (by_name == FileKind::kCameraRaw) return by_name;
  Bytes begin(kSniffBytes);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(begin.data()), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  switch (SniffPhoto(begin)) {
    case PhotoFormat::kUnknown:
      return by_name;
    case PhotoFormat::kCameraRaw:
      return FileKind::kCameraRaw;
    // A document or a drawing is a picture to those only who call it so.
    case PhotoFormat::kSvg:
    case PhotoFormat::kPdf:
    case PhotoFormat::kPortableMap:
      return by_name;
    default:
      return FileKind::kPicture;
  }
}

bool IsPictureName(const std::string& path) { return IsStillName(path); }
bool PictureKeepsAlpha(const std::string& path) { return KeepsAlpha(path); }

}  // namespace tempera::media
