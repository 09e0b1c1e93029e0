// Motion between two frames: a vector and a mark for every pixel, and what is compared along it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "media/image.h"
#include "src/base/status.h"

namespace tempera::train {

// The pixel (x, y) of the first frame lies at (x + dx, y + dy) of the second; only where `valid` is 1.
struct Flow {
  int width = 0, height = 0;
  std::vector<float> dx, dy;
  std::vector<uint8_t> valid;  // 1 where a comparison may be made

  Flow() = default;
  Flow(int w, int h)
      : width(w), height(h), dx(size_t(w) * size_t(h)), dy(dx.size()), valid(dx.size(), uint8_t{1}) {}
};

// Forgets what leaves the frame: places outside 0..width - 1, 0..height - 1.
void MaskOutside(Flow* flow);
// Forgets edges of motion, where half a pixel decides which of two things is seen: |grad u|^2 + |grad v|^2
// above 0.01 |w|^2 + 0.002 (Ruder et al., arXiv:1604.08610).
void MaskMotionEdges(Flow* flow);
// Forgets where the frames themselves do not agree along the flow: a channel apart by more than `most`
// (0..1), both smoothed by 3x3 means. For truth that comes without occlusions.
void MaskUnlike(const media::RgbImage& first, const media::RgbImage& second, double most, Flow* flow);

struct WarpDifference {
  double squares = 0;  // summed over valid pixels and channels, of RGB 0..1
  double pixels = 0;   // valid ones
};
// `first` against `second` taken from where the flow leads, bilinearly.
WarpDifference CompareAlong(const media::RgbImage& first, const media::RgbImage& second, const Flow& flow);

// Mean squared difference over the valid pixels and channels; 0 where there are none.
double WarpError(const media::RgbImage& first, const media::RgbImage& second, const Flow& flow);

// Estimates flow between frames of a film: dense inverse search (Kroeger et al., arXiv:1603.03590; the medium
// preset of OpenCV), on one thread, so that the same frames give the same flow everywhere.
class FlowEstimator {
 public:
  FlowEstimator();
  ~FlowEstimator();
  // From `first` to `second`. Valid where it stays inside the frame and the flow back agrees (Sundaram et
  // al., 2010): |w + back|^2 < 0.01 (|w|^2 + |back|^2) + 0.5.
  Flow Estimate(const media::RgbImage& first, const media::RgbImage& second);

 private:
  struct Search;
  std::unique_ptr<Search> search_;
};

// Files. Sizes are checked before memory is taken; errors name the path.
// Middlebury's .flo, as MPI-Sintel has it: values beyond 1e9 are unknown.
Result<Flow> ReadFlo(const std::string& path);
Status WriteFlo(const std::string& path, const Flow& flow);
// KITTI's PNG of 16 bits a channel: (value - 32768) / 64, valid where blue is not 0.
Result<Flow> ReadKittiFlow(const std::string& path);

}  // namespace tempera::train
