// Films joined byte by byte (cat a.mp4 b.mp4 >c.mp4), of which FFmpeg reads the first, or takes what follows
// for more of it: each is read as a file of its own, one behind the other. Private to media/.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "media/ffmpeg.h"

namespace tempera::media {

// Where the films of such a file (MP4, MOV, Matroska, WebM, FLV, AVI) begin, and its end; empty where it
// holds one, as most do. Others (transport and program streams, Ogg, GIF) are made to be joined.
std::vector<int64_t> FindParts(const std::string& path);

// What Parts puts on a packet: the number of its film among those joined.
int PartOf(const AVPacket& packet);

class Parts {
 public:
  // Opens PATH, or of several films in it the first.
  Result<InputPtr> Open(const std::string& path, const Cancels* cancels);
  bool any() const { return bounds_.size() > 2; }

  // As av_read_frame. Behind the end of `first` come the packets of the other films, in the numbers and time
  // bases of its streams; video: its stream of pictures.
  int Read(AVFormatContext* first, int video, AVPacket* packet);

  // The decoder for the pictures of a film that was come to.
  CodecPtr TakeDecoder(int part);

  // What was joined, and what of it is left out.
  std::vector<std::string> notices() const;

 private:
  // Goes on to the next film that can follow; false when there is none.
  bool Next(const AVFormatContext& first, int video);
  std::string Match(const AVFormatContext& first, int video);
  void MatchOthers(const AVFormatContext& first, int video);
  void LeaveOut(const std::string& why);

  std::string path_;
  const Cancels* cancels_ = nullptr;
  std::vector<int64_t> bounds_;
  int part_ = 0;
  InputPtr input_;           // of part_, where that is not the first
  std::vector<int> number_;  // in `first`, by stream of input_; -1: left out
  std::map<int, CodecPtr> decoders_;
  bool reforms_ = false;  // the form of sound changed in some film
  std::vector<std::string> left_out_;
};

}  // namespace tempera::media
