// What a task is worth: how much work it is, and what it costs to deal equal tasks to threads.
#pragma once

#include <cstdint>

#include "src/base/checked_math.h"

namespace tempera::kernels {

// Numbers that a task reads and writes where its work is one pass over memory. 64 KiB in and as much out lie
// in the smallest L2 (256 KiB) together, so that what was written is still there for its reader; and at some
// 10 GB/s they take ten microseconds, against a fraction of one to claim a task. Fixed, never derived from
// the number of threads: tasks decide the order of sums.
inline constexpr int64_t kTaskNumbers = 16 * 1024;
// The same in lines of `size` numbers, at least one.
inline int64_t TaskLines(int64_t size) { return size < kTaskNumbers ? kTaskNumbers / size : 1; }

// Enough tasks for a fair share between up to about eight threads, where finer ones cost something. As fixed.
inline constexpr int64_t kWantedTasks = 16;

// Tasks' worth of time times threads that a run takes, expected over 1, 2, 4 and 8 threads: `tasks` itself
// when they divide evenly, more when some threads wait for the last. Plans weigh it against what finer tasks
// copy twice; it knows nothing of the threads that there are, since the tasks decide the order of sums and
// the result may not depend on threads.
inline double DealtTasks(int64_t tasks) {
  const auto dealt = [tasks](int64_t threads) {
    return static_cast<double>(CeilDiv(tasks, threads) * threads);
  };
  return 0.25 * dealt(1) + 0.4 * dealt(2) + 0.2 * dealt(4) + 0.15 * dealt(8);
}

}  // namespace tempera::kernels
