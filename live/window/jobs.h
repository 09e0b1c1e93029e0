// What takes longer than a frame, done one after the other on a thread of its own.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "src/base/status.h"

namespace tempera::live {

class Jobs {
 public:
  // `done` is called on the thread after each.
  explicit Jobs(std::function<void()> done) : done_(std::move(done)) {}
  // Finishes what was begun and what waits.
  ~Jobs();

  // A line for people, or why not.
  using Job = std::function<Result<std::string>()>;
  void Do(Job job);
  // What has come back since the last call.
  std::vector<Result<std::string>> Take();

 private:
  void Work();

  const std::function<void()> done_;
  std::mutex mutex_;
  std::condition_variable wakes_;
  std::deque<Job> waiting_;
  std::vector<Result<std::string>> results_;
  bool ends_ = false;
  std::thread thread_;  // from the first job on
};

}  // namespace tempera::live
