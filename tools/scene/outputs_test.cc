#include "tools/scene/outputs.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace tempera::scene {
namespace {

class OutputsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("scene_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(const char* name) const { return (folder_ / name).string(); }
  static std::string Bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::filesystem::path folder_;
};

TEST_F(OutputsTest, FloReadsBackAndHasTheSintelLayout) {
  const std::vector<float> flow = {1.5f, -2, 0, 0.25f, 1e-6f, 300, -0.5f, 4, 5, 6, 7, 8};
  ASSERT_TRUE(WriteFlo(Path("a.flo"), 3, 2, flow).ok());
  const std::string bytes = Bytes(Path("a.flo"));
  ASSERT_EQ(bytes.size(), 12 + 48u);
  EXPECT_EQ(bytes.substr(0, 4), "PIEH");
  EXPECT_EQ(bytes.substr(4, 8), std::string("\3\0\0\0\2\0\0\0", 8));
  float second = 0;
  std::memcpy(&second, bytes.data() + 16, 4);
  EXPECT_EQ(second, -2);
  auto read = ReadFlo(Path("a.flo"));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->width, 3);
  EXPECT_EQ(read->height, 2);
  EXPECT_EQ(read->flow, flow);
}

TEST_F(OutputsTest, BadFloIsRefused) {
  EXPECT_EQ(WriteFlo(Path("b.flo"), 2, 2, {1, 2}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadFlo(Path("none.flo")).status().code(), StatusCode::kNotFound);
  std::ofstream(Path("text.flo")) << "hello, this is a text file";
  EXPECT_FALSE(ReadFlo(Path("text.flo")).ok());
  ASSERT_TRUE(WriteFlo(Path("cut.flo"), 2, 2, std::vector<float>(8)).ok());
  std::filesystem::resize_file(Path("cut.flo"), 30);
  EXPECT_FALSE(ReadFlo(Path("cut.flo")).ok());
}

TEST_F(OutputsTest, Y4mHoldsLimitedRangePlanes) {
  auto writer = Y4mWriter::Open(Path("v.y4m"), 3, 3, 24);
  ASSERT_TRUE(writer.ok());
  media::RgbImage white{3, 3, std::vector<uint8_t>(27, 255)};
  ASSERT_TRUE((*writer)->Write(white).ok());
  EXPECT_FALSE(std::filesystem::exists(Path("v.y4m")));
  ASSERT_TRUE((*writer)->Close().ok());
  const std::string bytes = Bytes(Path("v.y4m"));
  const std::string header = bytes.substr(0, bytes.find('\n'));
  EXPECT_EQ(header, "YUV4MPEG2 W3 H3 F24:1 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED");
  const size_t data = header.size() + 1 + 6;
  ASSERT_EQ(bytes.size(), data + 9 + 4 + 4);
  EXPECT_EQ(static_cast<uint8_t>(bytes[data]), 235);
  EXPECT_EQ(static_cast<uint8_t>(bytes[data + 9]), 128);
}

TEST_F(OutputsTest, UnclosedVideoLeavesNothing) {
  {
    auto writer = Y4mWriter::Open(Path("gone.y4m"), 2, 2, 30000 / 1001.0);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(OutputsTest, UnwritablePlacesAreNamed) {
  const std::string path = Path("no/such/folder/x.y4m");
  const auto writer = Y4mWriter::Open(path, 2, 2, 24);
  ASSERT_FALSE(writer.ok());
  EXPECT_NE(writer.status().message().find(path), std::string::npos);
  EXPECT_EQ(WriteFlo(Path("no/x.flo"), 1, 1, {0, 0}).code(), StatusCode::kNotFound);
}

TEST_F(OutputsTest, AmbienceIsQuietSoundAndRepeats) {
  ASSERT_TRUE(WriteAmbience(Path("a.wav"), 0.5, 3).ok());
  ASSERT_TRUE(WriteAmbience(Path("b.wav"), 0.5, 3).ok());
  ASSERT_TRUE(WriteAmbience(Path("c.wav"), 0.5, 4).ok());
  const std::string a = Bytes(Path("a.wav"));
  EXPECT_EQ(a.size(), 44 + 24000 * 4u);
  EXPECT_EQ(a, Bytes(Path("b.wav")));
  EXPECT_NE(a, Bytes(Path("c.wav")));
  int peak = 0;
  for (size_t i = 44; i + 1 < a.size(); i += 2) {
    int16_t v;
    std::memcpy(&v, a.data() + i, 2);
    peak = std::max(peak, std::abs(int{v}));
  }
  EXPECT_GT(peak, 600);
  EXPECT_LT(peak, 30000);
  EXPECT_FALSE(WriteAmbience(Path("d.wav"), -1, 1).ok());
}

}  // namespace
}  // namespace tempera::scene
