// How libFuzzer changes what door_fuzz.cc is fed: mostly decisions, a few at a time, because each of those
// paints; left to itself it collects models that are refused, which are easier to grow and paint nothing.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tests/door/dice.h"
#include "tests/fuzz/door_input.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  // A network and four frames take some 300 decisions; what follows behind the bytes follows from them.
  constexpr size_t kMostDecisions = 400;
  tempera::door::Dice dice({}, seed);
  if (tempera::IsModel({data, size}) && dice.OneIn(4)) return LLVMFuzzerMutate(data, size, max_size);
  size = std::min({size, max_size, kMostDecisions});
  if (size > 1 && dice.OneIn(8)) size -= size / static_cast<size_t>(2 + dice.Below(7));
  for (int more = dice.OneIn(3) ? 1 + dice.Below(16) : 0; more > 0 && size < max_size; --more)
    data[size++] = dice.Byte();
  if (size == 0) return 0;
  for (int changes = 1 + dice.Below(4); changes > 0; --changes)
    data[(static_cast<size_t>(dice.Byte()) << 8 | dice.Byte()) % size] = dice.Byte();
  if (tempera::IsModel({data, size})) ++data[0];
  return size;
}
