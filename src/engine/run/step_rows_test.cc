// A step's task reads no row outside those that the step declares, and writes none: what chains rely on
// (plan/bands.h). Each step of a plan, every task: all other rows of what it reads are NaN, all that it
// writes holds canaries, and the task must still make the rows that the whole step makes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/base/cpu.h"
#include "src/base/half.h"
#include "src/engine/plan/bands.h"
#include "src/engine/plan/plan.h"
#include "src/engine/run/behind_passes.h"
#include "src/engine/run/model_builder_for_test.h"

namespace tempera::engine {
namespace {

using Bytes = std::vector<uint8_t>;
constexpr uint8_t kCanary = 0xA5;

class StepRows {
 public:
  StepRows(Plan plan, uint32_t seed) : plan_(std::move(plan)) {
    for (const Storage& s : plan_.storages) memory_.push_back(Bytes(s.bytes, 0));
    size_t scratch = 0;
    for (const auto& step : plan_.steps) scratch = std::max(scratch, step->scratch_bytes);
    scratch_.resize(scratch + 64);
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(-2, 2);
    for (size_t s = 0; s < memory_.size(); ++s) {
      if (plan_.storages[s].kind != StorageKind::kInput) continue;
      auto* numbers = reinterpret_cast<float*>(memory_[s].data());
      for (size_t i = 0; i < memory_[s].size() / sizeof(float); ++i) numbers[i] = uniform(random);
    }
  }

  // How many steps of each kernel were looked at.
  std::map<std::string, int> Check() {
    auto pool = ThreadPool::Create(1).value();
    std::map<std::string, int> seen;
    for (const auto& step : plan_.steps) {
      step->Bind(MemoryOf(memory_));
      EXPECT_TRUE(step->Run({*pool, Scratch(), scratch_.size() - 64}).ok()) << step->info.name;
      auto* banded = dynamic_cast<BandedStep*>(step.get());
      if (banded == nullptr || !banded->pictures().have_rows()) continue;
      SCOPED_TRACE(step->info.name + ", " + step->info.kernel);
      CheckStep(*banded);
      step->Bind(MemoryOf(memory_));
      ++seen[step->info.kernel];
      if (testing::Test::HasFatalFailure()) break;
    }
    return seen;
  }

 private:
  uint8_t* Scratch() {
    return scratch_.data() + (64 - reinterpret_cast<uintptr_t>(scratch_.data()) % 64) % 64;
  }
  static Memory MemoryOf(std::vector<Bytes>& memory) {
    std::vector<void*> pointers;
    for (Bytes& bytes : memory) pointers.push_back(bytes.data());
    return Memory(std::move(pointers));
  }

  // f(first byte, count) for those rows of a picture in a storage.
  template <typename F>
  static void ForRows(const Storage& s, const Planes& picture, const Rows& rows, const F& f) {
    for (int64_t row = std::max<int64_t>(rows.first, 0); row < std::min(rows.last, picture.n * picture.h);
         ++row) {
      if (s.layout == StorageLayout::kInterleavedF16) {
        const size_t bytes = s.bytes / static_cast<size_t>(picture.n * picture.h);
        f(static_cast<size_t>(row) * bytes, bytes);
        continue;
      }
      const int64_t image = row / picture.h, y = row % picture.h;
      const size_t bytes = static_cast<size_t>(picture.w) * sizeof(float);
      for (int64_t c = 0; c < picture.channels; ++c)
        f(static_cast<size_t>((image * picture.channels + c) * picture.h + y) * bytes, bytes);
    }
  }

  static Bytes Poison(const Storage& s) {
    Bytes bytes(s.bytes);
    if (s.layout == StorageLayout::kInterleavedF16) {
      const uint16_t nan = FloatToHalf(std::numeric_limits<float>::quiet_NaN());
      for (size_t i = 0; i < bytes.size(); i += sizeof(nan)) std::memcpy(&bytes[i], &nan, sizeof(nan));
    } else {
      const float nan = std::numeric_limits<float>::quiet_NaN();
      for (size_t i = 0; i < bytes.size(); i += sizeof(nan)) std::memcpy(&bytes[i], &nan, sizeof(nan));
    }
    return bytes;
  }

  void CheckStep(BandedStep& step) {
    const BandedStep::Pictures pictures = step.pictures();
    std::vector<Bytes> memory = memory_;
    for (StorageId id : step.reads)
      memory[static_cast<size_t>(id)] = Poison(plan_.storages[static_cast<size_t>(id)]);
    const std::vector<Bytes> poison = memory;
    for (int64_t task = 0; task < step.tasks(); ++task) {
      const TaskRows rows = step.RowsOf(task);
      CopyRows(step, rows.reads, memory_, &memory);
      for (StorageId id : step.writes) {
        Bytes& bytes = memory[static_cast<size_t>(id)];
        std::fill(bytes.begin(), bytes.end(), kCanary);
      }
      step.Bind(MemoryOf(memory));
      step.RunTask(task, Scratch());
      for (StorageId id : step.writes) CheckWritten(id, pictures.written, rows.writes, task, memory);
      if (testing::Test::HasFatalFailure()) return;
      CopyRows(step, rows.reads, poison, &memory);
    }
  }

  // Of all that the step reads.
  void CopyRows(const BandedStep& step, const Rows& rows, const std::vector<Bytes>& from,
                std::vector<Bytes>* to) const {
    for (StorageId id : step.reads) {
      const auto s = static_cast<size_t>(id);
      ForRows(plan_.storages[s], step.pictures().read, rows, [&](size_t first, size_t count) {
        std::memcpy((*to)[s].data() + first, from[s].data() + first, count);
      });
    }
  }

