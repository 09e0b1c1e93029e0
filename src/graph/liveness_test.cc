#include "src/graph/liveness.h"

#include <gtest/gtest.h>

namespace tempera::graph {
namespace {

using Uses = std::vector<std::vector<ValueId>>;

Graph Make(std::vector<std::pair<std::vector<ValueId>, std::vector<ValueId>>> nodes) {
  Graph graph;
  graph.values.resize(8);
  graph.inputs = {0, 1};
  for (auto& [in, out] : nodes) {
    Node& node = graph.nodes.emplace_back();
    node.inputs = std::move(in);
    node.outputs = std::move(out);
  }
  return graph;
}

TEST(LastUses, OfWhatIsReadAndOfWhatNobodyReads) {
  // 1 and 6 are never read; 5 is absent.
  Graph graph = Make({{{0, kNoValue}, {2}}, {{2, 0, 0}, {3, 6}}, {{3, 2}, {4}}});
  graph.outputs = {4};
  EXPECT_EQ(LastUses(graph), (Uses{{}, {0, 6}, {2, 3}}));
}

TEST(LastUses, OutputsAndConstantsStay) {
  Graph graph = Make({{{0, 7}, {2}}, {{2}, {3}}});
  graph.values[7].constant = Tensor();
  graph.outputs = {2, 3};
  EXPECT_EQ(LastUses(graph), (Uses{{0}, {}}));
}

}  // namespace
}  // namespace tempera::graph
