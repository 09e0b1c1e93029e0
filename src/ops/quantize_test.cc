// Quantised operators beyond ONNX's own cases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "src/ops/one_node.h"

namespace tempera::ops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor Bytes(Shape shape, const std::vector<uint8_t>& v) {
  return TensorOf(DataType::kUint8, std::move(shape), v);
}
Tensor SignedBytes(Shape shape, const std::vector<int8_t>& v) {
  return TensorOf(DataType::kInt8, std::move(shape), v);
}
std::vector<int> NumbersIn(const Tensor& t) {
  std::vector<int> out;
  for (int64_t i = 0; i < t.element_count(); ++i) {
    out.push_back(t.dtype() == DataType::kUint8  ? t.data<uint8_t>()[i]
                  : t.dtype() == DataType::kInt8 ? t.data<int8_t>()[i]
                                                 : t.data<int32_t>()[i]);
  }
  return out;
}

TEST(QuantizeLinear, RoundsHalvesToEvenAndSaturates) {
  const float endless = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor x = Floats({7}, {1, 3, -1e30f, 1e30f, endless, -endless, nan});
  const auto bytes = RunOneNode("QuantizeLinear", {}, {x, Floats({}, {2})});
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  EXPECT_THAT(NumbersIn((*bytes)[0]), ElementsAre(0, 2, 0, 255, 255, 0, 0));
  const auto off = RunOneNode("QuantizeLinear", {}, {x, Floats({1}, {2}), SignedBytes({1}, {10})});
  EXPECT_THAT(NumbersIn((*off)[0]), ElementsAre(10, 12, -128, 127, 127, -128, 10));
}

TEST(QuantizeLinear, KnowsScalesAlongAnAxis) {
  const Tensor x = Floats({2, 2}, {2, 4, 6, 8});
  const Tensor scales = Floats({2}, {1, 2}), points = Bytes({2}, {0, 100});
  const auto columns = RunOneNode("QuantizeLinear", {}, {x, scales, points});
  EXPECT_THAT(NumbersIn((*columns)[0]), ElementsAre(2, 102, 6, 104));
  const auto rows = RunOneNode("QuantizeLinear", {IntAttribute("axis", -2)}, {x, scales, points});
  EXPECT_THAT(NumbersIn((*rows)[0]), ElementsAre(2, 4, 103, 104));
  EXPECT_FALSE(RunOneNode("QuantizeLinear", {}, {x, Floats({3}, {1, 1, 1})}).ok());
  EXPECT_FALSE(RunOneNode("QuantizeLinear", {}, {x, scales, Bytes({1}, {0})}).ok());
  EXPECT_FALSE(RunOneNode("QuantizeLinear", {IntAttribute("axis", 2)}, {x, scales, points}).ok());
  EXPECT_FALSE(RunOneNode("QuantizeLinear", {}, {x, Longs({1})}).ok());
  EXPECT_THAT(RunOneNode("QuantizeLinear", {IntAttribute("block_size", 2)}, {x, Floats({2, 1}, {1, 1})}, 21)
                  .status()
                  .message(),
              HasSubstr("block_size"));
}

TEST(DequantizeLinear, ReadsEveryWidth) {
  const auto run = [](const Tensor& x, const Tensor& zero) {
    const auto y = RunOneNode("DequantizeLinear", {}, {x, Floats({}, {0.5f}), zero}, 21);
    return y.ok() ? FloatsIn((*y)[0]) : std::vector<float>{};
  };
  EXPECT_THAT(run(Bytes({2}, {0, 255}), Bytes({}, {128})), ElementsAre(-64, 63.5f));
  EXPECT_THAT(run(SignedBytes({1}, {-128}), SignedBytes({}, {127})), ElementsAre(-127.5f));
  EXPECT_THAT(run(TensorOf<uint16_t>(DataType::kUint16, {1}, {65535}), Tensor()), ElementsAre(32767.5f));
  EXPECT_THAT(run(TensorOf<int16_t>(DataType::kInt16, {1}, {-32768}), Tensor()), ElementsAre(-16384));
  EXPECT_THAT(run(TensorOf<int32_t>(DataType::kInt32, {1}, {1 << 20}), Tensor()), ElementsAre(524288));
  // Another type's zero point.
  EXPECT_FALSE(
      RunOneNode("DequantizeLinear", {}, {Bytes({1}, {1}), Floats({}, {1}), SignedBytes({}, {0})}).ok());
  EXPECT_FALSE(RunOneNode("DequantizeLinear", {}, {Floats({1}, {1}), Floats({}, {1})}).ok());
}

TEST(DynamicQuantizeLinear, OfZerosAndOfEndlessNumbers) {
  const auto zeros = RunOneNode("DynamicQuantizeLinear", {}, {Floats({2}, {0, 0})}, 17, 3);
  ASSERT_TRUE(zeros.ok()) << zeros.status().message();
  EXPECT_THAT(NumbersIn((*zeros)[0]), ElementsAre(0, 0));
  EXPECT_THAT(FloatsIn((*zeros)[1]), ElementsAre(1));
  const float endless = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(RunOneNode("DynamicQuantizeLinear", {}, {Floats({2}, {-endless, endless})}, 17, 3).ok());
}

