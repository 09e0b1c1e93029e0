// Films joined byte by byte (cat a.mp4 b.mp4 >c.mp4), of which FFmpeg reads the first, or takes what follows
// for more of it: each is read as a file of its own, one behind the other. Private to media/.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "media/ffmpeg.h"
#include "media/film/cut_short.h"
#include "media/joined/find_parts.h"
#include "media/joined/match.h"
#include "media/normalizer.h"

namespace tempera::media {

// What Parts puts on a packet: the number of its film among those that are read, from 0.
int PartOf(const AVPacket& packet);

class Parts {
 public:
  // Opens PATH, or of the films in it the first that can be.
  Result<InputPtr> Open(const std::string& path, const FilmBounds& bounds, const Cancels* cancels);
  bool any() const { return films_ > 1; }
  // Where that film begins in the file.
  int64_t begin() const { return bounds_.at.empty() ? 0 : bounds_.at[static_cast<size_t>(first_)]; }
  // The time base of all pictures, once it is known which they are: that of the first film where it is fine
  // enough for any film.
  AVRational TimeBase(const AVStream& video);

  // As av_read_frame. Behind the end of `first` come the packets of the other films, in the numbers and time
  // bases of its streams; video: its stream of pictures.
  int Read(AVFormatContext* first, int video, AVPacket* packet);

  // How the pictures of a film that was come to are decoded and shown.
  struct Pictures {
    CodecPtr decoder;
    Turn turn;
    std::optional<Crop> seen;
    AVRational sample_aspect{0, 1};
  };
  Result<Pictures> Take(int part, int threads);

  // What was joined, and what of it is left out. jumped: clocks do, so that they tell no lengths.
  std::vector<std::string> notices(bool jumped) const;

 private:
  struct FreeContext {
    void operator()(AVFormatContext* p) const { avformat_free_context(p); }
  };
  // Of a film that was come to and is not yet decoded. Threads and buffers are for one film at a time.
  struct Waiting {
    std::unique_ptr<AVFormatContext, FreeContext> stream;  // holds a copy of the film's pictures' one
    Turn turn;
    std::optional<Crop> seen;
    AVRational sample_aspect{0, 1};
  };
  // Notes of one kind are one line, whatever the number of films.
  enum class Kind { kFilm, kSound, kText, kOther, kLanguage, kChapters, kBreaksOff, kCut };
  struct Said {
    std::string first;
    int64_t count = 0;
  };

  Result<InputPtr> OpenFilm(int film) const;
  // Goes on to the next film that can follow; false when there is none.
  bool Next(const AVFormatContext& first, int video);
  Status Match(const AVFormatContext& first, int video);
  Status Wait(AVStream* pictures);
  // The film that is read ends with `error`.
  void EndFilm(const AVFormatContext& first, int video, int error);
  int OnLine(const AVFormatContext& first, AVPacket* packet) const;
  void Say(Kind kind, const std::string& what);
  void LeaveOut(int film, const Status& why);

  std::string path_;
  const Cancels* cancels_ = nullptr;
  FilmBounds bounds_;
  int films_ = 1;
  int first_ = 0, film_ = 0;  // the one that was opened, and the one that is read
  int left_films_ = 0;
  InputPtr input_;  // of film_, where that is not the first
  int video_ = -1;  // its pictures
  AVRational base_{0, 1};
  Matched streams_;
  bool reforms_ = false;  // the form of sound changed in some film
  bool ended_ = false;    // the last one
  CutShort cut_short_;    // of the film that is read, in its own times
  std::map<int, Waiting> waiting_;
  std::map<Kind, Said> said_;
  bool as_one_ = false;  // this FFmpeg cannot read films apart
};

}  // namespace tempera::media
