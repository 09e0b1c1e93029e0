// A model as whoever paints with it runs it.
#pragma once

#include <memory>
#include <string>

#include "src/base/status.h"
#include "src/graph/graph.h"
#include "src/metadata/model_metadata.h"
#include "src/metadata/picture_ends.h"

namespace tempera::metadata {

struct PictureModel {
  std::shared_ptr<const graph::Graph> graph;
  ModelMetadata metadata;
  bool has_ends = false;          // WithPictureEnds found both
  PictureForm in = {}, out = {};  // of the file, where it did
  // Where it found a picture that goes in, and it is not as the engine knows pictures, what comes out instead
  // of one: "its output 'y' is float32 [1, 64, 96, 21]".
  std::string gives_instead = {};
};

enum class Makes {
  kPainting,  // a picture of 1, 3 or 4 channels, as large as its input or so
  kPlanes,    // any number of channels, mostly smaller: masks
};

// The same model without 16-bit floats: all of them are float32, so that its steps are fast ones, and its
// inputs what parameters and pictures are.
Result<std::shared_ptr<const graph::Graph>> WithoutHalves(std::shared_ptr<const graph::Graph> model);

// The model and what is said of it, its ends as the engine knows pictures (picture_ends.h) where shapes,
// types or metadata say that they have another form. As it was given where they have that already, or where
// no form fits: whoever opens it then finds out what is wrong. Shapes only, nothing is run. kUnsupported
// where metadata asks for a layout that the graph does not have. What is guessed of other numbers of channels
// is a notice.
Result<PictureModel> WithPictureEnds(PictureModel model, Makes makes, const std::string& name);

// Whether an output of this size may be the mask of a picture of that one: often an eighth or a sixteenth of
// it, rounded up or down, but a picture of its proportions.
bool FollowsAsMask(int64_t height, int64_t width, int64_t of_height, int64_t of_width);

// [1, channels, H, W] in the file's order and rank.
Shape ShapeInFile(const PictureForm& form, const Shape& as_painted);

// kUnsupported for a mask network, by its metadata or its graph: its numbers are no colours.
Status CheckPaints(const graph::Graph& model, const std::string& name);

}  // namespace tempera::metadata
