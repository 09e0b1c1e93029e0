#include "src/onnx/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "src/onnx/writer.h"

namespace tempera::onnx {
namespace {

using testing::HasSubstr;

// protobuf by hand, so that it can be wrong.
std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string Int(int field, int64_t value) {
  return Varint(static_cast<uint64_t>(field) << 3) + Varint(static_cast<uint64_t>(value));
}
std::string Bytes(int field, std::string_view bytes) {
  return Varint(static_cast<uint64_t>(field) << 3 | 2) + Varint(bytes.size()) + std::string(bytes);
}
std::string TensorWith(std::vector<int64_t> dims, int type, const std::string& data) {
  std::string out;
  for (const int64_t d : dims) out += Int(1, d);
  return out + Int(2, type) + Bytes(8, "conv1.weight") + data;
}
std::string Packed(const std::vector<int64_t>& values) {
  std::string out;
  for (const int64_t v : values) out += Varint(static_cast<uint64_t>(v));
  return out;
}
std::string ModelWith(const std::string& graph) { return Int(1, 8) + Bytes(7, graph) + Bytes(8, Int(2, 13)); }

Result<Model> Read(const std::string& bytes) {
  return ReadModel({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}
Result<NamedTensor> ReadOne(const std::string& bytes) {
  return ReadTensor({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}
std::string ErrorOf(const std::string& model) {
  const auto r = Read(model);
  EXPECT_FALSE(r.ok());
  EXPECT_EQ(r.status().message().find('\n'), std::string::npos);
  return r.status().message();
}

TEST(Reader, ClaimedWeightsAreComparedWithWhatIsThere) {
  const std::string tensor = TensorWith({512, 1024, 1024}, 1, Bytes(9, std::string(813, 'x')));
  EXPECT_THAT(
      ErrorOf(ModelWith(Bytes(5, tensor))),
      HasSubstr(
          "the model is truncated: tensor 'conv1.weight' claims 2147483648 bytes but only 813 are left"));
}

TEST(Reader, TooManyBytesAreAnErrorToo) {
  EXPECT_THAT(ErrorOf(ModelWith(Bytes(5, TensorWith({2}, 1, Bytes(9, std::string(12, 'x')))))),
              HasSubstr("needs 8 bytes but holds 12"));
}

TEST(Reader, ImpossibleShapesAreNamed) {
  EXPECT_THAT(ErrorOf(ModelWith(Bytes(5, TensorWith({-1, 3}, 1, "")))), HasSubstr("impossible shape"));
  const int64_t big = int64_t{1} << 40;
  EXPECT_THAT(ErrorOf(ModelWith(Bytes(5, TensorWith({big, big}, 1, "")))), HasSubstr("impossible shape"));
  EXPECT_THAT(ErrorOf(ModelWith(Bytes(5, TensorWith(std::vector<int64_t>(17, 1), 1, "")))),
              HasSubstr("more than 16 dimensions"));
}

TEST(Reader, ExternalDataInMemorySparseAndHalfAnIfAreRefused) {
  EXPECT_THAT(ErrorOf(ModelWith(Bytes(5, TensorWith({1}, 1, Int(14, 1))))), HasSubstr("external data"));
  EXPECT_THAT(ErrorOf(ModelWith(Bytes(15, ""))), HasSubstr("sparse"));
  const std::string branch = Bytes(1, "then_branch") + Bytes(6, "");
  EXPECT_THAT(ErrorOf(ModelWith(Bytes(1, Bytes(4, "If") + Bytes(3, "choose") + Bytes(5, branch)))),
              HasSubstr("node 'choose' ('If') lacks its condition or a branch"));
}

TEST(Reader, TextAndUnknownTypesAreRefused) {
  EXPECT_THAT(ErrorOf(ModelWith(Bytes(5, TensorWith({1}, 8, Bytes(6, "hello"))))), HasSubstr("type string"));
  EXPECT_THAT(ErrorOf(ModelWith(Bytes(5, TensorWith({1}, 17, Bytes(9, "x"))))), HasSubstr("(17)"));
  EXPECT_THAT(ErrorOf(ModelWith(Bytes(5, TensorWith({1}, -5, Bytes(9, "x"))))), HasSubstr("not supported"));
}

TEST(Reader, OpsetsAboveOursNameTheCure) {
  const auto r = Read(Bytes(7, "") + Bytes(8, Int(2, 26)));
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(r.status().message(), HasSubstr("opset 26"));
  EXPECT_THAT(r.status().message(), HasSubstr("opset_version=17"));
}

TEST(Reader, OtherFilesAreNotModels) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("empty"));
  EXPECT_THAT(ErrorOf("This is a text file, renamed.\n"), HasSubstr("not an ONNX model"));
  EXPECT_THAT(ErrorOf(std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16)), HasSubstr("not an ONNX model"));
  EXPECT_THAT(ErrorOf(Int(1, 8)), HasSubstr("holds no graph"));
}

TEST(Reader, ACutFileIsCalledTruncated) {
  const std::string whole = ModelWith(Bytes(5, TensorWith({64}, 1, Bytes(9, std::string(256, 'x')))));
  ASSERT_TRUE(Read(whole).ok());
  EXPECT_THAT(ErrorOf(whole.substr(0, 100)), HasSubstr("truncated: its graph claims"));
}

// Every prefix of a good file, and every file with one byte changed, gives a model or an error.
TEST(Reader, NoCutAndNoFlippedByteCrashes) {
  const std::string attribute = Bytes(1, "pads") + Bytes(8, Packed({1, 1, 1, 1})) + Int(20, 7);
  const std::string node = Bytes(1, "x") + Bytes(2, "y") + Bytes(4, "Pad") + Bytes(5, attribute);
  const std::string input = Bytes(1, "x") + Bytes(2, Bytes(1, Int(1, 1) + Bytes(2, Bytes(1, Int(1, 3)))));
  const std::string whole = ModelWith(Bytes(1, node) + Bytes(11, input) + Bytes(12, Bytes(1, "y")) +
                                      Bytes(5, TensorWith({2, 2}, 1, Bytes(4, std::string(16, '\1'))))) +
                            Bytes(14, Bytes(1, "k") + Bytes(2, "v"));
  ASSERT_TRUE(Read(whole).ok()) << Read(whole).status().message();
  int errors = 0;
  for (size_t cut = 0; cut < whole.size(); ++cut) errors += !Read(whole.substr(0, cut)).ok();
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string broken = whole;
      broken[at] = static_cast<char>(broken[at] ^ flip);
      errors += !Read(broken).ok();
    }
  }
  EXPECT_GT(errors, 100);
}

TEST(Reader, TypedFieldsHoldWhatOnnxSays) {
  const auto halves = ReadOne(TensorWith({2}, 10, Bytes(5, Packed({0x3c00, 0xc000}))));
  ASSERT_TRUE(halves.ok()) << halves.status().message();
  EXPECT_EQ(halves->tensor.data<uint16_t>()[0], 0x3c00);
  EXPECT_EQ(halves->tensor.data<uint16_t>()[1], 0xc000);

  const auto bytes = ReadOne(TensorWith({2}, 3, Int(5, -1) + Int(5, 7)));  // int8, not packed
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(bytes->tensor.data<int8_t>()[0], -1);
  EXPECT_EQ(bytes->tensor.data<int8_t>()[1], 7);

  const auto longs = ReadOne(TensorWith({}, 7, Bytes(7, Packed({-5}))));
  ASSERT_TRUE(longs.ok());
  EXPECT_EQ(longs->tensor.data<int64_t>()[0], -5);
  EXPECT_TRUE(longs->tensor.shape().empty());

  const auto unsigned32 = ReadOne(TensorWith({1}, 12, Bytes(11, Packed({4000000000}))));
  ASSERT_TRUE(unsigned32.ok());
  EXPECT_EQ(unsigned32->tensor.data<uint32_t>()[0], 4000000000u);

  EXPECT_FALSE(ReadOne(TensorWith({3}, 7, Bytes(7, Packed({1, 2})))).ok());
  EXPECT_TRUE(ReadOne(TensorWith({0}, 1, "")).ok());
}

TEST(Reader, AnAttributeWithoutTypeGetsThatOfItsField) {
  const std::string node = Bytes(2, "y") + Bytes(4, "Elu") + Bytes(5, Bytes(1, "axis") + Int(3, 2));
  const auto r = Read(ModelWith(Bytes(1, node)));
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->graph.nodes[0].attributes[0].type, Attribute::Type::kInt);
}

