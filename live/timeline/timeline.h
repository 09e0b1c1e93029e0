// What was painted live and with what: the file beside a recording that `tempera stylize --timeline` paints
// again from. docs/live-control.md has the format.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "live/mask/mask_settings.h"
#include "src/base/status.h"

namespace tempera::live {

struct TimelineInfo {
  std::string source;                     // for people
  std::string precision = "auto";         // as PainterOptions has them
  std::string norm_statistics = "exact";  // likewise
  std::string cpu;                        // the instruction set that painted; the writer knows it
  // The lossless film of all that was captured, one frame for each in that order, as Witness::Captured had it
  // (and so mirrored where that was asked); named from the timeline's folder. "": none.
  std::string source_recording;
};

// One painting.
struct TimelineFrame {
  int64_t source =
      0;  // of the captured frames the one painted, from 0; a frozen one is painted again and again
  int64_t time_us =
      0;             // from the first frame captured, rising: when it was captured, or painted where frozen
  uint32_t sum = 0;  // SumOf the frame
};

// What is masked, and with what.
struct TimelineMask {
  bool on = false;
  MaskCast cast;
  int64_t network_bytes = 0;         // how long that file was
  std::vector<int64_t> style_bytes;  // likewise, of each region's; 0: it has none
  int height = 0;                    // the lines that its styles work at; 0: their own choice
  MaskNumbers numbers;
};

// What holds from a frame on. All of it: what did not change is as it was in the change before.
struct TimelineState {
  std::string style;        // as --style takes it: for who has not got the file
  std::string path;         // of the model
  int64_t model_bytes = 0;  // how long that file was
  int height = 0;           // the lines worked at; 0: the model's own choice
  int asked_height = 0;     // those asked for by hand, where the session chose others
  bool mirror = false;
  int width = 0, lines = 0;  // of the source's frames, in pixels
  int matrix = 0;            // media::ColorMatrix
  bool full_range = false;
  TimelineMask mask;
};

struct TimelineChange {
  size_t frame = 0;  // the first one painted so
  TimelineState state;
  bool opens = false;  // the model is opened anew: parameters as the file begins
  bool reset = false;  // painted as the first frame of a film
  std::map<std::string, std::vector<float>> values;  // set before this frame
  bool mask_opens = false;                           // the mask and its styles are opened anew
  std::vector<std::map<std::string, std::vector<float>>>
      mask_values;  // set of the styles, as MaskLayers has them
};

struct Timeline {
  TimelineInfo info;
  std::vector<TimelineFrame> frames;    // times rise, sources never fall
  std::vector<TimelineChange> changes;  // the first one at frame 0, and with a model
  // False: whoever wrote it was killed; it goes as far as it does.
  bool complete = false;
};

// Errors, one line: no such file, no timeline, one that was changed by hand and makes no sense, too large.
// What a killed session left (TimelineWriter) is read as well.
Result<Timeline> ReadTimeline(const std::string& path);

}  // namespace tempera::live
