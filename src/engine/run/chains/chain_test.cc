// Steps that run together give what they give one after the other, byte for byte, whatever the number of
// threads.
#include "src/engine/run/chains/chain.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <random>

#include "src/engine/run/model_builder_for_test.h"
#include "src/engine/run/session.h"

namespace tempera::engine {
namespace {

constexpr int64_t kNoLimit = int64_t{1} << 40;

std::string Upsampled(TestModel& m, const std::string& x, const char* mode) {
  return m.Node("Resize", {x, "", m.Floats({4}, {1, 1, 2, 2})}, {TestModel::Text("mode", mode)});
}

std::string Conv(TestModel& m, const std::string& x, int64_t in, int64_t out, int64_t k,
                 std::vector<onnx::Attribute> attributes = {}) {
  attributes.push_back(TestModel::Ints("pads", {k / 2, k / 2, k / 2, k / 2}));
  return m.Node("Conv", {x, m.Random({out, in, k, k}, -0.3f, 0.3f), m.Random({out})}, attributes);
}

// What comes in: 3 channels; what goes out as well.
struct Net {
  const char* name;
  std::function<void(TestModel&)> build;
};
const Net kNets[] = {
    {"Convolutions",
     [](TestModel& m) {
       std::string x = m.Node("Relu", {m.PaddedConv("x", 3, 16, 9, 1, 4, false)});
       x = m.Node("Relu", {m.PaddedConv(x, 16, 32, 3, 2, 1, false)});
       x = m.Node("Relu", {m.PaddedConv(x, 32, 32, 3, 1, 1, false)});
       x = m.PaddedConv(Upsampled(m, x, "nearest"), 32, 16, 3, 1, 1, false);
       m.Output(m.PaddedConv(m.Node("Relu", {x}), 16, 3, 5, 1, 2, false));
     }},
    {"Residuals",
     [](TestModel& m) {
       std::string x = m.Node("Relu", {m.PaddedConv("x", 3, 8, 3, 1, 1, false)});
       for (int i = 0; i < 3; ++i) {
         const std::string y = m.Node("Relu", {m.PaddedConv(x, 8, 8, 3, 1, 1, false)});
         x = m.Node("Add", {x, m.PaddedConv(y, 8, 8, 3, 1, 1, false)});
       }
       m.Output(m.PaddedConv(x, 8, 3, 3, 1, 1, false));
     }},
    {"Norms",
     [](TestModel& m) {
       std::string x = m.Node("Relu", {m.PaddedConv("x", 3, 8, 3, 1, 1, true)});
       const std::string y = m.Node("Relu", {m.PaddedConv(x, 8, 8, 3, 1, 1, true)});
       x = m.Node("Add", {x, m.PaddedConv(y, 8, 8, 3, 1, 1, true)});
       m.Output(m.PaddedConv(x, 8, 3, 3, 1, 1, false));
     }},
    {"Separable",
     [](TestModel& m) {
       std::string x = m.Node("Relu", {Conv(m, "x", 3, 12, 3)});
       x = Conv(m, x, 1, 12, 3, {TestModel::Int("group", 12)});
       x = m.Node("Relu", {Conv(m, x, 12, 20, 1)});
       x = Conv(m, x, 1, 20, 5, {TestModel::Int("group", 20), TestModel::Ints("strides", {2, 2})});
       x = Conv(m, x, 20, 12, 1);
       m.Output(Conv(m, Upsampled(m, x, "nearest"), 12, 3, 1));
     }},
    {"PlanesAndPools",
     [](TestModel& m) {
       const std::string x = Conv(m, "x", 3, 6, 3);
       std::string y = m.Node("MaxPool", {m.Node("Sigmoid", {x})},
                              {TestModel::Ints("kernel_shape", {3, 3}), TestModel::Ints("strides", {2, 2}),
                               TestModel::Ints("pads", {1, 1, 1, 1})});
       y = Upsampled(m, Conv(m, y, 6, 6, 3), "linear");
       y = m.Node("AveragePool", {y},
                  {TestModel::Ints("kernel_shape", {3, 3}), TestModel::Ints("pads", {1, 1, 1, 1})});
       m.Output(m.Node("Tanh", {Conv(m, y, 6, 3, 3)}));
     }},
    {"Products",
     [](TestModel& m) {
       const std::string x = Conv(m, "x", 3, 4, 3);
       const std::string y = m.Node("Mul", {m.Node("Sigmoid", {x}), Conv(m, x, 4, 4, 3)});
       m.Output(Conv(m, m.Node("Max", {y, x}), 4, 3, 3));
     }},
    {"Transposed",
     [](TestModel& m) {
       const std::string x = m.Node("Relu", {Conv(m, "x", 3, 8, 3, {TestModel::Ints("strides", {2, 2})})});
       const std::string y =
           m.Node("ConvTranspose", {x, m.Random({8, 6, 4, 4}, -0.3f, 0.3f)},
                  {TestModel::Ints("strides", {2, 2}), TestModel::Ints("pads", {1, 1, 1, 1})});
       m.Output(Conv(m, m.Node("Relu", {y}), 6, 3, 3));
     }},
};

struct Case {
  const Net* net;
  Precision precision;
};
std::vector<Case> AllCases() {
  std::vector<Case> all;
  for (const Net& net : kNets) {
    for (Precision p : {Precision::kFp32, Precision::kInt8}) all.push_back({&net, p});
  }
  return all;
}

class Chains : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    TestModel m;
    GetParam().net->build(m);
    auto loaded = m.Load();
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    model_ = *loaded;
  }

