#include "media/film/series.h"

#include "media/film/film_test.h"

namespace tempera::media {
namespace {

class FilmSeries : public FilmTest {
 protected:
  void SetUp() override {
    ClipTest::SetUp();
    Make("-f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -c:v ffv1 -pix_fmt yuv420p", "a.mkv");
  }
  size_t FramesOf(const std::string& name, std::string* notes = nullptr) {
    std::vector<double> times;
    const std::string said = ReadNotes(Path(name), &times);
    if (notes) *notes = said;
    return times.size();
  }
};

TEST(SeriesNames, AreRead) {
  const auto parse = [](const char* path) {
    auto name = ParseSeriesName(path);
    return name.ok() && name->has_value() ? (*name)->At(7) : name.ok() ? "none" : "error";
  };
  EXPECT_EQ(parse("f_%04d.png"), "./f_0007.png");
  EXPECT_EQ(parse("/a/b/%d.jpg"), "/a/b/7.jpg");
  EXPECT_EQ(parse("/a/%3d%%.jpg"), "/a/007%.jpg");
  EXPECT_EQ(parse("50%.png"), "none");
  EXPECT_EQ(parse("100% done.png"), "none");
  EXPECT_EQ(parse("%s.png"), "none");
  EXPECT_EQ(parse("a_%d_%03d.png"), "error");
  EXPECT_EQ(parse("painted%2d1.png"), "error") << "a link's hyphen?";
  EXPECT_EQ(parse("50%dogs/f_%02d.png"), "50%dogs/f_07.png");
  EXPECT_EQ(parse("50% f_%02d.png"), "./50% f_07.png");
  const auto name = *ParseSeriesName("f_%03d.png").value();
  EXPECT_EQ(name.NumberOf("f_012.png"), 12);
  EXPECT_EQ(name.NumberOf("f_1234.png"), 1234);
  for (const char* other : {"f_12.png", "f_0123.png", "f_01a.png", "f_.png", "g_012.png", "f_012.pngx"}) {
    EXPECT_FALSE(name.NumberOf(other)) << other;
  }
  EXPECT_TRUE(IsSeriesOutput("f_%d.png"));
  EXPECT_FALSE(IsSeriesOutput("f_%d.mp4"));
  EXPECT_FALSE(IsSeriesOutput("f.png"));
}

TEST_F(FilmSeries, IsWrittenAndReplaced) {
  std::ofstream(Path("f_0001.png")) << "old";
  std::string notices;
  ASSERT_STATUS_OK(Copy(Path("a.mkv"), Path("f_%04d.png"), &notices));
  for (int i = 1; i <= 10; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "f_%04d.png", i);
    EXPECT_EQ(Probe(Path(name), "v", "stream=width,height,pix_fmt"), "64\n48\nrgb24\n");
  }
  EXPECT_EQ(FilesInFolder(), 11u);
  // The colours are the film's.
  EXPECT_GT(std::stod(Shell("cd '" + folder_.string() +
                            "' && ffmpeg -v error -i a.mkv -start_number 1 -i f_%04d.png -lavfi "
                            "\"[1:v]format=yuv420p[x];[0:v][x]psnr=f=-\" -f null - | sed -n "
                            "'s/.*psnr_avg:\\([0-9.]*\\).*/\\1/p' "
                            "| head -1")),
            30);
}

TEST_F(FilmSeries, WithSoundOrOptionsIsSaid) {
  Make(Source("0.4"), "b.mkv");
  std::string notices;
  ASSERT_STATUS_OK(Copy(Path("b.mkv"), Path("g_%d.jpg"), &notices));
  EXPECT_NE(notices.find("sound is left out"), std::string::npos) << notices;
  WriterOptions options;
  options.crf = 3;
  EXPECT_FALSE(Copy(Path("a.mkv"), Path("g_%d.png"), nullptr, {}, options).ok());
  EXPECT_FALSE(CheckVideoName("g_%d_%d.png").ok());
  EXPECT_FALSE(CheckCodec("libx264", "g_%d.png").ok());
}

TEST_F(FilmSeries, IsReadWhereverItBegins) {
  Make("-i a.mkv -start_number 4711", "f_%06d.png");
  EXPECT_EQ(FramesOf("f_%06d.png"), 10u);
  Make("-i a.mkv -start_number 95", "n%d.png");
  EXPECT_EQ(FramesOf("n%d.png"), 10u) << "95 to 104";
  EXPECT_EQ(FramesOf("f_*.png"), 10u);
  EXPECT_EQ(FramesOf("f_00471?.png"), 9u);
  std::filesystem::create_directory(Path("50% of: it"));
  std::filesystem::rename(Path("n95.png"), Path("50% of: it/n1.png"));
  std::filesystem::rename(Path("n96.png"), Path("50% of: it/n2.png"));
  EXPECT_EQ(FramesOf("50% of: it/n%d.png"), 2u);
  EXPECT_EQ(FramesOf("50% of: it/*.png"), 2u);
  Make("-i a.mkv -start_number 3", "50%%_f_%04d.png");
  std::filesystem::rename(Path("50%_f_0003.png"), Path("50% f_0003.png"));
  std::filesystem::rename(Path("50%_f_0004.png"), Path("50% f_0004.png"));
  EXPECT_EQ(FramesOf("50% f_%04d.png"), 2u);
}

TEST_F(FilmSeries, BracketsAndBracesAreLetters) {
  const std::string odd = "w [2020] {a,b}";
  std::filesystem::create_directory(Path(odd));
  for (const char* name : {"1.png", "2.png"}) {
    Make("-i a.mkv -frames:v 1", name);
    std::filesystem::rename(Path(name), Path(odd + "/" + name));
  }
  EXPECT_EQ(FramesOf(odd + "/*.png"), 2u);
  // The working directory is no part of a pattern.
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(Path(odd));
  std::vector<double> times;
  const std::string notes = ReadNotes("?.png", &times);
  std::filesystem::current_path(before);
  EXPECT_EQ(times.size(), 2u) << notes;
  EXPECT_NE(ReadNotes(Path("Film [1080p].mkv")).find("cannot open"), std::string::npos);
  EXPECT_NE(ReadNotes(Path("Film?.mkv")).find("cannot open"), std::string::npos);
}

TEST_F(FilmSeries, WhatItCannotHoldIsSaid) {
  std::ofstream(Path("c.txt")) << ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle=One\n";
  Make(
      "-i a.mkv -i c.txt -map 0 -map_chapters 1 -vf \"setpts='if(lt(N,5),N/25,N/25+3)/TB'\" -vsync "
      "passthrough "
      "-enc_time_base 1/1000 -c:v ffv1",
      "b.mkv");
  std::ofstream(Path("f_0012.png")) << "old";
  std::string notices;
  ASSERT_STATUS_OK(Copy(Path("b.mkv"), Path("f_%04d.png"), &notices));
  EXPECT_NE(notices.find("chapters are left out"), std::string::npos) << notices;
  EXPECT_NE(notices.find("up to 3.0 s apart"), std::string::npos) << notices;
  EXPECT_NE(notices.find("1 older pictures of that name stay behind number 10"), std::string::npos)
      << notices;
  ASSERT_STATUS_OK(Copy(Path("a.mkv"), Path("g_%04d.png"), &notices));
  EXPECT_EQ(notices, "");
}

TEST_F(FilmSeries, GapsAreSaid) {
  Make("-i a.mkv", "f_%04d.png");
  std::filesystem::remove(Path("f_0005.png"));
  std::string notes;
  EXPECT_EQ(FramesOf("f_%04d.png", &notes), 4u);
  EXPECT_NE(notes.find("gap at number 5: 5 pictures"), std::string::npos) << notes;
  EXPECT_EQ(notes.find("breaks off"), std::string::npos) << notes;
  for (const char* name : {"f_%04d.png", "f_*.png"}) {
    const auto series = FindSeries(Path(name));
    ASSERT_TRUE(series.ok() && series->has_value());
    EXPECT_EQ((*series)->missing, "f_0005.png") << name;
  }
  std::filesystem::copy(Path("f_0001.png"), Path("f_x.png"));
  EXPECT_EQ((*FindSeries(Path("f_*.png")))->missing, "") << "not all of them have numbers";
  std::filesystem::remove(Path("f_x.png"));
  // 1, 10, 11, 12, 2, ... as letters sort.
  Make("-f lavfi -i testsrc2=s=16x16:r=25:d=0.48", "n_%d.png");
  EXPECT_EQ((*FindSeries(Path("n_*.png")))->missing, "");
  std::filesystem::remove(Path("n_9.png"));
  EXPECT_EQ((*FindSeries(Path("n_*.png")))->missing, "n_9.png");
  std::filesystem::remove(Path("n_3.png"));
  EXPECT_EQ((*FindSeries(Path("n_*.png")))->missing, "n_3.png");
  auto none = VideoReader::Open(Path("x_%d.png"), {});
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.status().message().find("no picture is called"), std::string::npos)
      << none.status().message();
}

