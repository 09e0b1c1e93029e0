// The frames of masks that are films or series of pictures: none takes the place of one that is damaged.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "media/film/series.h"
#include "media/frame.h"
#include "media/reader.h"
#include "src/base/status.h"

namespace tempera::cli {

class MaskFrames {
 public:
  virtual ~MaskFrames() = default;
  // The next frame, or nothing at the end. One that cannot be decoded is an error that names it.
  virtual Result<std::optional<media::Frame>> Next() = 0;
  // What there is to say of those that were read, as whole notes.
  virtual std::vector<std::string> Notices() const = 0;
};

// path: the film, as --mask names it.
std::unique_ptr<MaskFrames> FramesOfFilm(const std::string& path, std::unique_ptr<media::VideoReader> reader);
// Each picture is read as one alone is, in a size of its own.
std::unique_ptr<MaskFrames> FramesOfSeries(const std::string& path, media::SeriesInput series);

// What there is to say of a mask, in words for one: of a picture's or a film's notices. "" for what is
// nothing to a mask.
std::string NoticeOfMask(const std::string& path, const std::string& notice);

}  // namespace tempera::cli
