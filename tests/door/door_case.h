// One network, opened and run through tempera.h with whatever else the dice say, and held up against what
// must be the same: the same bytes from other threads, other orders of steps and through tensors, alone or
// beside others on one host; in fp32 what the plain loops paint, in lower precisions something near it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/door/dice.h"
#include "tests/door/frame_look.h"
#include "tests/door/painter.h"
#include "tests/door/picture_net.h"
#include "tests/door/region_run.h"

namespace tempera::door {

// All that is decided, before anything is run.
struct DoorCase {
  PictureNet net;
  std::optional<PictureNet> mask_net;
  StylizerOptions options, other;  // through the door, and behind it
  bool shares_host = false;        // painter and masker use one, with whoever else
  bool has_neighbour = false;      // another stylizer of the same model on it, at the same time or in between
  bool at_the_same_time = false;
  std::vector<FrameLook> looks;
  RegionsLook regions;  // by which the frames are painted once more

  // What meets in that frame.
  Features features(size_t frame) const;
};
DoorCase DrawCase(Dice& dice);

struct Outcome {
  int painted = 0;   // frames
  int compared = 0;  // of them with the plain loops
  int ill = 0;       // frames whose network answers a change of a millionth with another picture
  int near = 0;      // frames of a lower precision that were held against fp32
  int masks = 0;     // made by networks
  int regions = 0;   // frames painted by regions
  std::string recipe;
  std::string failure;  // empty: all is well
};

Outcome RunCase(const DoorCase& drawn);

// A model file from anywhere, which may be refused, but not with some threads only.
Outcome RunModel(std::span<const uint8_t> bytes, Dice& dice);

}  // namespace tempera::door
