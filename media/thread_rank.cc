#include "media/thread_rank.h"

#include <dirent.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>

namespace tempera::media {

std::vector<int> ThreadNumbers() {
  std::vector<int> numbers;
  DIR* folder = opendir("/proc/self/task");
  if (!folder) return numbers;
  while (const dirent* entry = readdir(folder)) {
    if (const int number = std::atoi(entry->d_name); number > 0) numbers.push_back(number);
  }
  closedir(folder);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

ThreadRankKeeper::ThreadRankKeeper() : before_(ThreadNumbers()), policy_(sched_getscheduler(0)) {
  if (policy_ >= 0 && sched_getparam(0, &rank_) != 0) policy_ = -1;
}

ThreadRankKeeper::~ThreadRankKeeper() {
  if (policy_ < 0) return;
  // What is refused keeps working as it is, and a thread may be gone by now: nothing to report.
  if (sched_getscheduler(0) != policy_) (void)sched_setscheduler(0, policy_, &rank_);
  for (const int thread : ThreadNumbers()) {
    if (std::binary_search(before_.begin(), before_.end(), thread)) continue;
    if (sched_getscheduler(thread) != policy_) (void)sched_setscheduler(thread, policy_, &rank_);
  }
}

}  // namespace tempera::media
