// Videos out: encoded frames beside what the input held besides its pictures.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "media/frame.h"
#include "media/reader.h"
#include "src/base/status.h"

namespace tempera::media {

struct WriterOptions {
  std::string codec;               // an encoder's name; "" = the container's best
  int crf = -1;                    // the encoder's quality scale, lower is better; negative = our default
  int threads = 0;                 // of the encoder; 0 = its own choice
  bool lossless_pictures = false;  // of a series, where its format can be that (WebP)
  // The file can be read up to where it is, at every moment (MP4 in fragments, written through), and what an
  // error leaves is kept under its name.
  bool growing = false;
  bool sound_only = false;  // of what the source has beside its pictures: no subtitles, titles, chapters
  // Sound as samples, of a microphone: encoded even where the container could hold samples.
  bool encode_sound = false;
};

// The file grows under a temporary name beside PATH; Finish gives it its name. Destroyed before, it
// leaves nothing. Frames are written by one thread; packets may come from another at the same time.
class VideoWriter {
 public:
  // "-" is Y4M on standard output. `source`, which must outlive the writer, is read for its other
  // streams, titles and chapters (null: none); its packet sink is set to this writer.
  static Result<std::unique_ptr<VideoWriter>> Open(const std::string& path, const VideoInfo& info,
                                                   VideoReader* source, const WriterOptions& options);
  virtual ~VideoWriter() = default;

  // A frame of the size and format of `info`, from Frame::Allocate, with pts in info.time_base rising.
  // Its pixels are no longer touched after the call.
  virtual Status Write(const Frame& frame) = 0;
  // Writes what the encoder holds, closes and renames. Afterwards only notices() may be called.
  virtual Status Finish() = 0;

  virtual std::string codec_name() const = 0;
  virtual std::vector<std::string> notices() const = 0;
};

// Whether PATH ends in the name of a format that can hold a video; else why not.
Status CheckVideoName(const std::string& path);
// Whether NAME is an encoder --codec can take for PATH; "" is the default.
Status CheckCodec(const std::string& name, const std::string& path);

}  // namespace tempera::media
