// What the host lends is what sessions use: its pool, its cache, its bound, its flag.
#include "src/base/host.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "src/engine/precision/calibration_frame.h"
#include "src/engine/run/model_builder_for_test.h"
#include "src/engine/run/session.h"

namespace tempera::engine {
namespace {

// No pool can be made with so many threads: whoever makes one fails.
constexpr int kNoPoolOfYourOwn = -1;

// Passes jobs on and counts them; cancels at one of them.
class CountingPool final : public ThreadPool {
 public:
  explicit CountingPool(int threads) : pool_(std::move(ThreadPool::Create(threads)).value()) {}
  int num_threads() const override { return pool_->num_threads(); }
  void Run(int num_tasks, Task fn, void* context) override {
    if (++jobs == cancel_at && flag != nullptr) flag->Cancel();
    pool_->Run(num_tasks, fn, context);
  }

  std::atomic<int> jobs{0};
  int cancel_at = -1;
  CancelFlag* flag = nullptr;

 private:
  std::unique_ptr<ThreadPool> pool_;
};

class MemoryStore final : public CacheStore {
 public:
  std::optional<std::vector<uint8_t>> Load(const std::string& key) override {
    ++loads;
    return key == kept_key ? std::optional(kept) : std::nullopt;
  }
  void Store(const std::string& key, std::span<const uint8_t> bytes) override {
    kept_key = key;
    kept.assign(bytes.begin(), bytes.end());
  }
  int loads = 0;
  std::string kept_key;
  std::vector<uint8_t> kept;
};

ModelPtr Net(int64_t width = 8) {
  TestModel m;
  std::string x = m.Node("Relu", {m.PaddedConv("x", 3, width, 3, 1, 1, true)});
  for (int i = 0; i < 3; ++i) x = m.Node("Relu", {m.PaddedConv(x, width, width, 3, 1, 1, true)});
  m.Output(m.PaddedConv(x, width, 3, 3, 1, 1, false));
  auto model = m.Load();
  EXPECT_TRUE(model.ok()) << model.status().message();
  return *model;
}

const Shape kShape = {1, 3, 40, 48};

struct HostTest : ::testing::Test {
  HostTest() {
    host->pool = pool;
    host->cancel = flag;
    pool->flag = flag.get();
  }
  SessionOptions Options(Precision precision = Precision::kAuto) const {
    SessionOptions options;
    options.host = host;
    options.num_threads = kNoPoolOfYourOwn;
    options.precision = precision;
    options.plain_dot_kernels = true;  // so that candidates are tried on every processor
    return options;
  }
  static std::vector<float> Painted(Session& session) {
    FillCalibrationFrame(session.input(0), ValueRange{});
    const Status status = session.Run();
    EXPECT_TRUE(status.ok()) << status.message();
    const auto numbers = session.output(0).span<float>();
    return {numbers.begin(), numbers.end()};
  }

