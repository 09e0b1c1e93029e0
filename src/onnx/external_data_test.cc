// Weights in files beside the model.
#include "src/onnx/external_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace tempera::onnx {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ExternalDataTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "model" / "sub");
    Write("model/m.onnx", "x");
    Write("model/w.data", std::string(64, 'a') + std::string(64, 'b'));
    Write("model/sub/w.data", std::string(8, 'c'));
    Write("secret", std::string(128, 's'));
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  std::string path() const { return (folder_ / "model" / "m.onnx").string(); }

  // The first byte of 8 at a place; or why not.
  std::string Read(const ExternalPlace& place, const std::string& model = "") {
    ExternalData data(model.empty() ? path() : model);
    Tensor tensor = Tensor::Create(DataType::kUint8, {8}).value();
    const Status read = data.Read(place, "m: tensor 'w'", &tensor);
    return read.ok() ? std::string(1, static_cast<char>(tensor.data<uint8_t>()[7])) : read.message();
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / ("external." + std::to_string(getpid()));
};

TEST_F(ExternalDataTest, IsReadWhereItSays) {
  EXPECT_EQ(Read({"w.data"}), "a");
  EXPECT_EQ(Read({"w.data", 64}), "b");
  EXPECT_EQ(Read({"w.data", 120, 8}), "b");
  EXPECT_EQ(Read({"./w.data"}), "a");
  EXPECT_EQ(Read({"sub/w.data"}), "c");
}

TEST_F(ExternalDataTest, SizesAreChecked) {
  EXPECT_THAT(Read({"w.data", 121}), HasSubstr("needs 8 bytes at 121 of 'w.data', which ends at 128"));
  EXPECT_THAT(Read({"w.data", INT64_MAX}), HasSubstr("ends at 128"));
  EXPECT_THAT(Read({"w.data", 0, 9}), HasSubstr("holds 9"));
  EXPECT_THAT(Read({"none.data"}), HasSubstr("not beside the model"));
  EXPECT_THAT(Read({"sub"}), HasSubstr("not beside the model"));
}

// All that a model's folder does not hold stays closed, whatever names and links say.
TEST_F(ExternalDataTest, NothingOutsideTheFolderIsOpened) {
  fs::create_symlink(folder_ / "secret", folder_ / "model" / "link.data");
  fs::create_directory_symlink(folder_, folder_ / "model" / "up");
  for (const std::string& location :
       {std::string("../secret"), std::string("sub/../../secret"), (folder_ / "secret").string(),
        std::string("link.data"), std::string("up/secret"), std::string(), std::string("w.data\0x", 8)}) {
    EXPECT_THAT(Read({location}), HasSubstr("outside the model's folder")) << location;
  }
}

// As the caches of model hubs lie: both are links to files in one other folder.
TEST_F(ExternalDataTest, AModelThatIsALinkBringsItsOwnFolder) {
  fs::create_directories(folder_ / "snapshot");
  fs::create_directories(folder_ / "blobs");
  Write("blobs/1", "x");
  Write("blobs/2", std::string(8, 'h'));
  fs::create_symlink("../blobs/1", folder_ / "snapshot" / "m.onnx");
  fs::create_symlink("../blobs/2", folder_ / "snapshot" / "m.onnx_data");
  EXPECT_EQ(Read({"m.onnx_data"}, (folder_ / "snapshot" / "m.onnx").string()), "h");
}

TEST_F(ExternalDataTest, ManyTensorsOfOneStretchAreNoBomb) {
  std::ofstream(folder_ / "model" / "large.data", std::ios::binary).close();
  fs::resize_file(folder_ / "model" / "large.data", uintmax_t{1} << 30);  // a hole
  ExternalData data(path());
  EXPECT_TRUE(data.Check({"large.data"}, "m", int64_t{1} << 30).ok());
  Tensor tensor = Tensor::Create(DataType::kUint8, {int64_t{64} << 20}).value();
  int reads = 0;
  while (reads < 40 && data.Read({"large.data"}, "m: tensor 'w'", &tensor).ok()) ++reads;
  EXPECT_EQ(reads, 32);
}

}  // namespace
}  // namespace tempera::onnx
