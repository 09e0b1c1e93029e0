// Pairs of frames from films, with the motion between them: found once, kept in memory, cut into crops.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "media/image.h"
#include "src/base/status.h"
#include "train/motion/flow.h"
#include "train/random.h"

namespace tempera::train {

// What the folders held.
struct FilmReport {
  int films = 0, film_pairs = 0;    // of films, and pairs kept of them
  int truths = 0, truth_pairs = 0;  // the same of films whose motion is known
  int too_small = 0;                // films, or pairs of scenes, left out: short side below 3/4 of the crops'
  int lost = 0;                     // pairs left out: cuts, or motion that could not be followed
  int borders = 0;                  // pairs left out: constant bands, as in Photos

  std::string Used() const;  // "200 pairs of 12 films, 60 pairs of 3 scenes with known motion"
  std::string Line() const;  // the same, and what was left out
};

class FilmPairs {
 public:
  // What is kept never grows beyond these, whatever the folders hold.
  static constexpr int kMaxPairs = 400;
  static constexpr size_t kMaxBytes = size_t{512} << 20;
  // Films are read from their beginning; pairs are drawn evenly from this many frames.
  static constexpr int kMaxFrames = 600;
  static constexpr int kLongestStep = 10;  // frames between the two of a pair: 1 to this
  // Of a pair that is kept, at least this share of the places must be seen in both frames.
  static constexpr double kLeastVisible = 0.1;

  // clips: films, or folders that are searched for them; the motion is estimated (FlowEstimator). truth:
  // folders that FindTruth knows; frames are neighbours there, and played backwards, so that the motion that
  // is known is that of the later picture. `view` as in Photos. Half of the room is for either where both are
  // given. The same files, view and seed give the same pairs. Errors name the folder or the file: nothing in
  // it, a film that cannot be read or has one frame, no film with known motion, nothing usable left.
  static Result<FilmPairs> Load(const std::vector<std::string>& clips, const std::vector<std::string>& truth,
                                int view, uint64_t seed);

  const FilmReport& report() const { return report_; }
  int size() const { return static_cast<int>(pairs_.size()); }

  // A square of a pair, cut and scaled as Photos::RandomCrop does and `size` (at most `view`) pixels wide,
  // from the same place of both frames; half of them mirrored.
  struct Crop {
    int size = 0;
    std::vector<float> first, second;  // 3 planes of size^2, RGB 0..255
    std::vector<float> from;     // size^2 times x, y: where each pixel of `second` was in `first`, pixels
    std::vector<float> visible;  // size^2: 1 where that is known, and inside
  };
  Crop RandomCrop(Random& random, int size) const;

 private:
  struct Pair {
    media::RgbImage first, second;  // squares
    Flow flow;                      // from `second` to `first`
  };
  struct Budget {
    int clips = 0, truth = 0;  // pairs
  };
  Budget Share(bool clips, bool truth) const;
  Status AddClips(const std::vector<std::string>& folders, int most, Random& random);
  Status AddFilm(const std::string& path, int most, Random& random);
  Status AddTruth(const std::vector<std::string>& folders, int most, Random& random);
  bool Keep(Pair pair);

  int view_ = 0;
  int short_side_ = 0;  // frames are shrunk to it
  std::vector<Pair> pairs_;
  FilmReport report_;
};

}  // namespace tempera::train
