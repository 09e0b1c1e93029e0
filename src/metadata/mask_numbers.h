// What the numbers of a mask network's output mean, by what is said of them and by how the graph ends.
#pragma once

#include <cstdint>
#include <string>

#include "src/base/tensor.h"
#include "src/engine/types/precision.h"
#include "src/graph/graph.h"

namespace tempera::metadata {

enum class MaskNumbers {
  kShares,  // of each class, between the two of MaskMeaning::range
  kLogits,  // sigmoid of one channel, softmax over several
  kIndex    // the number of the class that is there, in one channel
};

struct MaskMeaning {
  MaskNumbers are = MaskNumbers::kLogits;
  engine::ValueRange range = {0, 1};  // nothing..everything
};

// "logits", "index", or two numbers like "0..1".
bool ParseMaskValues(const std::string& text, MaskMeaning* out);
std::string MaskValuesText(const MaskMeaning& meaning);

struct RecognisedMeaning {
  MaskMeaning meaning;
  // Where the graph does not tell: "its one channel ends in Div and is taken for logits".
  std::string guess = {};
};

// Of output 0, which has this type and so many channels: it ends in Sigmoid, Softmax, ArgMax, a comparison, a
// clip, or arithmetic behind one of them, however it is cut, turned and enlarged after that.
RecognisedMeaning RecogniseMaskMeaning(const graph::Graph& model, DataType dtype, int64_t channels);

// How many classes the ArgMax chooses from that output 0 ends in, in a graph whose shapes are known; 0: it
// ends in none.
int64_t ClassesBehindArgMax(const graph::Graph& concrete);

}  // namespace tempera::metadata
