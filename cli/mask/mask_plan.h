// What the command line says of masks, as data: where the mask comes from, and what is shown in each region
// of a frame.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/network/picture_options.h"
#include "cli/painter.h"

namespace tempera::cli {

// A part of the frame. Later ones of a list lie over earlier ones.
struct MaskRegion {
  enum class Shows { kPainting, kInput, kBlur };
  std::string name;  // a class of the network, "mask", or "background": what no other region covers
  Shows shows = Shows::kPainting;
  std::string style = {};  // as --style takes it; "": the line's own (--style, --blend, --timeline)
  float blur = -1;         // pixels; negative: by the frame's size (live::BlurSize)
  std::string said = {};   // where the line says it: "--outside blur", "--region person=udnie"; "": nowhere
};

// What was said, in the line's words: for summaries.
struct SaidOfMask {
  std::string mask;                                               // "person", "deeplab.onnx:tv", "mask.mp4"
  bool background = false;                                        // --mask-of background
  std::string outside = "none";                                   // "none", "blur:12", a style
  std::vector<std::pair<std::string, std::string>> regions = {};  // of --region: class, and what it shows
};

struct MaskPlan {
  // kFolder: a picture for each of those that are painted, by its name.
  enum class Source { kNone, kNetwork, kStill, kFilm, kFolder };
  Source source = Source::kNone;
  std::string path;                 // of network, picture, film or folder
  std::vector<MaskRegion> regions;  // at least one
  std::vector<size_t> chosen;  // the regions that are cut out, or written as a mask, and counted as masked
  Painter::Makes makes = Painter::Makes::kPainting;
  float feather = 0;              // pixels
  float threshold = 0, hold = 0;  // as tempera_mask_params
  int interval = 0;
  bool plain_edges = false;
  Metadata metadata = {};  // said of the network
  SaidOfMask said = {};
  std::string timeline = {};  // whose own masks are shown: --timeline's file; "": none
  // A film that is a mask is cut as the film is. Its frames are those that are painted: of a telecined film
  // the four that are left of five.
  double start_s = 0, duration_s = -1;
  bool detelecine = false;
  std::string note = {};  // what --mask could have meant as well; "": nothing
};

}  // namespace tempera::cli
