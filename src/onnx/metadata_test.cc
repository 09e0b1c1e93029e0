#include "src/onnx/metadata.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "src/onnx/writer.h"

namespace tempera::onnx {
namespace {

namespace fs = std::filesystem;

class MetadataFile : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = fs::temp_directory_path() / ("tempera_metadata_" + std::to_string(getpid()) + ".onnx");
  }
  void TearDown() override { fs::remove(path_); }

  Result<std::vector<std::pair<std::string, std::string>>> Read(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return ReadMetadataFile(path_.string());
  }
  static std::string ModelBytes() {
    Model model;
    model.metadata_props = {{"tempera.title", "A"}, {"b", std::string(300, 'x')}};
    ValueInfo value;
    value.name = "x";
    value.dtype = DataType::kFloat32;
    model.graph.inputs.push_back(value);
    model.graph.outputs.push_back(value);
    model.graph.initializers.push_back({"weights", *Tensor::Create(DataType::kFloat32, {1000})});
    return *WriteModel(model);
  }

  fs::path path_;
};

TEST_F(MetadataFile, IsReadInOrder) {
  const auto metadata = Read(ModelBytes());
  ASSERT_TRUE(metadata.ok()) << metadata.status().message();
  ASSERT_EQ(metadata->size(), 2u);
  EXPECT_EQ((*metadata)[0], std::pair(std::string("tempera.title"), std::string("A")));
  EXPECT_EQ((*metadata)[1].second.size(), 300u);
}

// Whatever the bytes, there is an answer: cut anywhere, changed anywhere, or noise.
TEST_F(MetadataFile, DamagedFilesAreRefused) {
  const std::string whole = ModelBytes();
  for (size_t size = 0; size < whole.size(); size += size < 40 || size + 60 > whole.size() ? 1 : 97) {
    const auto metadata = Read(whole.substr(0, size));
    // A cut between two fields, behind the graph, leaves a smaller file that is sound.
    if (metadata.ok()) EXPECT_LT(metadata->size(), 2u);
  }
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) {
    std::string bytes = whole;
    for (int k = 0; k < 3; ++k) bytes[random() % 80] = static_cast<char>(random());
    (void)Read(bytes);
  }
  EXPECT_EQ(Read("").status().code(), StatusCode::kCorruptModel);
  EXPECT_EQ(Read("GIF89a").status().code(), StatusCode::kCorruptModel);
  const std::string long_field =
      std::string("\x3A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 10);  // a graph of 2^62 bytes
  EXPECT_NE(Read(long_field).status().message().find("truncated"), std::string::npos);
  EXPECT_EQ(ReadMetadataFile("/no/such.onnx").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ReadMetadataFile("/dev/zero").status().code(), StatusCode::kIo);
}

}  // namespace
}  // namespace tempera::onnx
