#include "live/window/jobs.h"

#include <exception>
#include <utility>

namespace tempera::live {

Jobs::~Jobs() {
  {
    std::lock_guard lock(mutex_);
    ends_ = true;
  }
  wakes_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Jobs::Do(Job job) {
  std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(job));
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { Work(); });
    } catch (const std::exception&) {
      waiting_.pop_back();
      results_.push_back(OutOfMemory("no thread can be made: end other programs"));
      return;
    }
  }
  wakes_.notify_all();
}

std::vector<Result<std::string>> Jobs::Take() {
  std::lock_guard lock(mutex_);
  return std::exchange(results_, {});
}

void Jobs::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wakes_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const Job job = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    Result<std::string> result = job();
    lock.lock();
    results_.push_back(std::move(result));
    lock.unlock();
    done_();
    lock.lock();
  }
}

}  // namespace tempera::live
