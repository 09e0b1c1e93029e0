// The frames of a case: what they look like and what is asked of them, drawn one after the other; and whether
// the plain loops, which know of no frame before, must paint the same.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/door/dice.h"
#include "tests/door/frame.h"
#include "tests/door/painter.h"
#include "tests/door/picture_net.h"

namespace tempera::door {

struct FrameLook {
  enum class Under { kInput, kOther, kOutput };

  int number = 1;  // from 1
  FrameLayout in, out, under;
  int seed = 0, look = 0;  // what the pixels are
  bool in_place = false;
  Under under_way = Under::kInput;
  float strength = 1;
  bool keeps_colors = false;
  float steadiness = 0, brightness = 0, contrast = 1;
  int mask_width = 0, mask_height = 0;  // 0: none
  bool mask_from_network = false;
  float feather = 0;
  bool resets = false, cuts = false, goes_back = false;
  bool as_before = false;  // the same pixels, painted by the same parameters of the network
  int64_t time_us = 0;
  int prepared_format = -1;  // before the frame; -1: not at all
  int prepared_width = 0, prepared_height = 0;
  std::vector<std::vector<float>> values;  // of the network's parameters

  // Whether what it paints follows from it and the network alone.
  bool stands_alone = true;
  // Whether it is held still by the one before, of which the plain loops know nothing.
  bool held = false;

  bool one_color() const { return look == 2; }
  Features features() const;
  std::string Describe() const;
};

// `one_after_other`: what was shown before matters (statistics, states).
std::vector<FrameLook> DrawLooks(Dice& dice, int count, const PictureNet& net, bool one_after_other);

// The frame's pixels.
std::unique_ptr<Frame> InputOf(const FrameLook& look);
// The mask of its size where no network makes it; rows follow each other without a gap.
std::vector<uint8_t> MaskOf(const FrameLook& look);

// Paints it; `result` is what then lies in memory.
tempera_status Paint(const FrameLook& look, const PictureNet& net, const std::vector<uint8_t>& mask,
                     Painter& painter, std::unique_ptr<Frame>* result);

}  // namespace tempera::door
