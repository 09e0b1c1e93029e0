// Work shared among threads.
#pragma once

#include <cstdint>
#include <functional>

namespace tempera::train {

// Threads that ParallelFor uses, the caller among them; 0 = one per core. Before the first ParallelFor, or
// between two.
void SetParallelThreads(int threads);

// Runs fn(i) for all i in [0, count), in any order and on any thread, and returns when all are done. Not from
// inside fn. (ATen's own is a template of its header: compiled without OpenMP, as here, it is a plain loop.)
void ParallelFor(int64_t count, const std::function<void(int64_t)>& fn);

}  // namespace tempera::train
