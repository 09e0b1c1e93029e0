#include "train/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace tempera::train {
namespace {

std::string File(const std::string& header, const std::string& data = "") {
  const uint64_t n = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &n, 8);
  return file + header + data;
}

template <typename T>
std::string Bytes(std::vector<T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

TEST(Safetensors, ReadsEveryFloatType) {
  const std::string data = Bytes<float>({1.5f, -2.0f}) +
                           // 1, -2, the smallest subnormal, infinity.
                           Bytes<uint16_t>({0x3c00, 0xc000, 0x0001, 0x7c00}) + Bytes<uint16_t>({0x3fc0});
  Result<Safetensors> file = ParseSafetensors(
      File(R"({"__metadata__":{"net":"a \"b\""},"x":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
           R"("h":{"dtype":"F16","shape":[4],"data_offsets":[8,16]},)"
           R"("b":{"shape":[],"dtype":"BF16","data_offsets":[16,18]}}   )",
           data));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->metadata["net"], "a \"b\"");
  EXPECT_EQ(file->arrays["x"].shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(file->arrays["x"].values, (std::vector<float>{1.5f, -2.0f}));
  EXPECT_EQ(file->arrays["h"].values, (std::vector<float>{1.0f, -2.0f, 0x1p-24f, INFINITY}));
  EXPECT_EQ(file->arrays["b"].values, (std::vector<float>{1.5f}));
}

TEST(Safetensors, AnEmptyFileIsValid) { EXPECT_TRUE(ParseSafetensors(File("{}")).ok()); }

// Each of these lies about something; none may crash, allocate what it claims, or be accepted.
TEST(Safetensors, RefusesHostileHeaders) {
  const std::string data(16, 'x');
  const std::string cases[] = {
      "",
      "short",
      std::string(8, '\xff') + "{}",  // a header of 2^64 - 1 bytes
      File("").substr(0, 7),
      File(""),
      File("{"),
      File("[]"),
      File("{} trailing"),
      File(R"({"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]})", data),  // no closing brace
      File(R"({"x":{"dtype":"F32","shape":[4],"data_offsets":[0]}})", data),
      File(R"({"x":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}})", data),
      File(R"({"x":{"dtype":"F32","shape":[4],"data_offsets":[4,20]}})", data),
      File(R"({"x":{"dtype":"F32","shape":[5],"data_offsets":[0,16]}})", data),
      File(R"({"x":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}})", data),
      File(R"({"x":{"dtype":"F32","shape":[4.5],"data_offsets":[0,16]}})", data),
      File(R"({"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]}})", data),
      File(R"({"x":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,16]}})", data),
      File(R"({"x":{"dtype":"F32","shape":[4],"data_offsets":[0,9223372036854775807]}})", data),
      File(R"({"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"more":1}})", data),
      File(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"x":{"dtype":"F32","shape":[2],)"
           R"("data_offsets":[8,16]}})",
           data),
      File(R"({"__metadata__":[]})"),
      File("{\"x"),
      File("{\"x\\"),
  };
  for (const std::string& bytes : cases) {
    EXPECT_EQ(ParseSafetensors(bytes).status().code(), StatusCode::kCorruptModel) << bytes;
  }
  EXPECT_EQ(ParseSafetensors(File(R"({"x":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}})", data))
                .status()
                .code(),
            StatusCode::kUnsupported);
}

// Every cut of a good file is refused: the data must all be there.
TEST(Safetensors, RefusesEveryTruncation) {
  const std::string good =
      File(R"({"x":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}})", std::string(16, 'x'));
  ASSERT_TRUE(ParseSafetensors(good).ok());
  for (size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(ParseSafetensors(good.substr(0, n)).ok()) << n;
}

TEST(Safetensors, AMissingFileIsNamed) {
  const Status status = ReadSafetensorsFile("/nowhere/vgg.safetensors").status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_NE(status.message().find("/nowhere/vgg.safetensors"), std::string::npos);
}

}  // namespace
}  // namespace tempera::train
