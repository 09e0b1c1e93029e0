// Where the numbers of a padded axis come from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tempera::ops {

// For each of `out` positions the input position it copies, of `in`; -1: the constant. `begin` positions come
// before the input, a negative number crops. mode: as ONNX's Pad has it. Reflection that would reach past the
// far side, which happens only where that is cropped, shows its end.
std::vector<int64_t> PadSources(const std::string& mode, int64_t in, int64_t begin, int64_t out);

}  // namespace tempera::ops
