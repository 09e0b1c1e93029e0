// All that a video file holds beside the pictures: sound, subtitles, chapters, titles, attachments.
// Copied untouched where the new container takes them, converted where it does not. Private to media/.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "media/ffmpeg.h"
#include "media/filter_graph.h"

namespace tempera::media {

class StreamCopier {
 public:
  // Both must outlive this. Streams are added to `output`, whose header must not be written yet.
  StreamCopier(AVFormatContext* input, int video_stream, AVFormatContext* output);
  ~StreamCopier();

  // Adds the streams that can be kept.
  // sound_only: of those, sound alone. encode_sound: none of it as it is (WriterOptions).
  Status AddStreams(bool sound_only = false, bool encode_sound = false);
  // Titles and chapters; the latter moved by the origin and cut to [0, end_us) when that is not
  // INT64_MAX. `trimmed`: only a part of the input is written.
  Status CopyMetadata(int64_t origin_us, int64_t end_us, bool trimmed);

  // Writes one packet of the input (timed from the origin, in its stream's time base) by `write`, in
  // the output stream's time base. Damaged packets are skipped. The packet may be changed.
  using Write = std::function<Status(AVPacket*)>;
  Status Handle(AVPacket* packet, const Write& write);
  // What converters still hold.
  Status Flush(const Write& write);

  const std::vector<std::string>& notices() const { return notices_; }

 private:
  struct Track;
  Status AddTrack(unsigned index);
  std::string WhyLeftOut(const AVStream& in, bool* silent) const;
  Status CopyAsIs(Track* track);
  bool Convert(Track* track);
  Status OpenAudio(Track* track);
  Status StartEncoder(Track* track, const AVCodec& codec, int rate, const AVChannelLayout& layout);
  Status OpenSubtitle(Track* track);
  Status EncodeAudio(Track* track, const AVFrame* frame, const Write& write);
  Status DrainFilter(Track* track, const Write& write);
  static bool IsLike(const Track& track, const AVFrame& frame);
  bool ChangesSound(Track* track, const AVPacket& packet) const;
  Status StartReform(Track* track, const AVPacket& packet);
  static void StartResampler(Track* track, const AVFrame& frame);
  Status HandleAudio(Track* track, const AVPacket* packet, const Write& write);
  Status HandleSubtitle(Track* track, AVPacket* packet, const Write& write);
  Status Send(Track* track, AVPacket* packet, AVRational from, const Write& write);

  AVFormatContext* const input_;
  const int video_;
  AVFormatContext* const output_;
  bool encode_sound_ = false;
  std::vector<std::unique_ptr<Track>> tracks_;  // by input stream; null = left out
  std::set<size_t> late_;                       // streams that were found when the header was written
  std::vector<std::string> notices_;
};

}  // namespace tempera::media
