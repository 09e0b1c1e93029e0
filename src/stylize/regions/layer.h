// One picture laid over another by weights.
#pragma once

#include "src/base/thread_pool.h"
#include "src/stylize/image_rows.h"
#include "src/stylize/regions/coverage.h"

namespace tempera::stylize {

struct LayerOver {
  Image layer;  // shares no pixel with the other
  // Its own transparency counts: what cannot be seen of it has no part in the colours.
  bool transparent = false;
  const Coverage* coverage = nullptr;
  size_t region = 0;  // of it
};

// The same for any number of threads.
class LayerBlender {
 public:
  // kernels and pool must outlive this.
  LayerBlender(const PixelKernels& kernels, ThreadPool* pool) : kernels_(&kernels), pool_(pool) {}
  // Writes it into `out`. Where its weight is 0 no byte changes; where it is 255 all are the layer's.
  void Run(const LayerOver& over, const Image& out) const;

 private:
  void BlendRows(const LayerOver& over, const Image& out, int y, int rows) const;

  const PixelKernels* kernels_;
  ThreadPool* pool_;
};

}  // namespace tempera::stylize
