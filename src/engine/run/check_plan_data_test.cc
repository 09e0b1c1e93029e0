// The check of plans can fail: each of these faults alone is found, and said.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "src/engine/plan_data/plan_data.h"
#include "src/engine/run/make_plan_data.h"
#include "src/engine/run/model_builder_for_test.h"

namespace tempera::engine {
namespace {

struct Fault {
  const char* said;
  std::function<void(PlanData&)> spoil;
};

void ExpectFound(const PlanData& good, const std::vector<Fault>& faults) {
  ASSERT_TRUE(CheckPlanData(good).ok()) << CheckPlanData(good).message();
  for (size_t i = 0; i < faults.size(); ++i) {
    PlanData bad = good;
    faults[i].spoil(bad);
    const Status checked = CheckPlanData(bad);
    EXPECT_FALSE(checked.ok()) << i << ": " << faults[i].said;
    EXPECT_NE(checked.message().find(faults[i].said), std::string::npos) << i << ": " << checked.message();
  }
}

PlanData PlanOf(const TestModel& m, const std::vector<Shape>& shapes, PlanDataOptions options = {}) {
  const auto made = MakePlanData(**m.Load(), shapes, options);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return made.ok() ? made->plan : PlanData();
}

// The first node that does it.
template <typename W>
W& WorkIn(PlanData& p) {
  for (NodeData& node : p.nodes) {
    if (auto* work = std::get_if<W>(&node.work)) return *work;
  }
  ADD_FAILURE() << "no node does that";
  static W none;
  return none;
}
template <typename W>
NodeData& NodeWith(PlanData& p) {
  return *std::find_if(p.nodes.begin(), p.nodes.end(),
                       [](const NodeData& n) { return std::holds_alternative<W>(n.work); });
}
StorageData& Written(PlanData& p, const NodeData& node) {
  return p.storages[static_cast<size_t>(node.writes.at(0))];
}

TEST(CheckPlanData, FindsWhatIsOutOfOrder) {
  TestModel m;
  const std::string norm = m.Node("Relu", {m.PaddedConv("x", 3, 8, 3, 1, 1, true)});
  m.Output(m.PaddedConv(norm, 8, 3, 3, 1, 1, false));
  ExpectFound(
      PlanOf(m, {{1, 3, 12, 16}}),
      {
          {"nobody has written", [](PlanData& p) { std::reverse(p.nodes.begin(), p.nodes.end()); }},
          {"a norm that is not there", [](PlanData& p) { p.norms.clear(); }},
          {"a storage that is not there", [](PlanData& p) { p.nodes[0].reads[0].storage = 99; }},
          {"writes a storage that is not there", [](PlanData& p) { p.nodes[0].writes[0] = -1; }},
          {"a second time", [](PlanData& p) { p.nodes[0].gathers = {0, 0}; }},
          {"before its statistics", [](PlanData& p) { p.nodes[0].gathers.clear(); }},
          {"no convolution",
           [](PlanData& p) {
             p.nodes.insert(p.nodes.begin(), NodeData());
             p.nodes[0].work = ParametersWork{.norm = 0};
             p.nodes[0].gathers = {0};
           }},
          {"before its parameters", [](PlanData& p) { p.norms[0].gamma.clear(); }},
          {"a norm of other channels", [](PlanData& p) { p.norms[0].images = 2; }},
          {"do not divide", [](PlanData& p) { p.norms[0].group_channels = 3; }},
          {"does not work on what it reads",
           [](PlanData& p) { p.nodes[0].reads.push_back(p.nodes[0].reads[0]); }},
          {"write one storage", [](PlanData& p) { p.nodes[0].writes.clear(); }},
          {"another node has written", [](PlanData& p) { p.nodes[1].writes = p.nodes[0].writes; }},
          {"a stage that is over", [](PlanData& p) { p.nodes[0].stage = 1, p.nodes[1].stage = 0; }},
          {"while its statistics", [](PlanData& p) { p.nodes[0].stage = p.nodes[1].stage; }},
          {"out of its lifetime", [](PlanData& p) { Written(p, p.nodes[0]).last_node = 0; }},
          {"when there is no node", [](PlanData& p) { Written(p, p.nodes[0]).last_node = 2; }},
          {"another size than there is", [](PlanData& p) { p.nodes[1].reads[0].shape[2] = 13; }},
          {"another number of them",
           [](PlanData& p) {
             p.numbers = {{1, 2}};
             p.nodes[0].reads[0].pending.shift = 0;
           }},
          {"through constants at once",
           [](PlanData& p) {
             p.numbers = {std::vector<float>(8)};
             p.nodes[1].reads[0].pending.scale = 0;
           }},
          {"has no slope",
           [](PlanData& p) { p.nodes[1].reads[0].pending.activation = graph::ActivationKind::kSlope; }},
      });
}

TEST(CheckPlanData, FindsMemoryThatIsUsedTwice) {
  TestModel m;
  const std::string a = m.Node("Sigmoid", {m.PaddedConv("x", 3, 8, 3, 1, 1, false)});
  const std::string b = m.Node("Tanh", {a});
  m.Output(m.Node("Add", {b, m.PaddedConv(b, 8, 8, 3, 1, 1, false)}));
  PlanDataOptions options;
  options.ends_in_arena = true;
  const PlanData good = PlanOf(m, {{1, 3, 12, 16}}, options);
  const auto replacing = [](PlanData& p) -> StorageData& {
    return *std::find_if(p.storages.begin(), p.storages.end(), [](const auto& s) { return s.replaces >= 0; });
  };
  PlanData copy = good;
  ASSERT_GE(replacing(copy).replaces, 0);
  ExpectFound(good,
              {
                  {"reaches past", [](PlanData& p) { p.arena_bytes -= 1; }},
                  {"in front of", [](PlanData& p) { p.storages[0].offset = -2; }},
                  {"overlap",
                   [](PlanData& p) {
                     for (StorageData& s : p.storages) s.offset = 0, s.replaces = -1;
                   }},
                  {"overlap", [&](PlanData& p) { replacing(p).replaces = -1; }},
                  {"does not lie there", [&](PlanData& p) { replacing(p).offset += 64; }},
                  {"number by number", [](PlanData& p) { NodeWith<FunctionWork>(p).work = ApplyWork{}; }},
                  {"still read",
                   [](PlanData& p) {
                     // The first function's result once more, by the last node.
                     p.nodes.back().reads[0].storage = NodeWith<FunctionWork>(p).writes[0];
                     for (StorageData& s : p.storages) {
                       s.first_node = 0, s.last_node = static_cast<int32_t>(p.nodes.size()) - 1;
                     }
                   }},
                  {"another size", [](PlanData& p) { p.storages[0].bytes += 4; }},
                  {"in memory that is not", [](PlanData& p) { p.storages[0].kept = true; }},
              });
}

TEST(CheckPlanData, FindsEndsThatDoNotFit) {
  TestModel m;
  const std::string before = m.Input("before", {1, 3, 8, 12}), gate = m.Input("gate", {3, 1, 1});
  m.Output(m.Node("Add", {m.Node("Mul", {"x", gate}), before}));
  PlanDataOptions options;
  options.inputs.states = {{.output = 0, .input = 1}};
  const PlanData good = PlanOf(m, {{1, 3, 8, 12}, {1, 3, 8, 12}, {3, 1, 1}}, options);
  ExpectFound(
      good, {
                {"'gate' has no storage", [](PlanData& p) { p.inputs[2].storage = -1; }},
                {"not that input", [](PlanData& p) { std::swap(p.inputs[0].storage, p.inputs[2].storage); }},
                {"another type or size", [](PlanData& p) { p.inputs[2].shape = {4}; }},
                {"begins with another size", [](PlanData& p) { p.inputs[2].initial = {1, 2}; }},
                {"kept as no picture", [](PlanData& p) { p.inputs[2].is_picture = true; }},
                {"is not what output", [](PlanData& p) { p.inputs[1].shape = {1, 3, 12, 8}; }},
                {"not there", [](PlanData& p) { p.states[0].input = 9; }},
                {"in another state", [](PlanData& p) { p.states.push_back(p.states[0]); }},
                {"is not what output", [](PlanData& p) { p.states[0].input = 0; }},
                {"more than zeros", [](PlanData& p) { p.inputs[1].initial = {1}; }},
                {"input or output twice", [](PlanData& p) { p.outputs.clear(), p.states.clear(); }},
                {"in memory that is not", [](PlanData& p) { p.storages[1].offset = 0; }},
            });
}

TEST(CheckPlanData, FindsWorkOfAnotherSize) {
  TestModel m;
  const std::string conv = m.PaddedConv("x", 3, 8, 3, 2, 1, false);
  const std::string pool = m.Node("MaxPool", {conv}, {TestModel::Ints("kernel_shape", {2, 2})});
  const std::string large =
      m.Node("Resize", {pool, "", m.Floats({4}, {1, 1, 2, 3})}, {TestModel::Text("mode", "linear")});
  const std::string scaled =
      m.Node("Mul", {large, m.Node("ReduceMax", {large}, {TestModel::Ints("axes", {1})})});
  m.Output(m.Node("Concat", {m.Node("Sigmoid", {scaled}), large}, {TestModel::Int("axis", 1)}));
  const std::string rows = m.Node("Reshape", {conv, m.Int64s({8, 48})});
  m.Output(m.Node("Softmax", {m.Node("MatMul", {rows, m.Random({48, 5})})}));
  const PlanData good = PlanOf(m, {{1, 3, 12, 16}});
  ExpectFound(
      good,
      {
          {"than its window gives", [](PlanData& p) { WorkIn<ConvWork>(p).conv.stride_h = 1; }},
          {"than its window gives", [](PlanData& p) { WorkIn<ConvWork>(p).conv.upsample = 2; }},
          {"no window", [](PlanData& p) { WorkIn<ConvWork>(p).kernel_w = INT64_MAX; }},
          {"without end", [](PlanData& p) { WorkIn<ConvWork>(p).conv.padding.top = INT64_MIN; }},
          {"no fp32 numbers",
           [](PlanData& p) {
             NodeData& node = NodeWith<FunctionWork>(p);
             for (const StorageId id : {node.reads[0].storage, node.writes[0]}) {
               StorageData& storage = p.storages[static_cast<size_t>(id)];
               storage.type = DataType::kUint8, storage.bytes /= 4;
             }
           }},
          {"strides of another shape", [](PlanData& p) { WorkIn<BinaryWork>(p).a_strides.clear(); }},
          {"a place twice",
           [](PlanData& p) {
             NodeData& node = NodeWith<SoftmaxWork>(p);
             node.work = LoopWork{{{0, {}}}, {0, 0}};
           }},
          {"do not divide", [](PlanData& p) { WorkIn<ConvWork>(p).in_channels = 4; }},
          {"ranges of other channels", [](PlanData& p) { WorkIn<ConvWork>(p).range_low = {0}; }},
          {"no ranges", [](PlanData& p) { WorkIn<ConvWork>(p).precision = Precision::kInt8; }},
          {"lacks weights", [](PlanData& p) { WorkIn<ConvWork>(p).weights.clear(); }},
          {"pools to another size", [](PlanData& p) { WorkIn<PoolWork>(p).out_w += 1; }},
          {"no size", [](PlanData& p) { WorkIn<PoolWork>(p).stride_h = 0; }},
          {"table that is not whole", [](PlanData& p) { WorkIn<ResizeWork>(p).rows.index[0] = 99; }},
          {"table that is not whole", [](PlanData& p) { WorkIn<ResizeWork>(p).rows.weight.pop_back(); }},
          {"resizes to another", [](PlanData& p) { WorkIn<ResizeWork>(p).columns.in += 1; }},
          {"past an operand", [](PlanData& p) { WorkIn<BinaryWork>(p).b_strides[1] = 1000; }},
          {"past an operand", [](PlanData& p) { WorkIn<BinaryWork>(p).a_strides[1] = -1; }},
          {"than its shape", [](PlanData& p) { WorkIn<BinaryWork>(p).shape.back() += 1; }},
          {"no function", [](PlanData& p) { WorkIn<FunctionWork>(p).function.clear(); }},
          {"past what it writes", [](PlanData& p) { WorkIn<MoveWork>(p).moves[1].out_offset += 1; }},
          {"from outside", [](PlanData& p) { WorkIn<MoveWork>(p).moves[0].in_offset = -1; }},
          {"another number", [](PlanData& p) { WorkIn<MoveWork>(p).moves[0].shape.back() -= 1; }},
          {"past its first", [](PlanData& p) { WorkIn<MatrixWork>(p).k += 1; }},
          {"than its product", [](PlanData& p) { WorkIn<MatrixWork>(p).n += 1; }},
          {"is of another size", [](PlanData& p) { WorkIn<SoftmaxWork>(p).size += 1; }},
          {"a loop of no operator",
           [](PlanData& p) {
             NodeData& node = NodeWith<SoftmaxWork>(p);
             node.work = LoopWork{{{0, {}}}, {0}};
             node.op_type.clear();
           }},
          {"no place for", [](PlanData& p) { NodeWith<SoftmaxWork>(p).work = LoopWork{{{0, {}}}, {1}}; }},
      });
}

}  // namespace
}  // namespace tempera::engine
