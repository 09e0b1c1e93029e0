#include "cli/network/mask_input.h"

#include <gtest/gtest.h>

#include <string>

namespace tempera::cli {
namespace {

TEST(MaskInput, ReadsWords) {
  const auto said = MaskInputAsMetadata(
      "nhwc, bgr,range=-1..1,mean=0.485:0.456:0.406,std=0.5,output=pha,values=logits,class=potted plant,"
      "classes=background:person,size=512,multiple=16,ratio=0.25,state=r1o:r1i");
  ASSERT_TRUE(said.ok()) << said.status().message();
  const Metadata wanted = {{"tempera.value_range", "-1..1"},
                           {"tempera.mean", "0.485,0.456,0.406"},
                           {"tempera.std", "0.5"},
                           {"tempera.mask.output", "pha"},
                           {"tempera.mask.values", "logits"},
                           {"tempera.mask.class", "potted plant"},
                           {"tempera.mask.classes", "background,person"},
                           {"tempera.mask.long_side", "512"},
                           {"tempera.size_multiple", "16"},
                           {"tempera.mask.downsample_ratio", "0.25"},
                           {"tempera.state.r1o", "r1i"},
                           {"tempera.layout", "nhwc bgr"}};
  EXPECT_EQ(*said, wanted);
}

TEST(MaskInput, NamesWhatIsWrong) {
  for (const char* bad : {"",
                          "nhwc,,bgr",
                          "nwhc",
                          "ranges=0..1",
                          "range=1..0",
                          "range=",
                          "mean=a",
                          "mean=1:2",
                          "std=0",
                          "std=1:1:-1",
                          "output=",
                          "values=maybe",
                          "size=0",
                          "size=x",
                          "multiple=512",
                          "ratio=0",
                          "ratio=2",
                          "state=r1o",
                          "state=:r1i",
                          "state=r1o:",
                          "class=",
                          "range=0..1,range=0..1",
                          "nchw,nhwc,nchw",
                          "=1"}) {
    const auto said = MaskInputAsMetadata(bad);
    ASSERT_FALSE(said.ok()) << bad;
    EXPECT_EQ(said.status().message().rfind("--mask-input ", 0), 0u) << said.status().message();
    EXPECT_EQ(said.status().message().find('\n'), std::string::npos);
  }
  EXPECT_NE(MaskInputAsMetadata("nhwc,mean=x").status().message().find("mean=x is not one number or three"),
            std::string::npos);
}

TEST(MaskInput, LinesInTheCommandsWords) {
  EXPECT_EQ(InMaskInput("x: metadata tempera.mask.classes says otherwise"),
            "x: --mask-input classes= says otherwise");
  EXPECT_EQ(InMaskInput("x; metadata tempera.mask.class must say"), "x; --mask-input class= must say");
  EXPECT_EQ(
      InMaskInput("x.onnx has 2 classes; metadata tempera.mask.class must say which one is the mask: a, b"),
      "x.onnx has 2 classes and none is said to be the mask: write --mask FILE.onnx:CLASS with one of a, b");
  EXPECT_EQ(
      InMaskInput("where these are classes, metadata tempera.mask.classes or tempera.mask.class says so"),
      "where these are classes, --mask-input classes=NAME:NAME:... says so");
  EXPECT_EQ(InMaskInput("given 0..1; metadata tempera.value_range says otherwise"),
            "given 0..1; --mask-input range= says otherwise");
}

}  // namespace
}  // namespace tempera::cli
