// Films whose motion is known, as data sets have them.
#pragma once

#include <string>
#include <vector>

#include "media/image.h"
#include "src/base/status.h"
#include "train/motion/flow.h"

namespace tempera::train {

// A film of which the motion is known.
struct TrueFilm {
  std::vector<media::RgbImage> frames;
  // Of frame i, to frame i + 1; one fewer than frames. Valid where the same thing is seen in both, and not at
  // edges.
  std::vector<Flow> flows;
};

// Where one lies, and which kind it is.
struct TruthPlace {
  std::string name;
  std::vector<std::string> frames, flows,
      occlusions;  // in order; flows one fewer; occlusions as many as flows, or none
};

// Below the folders given:
//   MPI-Sintel:  clean|final/SCENE/frame_NNNN.png, flow/SCENE/frame_NNNN.flo, occlusions/SCENE/frame_NNNN.png
//   a sequence:  frame_NNNN.png (or .jpg) and frame_NNNN.flo in one folder
//   a pair:      frame1.jpg|png, frame2.jpg|png and flow_gt.png (KITTI's 16 bits) in one folder
// kNotFound when a folder has none of these.
Result<std::vector<TruthPlace>> FindTruth(const std::vector<std::string>& folders);

// At most `most` frames, at their own size. Where there are no occlusions, pixels whose frames differ by more
// than 0.1 along the flow are forgotten (MaskUnlike). Edges of motion are forgotten everywhere.
Result<TrueFilm> ReadTruth(const TruthPlace& place, int most);

}  // namespace tempera::train
