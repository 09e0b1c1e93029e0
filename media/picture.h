// Still pictures as frames, for painting: alpha and what belongs to a photograph are kept. (image.h is the
// plain RGB door.)
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "media/frame.h"
#include "src/base/status.h"

namespace tempera::media {

struct PhotoMetadata;

struct Picture {
  Frame frame;  // RGB, or RGBA where some pixel is not opaque
  // Exif, XMP and the colour profile of the frame, as found; never null when read.
  std::shared_ptr<const PhotoMetadata> metadata;
  int pictures = 1;  // in the file
  std::vector<std::string> notices;
};

// The first picture of a film or an animation, the one at start_s seconds of a video, or the largest in a
// file of several; upright, 8-bit. Damage, and whatever was changed or left out, is in the notices.
// page: which picture of such a file, from 1; 0: the largest.
Result<Picture> ReadPicture(const std::string& path, double start_s, int page = 0);

// By the name's extension; beside, then renamed. Exif and XMP of `source` go along, made true of a picture
// that is upright, and its colour profile. What the format has no place for goes to *notices.
// lossless: where the format can be that and mostly is not (WebP).
Status WritePicture(const std::string& path, const Frame& frame, const Picture& source,
                    std::vector<std::string>* notices, bool lossless = false);

// An RGBA picture for a painter: pixels of its own, in which what is not seen has the colours around it.
// Others are handed through.
Result<Frame> WithoutHiddenColors(const Frame& frame);
// Gives the pixels of `painted` that nobody sees the bytes that they have in `source`: a painter was shown
// other ones.
void RestoreHiddenColors(const Frame& source, Frame* painted);

// Puts an RGBA picture on white, as viewers show what they cannot see through; for formats without
// transparency.
void PutOnWhite(Frame* frame);

// What a file is to somebody who paints pictures, by its first bytes, and by its name where they say nothing.
enum class FileKind { kPicture, kFilm, kCameraRaw, kOther };
FileKind KindOfFile(const std::string& path);

// Refuses what a film is to be made of and FFmpeg's demuxers do not read as one: animated WebP, HEIC. Others
// pass.
Status CheckFilmInput(const std::string& path);

// Whether WritePicture knows the extension of this name.
bool IsPictureName(const std::string& path);
// Whether that format has transparency.
bool PictureKeepsAlpha(const std::string& path);

}  // namespace tempera::media
