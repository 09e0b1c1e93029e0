// The work of `tempera stylize`: a picture or a video in, its painting out.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/painter.h"
#include "src/base/status.h"

namespace tempera::cli {

// Of StylizeJob: every picture of the file, each into a file of its own.
inline constexpr int kAllPages = -1;

struct StylizeJob {
  std::string input;      // "-" is Y4M on standard input
  std::string output;     // "-" is Y4M on standard output
  std::string mask = {};  // file of this picture's own mask; "": none
  double start_s = 0;
  int page = 0;            // of several pictures in a file the one from 1; 0: the largest; kAllPages
  double duration_s = -1;  // negative = to the end
  int crf = -1;            // negative = the encoder's default of ours
  std::string codec;       // "" = the container's best
  bool detelecine = false;
};

struct StylizeSummary {
  int64_t frames = 0;
  double seconds = 0;  // of painting, from the first frame read to the file closed
  int width = 0;
  int height = 0;
  std::string codec;
  std::vector<std::string> notices;
  std::vector<std::string> outputs;  // of all pages: the files that were written
  bool interrupted = false;          // the output holds what was done until then
  double masked_share = -1;          // of all frames, 0 to 1; negative: without a mask
  int64_t empty_masks = 0;           // frames in which nothing was masked
};

// Less of a frame than this is called nothing. A part that is no speck is a thousandth of it, more than half
// masked.
inline constexpr double kEmptyMask = 0.0005;

// The output name decides: a picture's name gets one picture. Prints the progress line and, as they
// become known, notices. `interrupt` ends the work early. On failure nothing stands under the output's name
// that did not before.
Result<StylizeSummary> StylizeVideo(const StylizeJob& job, Painter* painter,
                                    const std::atomic<bool>& interrupt);
// The names of all pages, as those of a series: OUTPUT-%d.png.
std::string PagePattern(const std::string& output);
// All pages: OUTPUT's name gets -1, -2, ... before its extension.
Result<StylizeSummary> StylizePicture(const StylizeJob& job, Painter* painter);

}  // namespace tempera::cli