TEST(MatMulInteger, TakesZeroPointsByRowAndColumn) {
  const Tensor a = Bytes({2, 2}, {1, 2, 3, 4}), b = SignedBytes({2, 2}, {1, -1, 2, 5});
  const auto plain = RunOneNode("MatMulInteger", {}, {a, b});
  EXPECT_THAT(NumbersIn((*plain)[0]), ElementsAre(5, 9, 11, 17));
  const auto off = RunOneNode("MatMulInteger", {}, {a, b, Bytes({2}, {1, 3}), SignedBytes({2}, {1, 0})});
  EXPECT_THAT(NumbersIn((*off)[0]), ElementsAre(1, 5, 1, 5));
  EXPECT_FALSE(RunOneNode("MatMulInteger", {}, {a, b, Bytes({3}, {1, 3, 1})}).ok());
  EXPECT_FALSE(RunOneNode("MatMulInteger", {}, {a, b, SignedBytes({1}, {1})}).ok());
  EXPECT_FALSE(RunOneNode("MatMulInteger", {}, {Floats({1, 1}, {1}), b}).ok());
}

TEST(ConvInteger, PadsWithTheZeroPoint) {
  const Tensor x = Bytes({1, 1, 1, 2}, {5, 7}), w = Bytes({2, 1, 1, 3}, {1, 1, 1, 1, 2, 3});
  const auto y = RunOneNode("ConvInteger", {IntsAttribute("pads", {0, 1, 0, 1})},
                            {x, w, Bytes({}, {5}), Bytes({2}, {0, 1})});
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_THAT(NumbersIn((*y)[0]), ElementsAre(2, 2, 4, 2));
  EXPECT_FALSE(RunOneNode("ConvInteger", {}, {x, w, Bytes({2}, {0, 0})}).ok());
}

TEST(QLinearConv, ScalesByChannel) {
  const Tensor x = Bytes({1, 1, 1, 1}, {2}), w = SignedBytes({2, 1, 1, 1}, {1, 1});
  const auto y = RunOneNode("QLinearConv", {},
                            {x, Floats({}, {1}), Bytes({}, {1}), w, Floats({2}, {1, 0.5f}),
                             SignedBytes({2}, {0, -1}), Floats({}, {0.25f}), SignedBytes({}, {-3}),
                             TensorOf<int32_t>(DataType::kInt32, {2}, {-(1 << 24), 3})});
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_THAT(NumbersIn((*y)[0]), ElementsAre(-128, 7));
}

TEST(QLinearConv, SumsExactly) {
  // The bias is no float: rounded to one, it would leave 4.
  constexpr int kChannels = 520, kBias = 255 * 127 * kChannels + 3;
  static_assert(kBias > 1 << 24 && kBias % 2 == 1);
  const Tensor one = Floats({}, {1});
  const auto y = RunOneNode(
      "QLinearConv", {},
      {Bytes({1, kChannels, 1, 1}, std::vector<uint8_t>(kChannels, 255)), one, Bytes({}, {0}),
       SignedBytes({1, kChannels, 1, 1}, std::vector<int8_t>(kChannels, -127)), one, SignedBytes({}, {0}),
       one, Bytes({}, {0}), TensorOf<int32_t>(DataType::kInt32, {1}, {kBias})});
  ASSERT_TRUE(y.ok()) << y.status().message();
  EXPECT_THAT(NumbersIn((*y)[0]), ElementsAre(3));
}

TEST(QLinearMatMul, ScalesByRowAndColumn) {
  const Tensor a = Bytes({2, 1}, {1, 2}), b = Bytes({1, 2}, {3, 4});
  const auto run = [&](const Tensor& a_scale, const Tensor& a_zero) {
    return RunOneNode(
        "QLinearMatMul", {},
        {a, a_scale, a_zero, b, Floats({2}, {1, 2}), Bytes({2}, {0, 1}), Floats({}, {1}), Bytes({}, {10})});
  };
  EXPECT_THAT(NumbersIn((*run(Floats({2}, {1, 3}), Bytes({2}, {0, 1})))[0]), ElementsAre(13, 16, 19, 28));
  EXPECT_FALSE(run(Floats({3}, {1, 3, 1}), Bytes({}, {0})).ok());
  // A vector has no rows to scale.
  EXPECT_FALSE(RunOneNode("QLinearMatMul", {},
                          {Bytes({1}, {1}), Floats({2}, {1, 1}), Bytes({}, {0}), b, Floats({}, {1}),
                           Bytes({}, {0}), Floats({}, {1}), Bytes({}, {0})})
                   .ok());
}

}  // namespace
}  // namespace tempera::ops
