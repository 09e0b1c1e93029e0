// One network, opened and run through tempera.h with whatever else the dice say, and held up against what
// must be the same: the same bytes from other threads, other orders of steps and through tensors; in fp32
// what the plain loops paint.
#pragma once

#include <span>
#include <string>

#include "tests/door/dice.h"

namespace tempera::door {

struct Outcome {
  int painted = 0;        // frames
  int compared = 0;       // of them with the plain loops
  int ill = 0;            // frames whose network answers a change of a millionth with another picture
  double worst_db = 200;  // in int8 or bf16, against fp32
  std::string recipe;
  std::string failure;  // empty: all is well
};

// A random network.
Outcome RunDoorCase(Dice& dice);

// A model file from anywhere, which may be refused, but not with some threads only.
Outcome RunModel(std::span<const uint8_t> bytes, Dice& dice);

}  // namespace tempera::door
