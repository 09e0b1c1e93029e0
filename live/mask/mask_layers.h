// A mask network and the styles of its regions, open: paints frames by regions, through tempera_regions_*.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "live/mask/mask_figures.h"
#include "live/mask/mask_settings.h"
#include "live/model.h"
#include "media/frame.h"
#include "src/base/status.h"
#include "tempera/tempera.h"

namespace tempera::live {

// The size at which the styles of regions work, as the session's own has it: 0 is the model's choice.
struct WorkingSize {
  int height = 0, width = 0;
};

// The regions that count as masked, as `tempera stylize` has it: what is painted of a simple mask; else all
// but the background, or that where there is no other.
std::vector<size_t> MaskedRegions(const MaskCast& cast);

class MaskLayers {
 public:
  MaskLayers(PainterOptions options, MaskCast cast, WorkingSize size);
  MaskLayers(const MaskLayers&) = delete;
  MaskLayers& operator=(const MaskLayers&) = delete;
  ~MaskLayers();

  // Opens all of it and plans for such frames. Errors name the region or the network.
  Status Open(const media::Frame& like);
  // From any thread: Open and Paint give up soon.
  void Cancel();

  // Of an Open that failed.
  const MaskFault& fault() const { return fault_; }

  const MaskCast& cast() const { return cast_; }
  int height() const { return size_.height; }
  // After Open. What the network distinguishes; "" where it has no name.
  const std::vector<std::string>& classes() const { return classes_; }
  // Of the last frame; every so many are looked at, since nobody needs them all.
  const PaintedMask& painted() const { return painted_; }

  // Of each style of the regions, in their order, each once: what can be turned and how it stands.
  const std::vector<std::unique_ptr<Model>>& styles() const { return styles_; }

  const MaskNumbers& numbers() const { return numbers_; }
  Status SetNumbers(const MaskNumbers& numbers);
  // own: the session's style, for the regions that show it. `cut`: the frame follows none.
  Status Paint(tempera_stylizer* own, const media::Frame& in, media::Frame* out, bool cut);
  // Where in the last frame, which was of this size, a region lies: 0 nowhere .. 255 all, rows without gaps.
  Status RegionMask(size_t region, int width, int height, uint8_t* mask);
  // The session's own style is another than before, maybe in the same place.
  void ForgetOwn() { own_ = nullptr; }

 private:
  struct Closer {
    void operator()(tempera_host* p) const { tempera_close_host(p); }
    void operator()(tempera_masker* p) const { tempera_mask_close(p); }
    void operator()(tempera_regions* p) const { tempera_regions_close(p); }
  };
  Status OpenMasker(const media::Frame& like);
  Status Measure(const media::Frame& like);
  Status OpenStyles(const media::Frame& like);
  Status CheckCancelled();
  Status SetRegions(tempera_stylizer* own, const media::Frame& in);
  void LookAt(const media::Frame& in);

  const PainterOptions options_;
  const MaskCast cast_;
  const WorkingSize size_;
  const std::vector<size_t> masked_;  // of cast_.regions, those that count as masked
  std::vector<int> style_of_;         // of cast_.regions, into styles_; -1: none
  MaskFault fault_;
  std::mutex mutex_;  // of cancelling
  bool cancelled_ = false;
  // Each goes before what it uses.
  std::unique_ptr<tempera_host, Closer> host_;
  std::vector<std::unique_ptr<Model>> styles_;
  std::unique_ptr<tempera_masker, Closer> masker_;
  std::unique_ptr<tempera_regions, Closer> regions_;
  std::vector<std::string> classes_;
  PaintedMask painted_;
  int64_t frames_ = 0;  // painted
  // Of the last that was looked at: all that counts as masked, of some rows; and a region.
  std::vector<uint8_t> mask_, one_;
  MaskNumbers numbers_;
  tempera_stylizer* own_ = nullptr;  // of the regions as they are set; nullptr: not yet
  int side_ = 0;                     // likewise, the shorter one of the frames
  float feather_ = -1;               // likewise
};

}  // namespace tempera::live