TEST_F(FilmSeries, InterlacedPngIsNoInterlacedFilm) {
  Make("-i a.mkv -c:v png -flags +ildct", "f_%04d.png");
  EXPECT_EQ(static_cast<int>(Bytes(Path("f_0001.png"))[28]), 1) << "Adam7";
  std::string notes;
  EXPECT_EQ(FramesOf("f_%04d.png", &notes), 10u);
  EXPECT_EQ(notes.find("interlaced"), std::string::npos) << notes;
}

TEST_F(FilmSeries, ItsOwnInputIsSeen) {
  Make("-i a.mkv", "f_%04d.png");
  EXPECT_TRUE(OverwritesInput(Path("f_%04d.png"), Path("f_%04d.png")));
  EXPECT_TRUE(OverwritesInput(Path("*.png"), Path("f_%04d.png")));
  EXPECT_TRUE(OverwritesInput(Path("f_0003.png"), Path("f_%04d.png")));
  EXPECT_FALSE(OverwritesInput(Path("*.png"), Path("g_%04d.png")));
  EXPECT_FALSE(OverwritesInput(Path("f_%04d.png"), Path("f_%03d.png"))) << "f_001.png is another name";
  EXPECT_FALSE(OverwritesInput(Path("a.mkv"), Path("f_%04d.png")));
  EXPECT_TRUE(OverwritesInput(Path("f_%04d.png"), Path("f_0003.png")));
  EXPECT_TRUE(OverwritesInput(Path("*.png"), Path("f_0003.png")));
  EXPECT_FALSE(OverwritesInput(Path("f_%04d.png"), Path("f_0011.png")));
}

TEST_F(FilmSeries, GifHasFiftyFramesASecondAtMost) {
  Make("-f lavfi -i testsrc2=s=64x48:r=60:d=1 -c:v ffv1 -pix_fmt yuv420p", "fast.mkv");
  Make("-f lavfi -i testsrc2=s=64x48:r=30:d=1 -c:v ffv1 -pix_fmt yuv420p", "slow.mkv");
  std::string notices;
  ASSERT_STATUS_OK(Copy(Path("fast.mkv"), Path("fast.gif"), &notices));
  EXPECT_EQ(Times(Path("fast.gif"), "v").size(), 50u);
  EXPECT_GT(Shortest(Times(Path("fast.gif"), "v")), 0.0199);
  EXPECT_NE(notices.find("50 frames a second: 10 left out"), std::string::npos) << notices;
  ASSERT_STATUS_OK(Copy(Path("slow.mkv"), Path("slow.gif"), &notices));
  EXPECT_EQ(Times(Path("slow.gif"), "v").size(), 30u);
  EXPECT_EQ(notices.find("left out"), std::string::npos) << notices;
}

}  // namespace
}  // namespace tempera::media
