// Frames painted by regions: a mask network, or a mask that comes with each frame, says where in a frame what
// is, and each region is painted in a style of its own, blurred, or left. The body of tempera_regions_*
// (tempera.h).
//
// Each style paints its frame as it would without masks, once, however many regions are its; the regions then
// are laid over the input, first to last, by the weights of coverage.h. A style whose regions show nowhere is
// not run.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "src/base/host.h"
#include "src/base/status.h"
#include "src/stylize/mask/mask_track.h"
#include "src/stylize/regions/blur.h"
#include "src/stylize/regions/coverage.h"
#include "src/stylize/regions/layer.h"
#include "src/stylize/stylizer.h"

namespace tempera::stylize {

inline constexpr size_t kMostRegions = 16;

struct Region {
  static constexpr int kBackground = -1;  // what no other region covers
  // A channel of the masker's, or kBackground. Of a mask that comes with the frame: kBackground, or any.
  int channel = 0;
  Stylizer* stylizer = nullptr;  // nullptr: the input shows, blurred by
  float blur = 0;                // so many pixels, of what the region covers alone
  float feather = 0;             // pixels of the frame, 0..kMostFeather
};

class Regions {
 public:
  // masker: nullptr, or used by nobody else, and outlives this. Cancelled by the host's flag.
  static Result<std::unique_ptr<Regions>> Create(Masker* masker, const HostPtr& host);

  // 1..kMostRegions of them. Stylizers outlive their use here.
  void Set(std::vector<Region> regions);
  // in and out as Stylizer::Process has them. A frame that is not painted is missing in what styles and mask
  // network remember: they then begin anew.
  Status Process(const Image& in, const Image& out, const FrameParams& params);
  // The mask of region i in the last frame, feathered.
  Status ReadMask(size_t i, const MaskTarget& out) const;

  Status Prepare(Size frame, bool subsampled);
  void Reset();

 private:
  // A style of the list.
  struct Style {
    explicit Style(Stylizer* s) : stylizer(s) {}
    Stylizer* stylizer;
    bool stale = true;         // it has not seen the frame before
    int layers = 0;            // that show of the frame that is painted
    bool painted = false;      // likewise
    std::vector<uint8_t> own;  // its painting, where several regions show it
    Image painting;
  };

  Regions(Masker* masker, HostPtr host, int64_t highway_bit, const PixelKernels& kernels);

  Status Paint(const Image& in, const Image& out, const FrameParams& params);
  // What each region covers.
  Status FindMasks(const Image& in, const FrameParams& params);
  Status FindWishes(const Image& in, const FrameParams& params, std::vector<Coverage::Wish>* wishes);
  Status PaintLayer(size_t i, const Image& source, const Image& out, const FrameParams& params);
  // Has a style paint the frame.
  Status PaintStyle(Style* style, const Image& source, const Image& to, const FrameParams& params);
  Style& StyleOf(const Region& region);

  Masker* masker_;
  HostPtr host_;
  const PixelKernels* kernels_;
  std::vector<Region> regions_;
  std::vector<Style> styles_;
  std::optional<MaskTrack> track_;
  Coverage coverage_;
  Blur blur_;
  LayerBlender blender_;
  FrameMask given_;                  // a mask that comes with a frame, brought to its size
  std::vector<uint8_t> given_mask_;  // of the frame's size
  std::vector<float> rows_;          // by thread
  std::vector<uint8_t> inverse_;     // of the only class, where the list has its background alone
  std::vector<uint8_t> kept_, layer_, shares_;
  int64_t last_us_ = 0;
  Size shown_;  // the size of the masks that are there
};

}  // namespace tempera::stylize
