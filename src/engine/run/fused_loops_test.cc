// Each node that passes make has a plain loop: whole networks through them, against the operators they stand
// for and against the fast steps.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "src/engine/run/twin_for_test.h"

namespace tempera::engine {
namespace {

void Compare(const ModelPtr& model, const Shape& shape, double tolerance) {
  SessionOptions options;
  options.num_threads = 1;
  auto fast = Session::Create(model, {shape}, options);
  ASSERT_TRUE(fast.ok()) << fast.status().message();
  Tensor& x = (*fast)->input(0);
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(0, 255);
  for (int64_t i = 0; i < x.element_count(); ++i) x.data<float>()[i] = uniform(random);
  const std::vector<Tensor> fused = FusedLoops(*model, **fast);
  const TensorInfo info = x.info();
  auto plain = ops::Specialize(*model, {&info, 1});
  ASSERT_TRUE(plain.ok());
  const auto truth = ops::RunReference(*plain, {&x, 1});
  ASSERT_TRUE(truth.ok() && (*fast)->Run().ok());
  ASSERT_EQ(fused.size(), truth->size());
  for (size_t o = 0; o < fused.size(); ++o) {
    ExpectNear(fused[o], (*truth)[o], tolerance);
    ExpectNear((*fast)->output(o), fused[o], tolerance);
  }
}

TEST(FusedLoops, AgreeOnTheBundledStyles) {
  for (const char* name : {"great-wave", "metzinger", "starry-night", "the-scream"}) {
    SCOPED_TRACE(name);
    const auto model = LoadModelFile("models/" + std::string(name) + ".onnx");
    ASSERT_TRUE(model.ok()) << model.status().message();
    Compare(*model, {1, 3, 40, 56}, 1e-4);
  }
}

// Every kind of node that passes make, with all that a convolution can take in.
TEST(FusedLoops, AgreeOnEveryFusedNode) {
  TestModel m;
  const auto conv = [&](const std::string& x, int64_t in, int64_t out, int64_t k, int64_t stride, int64_t pad,
                        const char* mode) {
    const std::string padded =
        m.Node("Pad", {x, m.Int64s({0, 0, pad, pad, 0, 0, pad, pad})}, {TestModel::Text("mode", mode)});
    return m.Node("Conv", {padded, m.Random({out, in, k, k}), m.Random({out})},
                  {TestModel::Ints("strides", {stride, stride})});
  };
  std::string x = m.Node("Relu", {conv("x", 3, 8, 5, 1, 2, "reflect")});
  x = m.Node("HardSwish", {conv(x, 8, 16, 3, 2, 1, "edge")});
  x = m.Node("Reshape", {x, m.Int64s({1, 4, -1})});
  x = m.Node("InstanceNormalization", {x, m.Floats({4}, {1, 1, 1, 1}), m.Floats({4}, {0, 0, 0, 0})});
  x = m.Node("Reshape", {x, m.Int64s({1, 16, 10, 12})});
  x = m.Node("Mul", {x, m.Node("Sigmoid", {x})});
  x = m.Node("PRelu", {conv(x, 16, 16, 3, 1, 1, "constant"), m.Random({16, 1, 1})});
  x = m.Node("Mul", {x, m.Random({16, 1, 1})});
  x = m.Node("Clip", {x, m.Floats({}, {-40}), m.Floats({}, {60})});
  x = m.Node("Mul", {x, m.Node("Tanh", {m.Node("Softplus", {x})})});
  const std::string large = m.Node(
      "Resize", {x, "", m.Floats({4}, {1, 1, 2, 2})},
      {TestModel::Text("mode", "nearest"), TestModel::Text("coordinate_transformation_mode", "asymmetric"),
       TestModel::Text("nearest_mode", "floor")});
  x = m.Node("LeakyRelu", {conv(large, 16, 12, 3, 1, 1, "reflect")});
  x = m.Node("DepthToSpace", {m.Node("Conv", {x, m.Random({12, 12, 1, 1})})},
             {TestModel::Int("blocksize", 2), TestModel::Text("mode", "DCR")});
  x = m.Node("InstanceNormalization", {x, m.Floats({3}, {1, 1, 1}), m.Floats({3}, {0, 0, 0})});
  x = m.Node("ConvTranspose", {x, m.Random({3, 4, 3, 3}), m.Random({4})},
             {TestModel::Ints("strides", {2, 2}), TestModel::Ints("pads", {1, 1, 1, 1}),
              TestModel::Ints("output_padding", {1, 1})});
  x = m.Node("Transpose", {x}, {TestModel::Ints("perm", {0, 2, 3, 1})});
  x = m.Node("Softmax", {x}, {TestModel::Int("axis", -1)});
  m.Output(m.Node("Transpose", {x}, {TestModel::Ints("perm", {0, 3, 1, 2})}));
  const ModelPtr model = m.Load().value();
  const TensorInfo info{DataType::kFloat32, {1, 3, 20, 24}};
  auto graph = ops::Specialize(*model, {&info, 1});
  ASSERT_TRUE(graph.ok()) << graph.status().message();
  ASSERT_TRUE(graph::RunPasses(*graph).ok());
  std::set<std::string> made;
  for (const graph::Node& node : graph->nodes) made.insert(node.op_type);
  for (const char* name : {"tempera.Conv", "tempera.GroupNorm", "tempera.Affine", "tempera.Mish",
                           "tempera.Silu", "tempera.Softmax"}) {
    EXPECT_TRUE(made.contains(name)) << name;
  }
  Compare(model, {1, 3, 20, 24}, 1e-4);
}

}  // namespace
}  // namespace tempera::engine
