#include "cli/mask/mask_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "cli/mask/mask_settings.h"
#include "cli/mask/region_painter.h"

namespace tempera::cli {
namespace {

using ::testing::HasSubstr;
using Shows = MaskRegion::Shows;
using Source = MaskPlan::Source;

class MaskOptionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("tempera_mask_options_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_ / "masks");
    for (const char* name : {"masks/person.onnx", "net.onnx", "film.mp4", "moves.gif", "notes.txt"})
      std::ofstream(folder_ / name) << "-";
    std::ofstream(folder_ / "still.png") << "\x89PNG\r\n\x1a\n";
    setenv("TEMPERA_STYLES", folder_.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("TEMPERA_STYLES");
    std::filesystem::remove_all(folder_);
  }
  std::string File(const std::string& name) const { return (folder_ / name).string(); }

  static Result<MaskPlan> Read(std::vector<std::string> words, const MaskLine& line = {.film = true}) {
    CLI::App app;
    MaskOptions options;
    options.AddTo(app);
    std::reverse(words.begin(), words.end());
    try {
      app.parse(words);
    } catch (const CLI::ParseError& e) {
      return InvalidArgument(std::string("parser: ") + e.what());
    }
    return options.Read(line);
  }
  static std::string Refusal(const std::vector<std::string>& words, const MaskLine& line = {.film = true}) {
    const auto plan = Read(words, line);
    return plan.ok() ? "it is taken" : plan.status().message();
  }
  // "background=none person=PAINTING*": * are the chosen ones.
  static std::string Regions(const std::vector<std::string>& words) {
    const auto plan = Read(words);
    if (!plan.ok()) return plan.status().message();
    std::string text;
    for (size_t i = 0; i < plan->regions.size(); ++i) {
      const MaskRegion& r = plan->regions[i];
      const bool chosen = std::count(plan->chosen.begin(), plan->chosen.end(), i) > 0;
      text += (i ? " " : "") + r.name + "=";
      text += r.shows == Shows::kInput ? "none" : r.shows == Shows::kBlur ? "blur" : "[" + r.style + "]";
      text += chosen ? "*" : "";
    }
    return text;
  }

  std::filesystem::path folder_;
};

TEST_F(MaskOptionsTest, NamesFindTheirFiles) {
  const auto source = [&](const std::string& word) {
    const auto plan = Read({"--mask", word});
    EXPECT_TRUE(plan.ok()) << plan.status().message();
    return plan.ok() ? plan->source : Source::kNone;
  };
  EXPECT_EQ(source("person"), Source::kNetwork);
  EXPECT_EQ(source("Person"), Source::kNetwork);
  EXPECT_EQ(source("person:person"), Source::kNetwork);
  EXPECT_EQ(source(File("net.onnx")), Source::kNetwork);
  EXPECT_EQ(source(File("net.onnx:tv")), Source::kNetwork);
  EXPECT_EQ(source(File("still.png")), Source::kStill);
  EXPECT_EQ(source(File("film.mp4")), Source::kFilm);
  EXPECT_EQ(source(File("moves.gif")), Source::kFilm);
  EXPECT_EQ(Read({"--mask", File("net.onnx:tv")})->regions[1].name, "tv");
  EXPECT_EQ(Read({"--mask", File("moves.gif")}, {})->source, Source::kStill);
}

TEST_F(MaskOptionsTest, NamesThatAreNoMasks) {
  EXPECT_THAT(Refusal({"--mask", "persn"}), HasSubstr("did you mean 'person'?"));
  EXPECT_THAT(Refusal({"--mask", "background"}), HasSubstr("--mask person --mask-of background"));
  EXPECT_THAT(Refusal({"--mask", "person", "--mask-of", "backgroud"}),
              HasSubstr("'backgroud' is not mask or background; did you mean 'background'?"));
  EXPECT_THAT(Refusal({"--mask", File("no.onnx:tv")}), HasSubstr("no such file"));
  EXPECT_THAT(Refusal({"--mask", File("no.png")}), HasSubstr("no such file"));
  EXPECT_THAT(Refusal({"--mask", File("notes.txt")}), HasSubstr("is no mask"));
  EXPECT_THAT(Refusal({"--mask", File("still.png:tv")}), HasSubstr("only networks have classes"));
  EXPECT_THAT(Refusal({"--mask", folder_.string()}), HasSubstr("is a folder"));
  EXPECT_THAT(Refusal({"--mask", "-"}), HasSubstr("no stream"));
  EXPECT_THAT(Refusal({"--mask", ""}), HasSubstr("is empty"));
  EXPECT_THAT(Refusal({"--mask", "person:"}), HasSubstr("names no class"));
  EXPECT_THAT(Refusal({"--mask", File("film.mp4")}, {}), HasSubstr("is a film, and pictures come out"));
}

TEST_F(MaskOptionsTest, RegionsFollowFromTheLine) {
  EXPECT_EQ(Regions({"--mask", "person"}), "background=none =[]*");
  EXPECT_EQ(Regions({"--mask", "person", "--mask-of", "background"}), "=none background=[]*");
  EXPECT_EQ(Regions({"--mask", "person", "--outside", "blur:12"}), "background=blur =[]*");
  EXPECT_EQ(Regions({"--mask", "person", "--outside", "udnie"}), "background=[udnie] =[]*");
  EXPECT_EQ(Regions({"--mask", File("still.png"), "--mask-of", "background"}), "mask=none background=[]*");
  EXPECT_EQ(Regions({"--mask", "person", "--mask-only"}), "background=none =none*");
  // Painted under its edges as well.
  EXPECT_EQ(Regions({"--mask", "person", "--cutout"}), "background=[] =[]*");
  EXPECT_EQ(Regions({"--region", "person=a", "--cutout"}), "background=[a] person=[a]*");
  EXPECT_EQ(Regions({"--region", "person=a", "--region", "Background=blur"}), "person=[a]* background=blur");
  EXPECT_EQ(Regions({"--region", "background=blur"}), "background=blur*");
  // Alone, it is what the mask leaves, and can be cut out.
  EXPECT_EQ(Regions({"--region", "background=a", "--cutout"}), "background=[a]* =[a]");
  EXPECT_EQ(Regions({"--mask", File("still.png"), "--region", "background=a", "--cutout"}),
            "background=[a]* mask=[a]");
  // Whose background, of many classes.
  EXPECT_EQ(Regions({"--mask", File("net.onnx:tv"), "--region", "background=a"}), "background=[a]* tv=none");
  EXPECT_EQ(Regions({"--mask", File("net.onnx:tv"), "--region", "background=a", "--cutout"}),
            "background=[a]* tv=[a]");
  EXPECT_EQ(Regions({"--region", "person=a", "--region", "background=none", "--cutout"}),
            "person=[a]* background=none");
  EXPECT_EQ(Regions({"--mask", File("net.onnx"), "--region", "tv=g.onnx:night", "--region", "cat=none"}),
            "tv=[g.onnx:night]* cat=none*");
}

TEST_F(MaskOptionsTest, NumbersHaveTheirRange) {
  const auto plan = Read({"--mask", "person", "--feather", "2.5", "--threshold", "0.7", "--mask-every", "3",
                          "--plain-edges", "--outside", "blur:8"});
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(plan->feather, 2.5f);
  EXPECT_EQ(plan->threshold, 0.7f);
  EXPECT_EQ(plan->interval, 3);
  EXPECT_TRUE(plan->plain_edges);
  EXPECT_EQ(plan->hold, 0.8f);
  EXPECT_EQ(plan->regions[0].blur, 8);
  EXPECT_EQ(Read({"--mask", "person"}, {})->hold, 0) << "pictures do not follow each other";
  for (const auto& [name, number] : {std::pair{"--feather", "1025"},
                                     {"--feather", "nan"},
                                     {"--threshold", "0"},
                                     {"--threshold", "1"},
                                     {"--mask-hold", "1.5"},
                                     {"--mask-every", "0"},
                                     {"--mask-every", "17"}}) {
    EXPECT_THAT(Refusal({"--mask", "person", name, number}), HasSubstr("parser: ")) << name << number;
  }
  for (const char* blur : {"blur:", "blur:0", "blur:257", "blur:x", "blur:nan"})
    EXPECT_THAT(Refusal({"--mask", "person", "--outside", blur}),
                HasSubstr("at most 256 pixels, such as blur:12"))
        << blur;
}

TEST_F(MaskOptionsTest, ContradictionsAreRefused) {
  EXPECT_THAT(Refusal({"--feather", "3"}), HasSubstr("--feather belongs to a mask"));
  EXPECT_THAT(Refusal({"--cutout"}), HasSubstr("belongs to a mask"));
  EXPECT_THAT(Refusal({"--region", "person=a", "--outside", "blur"}), HasSubstr("leave --outside out"));
  EXPECT_THAT(Refusal({"--region", "person=a", "--mask-of", "background"}), HasSubstr("leave --mask-of out"));
  EXPECT_THAT(Refusal({"--region", "person=a"}, {.style = true}), HasSubstr("leave --style and --blend out"));
  EXPECT_THAT(Refusal({"--region", "person=a"}, {.timeline = true}), HasSubstr("leave --timeline out"));
  EXPECT_THAT(Refusal({"--mask", "person:person", "--region", "person=a"}), HasSubstr("leave ':person' out"));
  EXPECT_THAT(Refusal({"--region", "person=a", "--region", "Person=b"}), HasSubstr("said twice"));
  EXPECT_THAT(Refusal({"--region", "person=none"}), HasSubstr("nothing would be painted"));
  EXPECT_THAT(Refusal({"--region", "person"}), HasSubstr("is not CLASS=STYLE"));
  EXPECT_THAT(Refusal({"--region", "=a"}), HasSubstr("is not CLASS=STYLE"));
  EXPECT_THAT(Refusal({"--region", "person="}), HasSubstr("is not CLASS=STYLE"));
  EXPECT_THAT(Refusal({"--mask", "person", "--mask-only", "--cutout"}), HasSubstr("give one of them"));
  EXPECT_THAT(Refusal({"--mask", "person", "--mask-only"}, {.style = true}), HasSubstr("paints nothing"));
  EXPECT_THAT(Refusal({"--mask", "person", "--mask-only", "--outside", "blur"}), HasSubstr("paints nothing"));
  EXPECT_THAT(Refusal({"--region", "person=a", "--mask-only"}), HasSubstr("writes one mask"));
  EXPECT_THAT(Refusal({"--mask", "person", "--cutout", "--outside", "blur"}),
              HasSubstr("leave --outside out"));
  EXPECT_THAT(Refusal({"--region", "person=a", "--region", "background=b", "--cutout"}),
              HasSubstr("cut nothing out"));
  EXPECT_THAT(Refusal({"--mask", "person", "--mask-hold", "1"}, {}), HasSubstr("are for videos"));
  EXPECT_THAT(Refusal({"--mask", File("still.png"), "--threshold", "0.4"}),
              HasSubstr("that a network makes"));
  EXPECT_THAT(Refusal({"--mask", File("still.png"), "--mask-input", "bgr"}),
              HasSubstr("that a network makes"));
  EXPECT_THAT(Refusal({"--mask", "person", "--mask-input", "rubbish"}), HasSubstr("--mask-input rubbish"));
  EXPECT_FALSE(Read({"--mask", "person", "--mask-input", "bgr,range=-1..1"})->metadata.empty());
  EXPECT_THAT(Refusal({"--mask", File("net.onnx:tv"), "--mask-input", "class=cat"}),
              HasSubstr("both say which class"));
  EXPECT_THAT(Refusal({"--mask", File("still.png"), "--region", "person=a"}),
              HasSubstr("mask and background"));
  EXPECT_THAT(Refusal({"--mask", File("net.onnx:background")}), HasSubstr("--mask-of background"));
}

TEST_F(MaskOptionsTest, ReportsSayWhatIsPainted) {
  EXPECT_EQ(PaintedName(*Read({"--mask", "person"}), "udnie"), "udnie");
  EXPECT_EQ(PaintedName(*Read({"--mask", "person", "--mask-only"}), ""), "mask");
  EXPECT_EQ(PaintedName(*Read({"--region", "person=a", "--region", "background=blur"}), ""),
            "person=a,background=blur");
  EXPECT_EQ(PaintedName(*Read({"--region", "person=a", "--region", "background=blur:6.5"}), ""),
            "person=a,background=blur:6.5");
  EXPECT_EQ(PaintedName(*Read({"--region", "background=a", "--cutout"}), ""), "background=a");
}

TEST_F(MaskOptionsTest, SettingsSayWhatDiffers) {
  const auto word = [&](const std::vector<std::string>& words) {
    const auto plan = Read(words);
    EXPECT_TRUE(plan.ok()) << plan.status().message();
    const Settings settings = MaskSettingsOf(*plan);
    Digester all;
    for (const auto& [option, digest] : settings.list) all.Add(std::string_view(option + Hex(digest)));
    return SettingsWord(all.digest(), settings);
  };
  const auto differing = [&](const std::vector<std::string>& a, const std::vector<std::string>& b) {
    EXPECT_EQ(SameSettings(word(a), word(b)), a == b);
    return DifferingSettings(word(a), word(b));
  };
  EXPECT_EQ(differing({"--mask", "person"}, {"--mask", "person"}), "");
  EXPECT_EQ(differing({"--mask", "person"}, {"--mask", "person", "--feather", "2"}), "--feather");
  EXPECT_EQ(differing({"--mask", "person", "--feather", "2"}, {"--mask", "person", "--outside", "blur"}),
            "--feather and --outside");
  EXPECT_EQ(differing({"--mask", "person", "--outside", "blur"}, {"--mask", "person", "--outside", "blur:4"}),
            "--outside");
  EXPECT_EQ(differing({"--mask", "person"}, {"--mask", "person", "--mask-of", "background"}), "--mask-of");
  EXPECT_EQ(differing({"--mask", File("net.onnx:tv")}, {"--mask", File("net.onnx:cat")}), "--mask");
  EXPECT_EQ(differing({"--mask", File("net.onnx:tv"), "--region", "background=blur"},
                      {"--mask", File("net.onnx:cat"), "--region", "background=blur"}),
            "--mask");
  EXPECT_EQ(differing({"--mask", "person"}, {"--mask", File("still.png")}), "--mask");
  EXPECT_EQ(differing({"--region", "person=a"}, {"--region", "person=b"}), "--region");
  EXPECT_EQ(differing({"--mask", "person", "--threshold", "0.3", "--mask-every", "2", "--cutout"},
                      {"--mask", "person", "--threshold", "0.4", "--mask-only"}),
            "--cutout, --threshold and --mask-only");
  EXPECT_EQ(DifferingSettings("0123", word({"--mask", "person"})), "") << "of a list that does not say";
  Settings odd;
  odd.Add("--this or --that; = other", Digester());
  EXPECT_EQ(SettingsWord(Digest(), odd).find(' '), std::string::npos) << "lists are read word by word";
}

}  // namespace
}  // namespace tempera::cli
