// A case's frames painted by regions, in two ways that must paint the same: through tempera.h, and behind it
// with other threads, chains and tensors. Two styles of one model, a mask network or masks that come along.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/stylize/mask/mask_params.h"
#include "src/stylize/regions/regions.h"
#include "tests/door/dice.h"
#include "tests/door/frame_look.h"
#include "tests/door/painter.h"

namespace tempera::door {

struct RegionLook {
  std::string name;  // as tempera_region has it
  int style = 0;     // 0 and 1: one of two stylizers; 2: none
  float blur = 0, feather = 0;
};

struct RegionsLook {
  std::vector<RegionLook> list;  // empty: no regions
  stylize::MaskParams masks;
  bool with_network = false;
  int cancelled_frame = 0;  // its number; 0: none

  std::string Describe() const;
};
RegionsLook DrawRegions(Dice& dice, bool has_network);

class DoorRegions final : public Painter {
 public:
  ~DoorRegions() override;
  // mask_net: empty for none. host: nullptr for none.
  tempera_status Open(std::span<const uint8_t> net, std::span<const uint8_t> mask_net,
                      const RegionsLook& look, const StylizerOptions& options, tempera_host* host);
  tempera_status Process(const tempera_image& in, const tempera_image& out,
                         const tempera_frame_params& params) override;
  tempera_status Set(const char* name, std::span<const float> values) override;
  tempera_status Prepare(int width, int height, int format) override;
  void Reset() override { tempera_regions_reset(regions_); }
  std::string message() const override { return tempera_error_message(); }
  tempera_status SetCancelled(bool cancelled) { return tempera_regions_set_cancelled(regions_, cancelled); }

 private:
  DoorPainter styles_[2];
  DoorMasker masker_;
  tempera_regions* regions_ = nullptr;
};

class InnerRegions final : public Painter {
 public:
  tempera_status Open(std::span<const uint8_t> net, std::span<const uint8_t> mask_net,
                      const RegionsLook& look, const StylizerOptions& options);
  tempera_status Process(const tempera_image& in, const tempera_image& out,
                         const tempera_frame_params& params) override;
  tempera_status Set(const char* name, std::span<const float> values) override;
  tempera_status Prepare(int width, int height, int format) override;
  void Reset() override { regions_->Reset(); }
  std::string message() const override { return message_; }

 private:
  tempera_status Report(const Status& status);

  InnerPainter styles_[2];
  InnerMasker masker_;
  std::unique_ptr<stylize::Regions> regions_;
  std::string message_;
};

}  // namespace tempera::door
