// Networks that take and give pictures in another form than the engine does: channels last, half floats or
// bytes, one channel or four, no batch. Their graphs are given other ends, so that what goes in and comes
// out has one form for pixels and calibration: float32 [1, 3, H, W]. Inside, a network may turn it as it
// likes.
#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/graph/graph.h"
#include "src/metadata/model_metadata.h"

namespace tempera::metadata {

// Of a tensor that is one picture.
struct PictureForm {
  Channels at = Channels::kFirst;
  int64_t channels = 3;
  size_t rank = 4;  // 3: without a batch; 2: height and width alone
  DataType dtype = DataType::kFloat32;
  bool operator==(const PictureForm&) const = default;
};

// Makes the input take float32 [1, 3, H, W] of the same numbers: one channel is given the grey of the three
// (ITU-R BT.601), a fourth is opaque; integers are rounded.
Status TakePicture(const PictureForm& form, const ModelMetadata& metadata, graph::Graph* model);
// Makes output 0 give float32 [1, 3, H, W]: one channel becomes three that are equal, a fourth an output of
// its own (ModelMetadata::alpha_output).
// With `planes`, [1, channels, H, W] whatever their number. A state that output 0 is goes on from what it
// was.
Status GivePicture(const PictureForm& form, bool planes, ModelMetadata* metadata, graph::Graph* model);

// Everything that is half as wide becomes float32: same numbers, and steps that are fast. Nothing where the
// graph has none.
Status WidenHalves(graph::Graph* model);

}  // namespace tempera::metadata
