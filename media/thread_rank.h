// The scheduling class of our threads, kept against a foreign library. Private to media/.
#pragma once

#include <sched.h>

#include <vector>

namespace tempera::media {

// When it goes, the thread that made it, and every thread the process started meanwhile, are back in the
// scheduling class that thread had. SVT-AV1 1.4, run by root, raises its caller to the highest real-time
// priority for good: its own threads (83 on two cores), whatever thread and child process we start later and
// we ourselves then go before everything else on the machine.
// Threads are found by number in /proc; where there is none, the caller alone is put right.
class ThreadRankKeeper {
 public:
  ThreadRankKeeper();
  ~ThreadRankKeeper();
  ThreadRankKeeper(const ThreadRankKeeper&) = delete;
  ThreadRankKeeper& operator=(const ThreadRankKeeper&) = delete;

 private:
  std::vector<int> before_;  // sorted
  int policy_;               // negative: unknown, nothing is changed
  sched_param rank_ = {};
};

// The numbers of this process's threads, rising.
std::vector<int> ThreadNumbers();

}  // namespace tempera::media
