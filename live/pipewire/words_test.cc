#include <gtest/gtest.h>

#include "live/pipewire/pipewire.h"

namespace tempera::live {
namespace {

TEST(PipewireWords, NameSizeAndRate) {
  const auto plain = ParsePipewireSource("pipewire");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->which, "");
  EXPECT_EQ(plain->width, 1280);
  const auto all = ParsePipewireSource("pipewire:Cam, the second,size=640x480,fps=29.97");
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->which, "Cam, the second");
  EXPECT_EQ(all->height, 480);
  EXPECT_DOUBLE_EQ(all->fps, 29.97);
  EXPECT_TRUE(ParsePipewireSource("pipewire:screen,fps=60")->ask_for_screen);
  EXPECT_FALSE(all->ask_for_screen);
  const auto sink = ParsePipewireSink("pipewire,fps=25,size=320x240");
  ASSERT_TRUE(sink.ok());
  EXPECT_EQ(sink->name, "Tempera");
  EXPECT_EQ(sink->width, 320);
  EXPECT_DOUBLE_EQ(sink->fps, 25);
  EXPECT_EQ(ParsePipewireSink("pipewire:,fps=25")->name, "Tempera");
  EXPECT_EQ(ParsePipewireSink("pipewire:")->name, "Tempera");
}

TEST(PipewireWords, WhatIsNoneIsRefusedByName) {
  for (const char* text :
       {"pipewires", "pipewire:a,size=5x5", "pipewire:a,size=640", "pipewire:a,size=9999x10",
        "pipewire:a,size=640x480x2", "pipewire:a,fps=0", "pipewire:a,fps=nan", "pipewire:a,fps=1e9"}) {
    const auto options = ParsePipewireSource(text);
    EXPECT_FALSE(options.ok()) << text;
  }
  EXPECT_FALSE(IsPipewireText("pipewire.mp4"));
  EXPECT_TRUE(IsPipewireText("pipewire:pipewire.mp4"));
}

}  // namespace
}  // namespace tempera::live
