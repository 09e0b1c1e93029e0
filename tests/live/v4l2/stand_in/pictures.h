// The pattern in the formats of cameras.
#pragma once

#include <linux/videodev2.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tempera::stand_in {

// Fills in bytesperline, with `more` bytes behind each line, and sizeimage. False for a format that is
// unknown here.
bool Lay(v4l2_pix_format* format, int more);

// The frame of that number as the format has it; JPEGs are as long as they are.
std::vector<uint8_t> Picture(const v4l2_pix_format& format, uint32_t number);

}  // namespace tempera::stand_in
