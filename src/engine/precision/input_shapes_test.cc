// Sizes of states that a file leaves open.
#include "src/engine/precision/input_shapes.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "src/base/checked_math.h"
#include "src/engine/run/matting_for_test.h"
#include "src/engine/run/model_builder_for_test.h"

namespace tempera::engine {
namespace {

// Of output i + 1 to input i + 1.
std::vector<StateLink> Links(size_t count) {
  std::vector<StateLink> links;
  for (size_t i = 1; i <= count; ++i) links.push_back({i, i});
  return links;
}

TEST(InputShapes, FourStatesHaveFourScales) {
  for (const Meets meets : {Meets::kConcat, Meets::kExpand}) {
    TestModel m;
    for (const std::string& name : AddMatting(m, "x", meets)) m.Output(name);
    const auto model = m.Load();
    ASSERT_TRUE(model.ok()) << model.status().message();
    // r4 comes first among the inputs.
    const std::vector<StateLink> states = {{1, 4}, {2, 3}, {3, 2}, {4, 1}};
    for (const auto& [h, w] :
         {std::pair<int64_t, int64_t>{64, 96}, {45, 63}, {1, 1}, {17, 250}, {1080, 1919}}) {
      const auto shapes = InputShapesFor(**model, {1, 3, h, w}, 0, states);
      ASSERT_TRUE(shapes.ok()) << shapes.status().message();
      std::vector<Shape> want = {{1, 3, h, w}};
      for (const int64_t by : {16, 8, 4, 2}) want.push_back({1, 4, CeilDiv(h, by), CeilDiv(w, by)});
      EXPECT_EQ(*shapes, want) << h << " " << w;
    }
  }
}

// Sizes that are the picture's by no power of two, and two states that meet in one node.
TEST(InputShapes, AreThoseOfTheValuesThatTheyMeet) {
  TestModel m;
  for (const char* name : {"a", "b", "c"}) m.Input(name, {1, 2, -1, -1});
  const auto pooled = [&m](const std::string& x, int64_t by) {
    return m.Node("AveragePool", {x},
                  {TestModel::Ints("kernel_shape", {by, by}), TestModel::Ints("strides", {by, by})});
  };
  const auto beside = [&m](std::vector<std::string> of) {
    return m.Node("Concat", std::move(of), {TestModel::Int("axis", 1)});
  };
  const std::string third = pooled("x", 3), sixth = pooled(third, 2);
  const std::string both = beside({sixth, pooled("a", 2), "b"});
  const std::string last = beside({pooled(both, 5), "c"});
  m.Output(m.PaddedConv("x", 3, 3, 3, 1, 1, false));
  m.Output(m.Node("Conv", {third, m.Random({2, 3, 1, 1})}));
  m.Output(m.Node("Conv", {both, m.Random({2, 7, 1, 1})}));
  m.Output(m.Node("Conv", {last, m.Random({2, 9, 1, 1})}));
  const auto model = m.Load();
  ASSERT_TRUE(model.ok()) << model.status().message();
  const auto shapes = InputShapesFor(**model, {1, 3, 60, 96}, 0, Links(3));
  ASSERT_TRUE(shapes.ok()) << shapes.status().message();
  EXPECT_EQ(*shapes, (std::vector<Shape>{{1, 3, 60, 96}, {1, 2, 20, 32}, {1, 2, 10, 16}, {1, 2, 2, 3}}));
}

TEST(InputShapes, FollowThroughOtherStates) {
  // Each has half the size of the one before in the frame before.
  TestModel m;
  std::string from = m.PaddedConv("x", 3, 2, 3, 2, 1, false);
  m.Output(m.PaddedConv("x", 3, 3, 3, 1, 1, false));
  for (int i = 0; i < 5; ++i) {
    m.Output(m.Node("Relu", {from}));
    from = m.Node("MaxPool", {m.Input("s" + std::to_string(i), {-1, 2, -1, -1})},
                  {TestModel::Ints("kernel_shape", {1, 1}), TestModel::Ints("strides", {2, 2})});
  }
  const auto model = m.Load();
  ASSERT_TRUE(model.ok()) << model.status().message();
  const auto shapes = InputShapesFor(**model, {1, 3, 90, 66}, 0, Links(5));
  ASSERT_TRUE(shapes.ok()) << shapes.status().message();
  EXPECT_EQ(*shapes,
            (std::vector<Shape>{
                {1, 3, 90, 66}, {1, 2, 45, 33}, {1, 2, 23, 17}, {1, 2, 12, 9}, {1, 2, 6, 5}, {1, 2, 3, 3}}));
}

// The state must have two pixels more than anything the model has before it is met.
TestModel Wide(int64_t declared) {
  TestModel m;
  m.Input("wide", {1, 3, declared, declared});
  const std::string narrow = m.Node("Conv", {"wide", m.Random({3, 3, 3, 3})});
  m.Output(m.Node("Relu", {m.Node("Concat", {"x", narrow}, {TestModel::Int("axis", 1)})}));
  m.Output(m.Node("Pad", {"x", m.Int64s({0, 0, 1, 1, 0, 0, 1, 1})}));
  return m;
}

TEST(InputShapes, RefusalsNameTheStateAndTheCure) {
  const auto model = Wide(-1).Load();
  ASSERT_TRUE(model.ok()) << model.status().message();
  const auto shapes = InputShapesFor(**model, {1, 3, 16, 16}, 0, Links(1));
  EXPECT_EQ(shapes.status().code(), StatusCode::kUnsupported);
  const std::string why = shapes.status().message();
  EXPECT_EQ(why.rfind("the sizes of state input 'wide' do not follow from the picture's: node 'Concat", 0),
            0u)
      << why;
  EXPECT_NE(why.find("; declare in the file"), std::string::npos) << why;
  const auto declared = Wide(18).Load();
  const auto found = InputShapesFor(**declared, {1, 3, 16, 16}, 0, Links(1));
  ASSERT_TRUE(found.ok()) << found.status().message();
  EXPECT_EQ((*found)[1], (Shape{1, 3, 18, 18}));
  EXPECT_NE(InputShapesFor(**declared, {1, 3, 20, 20}, 0, Links(1)).status().message().find("'wide'"),
            std::string::npos);
}

TEST(InputShapes, OfManyStatesThatNothingFitsAreGivenUp) {
  TestModel m;
  m.Output("x");
  for (int i = 0; i < 40; ++i) {
    const std::string narrow =
        m.Node("Conv", {m.Input("s" + std::to_string(i), {1, 3, -1, -1}), m.Random({3, 3, 3, 3})});
    m.Output(m.Node("Pad", {m.Node("Add", {narrow, "x"}), m.Int64s({0, 0, 3, 3, 0, 0, 3, 3})}));
  }
  const auto model = m.Load();
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(InputShapesFor(**model, {1, 3, 40, 50}, 0, Links(40)).status().code(), StatusCode::kUnsupported);
}

// Every size of one state leads to one more that every size of the next is tried with: 22 to the power of 8,
// if nothing stopped it.
TEST(InputShapes, AreNotLookedForWithoutEnd) {
  TestModel m;
  std::vector<std::string> all = {m.Node("ReduceMean", {"x"}, {TestModel::Ints("axes", {1, 2, 3})})};
  for (int i = 0; i < 8; ++i) {
    const std::string s = m.Input("s" + std::to_string(i), {1, 1, -1, -1});
    // At least two rows, and of any size besides.
    all.push_back(m.Node("ReduceMean", {m.Node("Conv", {s, m.Random({1, 1, 2, 2})})},
                         {TestModel::Ints("axes", {2, 3})}));
  }
  const std::string joined = m.Node("Concat", all, {TestModel::Int("axis", 1)});
  m.Output("x");
  const std::string misfit = m.Node("Conv", {joined, m.Random({1, 8, 1, 1})});  // nine channels come
  for (int i = 0; i < 8; ++i) m.Output(m.Node("Add", {misfit, "x"}));
  const auto model = m.Load();
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(InputShapesFor(**model, {1, 3, 256, 256}, 0, Links(8)).status().code(), StatusCode::kUnsupported);
}

// A hostile file: thousands of states, none of which fits. The search gives up as fast as it gave up trying.
TEST(InputShapes, ThousandsOfStatesAreGivenUpSoon) {
  constexpr int kStates = 3000;
  TestModel m;
  std::vector<std::string> all = {m.Node("ReduceMean", {"x"}, {TestModel::Ints("axes", {1})})};
  for (int i = 0; i < kStates; ++i) all.push_back(m.Input("s" + std::to_string(i), {1, 1, -1, -1}));
  const std::string joined = m.Node("Concat", all, {TestModel::Int("axis", 1)});
  m.Output("x");
  const std::string misfit = m.Node("Conv", {joined, m.Random({1, 8, 1, 1})});
  for (int i = 0; i < kStates; ++i) m.Output(m.Node("Add", {misfit, "x"}));
  const auto model = m.Load();
  ASSERT_TRUE(model.ok()) << model.status().message();
  const auto started = std::chrono::steady_clock::now();
  EXPECT_EQ(InputShapesFor(**model, {1, 3, 64, 64}, 0, Links(kStates)).status().code(),
            StatusCode::kUnsupported);
  // Two seconds where nothing else runs; minutes before this was bounded.
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(60));
}

TEST(InputShapes, AreNotLookedForWhereTheHostHasCancelled) {
  const auto model = Wide(-1).Load();
  Host host;
  const auto flag = std::make_shared<CancelFlag>();
  host.cancel = flag;
  flag->Cancel();
  EXPECT_EQ(InputShapesFor(**model, {1, 3, 16, 16}, 0, Links(1), &host).status().code(),
            StatusCode::kCancelled);
  flag->Clear();
  EXPECT_EQ(InputShapesFor(**model, {1, 3, 16, 16}, 0, Links(1), &host).status().code(),
            StatusCode::kUnsupported);
}

// What no state is to blame for is told as the node's fault.
TEST(InputShapes, APictureThatDoesNotFitIsNoStatesFault) {
  TestModel m;
  m.Input("s", {1, 3, -1, -1});
  const std::string half =
      m.Node("Resize", {m.PaddedConv("x", 3, 3, 3, 2, 1, false), "", m.Floats({4}, {1, 1, 2, 2})},
             {TestModel::Text("mode", "nearest")});
  m.Output(m.Node("Add", {m.Node("Add", {half, "x"}), "s"}));
  const auto model = m.Load();
  EXPECT_TRUE(InputShapesFor(**model, {1, 3, 16, 16}, 0, std::vector<StateLink>{{0, 1}}).ok());
  const Status odd = InputShapesFor(**model, {1, 3, 17, 16}, 0, std::vector<StateLink>{{0, 1}}).status();
  EXPECT_EQ(odd.message().rfind("node 'Add", 0), 0u) << odd.message();
}

}  // namespace
}  // namespace tempera::engine
