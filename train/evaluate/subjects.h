// What is measured with what: opened models, paintings and photographs. Inside of evaluate.h.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "train/evaluate/evaluate.h"
#include "train/evaluate/hand/colour.h"
#include "train/evaluate/losses/judge.h"
#include "train/evaluate/motion/steadiness.h"

namespace tempera::evaluate {

struct Painting {
  std::string path;
  media::RgbImage image;
  ColourCloud cloud;
  std::shared_ptr<const StudiedPainting> studied;  // null without features
  double repetition = 0;
  std::vector<StyleDistance> unstyled;  // a photograph
};

// One style of one model.
struct Subject {
  size_t row = 0;
  Painter* painter = nullptr;
  int style = 0;
  Painting* painting = nullptr;  // may be null
};

struct Bench {
  explicit Bench(const EvaluateOptions& o) : options(o) {}
  const EvaluateOptions& options;
  Findings findings;
  std::unique_ptr<Judge> judge;  // null without features
  std::vector<std::unique_ptr<Painter>> painters;
  std::unique_ptr<Painter> teacher;
  std::map<std::string, std::unique_ptr<Painting>> paintings;  // by path
  std::vector<Subject> subjects;
  std::vector<std::string> photo_paths, clip_paths;
  std::vector<media::RgbImage> photos;

  bool Wants(const std::string& group) const {
    return (options.only.empty() || options.only.contains(group)) && !options.skip.contains(group);
  }
  Row& row(const Subject& subject) { return findings.rows[subject.row]; }
  void Note(const std::string& line);
  // The subject's painter with its style, from the beginning.
  Result<FilmPainter> Film(const Subject& subject);
};

// Opens all that the options name into *bench; nothing is measured yet.
Status OpenSubjects(Bench* bench);

// The passes; each leaves its figures in the rows.
Status MeasurePhotographs(Bench* bench);
Status MeasureClips(Bench* bench);
Status MeasureTruth(Bench* bench);
Status MeasureScenes(Bench* bench);
Status MeasureStills(Bench* bench);
Status MeasureLoop(Bench* bench);
Status MeasureCost(Bench* bench);

// One line on standard error; on a terminal it replaces the one before.
void ShowProgress(const std::string& line);

// The picture of a style among those named by --style: NAME=PICTURE first, then a folder's NAME.jpg or
// NAME.png, then one picture for all. "" where none is.
std::string PaintingOf(const std::vector<std::string>& given, const std::string& model,
                       const std::string& style, const std::string& title);

}  // namespace tempera::evaluate
