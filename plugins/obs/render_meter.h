// What the filter costs OBS's render thread: counted always, said in the log.
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>

#ifdef __linux__
#include <sys/resource.h>
#endif

#include <util/platform.h>

namespace tempera::plugins::obs {

// One thread counts, any thread reads.
class RenderMeter {
 public:
  // Adds the time from here to the end of the block, but for what Others draws. `what` is a literal, for the
  // log.
  class Span {
   public:
    Span(RenderMeter& meter, const char* what) : meter_(meter), what_(what), began_(Now()) {}
    ~Span() { meter_.Add(Now() - began_ - others_ - driver_, driver_, what_); }
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;
    // Work that OBS would do without the filter too: what lies under it is drawn.
    template <typename Draw>
    void Others(Draw draw) {
      const Times from = Now();
      draw();
      others_ = others_ + (Now() - from);
    }
    // A transfer that graphics cards do by themselves. Drivers without one do it at once, and first draw all
    // that was asked of them: it is counted apart.
    template <typename Transfer>
    auto Driver(Transfer transfer) {
      const Times from = Now();
      const auto result = transfer();
      driver_ = driver_ + (Now() - from);
      return result;
    }

   private:
    friend class RenderMeter;
    struct Times {
      uint64_t wall_ns = 0, processor_ns = 0, waits = 0;
      Times operator-(const Times& b) const {
        return {wall_ns - b.wall_ns, processor_ns - b.processor_ns, waits - b.waits};
      }
      Times operator+(const Times& b) const {
        return {wall_ns + b.wall_ns, processor_ns + b.processor_ns, waits + b.waits};
      }
    };
    static Times Now() { return {os_gettime_ns(), ProcessorNs(), Waits()}; }
    // How often the thread has waited for something; a thread whose core was taken away has not.
    static uint64_t Waits() {
#ifdef __linux__
      rusage usage = {};
      if (getrusage(RUSAGE_THREAD, &usage) == 0) return static_cast<uint64_t>(usage.ru_nvcsw);
#endif
      return 0;
    }
    // What the thread itself used, whoever else had its core meanwhile; the wall's time where that is not
    // told.
    static uint64_t ProcessorNs() {
#ifdef CLOCK_THREAD_CPUTIME_ID
      timespec time = {};
      if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0)
        return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
#endif
      return os_gettime_ns();
    }

    RenderMeter& meter_;
    const char* const what_;
    const Times began_;
    Times others_, driver_;
  };

  struct Totals {
    uint64_t processor_ns = 0, wall_ns = 0;  // all of it
    // Of one call: its longest time by the wall, and which it was; the longest of the processor's.
    uint64_t longest_ns = 0;
    const char* longest = "";
    uint64_t longest_processor_ns = 0;
    uint64_t calls = 0;
    uint64_t long_calls = 0;       // above two milliseconds by the wall
    uint64_t waits = 0;            // calls that waited for something
    uint64_t longest_wait_ns = 0;  // by the wall, of those
    // Not in the above: the driver's.
    uint64_t driver_processor_ns = 0, driver_wall_ns = 0, driver_longest_ns = 0;
  };
  Totals Read() const {
    return {processor_ns_,   wall_ns_,          longest_ns_, longest_,         longest_processor_ns_,
            calls_,          long_calls_,       waits_,      longest_wait_ns_, driver_processor_ns_,
            driver_wall_ns_, driver_longest_ns_};
  }

 private:
  using Count = std::atomic<uint64_t>;
  static void Raise(Count& longest, uint64_t ns) {
    if (ns > longest) longest = ns;
  }
  void Add(const Span::Times& times, const Span::Times& driver, const char* what) {
    constexpr uint64_t kLong = 2'000'000;
    processor_ns_ += times.processor_ns;
    wall_ns_ += times.wall_ns;
    ++calls_;
    if (times.wall_ns > kLong) ++long_calls_;
    if (times.wall_ns > longest_ns_) longest_ = what;
    Raise(longest_ns_, times.wall_ns);
    Raise(longest_processor_ns_, times.processor_ns);
    if (times.waits > 0) {
      ++waits_;
      Raise(longest_wait_ns_, times.wall_ns);
    }
    driver_processor_ns_ += driver.processor_ns;
    driver_wall_ns_ += driver.wall_ns;
    Raise(driver_longest_ns_, driver.wall_ns);
  }
  Count processor_ns_ = 0, wall_ns_ = 0, longest_ns_ = 0, longest_processor_ns_ = 0, calls_ = 0,
        long_calls_ = 0;
  Count waits_ = 0, longest_wait_ns_ = 0, driver_processor_ns_ = 0, driver_wall_ns_ = 0,
        driver_longest_ns_ = 0;
  std::atomic<const char*> longest_ = "";
};

}  // namespace tempera::plugins::obs
