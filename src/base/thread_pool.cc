#include "src/base/thread_pool.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "src/base/platform/pause.h"
#include "src/base/platform/pin.h"
#include "src/base/platform/platform.h"

namespace tempera {
namespace {

// Longer than the gap between two layers of a frame (a small sequential step included), far shorter than the
// gap between two frames.
constexpr std::chrono::microseconds kSpin{150};
// A look at the clock costs about as much as this many pauses.
constexpr int kPausesPerLook = 16;

// Two cache lines: processors fetch lines in pairs.
constexpr size_t kApart = 128;

// Pauses until done() or until `limit` has passed; whether done() came true.
template <typename Done>
bool SpinUntil(std::chrono::microseconds limit, const Done& done) {
  if (done()) return true;
  const auto end = std::chrono::steady_clock::now() + limit;
  do {
    for (int i = 0; i < kPausesPerLook; ++i) {
      platform::Pause();
      if (done()) return true;
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// One word says which job is on and how many of its tasks nobody has claimed: a claim is one compare and
// exchange, and one that succeeds proves that the job is not over, so that its fields hold still.
constexpr uint64_t kJob = uint64_t{1} << 32;
constexpr uint32_t Unclaimed(uint64_t state) { return static_cast<uint32_t>(state); }
constexpr uint64_t JobOf(uint64_t state) { return state / kJob; }

class Pool final : public ThreadPool {
 public:
  ~Pool() override {
    stop_.store(true, std::memory_order_relaxed);
    Publish(0);
    for (std::thread& t : workers_) t.join();
  }

  Status Start(int num_threads, bool pin, bool spins) {
    // With more threads than processors a spinning one takes the place of one that works.
    spin_ = spins && num_threads <= AvailableCpus() ? kSpin : std::chrono::microseconds{0};
    sleeps_ = !spins;
    try {
      for (int i = 1; i < num_threads; ++i) workers_.emplace_back([this, i] { Work(i); });
    } catch (const std::system_error&) {
      return OutOfMemory("cannot start " + std::to_string(num_threads) + " threads; use fewer");
    }
    if (pin) Pin();
    return OkStatus();
  }

  int num_threads() const override { return static_cast<int>(workers_.size()) + 1; }

  void Run(int num_tasks, Task fn, void* context) override {
    if (workers_.empty() || num_tasks <= 1) {
      for (int i = 0; i < num_tasks; ++i) fn(context, i, 0);
      return;
    }
    const Turn turn(*this);
    // Nobody reads these: every claim of the last job was counted in done_ before its Run returned.
    fn_ = fn;
    context_ = context;
    num_tasks_ = static_cast<uint32_t>(num_tasks);
    done_.store(0, std::memory_order_relaxed);
    Publish(num_tasks_);
    const uint32_t others = num_tasks_ - Drain(0);
    const auto all_done = [&] { return done_.load(std::memory_order_acquire) == others; };
    if (sleeps_) {
      std::unique_lock lock(mutex_);
      finished_.wait(lock, all_done);
      return;
    }
    // A worker that lost its processor in the midst of a task: let it have this one.
    while (!SpinUntil(spin_, all_done)) platform::Yield();
  }

 private:
  // Held by the job that runs; whoever came first gets it next. A mutex alone would give it again and again
  // to the thread that has just let go of it, since the others wake too late.
  class Turn {
   public:
    explicit Turn(Pool& pool) : pool_(pool) {
      std::unique_lock lock(pool_.turn_mutex_);
      const uint64_t mine = pool_.turns_taken_++;
      pool_.next_turn_.wait(lock, [&] { return pool_.turns_over_ == mine; });
    }
    ~Turn() {
      const std::lock_guard lock(pool_.turn_mutex_);
      if (++pool_.turns_over_ != pool_.turns_taken_) pool_.next_turn_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Pool& pool_;
  };

  void Publish(uint32_t tasks) {
    const uint64_t state = (JobOf(state_.load(std::memory_order_relaxed)) + 1) * kJob + tasks;
    // Sequentially consistent with Sleep: either the sleeper sees the job, or we see the sleeper.
    state_.store(state, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
    std::lock_guard lock(mutex_);
    wake_.notify_all();
  }

  // Claims and runs tasks until none is left; how many.
  uint32_t Drain(int thread) {
    uint32_t count = 0;
    uint64_t state = state_.load(std::memory_order_acquire);
    while (Unclaimed(state) != 0) {
      if (!state_.compare_exchange_weak(state, state - 1, std::memory_order_acq_rel,
                                        std::memory_order_acquire)) {
        continue;
      }
      fn_(context_, static_cast<int>(num_tasks_ - Unclaimed(state)), thread);
      ++count;
      state = state_.load(std::memory_order_acquire);
    }
    return count;
  }

  void Work(int thread) {
    uint64_t seen = 0;
    const auto new_job = [&] { return JobOf(state_.load(std::memory_order_acquire)) != seen; };
    while (true) {
      if (!SpinUntil(spin_, new_job)) Sleep(seen);
      if (stop_.load(std::memory_order_relaxed)) return;
      seen = JobOf(state_.load(std::memory_order_acquire));
      const uint32_t count = Drain(thread);
      if (count == 0) continue;
      done_.fetch_add(count, std::memory_order_release);
      if (!sleeps_) continue;
      const std::lock_guard lock(mutex_);
      finished_.notify_one();
    }
  }

  void Sleep(uint64_t seen) {
    std::unique_lock lock(mutex_);
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    wake_.wait(lock, [&] { return JobOf(state_.load(std::memory_order_seq_cst)) != seen; });
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }

  // Worker i to the i-th core, the first one left to the caller.
  void Pin() {
    const std::vector<int> cores = platform::PhysicalCores();
    for (size_t i = 0; i < workers_.size(); ++i) {
      // A refusal leaves the thread where the system puts it: slower at worst.
      (void)platform::PinThread(workers_[i].native_handle(), cores[(i + 1) % cores.size()]);
    }
  }

  // Claimed by all, written by all: each on lines of its own.
  alignas(kApart) std::atomic<uint64_t> state_{0};
  alignas(kApart) std::atomic<uint32_t> done_{
      0};  // tasks that workers finished, added when they find no more
  // Written seldom.
  alignas(kApart) std::atomic<int> sleepers_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable finished_;  // where sleeps_: the last task of a job may be done
  std::chrono::microseconds spin_{0};
  bool sleeps_ = false;
  std::mutex turn_mutex_;
  std::condition_variable next_turn_;
  uint64_t turns_taken_ = 0, turns_over_ = 0;
  // The job; read by whoever claimed one of its tasks.
  alignas(kApart) Task fn_ = nullptr;
  void* context_ = nullptr;
  uint32_t num_tasks_ = 0;
  std::vector<std::thread> workers_;
};

}  // namespace

Result<std::unique_ptr<ThreadPool>> ThreadPool::Create(int num_threads, bool pin, bool spins) {
  if (num_threads < 0 || num_threads > 1024) {
    return InvalidArgument("thread count " + std::to_string(num_threads) + " is not in 0..1024");
  }
  const char* wish = std::getenv("TEMPERA_PIN");  // for a whole run, as TEMPERA_CPU is for targets
  pin = pin || (wish != nullptr && std::string_view(wish) == "1");
  if (!platform::HasThreads()) num_threads = 1;
  auto pool = std::make_unique<Pool>();
  TEMPERA_RETURN_IF_ERROR(
      pool->Start(num_threads == 0 ? platform::UsefulThreads() : num_threads, pin, spins));
  return std::unique_ptr<ThreadPool>(std::move(pool));
}

int AvailableCpus() { return platform::AvailableCpus(); }

}  // namespace tempera