  std::unique_ptr<Session> Make(const Shape& shape, int threads, int64_t chain_bytes) {
    auto session = Session::Create(model_, {shape},
                                   {.num_threads = threads,
                                    .precision = GetParam().precision,
                                    .plain_dot_kernels = true,
                                    .chain_bytes = chain_bytes});
    EXPECT_TRUE(session.ok()) << session.status().message();
    return session.ok() ? std::move(session).value() : nullptr;
  }

  ModelPtr model_;
};
INSTANTIATE_TEST_SUITE_P(Nets, Chains, testing::ValuesIn(AllCases()), [](const auto& info) {
  return std::string(info.param.net->name) + "_" + PrecisionName(info.param.precision);
});

std::string Paint(Session& session, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(0, 255);
  Tensor& in = session.input(0);
  for (int64_t i = 0; i < in.element_count(); ++i) in.data<float>()[i] = uniform(random);
  EXPECT_TRUE(session.Run().ok());
  return {static_cast<const char*>(session.output(0).raw()), session.output(0).size_bytes()};
}

// Several pictures, so that a row read too early would be one of another picture.
TEST_P(Chains, GiveTheSameBytes) {
  for (const Shape& shape :
       {Shape{1, 3, 64, 48}, Shape{1, 3, 62, 70}, Shape{2, 3, 58, 38}, Shape{1, 3, 186, 150}}) {
    const auto plain = Make(shape, 1, -1);
    std::vector<std::unique_ptr<Session>> chained;
    for (int threads : {1, 2, 8}) chained.push_back(Make(shape, threads, kNoLimit));
    for (unsigned picture = 0; picture < 3; ++picture) {
      const std::string expected = Paint(*plain, picture);
      for (size_t i = 0; i < chained.size(); ++i) {
        chained[i]->set_profiling(picture == 1);
        ASSERT_TRUE(Paint(*chained[i], picture) == expected)
            << ShapeToString(shape) << " picture " << picture << ", session " << i;
      }
    }
  }
}

TEST_P(Chains, TakeNoMoreMemoryUnlessAllowed) {
  const Shape shape = {1, 3, 130, 150};
  const size_t plain = Make(shape, 2, -1)->memory().activation_bytes;
  EXPECT_LE(Make(shape, 2, 0)->memory().activation_bytes, plain);
  EXPECT_GE(Make(shape, 2, kNoLimit)->memory().activation_bytes, plain);
}

// A step of `rows` tasks, each of one row, that reads `reach` rows around its own.
class RowStep final : public BandedStep {
 public:
  RowStep(StorageId from, StorageId to, int64_t rows, int64_t reach, std::vector<int>* log, int id)
      : rows_(rows), reach_(reach), log_(log), id_(id) {
    reads = {from};
    writes = {to};
    info.macs = rows * 1000;
  }
  void Bind(const Memory&) override {}
  int64_t tasks() const override { return rows_; }
  Pictures pictures() const override { return {{1, 1, rows_, 1}, {1, 1, rows_, 1}}; }
  TaskRows RowsOf(int64_t task) const override {
    return {{std::max<int64_t>(0, task - reach_), std::min(rows_, task + reach_ + 1)}, {task, task + 1}};
  }
  void RunTask(int64_t, void*) override { log_->push_back(id_); }

 private:
  int64_t rows_, reach_;
  std::vector<int>* log_;
  int id_;
};

TEST(Chain, RunsTheDeepestStepAsSoonAsItsRowsAreThere) {
  std::vector<int> log;
  RowStep a(0, 1, 6, 1, &log, 0), b(1, 2, 6, 1, &log, 1), c(2, 3, 6, 0, &log, 2);
  const auto chain = Chain::Make({&a, &b, &c}, 1);
  ASSERT_NE(chain, nullptr);
  const auto pool = ThreadPool::Create(1);
  ASSERT_TRUE(pool.ok());
  chain->Run({**pool, nullptr, 0});
  EXPECT_EQ(log, (std::vector<int>{0, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 1, 2}));
}

TEST(Chain, EveryTaskComesBehindWhatItWaitsFor) {
  std::vector<int> log;
  RowStep a(0, 1, 40, 2, &log, 0), b(1, 2, 40, 3, &log, 1), c(1, 3, 40, 0, &log, 2), d(3, 4, 40, 1, &log, 3);
  for (int threads : {1, 2, 8}) {
    const auto chain = Chain::Make({&a, &b, &c, &d}, threads);
    ASSERT_NE(chain, nullptr);
    std::vector<bool> begun(chain->items().size(), false);
    size_t waits = 0;
    for (const Chain::Item& item : chain->items()) {
      for (const Chain::Wait& wait : chain->WaitsOf(item)) {
        for (int32_t flag = wait.first; flag < wait.last; ++flag, ++waits)
          EXPECT_TRUE(begun[static_cast<size_t>(flag)]);
      }
      EXPECT_FALSE(begun[static_cast<size_t>(item.flag)]);
      begun[static_cast<size_t>(item.flag)] = true;
    }
    EXPECT_EQ(begun.size(), 160u);
    EXPECT_EQ(waits, (40u * 7 - 12) + 40u + (40u * 3 - 2));
  }
}

TEST(Chain, RefusesRowsThatDoNotFit) {
  std::vector<int> log;
  RowStep a(0, 1, 6, 1, &log, 0), b(1, 2, 5, 1, &log, 1);
  EXPECT_EQ(Chain::Make({&a, &b}, 1), nullptr);
}

}  // namespace
}  // namespace tempera::engine
