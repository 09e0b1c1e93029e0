// A mask network as whoever makes masks with it runs it: one picture goes in, output 0 is the mask's numbers,
// what else comes out are states.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/graph/graph.h"
#include "src/metadata/mask_numbers.h"
#include "src/metadata/picture_model.h"

namespace tempera::metadata {

struct MaskModel {
  std::shared_ptr<const graph::Graph> graph;
  ModelMetadata metadata;
  PictureForm in = {}, out = {};  // of the file
  bool has_ends = false;          // as PictureModel's
  MaskMeaning meaning;
  // The input `downsample_ratio`, now a constant: by how much a network that refines its mask at the
  // picture's size (robust video matting) makes that smaller first.
  std::optional<graph::ValueId> ratio = {};
  std::optional<float> told_ratio = {};  // above 0, at most 1
};

// `model` and what is said of it (WithMetadata), without halves. `name` begins the messages. What has to be
// guessed is among the notices. kUnsupported for what is no mask network: more inputs than a picture and
// states, a painter, a detector.
Result<MaskModel> ReadMaskModel(std::shared_ptr<const graph::Graph> model, const std::string& name);

// What is run for pictures of this size.
Result<std::shared_ptr<const graph::Graph>> GraphFor(const MaskModel& model, int64_t height, int64_t width);

struct MaskOutput {
  std::vector<Shape> inputs;  // of all of them
  Shape shape;                // [1, channels, H', W']
  int64_t classes = 0;        // that are told apart; 0: nothing tells how many
};

// Shapes only. kUnsupported where the output is no picture that grows with its input.
Result<MaskOutput> ProbeMask(const MaskModel& model, int64_t height, int64_t width, const std::string& name);

}  // namespace tempera::metadata