TEST(Reader, APromisedTensorMustBeThere) {
  const std::string node = Bytes(4, "Constant") + Bytes(3, "c") + Bytes(5, Bytes(1, "value") + Int(20, 4));
  EXPECT_THAT(ErrorOf(ModelWith(Bytes(1, node))), HasSubstr("promises a tensor"));
}

TEST(Reader, HostileNamesStayOnOneLine) {
  const std::string name = "evil\nname" + std::string(1000, 'a');
  const std::string tensor = Int(1, 9) + Int(2, 1) + Bytes(8, name);
  const std::string message = ErrorOf(ModelWith(Bytes(5, tensor)));
  EXPECT_THAT(message, HasSubstr("evil?name"));
  EXPECT_LT(message.size(), 300u);
}

TEST(Reader, AMissingFileAndAFolderAreNamed) {
  const auto missing = ReadModelFile("no/such/file.onnx");
  EXPECT_EQ(missing.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(missing.status().message(), HasSubstr("no/such/file.onnx"));
  EXPECT_THAT(ReadModelFile(".").status().message(), HasSubstr("folder"));
}

// Models of many kinds survive the way out and back: see also writer_test.cc.
TEST(Reader, ReadsWhatTheWriterWrites) {
  Model model;
  model.opset = 11;
  model.metadata_props = {{"tempera.style", "Ukiyo-e \xe6\xb5\xae"}};
  model.graph.inputs = {{"x", DataType::kFloat16, true, {{1, ""}, {-1, "H"}}}};
  model.graph.outputs = {{"y", DataType::kFloat16, true, {}}};
  model.graph.nodes = {{"n", "Identity", "", {"x"}, {"y"}, {}}};
  for (const DataType type : {DataType::kFloat32, DataType::kUint8, DataType::kInt64, DataType::kFloat64,
                              DataType::kBool, DataType::kFloat16}) {
    Tensor t = Tensor::Create(type, {2, 3}).value();
    for (size_t i = 0; i < t.size_bytes(); ++i) t.data<uint8_t>()[i] = static_cast<uint8_t>(i % 2);
    model.graph.initializers.push_back({std::string("w_") + DataTypeName(type), t});
  }
  const auto bytes = WriteModel(model);
  ASSERT_TRUE(bytes.ok());
  const auto back = Read(*bytes);
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(back->opset, 11);
  EXPECT_EQ(back->metadata_props, model.metadata_props);
  EXPECT_EQ(back->graph.inputs[0].shape[1].symbol, "H");
  EXPECT_EQ(back->graph.inputs[0].shape[1].value, -1);
  ASSERT_EQ(back->graph.initializers.size(), model.graph.initializers.size());
  for (size_t i = 0; i < model.graph.initializers.size(); ++i) {
    const Tensor& a = model.graph.initializers[i].tensor;
    const Tensor& b = back->graph.initializers[i].tensor;
    ASSERT_EQ(a.dtype(), b.dtype());
    EXPECT_EQ(a.shape(), b.shape());
    EXPECT_EQ(std::memcmp(a.raw(), b.raw(), a.size_bytes()), 0);
  }
}

}  // namespace
}  // namespace tempera::onnx
