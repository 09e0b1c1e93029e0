#include "cli/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

namespace tempera::cli {
namespace {

std::string File(int major, const std::string& header, const std::string& data) {
  std::string bytes("\x93NUMPY", 6);
  bytes += static_cast<char>(major);
  bytes += '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + data;
}

Result<Tensor> Parse(const std::string& bytes) {
  return ParseNpy({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

TEST(Npy, EveryTypeComesBack) {
  for (DataType type : {DataType::kFloat32, DataType::kFloat64, DataType::kFloat16, DataType::kInt8,
                        DataType::kUint8, DataType::kInt16, DataType::kUint16, DataType::kInt32,
                        DataType::kUint32, DataType::kInt64, DataType::kUint64, DataType::kBool}) {
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{1, 2, 0, 4}, Shape{2, 1, 2, 1, 3}}) {
      Tensor t = *Tensor::Create(type, shape);
      for (size_t i = 0; i < t.size_bytes(); ++i) {
        t.data<uint8_t>()[i] = static_cast<uint8_t>(type == DataType::kBool ? i % 2 : 37 * i + 11);
      }
      const std::string bytes = *FormatNpy(t);
      EXPECT_EQ((bytes.size() - t.size_bytes()) % 64, 0u) << "NumPy wants aligned data";
      const Result<Tensor> back = Parse(bytes);
      ASSERT_TRUE(back.ok()) << back.status().message();
      EXPECT_EQ(back->dtype(), type);
      EXPECT_EQ(back->shape(), shape);
      ASSERT_EQ(back->size_bytes(), t.size_bytes());
      if (t.size_bytes()) EXPECT_EQ(std::memcmp(back->raw(), t.raw(), t.size_bytes()), 0);
    }
  }
}

TEST(Npy, ReadsWhatNumpyWrites) {
  // numpy.save of numpy.array([1, 2], '<i4'), versions 1 and 2; the order of keys is free.
  const std::string data("\1\0\0\0\2\0\0\0", 8);
  for (int major : {1, 2, 3}) {
    for (const char* header : {"{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }     \n",
                               "{\"shape\":(2),\"descr\":\"<i4\",\"fortran_order\":True}"}) {
      const Result<Tensor> t = Parse(File(major, header, data));
      ASSERT_TRUE(t.ok()) << t.status().message();
      EXPECT_EQ(t->shape(), Shape{2});
      EXPECT_EQ(t->span<int32_t>()[1], 2);
    }
  }
}

TEST(Npy, HostileHeadersAreRefused) {
  const std::string data(8, '\0');
  const char* headers[] = {
      "",
      "{",
      "{}",
      "{'descr': '<i4', 'fortran_order': False, 'shape': (2,)",
      "{'descr': '<i4', 'fortran_order': False}",
      "{'descr': '<i4', 'descr': '<i4', 'fortran_order': False, 'shape': (2,)}",
      "{'descr': '<i4', 'fortran_order': Maybe, 'shape': (2,)}",
      "{'descr': '<i4', 'fortran_order': False, 'shape': (-2,)}",
      "{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
      "{'descr': '<i4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
      "{'descr': '<i4', 'fortran_order': False, 'shape': (3,)}",  // more than is there
      "{'descr': '<i4', 'fortran_order': False, 'shape': (1,)}",  // less than is there
      "{'descr': '>i4', 'fortran_order': False, 'shape': (2,)}",
      "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2,)}",
      "{'descr': '<i4', 'fortran_order': True, 'shape': (1, 2)}",
      "{'descr': '<i4', 'fortran_order': False, 'shape': (2,)} import os",
  };
  for (const char* header : headers) EXPECT_FALSE(Parse(File(1, header, data)).ok()) << header;
  const std::string good = File(1, "{'descr': '<i4', 'fortran_order': False, 'shape': (2,)}", data);
  ASSERT_TRUE(Parse(good).ok());
  for (size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(Parse(good.substr(0, n)).ok()) << n << " bytes";
  EXPECT_FALSE(Parse(File(4, "{'descr': '<i4', 'fortran_order': False, 'shape': (2,)}", data)).ok());
  EXPECT_FALSE(
      Parse(File(2, "{'descr': '<i4', 'fortran_order': False, 'shape': (2,)}", data).replace(8, 4, 4, '\xff'))
          .ok());
}

TEST(Npy, BooleansAreZeroOrOne) {
  const Result<Tensor> t =
      Parse(File(1, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}", std::string("\0\x01\x80", 3)));
  ASSERT_TRUE(t.ok());
  EXPECT_EQ(t->span<uint8_t>()[2], 1);
}

TEST(Npy, FilesAreWrittenWholeOrNotAtAll) {
  const std::string folder = testing::TempDir() + "/npy_test";
  std::filesystem::create_directories(folder);
  Tensor t = *Tensor::Create(DataType::kFloat32, {2, 2});
  t.data<float>()[3] = 1.5f;
  ASSERT_TRUE(WriteNpy(folder + "/x.npy", t).ok());
  EXPECT_EQ(ReadNpy(folder + "/x.npy")->span<float>()[3], 1.5f);
  EXPECT_EQ(ReadNpy(folder + "/gone.npy").status().code(), StatusCode::kNotFound);
  EXPECT_NE(ReadNpy(folder).status().message().find("is a folder"), std::string::npos);
  const Status status = WriteNpy(folder + "/no/such/x.npy", t);
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_NE(status.message().find("x.npy"), std::string::npos);
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++files;
  EXPECT_EQ(files, 1);
  std::filesystem::remove_all(folder);
}

TEST(Npy, OutputNamesCannotLeaveTheFolder) {
  std::set<std::string> taken;
  EXPECT_EQ(FileNameFor("output", &taken), "output");
  EXPECT_EQ(FileNameFor("output", &taken), "output_2");
  EXPECT_EQ(FileNameFor("../../etc/passwd", &taken), "_._.._etc_passwd");
  EXPECT_EQ(FileNameFor("/abs", &taken), "_abs");
  EXPECT_EQ(FileNameFor("", &taken), "output_3");
  EXPECT_EQ(FileNameFor("..", &taken), "_.");
  EXPECT_EQ(FileNameFor(std::string("a\0b\n", 4), &taken), "a_b_");
  EXPECT_EQ(FileNameFor("-rf", &taken), "_rf");
  EXPECT_LE(FileNameFor(std::string(5000, 'x'), &taken).size(), 200u);
}

}  // namespace
}  // namespace tempera::cli
