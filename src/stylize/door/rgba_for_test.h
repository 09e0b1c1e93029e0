// For tests: pictures of RGBA through the public door.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tempera/tempera.hpp"

namespace tempera::stylize {

// in: 4 * width * height bytes.
inline std::vector<uint8_t> PaintRgba(Stylizer& s, const std::vector<uint8_t>& in, int width, int height) {
  std::vector<uint8_t> out(in.size());
  const Error error = s.Process(MakeImage(TEMPERA_RGBA, in.data(), width, height),
                                MakeImage(TEMPERA_RGBA, out.data(), width, height));
  EXPECT_FALSE(error) << error.message;
  return out;
}

}  // namespace tempera::stylize
