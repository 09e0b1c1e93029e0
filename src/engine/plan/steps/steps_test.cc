// Operators around the convolutions through their fast steps and through the plain loops, on every target:
// the numbers agree, and a fast step did the work.
#include <gtest/gtest.h>

#include <algorithm>

#include "src/engine/run/twin_for_test.h"

namespace tempera::engine {
namespace {

const Shape kShapes[] = {{1, 1, 1, 1}, {1, 3, 17, 31}, {2, 5, 8, 16}, {1, 8, 7, 33}, {1, 2, 150, 130}};

TEST(Steps, ResizeLinearAndCubic) {
  for (const char* mode : {"linear", "cubic", "nearest"}) {
    for (const char* where : {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"}) {
      for (float scale : {2.0f, 1.5f, 3.0f, 0.5f}) {
        TestModel m;
        m.Output(m.Node(
            "Resize", {"x", "", m.Floats({4}, {1, 1, scale, scale * 1.25f})},
            {TestModel::Text("mode", mode), TestModel::Text("coordinate_transformation_mode", where)}));
        SCOPED_TRACE(std::string(mode) + " " + where + " " + std::to_string(scale));
        EXPECT_EQ(PlainLoops(m, {1, 3, 17, 31}), 0);
        EXPECT_EQ(PlainLoops(m, {2, 1, 2, 2}), 0);
      }
    }
  }
}

// Which has a kernel of its own; with something pending, too.
TEST(Steps, DoubledLinearly) {
  for (const bool pending : {false, true}) {
    TestModel m;
    const std::string x = pending ? m.Node("Relu", {m.PaddedConv("x", 3, 3, 1, 1, 0, true)}) : "x";
    m.Output(m.Node("Resize", {x, "", m.Floats({4}, {1, 1, 2, 2})}, {TestModel::Text("mode", "linear")}));
    for (const int64_t w : {1, 2, 7, 16, 17, 40}) EXPECT_EQ(PlainLoops(m, {2, 3, w % 5 + 1, w}), 0);
  }
}

// Squeeze and excitation: means, two layers of single pixels, a product with each channel.
TEST(Steps, GatesOfChannels) {
  TestModel m;
  const std::string mean = m.Node("GlobalAveragePool", {"x"});
  const std::string small =
      m.Node("Relu", {m.Node("Conv", {mean, m.Random({7, 19, 1, 1}, -1, 1), m.Random({7})})});
  const std::string wide = m.Node("Conv", {small, m.Random({19, 7, 1, 1}, -1, 1), m.Random({19})});
  m.Output(m.Node("Mul", {"x", m.Node("HardSigmoid", {wide})}));
  for (const Shape& shape : {Shape{1, 19, 17, 31}, Shape{2, 19, 8, 16}, Shape{1, 19, 1, 1}}) {
    EXPECT_EQ(PlainLoops(m, shape), 0);
  }
  const auto session = MakeTwin(m, {1, 19, 17, 31}, false);
  int single = 0;
  for (const auto& step : session->steps()) single += step.kernel.starts_with("pixel_f32") ? 1 : 0;
  EXPECT_EQ(single, 2);
}

TEST(Steps, ResizeBySizesAndAlongOneAxis) {
  TestModel sizes;
  sizes.Output(
      sizes.Node("Resize", {"x", "", "", sizes.Int64s({1, 3, 40, 19})}, {TestModel::Text("mode", "linear")}));
  EXPECT_EQ(PlainLoops(sizes, {1, 3, 17, 31}), 0);
  TestModel wide;
  wide.Output(
      wide.Node("Resize", {"x", "", wide.Floats({4}, {1, 1, 1, 2.5f})}, {TestModel::Text("mode", "linear")}));
  EXPECT_EQ(PlainLoops(wide, {1, 2, 300, 100}), 0);
  TestModel channels;  // resampled channels are left to the plain loop
  channels.Output(channels.Node("Resize", {"x", "", channels.Floats({4}, {1, 2, 2, 2})},
                                {TestModel::Text("mode", "linear")}));
  EXPECT_EQ(PlainLoops(channels, {1, 2, 4, 5}), 1);
}

TEST(Steps, Pools) {
  struct Case {
    std::vector<int64_t> kernel, strides, pads, dilations;
    int64_t ceil_mode, plain_loops;
  };
  for (const Case& c :
       {Case{{2, 2}, {2, 2}, {0, 0, 0, 0}, {1, 1}, 0, 0}, Case{{3, 3}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 0, 0},
        Case{{3, 3}, {2, 2}, {1, 0, 0, 1}, {1, 1}, 0, 0}, Case{{3, 2}, {2, 3}, {0, 1, 2, 0}, {1, 1}, 1, 0},
        Case{{2, 3}, {1, 2}, {2, 2, 2, 2}, {3, 2}, 0, 0}, Case{{1, 5}, {3, 1}, {0, 4, 0, 4}, {1, 1}, 0, 0},
        // Windows of padding alone.
        Case{{2, 2}, {1, 1}, {2, 0, 2, 0}, {1, 1}, 0, 1}}) {
    for (const char* op : {"MaxPool", "AveragePool"}) {
      for (int64_t counts : {0, 1}) {
        if (counts == 1 && std::string(op) == "MaxPool") continue;
        TestModel m(19);
        std::vector<onnx::Attribute> attributes = {
            TestModel::Ints("kernel_shape", c.kernel), TestModel::Ints("strides", c.strides),
            TestModel::Ints("pads", c.pads), TestModel::Ints("dilations", c.dilations),
            TestModel::Int("ceil_mode", c.ceil_mode)};
        if (std::string(op) == "AveragePool")
          attributes.push_back(TestModel::Int("count_include_pad", counts));
        m.Output(m.Node(op, {"x"}, attributes));
        for (const Shape& shape :
             {Shape{1, 3, 17, 31}, Shape{2, 5, 8, 16}, Shape{1, 1, 4, 5}, Shape{1, 2, 150, 130}}) {
          SCOPED_TRACE(std::string(op) + ShapeToString(c.kernel) + ShapeToString(c.pads) +
                       ShapeToString(shape));
          // With equal weights everywhere a mean is a convolution (graph/pass_pool.cc).
          EXPECT_EQ(PlainLoops(m, shape), counts == 1 ? 0 : c.plain_loops);
        }
      }
    }
  }
}

TEST(Steps, PoolsReadWhatIsPending) {
  for (const char* op : {"MaxPool", "AveragePool"}) {
    TestModel m;
    const std::string norm = m.Node("InstanceNormalization", {"x", m.Random({5}, 0.5f, 2), m.Random({5})});
    m.Output(m.Node(op, {m.Node("Relu", {norm})}, {TestModel::Ints("kernel_shape", {3, 3})}));
    EXPECT_EQ(PlainLoops(m, {2, 5, 8, 16}), 0) << op;
  }
}

TEST(Steps, BinaryOfOneShape) {
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Min", "Max"}) {
    for (const Shape& shape : kShapes) {
      TestModel m(13);
      const std::string positive = m.Node("Clip", {"x", m.Floats({}, {0.5f}), m.Floats({}, {1.5f})});
      m.Output(m.Node(op, {"x", positive}));
      EXPECT_EQ(PlainLoops(m, shape), 0) << op;
    }
  }
}

TEST(Steps, BinaryWithPendingNormalisation) {
  for (const char* op : {"Sub", "Mul", "Max"}) {
    TestModel m;
    const std::string norm = m.Node("InstanceNormalization", {"x", m.Random({5}, 0.5f, 2), m.Random({5})});
    m.Output(m.Node(op, {m.Node("Relu", {norm}), norm}));
    EXPECT_EQ(PlainLoops(m, {2, 5, 9, 14}, 2e-5), 0) << op;
  }
}

TEST(Steps, BinaryBroadcasts) {
  for (const char* op : {"Add", "Sub", "Mul", "Div"}) {
    TestModel m;
    const std::string pooled = m.Node("GlobalAveragePool", {"x"});
    const std::string row = m.Random({1, 1, 1, 31}, 1, 2), column = m.Random({17, 1}, 1, 2);
    m.Output(m.Node(op, {"x", pooled}));
    m.Output(m.Node(op, {pooled, "x"}));
    m.Output(m.Node(op, {"x", row}));
    m.Output(m.Node(op, {column, "x"}));
    m.Output(m.Node(op, {pooled, row}));
    EXPECT_EQ(PlainLoops(m, {2, 3, 17, 31}, op[0] == 'D' ? 1e-4 : 3e-6), 0) << op;
  }
}

TEST(Steps, GlobalMaxPool) {
  for (const Shape& shape : kShapes) {
    TestModel m;
    m.Output(m.Node("GlobalMaxPool", {m.Node("LeakyRelu", {"x"}, {TestModel::Float("alpha", 0.2f)})}));
    EXPECT_EQ(PlainLoops(m, shape), 0) << ShapeToString(shape);
  }
}

// Before nothing that takes it in; crops, too. What is pending on the picture stays so where it can.
TEST(Steps, PadAlone) {
  for (const char* mode : {"constant", "reflect", "edge"}) {
    for (const std::vector<int64_t>& pads : {std::vector<int64_t>{0, 0, 2, 3, 0, 0, 1, 2},
                                             {0, 0, 0, 1, 0, 0, 3, 0},
                                             {0, 0, -1, 2, 0, 0, 1, -2}}) {
      for (bool pending : {false, true}) {
        TestModel m;
        std::string x = "x";
        if (pending) {
          x = m.Node("InstanceNormalization", {x, m.Random({5}, 0.5f, 2), m.Random({5})});
          x = m.Node("Relu", {x});
        }
        const std::string padded =
            m.Node("Pad", {x, m.Int64s(pads), m.Floats({}, {0.5f})}, {TestModel::Text("mode", mode)});
        m.Output(padded);
        m.Output(m.Node("MaxPool", {padded}, {TestModel::Ints("kernel_shape", {2, 2})}));
        for (const Shape& shape : {Shape{2, 5, 9, 31}, Shape{1, 5, 120, 150}}) {
          EXPECT_EQ(PlainLoops(m, shape, 2e-5), 0) << mode << pending << ShapeToString(pads);
        }
      }
    }
  }
  TestModel old(9);
  old.Output(old.Node("Pad", {"x"},
                      {TestModel::Ints("pads", {0, 0, 1, 1, 0, 0, 1, 1}), TestModel::Float("value", 2),
                       TestModel::Text("mode", "constant")}));
  EXPECT_EQ(PlainLoops(old, {1, 3, 1, 1}), 0);
  TestModel channels;  // left to the plain loop
  channels.Output(channels.Node("Pad", {"x", channels.Int64s({0, 1, 0, 0, 0, 0, 0, 0})}));
  EXPECT_EQ(PlainLoops(channels, {1, 3, 5, 7}), 1);
}

TEST(Steps, LayerNormalization) {
  for (const Shape& shape : kShapes) {
    TestModel m(17), all(17), one(17);
    m.Output(m.Node("LayerNormalization", {"x", m.Random({shape[3]}, 0.5f, 2), m.Random({shape[3]})}));
    EXPECT_EQ(PlainLoops(m, shape, 2e-5), 0) << ShapeToString(shape);
    const Shape rest(shape.begin() + 1, shape.end());
    all.Output(all.Node("LayerNormalization", {"x", all.Random(rest, 0.5f, 2)},
                        {TestModel::Int("axis", 1), TestModel::Float("epsilon", 1e-3f)}));
    EXPECT_EQ(PlainLoops(all, shape, 2e-5), 0) << ShapeToString(shape);
    one.Output(one.Node("LayerNormalization", {"x", one.Random({1})}, {TestModel::Int("axis", 2)}));
    EXPECT_EQ(PlainLoops(one, shape, 2e-5), 0) << ShapeToString(shape);
  }
}

TEST(Steps, Softmax) {
  for (int64_t axis : {1, 2, 3, -1}) {
    for (const Shape& shape : kShapes) {
      TestModel m;
      m.Output(m.Node("Softmax", {"x"}, {TestModel::Int("axis", axis)}));
      EXPECT_EQ(PlainLoops(m, shape), 0) << axis;
      TestModel flat(11);
      flat.Output(flat.Node("Softmax", {"x"}, {TestModel::Int("axis", axis)}));
      EXPECT_EQ(PlainLoops(flat, shape), 0) << axis;
    }
  }
}

TEST(Steps, ConcatAlongEveryAxis) {
  for (int64_t axis : {0, 1, 2, 3, -1}) {
    TestModel m;
    const std::string y = m.Node("Relu", {"x"});
    m.Output(m.Node("Concat", {"x", y, "x"}, {TestModel::Int("axis", axis)}));
    for (const Shape& shape : kShapes) EXPECT_EQ(PlainLoops(m, shape), 0) << axis;
  }
}

TEST(Steps, ConcatWithAConstant) {
  TestModel m;
  m.Output(m.Node("Concat", {m.Random({1, 2, 9, 5}), "x"}, {TestModel::Int("axis", 1)}));
  EXPECT_EQ(PlainLoops(m, {1, 3, 9, 5}), 0);
}

TEST(Steps, TransposeInEveryOrder) {
  std::vector<int64_t> perm = {0, 1, 2, 3};
  do {
    TestModel m;
    m.Output(m.Node("Transpose", {"x"}, {TestModel::Ints("perm", perm)}));
    EXPECT_EQ(PlainLoops(m, {2, 3, 17, 31}), 0);
    EXPECT_EQ(PlainLoops(m, {1, 4, 100, 90}), 0);
  } while (std::next_permutation(perm.begin(), perm.end()));
}

// Starts and ends from both sides, several axes, steps forwards and backwards; what a residual without
// padding crops, and what takes every other row.
TEST(Steps, Slice) {
  struct Case {
    std::vector<int64_t> starts, ends, axes, steps;
  };
  for (const Case& c : {Case{{2, 2}, {-2, -2}, {2, 3}, {1, 1}}, Case{{0, 1}, {17, 31}, {2, 3}, {2, 3}},
                        Case{{1}, {2}, {1}, {1}}, Case{{-1, -1}, {-99, 0}, {3, 2}, {-1, -4}}}) {
    TestModel m;
    m.Output(
        m.Node("Slice", {"x", m.Int64s(c.starts), m.Int64s(c.ends), m.Int64s(c.axes), m.Int64s(c.steps)}));
    EXPECT_EQ(PlainLoops(m, {2, 3, 17, 31}), 0);
    EXPECT_EQ(PlainLoops(m, {1, 4, 100, 90}), 0);
  }
}

TEST(Steps, SplitAlongEveryAxis) {
  for (const int64_t axis : {0, 1, 2, -1}) {
    TestModel m;
    const auto parts = m.Split("x", axis, {1, 3, 2});
    for (const std::string& part : parts) m.Output(m.Node("Relu", {part}));
    EXPECT_EQ(PlainLoops(m, {6, 6, 6, 6}), 0);
  }
}

TEST(Steps, DepthToSpaceAndBack) {
  for (const int64_t block : {1, 2, 3}) {
    for (const char* mode : {"DCR", "CRD"}) {
      TestModel m;
      const std::string wide =
          m.Node("DepthToSpace", {"x"}, {TestModel::Int("blocksize", block), TestModel::Text("mode", mode)});
      m.Output(wide);
      m.Output(m.Node("SpaceToDepth", {m.Node("Relu", {wide})}, {TestModel::Int("blocksize", block)}));
      EXPECT_EQ(PlainLoops(m, {2, 36, 7, 11}), 0);
      EXPECT_EQ(PlainLoops(m, {1, 36, 1, 1}), 0);
      EXPECT_EQ(PlainLoops(m, {1, 36, 40, 33}), 0);
    }
  }
}

TEST(Steps, Expand) {
  TestModel m;
  m.Output(m.Node("Expand", {m.Node("GlobalAveragePool", {"x"}), m.Int64s({2, 3, 17, 31})}));
  EXPECT_EQ(PlainLoops(m, {2, 3, 9, 5}), 0);
}

TEST(Steps, MeansOfPlanes) {
  for (const Shape& shape : kShapes) {
    TestModel m;
    m.Output(m.Node("GlobalAveragePool", {m.Node("Relu", {"x"})}));
    m.Output(m.Node("ReduceMean", {"x"}, {TestModel::Ints("axes", {-1, 2})}));
    m.Output(m.Node("AveragePool", {"x"}, {TestModel::Ints("kernel_shape", {shape[2], shape[3]})}));
    EXPECT_EQ(PlainLoops(m, shape), 0);
  }
}

TEST(Steps, DepthwiseWithEverythingAround) {
  for (int64_t stride : {1, 2}) {
    TestModel m;
    const std::string norm = m.Node("InstanceNormalization", {"x", m.Random({6}, 0.5f, 2), m.Random({6})});
    const std::string conv = m.Node("Conv", {m.Node("Relu", {norm}), m.Random({6, 1, 3, 3}), m.Random({6})},
                                    {TestModel::Int("group", 6), TestModel::Ints("strides", {stride, stride}),
                                     TestModel::Ints("pads", {1, 1, 1, 1})});
    const std::string second = m.Node("InstanceNormalization", {conv, m.Random({6}, 0.5f, 2), m.Random({6})});
    m.Output(m.Node("Relu", {second}));
    EXPECT_EQ(PlainLoops(m, {2, 6, 30, 41}, 3e-5), 0);
  }
}

}  // namespace
}  // namespace tempera::engine
