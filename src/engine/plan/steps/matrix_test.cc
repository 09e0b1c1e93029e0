// Products of matrices: batches that broadcast, vectors, Gemm with everything, attention.
#include "src/engine/run/twin_for_test.h"

namespace tempera::engine {
namespace {

TEST(Matrix, MatMulOfBatches) {
  TestModel m;  // x is [2, 3, 17, 31]
  m.Output(m.Node("MatMul", {"x", m.Random({31, 40})}));
  m.Output(m.Node("MatMul", {m.Random({3, 5, 17}), "x"}));
  m.Output(m.Node("MatMul", {m.Node("Relu", {"x"}), m.Random({2, 1, 31, 9})}));
  m.Output(m.Node("MatMul", {"x", m.Random({31})}));
  m.Output(m.Node("MatMul", {m.Random({17}), "x"}));
  EXPECT_EQ(PlainLoops(m, {2, 3, 17, 31}, 1e-5), 0);
}

TEST(Matrix, MatMulOfVectors) {
  TestModel m;
  const std::string flat = m.Node("Reshape", {"x", m.Int64s({-1})});
  m.Output(m.Node("MatMul", {flat, m.Random({60})}));
  m.Output(m.Node("MatMul", {flat, m.Random({60, 7})}));
  EXPECT_EQ(PlainLoops(m, {1, 3, 4, 5}, 1e-5), 0);
}

TEST(Matrix, GemmInEveryOrder) {
  for (int64_t turned : {0, 1, 2, 3}) {
    for (int64_t rows : {1, 6}) {
      TestModel m;
      const bool a = (turned & 1) != 0, b = (turned & 2) != 0;
      const int64_t k = 2040 / rows;
      const std::vector<onnx::Attribute> attributes = {
          TestModel::Int("transA", a), TestModel::Int("transB", b), TestModel::Float("alpha", 0.5f),
          TestModel::Float("beta", 2)};
      const std::string matrix = m.Node(
          "Reshape", {"x", m.Int64s(a ? std::vector<int64_t>{-1, rows} : std::vector<int64_t>{rows, -1})});
      const std::string w = m.Random(b ? Shape{37, k} : Shape{k, 37});
      m.Output(m.Node("Gemm", {matrix, w, m.Random({37})}, attributes));
      m.Output(m.Node("Gemm", {matrix, w, m.Random({rows, 1})}, attributes));
      m.Output(m.Node("Gemm", {matrix, w}, {TestModel::Int("transA", a), TestModel::Int("transB", b)}));
      EXPECT_EQ(PlainLoops(m, {1, 3, 17, 40}, 1e-5), 0) << turned;
    }
  }
}

// softmax(q k) v over the pixels of a picture.
TEST(Matrix, Attention) {
  TestModel m;
  const auto pixels = [&](const std::string& x) { return m.Node("Reshape", {x, m.Int64s({0, 8, -1})}); };
  const auto conv = [&] { return m.Node("Conv", {"x", m.Random({8, 3, 1, 1}, -0.3f, 0.3f)}); };
  const std::string q = m.Node("Transpose", {pixels(conv())}, {TestModel::Ints("perm", {0, 2, 1})});
  const std::string weights =
      m.Node("Softmax", {m.Node("MatMul", {q, pixels(conv())})}, {TestModel::Int("axis", -1)});
  const std::string turned = m.Node("Transpose", {weights}, {TestModel::Ints("perm", {0, 2, 1})});
  const std::string mixed = m.Node("MatMul", {pixels(conv()), turned});
  m.Output(m.Node("Add", {m.Node("Reshape", {mixed, m.Int64s({2, 8, 9, 13})}), conv()}));
  EXPECT_EQ(PlainLoops(m, {2, 3, 9, 13}, 1e-5), 0);
}

}  // namespace
}  // namespace tempera::engine
