// A fixed set of threads for row bands. Workers spin briefly between the
// layers of one frame, then sleep. Several sessions may share one.
#pragma once

#include <memory>
#include <type_traits>

#include "src/base/status.h"

namespace tempera {

class ThreadPool {
 public:
  // num_threads counts the caller: 1 makes no thread. 0 = one per physical core that this process may use
  // (UsefulThreads in platform/platform.h). `pin`: each worker stays on a core of its own; the caller's
  // thread is left as it is. Where the system refuses that, the threads run unpinned. `spins`: between jobs,
  // and while the last tasks end, threads look for some 150 us before they sleep. Without it they sleep at
  // once, which costs a wake-up a job: for hosts that have something else to do, or pay for time by the
  // second.
  static Result<std::unique_ptr<ThreadPool>> Create(int num_threads, bool pin = false, bool spins = true);
  virtual ~ThreadPool() = default;

  virtual int num_threads() const = 0;

  // Runs fn(context, task, thread) for every task in [0, num_tasks); thread is in
  // [0, num_threads) and no two tasks of this call share it at once. Returns when all are done.
  // Tasks are claimed one by one, in order: a worker that comes late, or not at all, holds
  // nothing up but the task it is at.
  // Which thread runs which task is not fixed: fn must not let its result depend on it.
  // Any thread, several at a time: one job runs at once, the others wait (asleep) in the order in which they
  // came. So jobs of one session may come between those of another, and each uses all threads in its turn.
  // Jobs that need no second thread (one task, or a pool of one) run on their caller's at once.
  // Never from inside a task of the same pool: it would wait for itself.
  using Task = void (*)(void* context, int task, int thread);
  virtual void Run(int num_tasks, Task fn, void* context) = 0;

  template <typename F>
  void ParallelFor(int num_tasks, F&& fn) {
    Run(
        num_tasks,
        [](void* c, int task, int thread) { (*static_cast<std::remove_reference_t<F>*>(c))(task, thread); },
        const_cast<void*>(static_cast<const void*>(&fn)));
  }
};

// CPUs this process may run on.
int AvailableCpus();

}  // namespace tempera