  std::shared_ptr<CountingPool> pool = std::make_shared<CountingPool>(2);
  std::shared_ptr<CancelFlag> flag = std::make_shared<CancelFlag>();
  std::shared_ptr<Host> host = std::make_shared<Host>();
};

TEST_F(HostTest, OnePoolForCalibratingAndRunning) {
  auto session = Session::Create(Net(), {kShape}, Options());
  ASSERT_TRUE(session.ok()) << session.status().message();
  const int calibrating = pool->jobs;
  EXPECT_GT(calibrating, 4) << "candidates ran elsewhere";
  Painted(**session);
  EXPECT_GT(pool->jobs, calibrating);
}

TEST_F(HostTest, FindingsAreKeptInItsStore) {
  auto store = std::make_shared<MemoryStore>();
  host->cache = store;
  auto first = Session::Create(Net(), {kShape}, Options());
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(store->kept_key.ends_with(".calibration")) << store->kept_key;
  const int jobs = pool->jobs;
  auto second = Session::Create(Net(), {kShape}, Options());
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(pool->jobs, jobs) << "found out twice";
  EXPECT_EQ(store->loads, 2);
  EXPECT_EQ((*second)->precision().chosen, (*first)->precision().chosen);
}

TEST_F(HostTest, PreparingCanBeCancelledAtEveryStep) {
  auto whole = Session::Create(Net(), {kShape}, Options());
  ASSERT_TRUE(whole.ok());
  const int jobs = pool->jobs;
  for (int at : {1, 2, jobs / 2, jobs}) {
    pool->jobs = 0;
    pool->cancel_at = at;
    flag->Clear();
    const auto session = Session::Create(Net(), {kShape}, Options());
    EXPECT_EQ(session.status().code(), StatusCode::kCancelled) << "at job " << at << " of " << jobs;
    EXPECT_LE(pool->jobs, at + 1);
  }
  pool->jobs = 0;
  EXPECT_EQ(Session::Create(Net(), {kShape}, Options(Precision::kFp32)).status().code(),
            StatusCode::kCancelled)
      << "set before planning began";
  EXPECT_EQ(pool->jobs, 0);
}

TEST_F(HostTest, ARunCanBeCancelledBetweenSteps) {
  SessionOptions options = Options(Precision::kFp32);
  options.chain_bytes = -1;
  auto session = Session::Create(Net(), {kShape}, options);
  ASSERT_TRUE(session.ok());
  const std::vector<float> whole = Painted(**session);
  pool->jobs = 0;
  pool->cancel_at = 2;
  EXPECT_EQ((*session)->Run().code(), StatusCode::kCancelled);
  EXPECT_EQ(pool->jobs, 2);
  EXPECT_EQ((*session)->Run().code(), StatusCode::kCancelled) << "the flag is still set";
  EXPECT_EQ(pool->jobs, 2);
  flag->Clear();
  EXPECT_EQ(Painted(**session), whole);
}

// Statistics gathered of half a picture must not reach the next.
TEST_F(HostTest, StatisticsBeginAnewAfterACancelledRun) {
  for (NormStatistics statistics : {NormStatistics::kSmoothed, NormStatistics::kCarried}) {
    SessionOptions options = Options(Precision::kFp32);
    options.norm_statistics = statistics;
    flag->Clear();
    pool->cancel_at = -1;
    auto session = Session::Create(Net(), {kShape}, options);
    ASSERT_TRUE(session.ok()) << session.status().message();
    const std::vector<float> first = Painted(**session);
    // Another picture, half way.
    for (float& v : std::span((*session)->input(0).data<float>(), 1000)) v = 255 - v;
    pool->jobs = 0;
    pool->cancel_at = 2;
    ASSERT_EQ((*session)->Run().code(), StatusCode::kCancelled);
    flag->Clear();
    EXPECT_EQ(Painted(**session), first);
  }
}

TEST_F(HostTest, TheBoundIsKept) {
  host->most_bytes = 4096;
  const auto refused = Session::Create(Net(), {kShape}, Options(Precision::kFp32));
  EXPECT_EQ(refused.status().code(), StatusCode::kOutOfMemory);
  EXPECT_NE(refused.status().message().find("that the host allows"), std::string::npos)
      << refused.status().message();
  host->most_bytes = size_t{64} << 20;
  EXPECT_TRUE(Session::Create(Net(), {kShape}, Options(Precision::kFp32)).ok());
}

// Everything that a session holds counts, and what counts is all that it holds.
TEST_F(HostTest, TheBoundIsOfAllThatAPlanTakes) {
  constexpr size_t kPicture = 3 * 40 * 48 * sizeof(float);
  TestModel m;
  m.Input("memory", {1, 3, -1, -1});
  m.Input("table", {1000});
  const std::string x = m.Node("Relu", {m.PaddedConv(m.Node("Add", {"x", "memory"}), 3, 3, 3, 1, 1, true)});
  const std::string scale = m.Node("Cos", {m.Node("ReduceMean", {"table"})});  // a plain loop
  m.Output(m.Node("Mul", {m.PaddedConv(x, 3, 3, 3, 1, 1, false), scale}));
  m.Output(m.Node("Cos", {m.Node("Add", {x, m.Random({1, 1, 40, 48})})}));
  const ModelPtr model = m.Load().value();
  for (const bool carried : {false, true}) {
    SessionOptions options = Options(Precision::kFp32);
    options.states = {{1, 1}};
    options.rewrites_inputs = true;
    options.norm_statistics = carried ? NormStatistics::kCarried : NormStatistics::kExact;
    const auto make = [&] { return Session::Create(model, {kShape, kShape, {1000}}, options); };
    host->most_bytes = 0;
    const auto whole = make();
    ASSERT_TRUE(whole.ok()) << whole.status().message();
    const MemoryInfo memory = (*whole)->memory();
    EXPECT_EQ(memory.kept_bytes, 2 * kPicture + 1000 * sizeof(float));
    EXPECT_EQ(memory.end_bytes, carried ? 2 * kPicture : 0);
    EXPECT_GE(memory.weight_bytes, (2 * 3 * 3 * 9 + 40 * 48) * sizeof(float));
    host->most_bytes = memory.activation_bytes + memory.kept_bytes + memory.end_bytes + memory.weight_bytes;
    EXPECT_TRUE(make().ok());
    --host->most_bytes;
    EXPECT_EQ(make().status().code(), StatusCode::kOutOfMemory);
  }
}

// Nothing is taken for what will be refused: the input alone would be 12 GiB.
TEST_F(HostTest, TheBoundIsLookedAtFirst) {
  TestModel m;
  m.Input("table", {-1});
  m.Output(m.Node("Mul", {m.PaddedConv("x", 3, 3, 3, 1, 1, true), m.Node("ReduceMean", {"table"})}));
  host->most_bytes = size_t{64} << 20;
  const auto refused =
      Session::Create(m.Load().value(), {kShape, {int64_t{3} << 30}}, Options(Precision::kFp32));
  EXPECT_EQ(refused.status().code(), StatusCode::kOutOfMemory);
  EXPECT_NE(refused.status().message().find("12.0 GiB do not fit into the 64 MiB that the host allows"),
            std::string::npos)
      << refused.status().message();
}

TEST_F(HostTest, WeightsAloneMayBeTooMany) {
  host->most_bytes = size_t{16} << 10;
  const auto refused = Session::Create(Net(64), {kShape}, Options(Precision::kFp32));
  EXPECT_EQ(refused.status().code(), StatusCode::kOutOfMemory);
  EXPECT_NE(refused.status().message().find("weights of more than 16 KiB"), std::string::npos)
      << refused.status().message();
}

TEST_F(HostTest, HearsHowFarThingsAre) {
  std::vector<double> heard;
  host->progress = [&heard](const char* doing, double done) {
    EXPECT_TRUE(doing == std::string("planning") || doing == std::string("calibrating"));
    heard.push_back(done);
  };
  ASSERT_TRUE(Session::Create(Net(), {kShape}, Options()).ok());
  ASSERT_GE(heard.size(), 4u);
  EXPECT_EQ(heard.front(), 0);
  EXPECT_EQ(heard.back(), 1);
  EXPECT_TRUE(std::is_sorted(heard.begin(), heard.end()));
}

// Meant for ThreadSanitizer too.
TEST_F(HostTest, SessionsOfSeveralThreadsShareIt) {
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::vector<float>> alone;
  for (int64_t width : {5, 8, 11}) {
    auto session =
        Session::Create(Net(width), {kShape}, Options(width == 8 ? Precision::kInt8 : Precision::kFp32));
    ASSERT_TRUE(session.ok()) << session.status().message();
    alone.push_back(Painted(**session));
    sessions.push_back(std::move(session).value());
  }
  std::vector<std::thread> threads;
  for (size_t i = 0; i < sessions.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) EXPECT_EQ(Painted(*sessions[i]), alone[i]);
      // And made at the same time.
      EXPECT_TRUE(Session::Create(Net(), {kShape}, Options()).ok());
    });
  }
  for (std::thread& t : threads) t.join();
}