  // Inside the rows the step's own bytes, or canaries where another task writes; outside canaries.
  void CheckWritten(StorageId id, const Planes& picture, const Rows& rows, int64_t task,
                    const std::vector<Bytes>& memory) {
    const auto s = static_cast<size_t>(id);
    Bytes rest = memory[s];
    size_t wrong = 0, made = 0;
    ForRows(plan_.storages[s], picture, rows, [&](size_t first, size_t count) {
      for (size_t i = first; i < first + count; ++i) {
        wrong += rest[i] != memory_[s][i] && rest[i] != kCanary;
        made += rest[i] != kCanary;
      }
      std::fill_n(rest.begin() + static_cast<int64_t>(first), count, kCanary);
    });
    ASSERT_EQ(wrong, 0u) << "task " << task << " read outside of its rows";
    ASSERT_GT(made, 0u) << "task " << task << " wrote nothing";
    const Bytes canaries(rest.size(), kCanary);
    ASSERT_EQ(std::memcmp(rest.data(), canaries.data(), rest.size()), 0)
        << "task " << task << " wrote outside of its rows";
  }

  Plan plan_;
  std::vector<Bytes> memory_;
  Bytes scratch_;
};

Plan PlanOf(const TestModel& m, const Shape& shape, const CpuTarget& target, bool int8) {
  const auto model = m.Load();
  EXPECT_TRUE(model.ok()) << model.status().message();
  auto graph = GraphBehindPasses(**model, {{DataType::kFloat32, shape}}, {}, false);
  EXPECT_TRUE(graph.ok()) << graph.status().message();
  PlanOptions options;
  options.highway_bit = target.highway_bit;
  options.target_name = target.name;
  for (const graph::Node& node : graph->nodes) {
    if (!int8 || node.op_type != "tempera.Conv") continue;
    const auto channels = static_cast<size_t>(graph->value(node.inputs[0]).info.shape[1]);
    ConvSetting setting;
    setting.precision = Precision::kInt8;
    setting.ranges = {std::vector<float>(channels, -4), std::vector<float>(channels, 4)};
    options.convs.push_back(setting);
  }
  auto plan = MakePlan(std::move(graph).value(), options);
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  return std::move(plan).value();
}

// Of everything that hands rows on.
TestModel Network() {
  TestModel m;
  const std::string a = m.Node("Relu", {m.PaddedConv("x", 3, 8, 3, 1, 1, true)});
  const std::string b =
      m.PaddedConv(m.Node("Relu", {m.PaddedConv(a, 8, 8, 3, 1, 1, true)}), 8, 8, 3, 1, 1, true);
  const std::string skip = m.Node("Add", {a, b});
  const std::string second =
      m.PaddedConv(m.Node("Relu", {m.PaddedConv(skip, 8, 8, 3, 1, 1, true)}), 8, 8, 3, 1, 1, true);
  const std::string sum = m.PaddedConv(m.Node("Add", {skip, second}), 8, 8, 3, 1, 1, false);
  const std::string deep = m.Node("Conv", {sum, m.Random({8, 1, 3, 3}), m.Random({8})},
                                  {TestModel::Int("group", 8), TestModel::Ints("pads", {1, 1, 1, 1})});
  const std::string gate = m.Node("Sigmoid", {m.Node("Conv", {deep, m.Random({1, 8, 1, 1})})});
  const std::string gated = m.Node("Mul", {m.Node("HardSwish", {deep}), gate});
  const std::string normed = m.Node("InstanceNormalization", {gated, m.Random({8}, 0.5f, 2), m.Random({8})});
  const std::string pooled =
      m.Node("MaxPool", {normed},
             {TestModel::Ints("kernel_shape", {3, 2}), TestModel::Ints("strides", {2, 1}),
              TestModel::Ints("pads", {1, 0, 1, 1})});
  const std::string large =
      m.Node("Resize", {pooled, "", m.Floats({4}, {1, 1, 2, 1.5f})}, {TestModel::Text("mode", "linear")});
  m.Output(m.Node("Tanh", {m.PaddedConv(large, 8, 3, 5, 2, 2, false)}));
  m.Output(m.Node("Pad", {large, m.Int64s({0, 0, 2, 1, 0, 0, 3, 0})}, {TestModel::Text("mode", "reflect")}));
  return m;
}

TEST(StepRows, AreAllThatTasksTouch) {
  std::map<std::string, int> seen;
  for (const CpuTarget& target : AvailableCpuTargets()) {
    for (const bool int8 : {false, true}) {
      for (const Shape& shape : {Shape{1, 3, 140, 120}, Shape{2, 3, 33, 18}}) {
        SCOPED_TRACE(target.name + (int8 ? " int8 " : " fp32 ") + ShapeToString(shape));
        for (const auto& [kernel, count] : StepRows(PlanOf(Network(), shape, target, int8), 7).Check())
          seen[kernel] += count;
        if (HasFatalFailure()) return;
      }
    }
  }
  std::string kernels;
  for (const auto& [kernel, count] : seen) kernels += kernel + " ";
  for (const char* kernel : {"add_f32", "add_f16 nhwc", "binary_f32", "max_pool_f32", "moments_f32",
                             "pointwise_f32", "resize_f32", "sigmoid_f32", "tanh_f32"})
    EXPECT_TRUE(seen.contains(kernel)) << kernel << " is not among " << kernels;
}

}  // namespace
}  // namespace tempera::engine
