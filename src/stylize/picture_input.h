// What a graph takes: one picture, or not.
#pragma once

#include <cstddef>
#include <string>

#include "src/base/status.h"
#include "src/graph/graph.h"
#include "src/stylize/geometry.h"

namespace tempera::stylize {

// The size that input `index` (ModelMetadata::picture_input), [1, 3, H, W] of floats, names; zeros where it
// is open. Another input is refused; `refusal` ("style.onnx does not turn a picture into a picture") begins
// the message.
Result<Size> PictureInput(const graph::Graph& model, size_t index, const std::string& refusal);

}  // namespace tempera::stylize