// Chains hold a pool longer than steps do, and their tasks wait for one another. Meant for ThreadSanitizer
// too.
TEST_F(HostTest, SessionsWithChainsShareIt) {
  // Nothing but convolutions: all of it is one chain where it may take any memory.
  TestModel m;
  std::string x = m.Node("Relu", {m.PaddedConv("x", 3, 8, 3, 1, 1, false)});
  for (int i = 0; i < 3; ++i) x = m.Node("Relu", {m.PaddedConv(x, 8, 8, 3, 1, 1, false)});
  m.Output(m.PaddedConv(x, 8, 3, 3, 1, 1, false));
  const ModelPtr chained = m.Load().value();
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::vector<float>> alone;
  for (int i = 0; i < 4; ++i) {
    SessionOptions options = Options(i == 1 ? Precision::kInt8 : Precision::kFp32);
    options.chain_bytes = i == 3 ? -1 : int64_t{1} << 40;
    if (i == 2) options.norm_statistics = NormStatistics::kCarried;
    auto session = Session::Create(i == 2 ? Net() : chained, {kShape}, options);
    ASSERT_TRUE(session.ok()) << session.status().message();
    alone.push_back(Painted(**session));
    sessions.push_back(std::move(session).value());
  }
  std::vector<std::thread> threads;
  for (size_t i = 0; i < sessions.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) EXPECT_EQ(Painted(*sessions[i]), alone[i]) << i;
    });
  }
  for (std::thread& t : threads) t.join();
}

}  // namespace
}  // namespace tempera::engine
