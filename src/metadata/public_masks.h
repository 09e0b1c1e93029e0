// What public mask networks are given: their files say nothing of it, and arithmetic that tells is rare in
// them.
#pragma once

#include <string>

#include "src/graph/graph.h"
#include "src/metadata/model_metadata.h"
#include "src/metadata/picture_ends.h"

namespace tempera::metadata {

struct MaskInput {
  MetadataList said;  // as metadata would say it
  std::string notice;
};

// By the names, numbers and forms of a network's ends: which it is; else what most are given whose channels
// lie so. `masks`: how many outputs the file has that are no states. Nothing of a graph too small to be a
// network that was trained: its numbers are 0..255, as a painter's.
MaskInput RecogniseMaskInput(const graph::Graph& model, size_t picture_input, size_t masks,
                             const PictureForm& in, const PictureForm& out);

}  // namespace tempera::metadata
