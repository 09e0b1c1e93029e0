#include "src/kernels/twin/twin.h"

#include <gtest/gtest.h>
#include <time.h>

#include <cstdio>
#include <cstring>
#include <limits>
#include <numeric>

namespace tempera::kernels {

std::vector<Twin>& Twins() {
  static auto* const twins = new std::vector<Twin>();
  return *twins;
}

std::vector<int64_t> Shapes(int64_t count) {
  std::vector<int64_t> shapes(static_cast<size_t>(count));
  std::iota(shapes.begin(), shapes.end(), 0);
  return shapes;
}

namespace {

std::vector<std::string> FormsOf(const TwinProblem& problem, const CpuTarget& target) {
  return problem.forms ? problem.forms(target) : std::vector<std::string>{""};
}

class TwinTest : public testing::Test {
 public:
  explicit TwinTest(const Twin& twin) : twin_(twin) {}
  void TestBody() override {
    int runs = 0;
    for (const int64_t size : twin_.sizes) {
      TwinProblem problem(static_cast<uint32_t>(size + 1));
      twin_.make(problem, size);
      if (!problem.fast) continue;  // the kernel does not serve this shape
      problem.plain(AvailableCpuTargets().back());
      for (const CpuTarget& target : AvailableCpuTargets()) {
        if (problem.plain_by_target) problem.plain(target);
        for (const std::string& form : FormsOf(problem, target)) {
          problem.Restart();
          problem.fast(target, form);
          ASSERT_EQ(problem.Fault(), "") << "size " << size << " on " << target.name << " " << form;
          ++runs;
        }
      }
    }
    EXPECT_GT(runs, 0);
  }

 private:
  const Twin& twin_;
};

double ThreadSeconds() {
  timespec t = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Seconds of a run: the least of many.
double SecondsOf(const std::function<void()>& run, double budget) {
  run();
  double best = std::numeric_limits<double>::infinity();
  const double end = ThreadSeconds() + budget;
  do {
    const double start = ThreadSeconds();
    int calls = 0;
    do {
      run();
      ++calls;
    } while (ThreadSeconds() - start < 2e-4);
    best = std::min(best, (ThreadSeconds() - start) / calls);
  } while (ThreadSeconds() < end);
  return best;
}

int Time(const char* part) {
  constexpr double kBudget = 0.02;
  std::printf("%-34s %12s  nanoseconds a number (or product), times as fast\n", "kernel", "plain");
  for (const Twin& twin : Twins()) {
    if (twin.name.find(part) == std::string::npos) continue;
    TwinProblem problem(1);
    twin.make(problem, twin.timed);
    if (!problem.fast) continue;
    const double scale = 1e9 / problem.work;
    const double plain = SecondsOf([&] { problem.plain(AvailableCpuTargets().back()); }, kBudget) * scale;
    std::printf("%-34s %12.4f", twin.name.c_str(), plain);
    for (const CpuTarget& target : AvailableCpuTargets()) {
      for (const std::string& form : FormsOf(problem, target)) {
        const double fast = SecondsOf([&] { problem.fast(target, form); }, kBudget) * scale;
        std::printf("  %s%s%s %.4f (%.1f)", target.name.c_str(), form.empty() ? "" : " ", form.c_str(), fast,
                    plain / fast);
      }
    }
    std::printf("\n");
  }
  return 0;
}

}  // namespace
}  // namespace tempera::kernels

int main(int argc, char** argv) {
  namespace kernels = tempera::kernels;
  testing::InitGoogleTest(&argc, argv);
  for (const kernels::Twin& twin : kernels::Twins()) {
    testing::RegisterTest("Twin", twin.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [&twin]() -> testing::Test* { return new kernels::TwinTest(twin); });
  }
  if (argc > 1 && std::strcmp(argv[1], "--time") == 0) return kernels::Time(argc > 2 ? argv[2] : "");
  return RUN_ALL_TESTS();
}
