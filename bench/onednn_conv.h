// The peer of the kernel benchmark: one convolution by oneDNN 2.6, in the layout and by the algorithm of its
// own choice.
#pragma once

#include <memory>

#include "bench/planned_conv.h"
#include "src/kernels/conv/conv_f32.h"

namespace tempera::bench {

class OnednnConv {
 public:
  virtual ~OnednnConv() = default;
  virtual void Run() = 0;  // on the calling thread
};

// Zero padding, no bias, nothing fused; where `shape` enlarges its input, on an input that already is
// enlarged. int8: uint8 times int8 to uint8. nullptr: the build has no oneDNN, or oneDNN has nothing for this
// processor but its reference loops.
std::unique_ptr<OnednnConv> MakeOnednnConv(const kernels::ConvShape& shape, ConvKind kind);

}  // namespace tempera::bench
