#include "train/net_config.h"

#include <gtest/gtest.h>

namespace tempera::train {
namespace {

TEST(NetConfig, StaysWithinItsBudget) {
  Result<NetConfig> small = MakeNetConfig("small"), tiny = MakeNetConfig("tiny"),
                    johnson = MakeNetConfig("johnson");
  ASSERT_TRUE(small.ok() && tiny.ok() && johnson.ok());
  // 400 KB of fp32 weights, and 33 ms at 640x360 on two cores.
  EXPECT_LE(CountParameters(*small), 95000);
  EXPECT_LE(CountMacs(*small, 640, 360), 1.65e9);
  EXPECT_LE(CountMacs(*tiny, 640, 360), 0.85e9);
  // 14 styles: 400 KB in 16 bits.
  Result<NetConfig> painter = MakeNetConfig("painter", std::vector<std::string>(14, "style"));
  ASSERT_TRUE(painter.ok());
  EXPECT_LE(CountParameters(*painter) * 2, 390000);
  EXPECT_LE(CountMacs(*painter, 640, 360), 1.6e9);
  // The published network: 1.68 million parameters.
  EXPECT_NEAR(CountParameters(*johnson), 1.68e6, 0.02e6);
}

TEST(NetConfig, LayersFitTogetherAndKeepTheSize) {
  for (const char* name : {"painter", "painter-fed", "small", "tiny", "johnson", "reconet", "reconet-edge"}) {
    Result<NetConfig> config = MakeNetConfig(name, {"one"});
    ASSERT_TRUE(config.ok());
    int channels = config->fed ? 6 : 3, eighths = 8;
    for (const LayerSpec& l : config->layers) {
      EXPECT_EQ(l.in_channels, channels) << name << " " << l.name;
      EXPECT_EQ(l.kernel % 2, 1);
      channels = l.out_channels;
      eighths = eighths * (l.upsample ? 2 : 1) / l.stride;
    }
    EXPECT_EQ(channels, 3);
    EXPECT_EQ(eighths, 8) << "the painting is as large as the photograph";
  }
}

TEST(NetConfig, AnUnknownNameListsTheKnown) {
  const Status status = MakeNetConfig("huge").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("painter, painter-fed, small, tiny, johnson"), std::string::npos);
}

}  // namespace
}  // namespace tempera::train
