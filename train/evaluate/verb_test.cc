// The whole verb on a model, photographs, a film and a network that were made for it; and on bad input.
#include "train/evaluate/verb.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "media/test_clip.h"
#include "src/onnx/model_builder.h"
#include "src/onnx/writer.h"
#include "train/evaluate/losses/vgg_for_test.h"
#include "train/evaluate/pictures_for_test.h"

namespace tempera::evaluate {
namespace {

using Json = nlohmann::json;

class VerbTest : public media::ClipTest {
 protected:
  // A network of two styles: the picture's negative, and the picture itself.
  std::string TwoStyles() {
    onnx::ModelBuilder b(13);
    b.Input("input", {1, 3, -1, -1});
    b.Constant("style_weights", {2}, std::vector<float>{1, 0});
    b.ListInitializersAsInputs();
    const std::string first = b.Node("Slice", {"style_weights", b.Int64s({0}), b.Int64s({1}), b.Int64s({0})});
    const std::string second =
        b.Node("Slice", {"style_weights", b.Int64s({1}), b.Int64s({2}), b.Int64s({0})});
    const std::string negative = b.Node(
        "Conv",
        {"input", b.Floats({3, 3, 1, 1}, {-1, 0, 0, 0, -1, 0, 0, 0, -1}), b.Floats({3}, {255, 255, 255})});
    b.NamedNode("output", "Add", {b.Node("Mul", {negative, first}), b.Node("Mul", {"input", second})});
    b.Output("output");
    b.Metadata("tempera.param.style_weights", "kind = weights; elements = The Negative | As It Is");
    b.Metadata("tempera.styles", "negative | plain");
    EXPECT_TRUE(onnx::WriteModelFile(b.model(), Path("two.onnx")).ok());
    return Path("two.onnx");
  }
  std::string Photos() {
    std::filesystem::create_directories(folder_ / "photos");
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(media::WriteImage(Path("photos/p" + std::to_string(i) + ".png"),
                                    Waves(360 + 40 * i, 300, 9 * i, 5 * i))
                      .ok());
    }
    return Path("photos");
  }
  std::string Painting() {
    EXPECT_TRUE(media::WriteImage(Path("painting.png"), Noise(300, 200, 3)).ok());
    return Path("painting.png");
  }
  std::string Film() {
    return Make("-f lavfi -i testsrc2=size=160x96:rate=25:duration=1 -pix_fmt yuv420p", "film.mp4");
  }

  // Standard output and standard error of one run.
  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "evaluate");
    std::vector<char*> argv;
    for (std::string& a : arguments) argv.push_back(a.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = EvaluateVerb(static_cast<int>(argv.size()), argv.data());
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return code;
  }
  std::string out_, err_;
};

TEST_F(VerbTest, MeasuresEverythingOfEveryStyle) {
  const std::string vgg = Path("vgg.safetensors"), report = Path("report.html");
  ASSERT_TRUE(WriteRandomVgg(vgg, 21));
  const std::string model = TwoStyles();
  ASSERT_EQ(Run({model,
                 "--content",
                 Photos(),
                 "--style",
                 Painting(),
                 "--clips",
                 Film(),
                 "--features",
                 vgg,
                 "--teacher",
                 model,
                 "--quick",
                 "--photos",
                 "2",
                 "--threads",
                 "1",
                 "--json",
                 "--report",
                 report,
                 "--gatys",
                 "2",
                 "--anchor-photos",
                 "1",
                 "--anchors",
                 Path("anchors")}),
            0)
      << err_;
  const Json json = Json::parse(out_);
  std::map<std::string, Json> rows;
  for (const Json& row : json["rows"])
    rows[row["model"].get<std::string>() + ":" + row["style"].get<std::string>()] = row;
  ASSERT_TRUE(rows.contains("two:negative") && rows.contains("two:plain") && rows.contains("photographs:"))
      << out_;
  const Json plain = rows["two:plain"]["values"], negative = rows["two:negative"]["values"];
  const Json source = rows["photographs:"]["values"];
  // As it is paints nothing: it has the photographs' own figures.
  EXPECT_NEAR(plain["style_loss"].get<double>(), 1, 1e-3);
  EXPECT_NEAR(plain["content_loss"].get<double>(), 0, 1e-3);
  for (const char* key :
       {"stroke_period", "warp_1", "warp_10", "e_stab_scenes", "colour_distance", "repetition", "sifid"})
    EXPECT_NEAR(plain[key].get<double>(), source[key].get<double>(), 1e-3 * source[key].get<double>() + 1e-9)
        << key;
  EXPECT_NEAR(plain["edge_alignment"].get<double>(), 1, 1e-3);
  EXPECT_NEAR(plain["still_noise"].get<double>(), 1, 1e-3);
  EXPECT_EQ(plain["teacher_psnr"].get<double>(), 99);
  // A negative moves and strokes as its source does, but is another picture.
  EXPECT_GT(negative["content_loss"].get<double>(), 0.05);
  EXPECT_NEAR(negative["warp_1"].get<double>(), source["warp_1"].get<double>(),
              1e-3 * source["warp_1"].get<double>() + 1e-7);
  EXPECT_NEAR(negative["stroke_period"].get<double>(), source["stroke_period"].get<double>(), 1e-2);
  EXPECT_EQ(negative["teacher_psnr"].get<double>(), 99) << "the teacher's style of that name";
  EXPECT_EQ(negative["loop_colour"].get<double>(), 0);
  for (const char* key : {"ms_360p", "ms_720p", "bytes", "parameters", "gmacs", "anchor_style_loss"})
    EXPECT_TRUE(negative.contains(key)) << key;
  ASSERT_TRUE(rows.contains("gatys:painting"));
  EXPECT_TRUE(std::filesystem::exists(Path("anchors/painting/p0.png")));
  std::ifstream page(report);
  const std::string html((std::istreambuf_iterator<char>(page)), std::istreambuf_iterator<char>());
  EXPECT_NE(html.find("two:negative"), std::string::npos);
  EXPECT_NE(html.find("data:image/jpeg"), std::string::npos);
  EXPECT_NE(err_.find("photograph 1 of 2"), std::string::npos) << "progress is on standard error";
}

TEST_F(VerbTest, TheSameFiguresEachTimeWhateverTheThreads) {
  const std::string model = TwoStyles(), photos = Photos(), film = Film(), painting = Painting();
  auto figures = [&](const char* threads) {
    EXPECT_EQ(Run({model, "--content", photos, "--style", painting, "--clips", film, "--quick", "--skip",
                   "speed", "--json", "--threads", threads}),
              0)
        << err_;
    return Json::parse(out_)["rows"];
  };
  const Json once = figures("1");
  EXPECT_EQ(once, figures("1"));
  EXPECT_EQ(once, figures("2"));
}

TEST_F(VerbTest, LeavesOutWhatIsNotGivenAndSaysSo) {
  ASSERT_EQ(Run({TwoStyles(), "--threads", "1", "--skip", "speed"}), 0) << err_;
  EXPECT_NE(out_.find("note: without --content"), std::string::npos) << out_;
  EXPECT_NE(out_.find("note: without --clips"), std::string::npos);
  EXPECT_NE(out_.find("note: without --features"), std::string::npos);
  EXPECT_NE(out_.find("parameters"), std::string::npos) << "what a file says of itself is known anyway";
}

TEST_F(VerbTest, MeasuresOnlyTheStylesAndGroupsAskedFor) {
  ASSERT_EQ(
      Run({TwoStyles(), "--content", Photos(), "--styles", "plain", "--only", "still", "--quick", "--json"}),
      0)
      << err_;
  const Json json = Json::parse(out_);
  int models = 0;
  for (const Json& row : json["rows"]) {
    if (row["kind"] != "model") continue;
    ++models;
    EXPECT_EQ(row["style"], "plain");
    EXPECT_TRUE(row["values"].contains("still_noise"));
    EXPECT_FALSE(row["values"].contains("stroke_period"));
  }
  EXPECT_EQ(models, 1);
}

// One line on standard error that names the thing; nothing on standard output, no report.
TEST_F(VerbTest, BadInputIsRefusedInOneLine) {
  const std::string model = TwoStyles(), photos = Photos(), report = Path("r.html");
  std::filesystem::create_directories(folder_ / "empty");
  std::ofstream(folder_ / "broken.onnx") << "no model";
  std::ofstream(folder_ / "broken.png") << "no picture";
  std::ofstream(folder_ / "broken.mp4") << "no film";
  std::ofstream(folder_ / "broken.safetensors") << "no weights";
  const struct {
    std::vector<std::string> arguments;
    std::string named;
    int code;
  } cases[] = {
      {{Path("gone.onnx")}, "gone.onnx", 1},
      {{Path("broken.onnx")}, "broken.onnx", 1},
      {{model, "--content", Path("gone")}, "gone", 1},
      {{model, "--content", Path("empty")}, "empty", 1},
      {{model, "--content", Path("broken.png")}, "broken.png", 1},
      {{model, "--clips", Path("gone")}, "gone", 1},
      {{model, "--clips", Path("broken.mp4"), "--content", photos, "--only", "clips"}, "broken.mp4", 1},
      {{model, "--style", Path("gone.jpg")}, "gone.jpg", 1},
      {{model, "--style", Path("broken.png")}, "broken.png", 1},
      {{model, "--style", "negative=" + Path("gone.jpg")}, "gone.jpg", 1},
      {{model, "--features", Path("broken.safetensors")}, "broken.safetensors", 1},
      {{model, "--features", Path("gone.safetensors")}, "gone.safetensors", 1},
      {{model, "--teacher", Path("broken.onnx")}, "broken.onnx", 1},
      {{model, "--truth", Path("empty"), "--only", "truth"}, "empty", 1},
      {{model, "--styles", "mosaic"}, "mosaic", 1},
      {{model, "--param", "strength=much"}, "strength=much", 2},
      {{model, "--param", "strength=7"}, "strength", 1},
      {{model, "--only", "beauty"}, "beauty", 2},
      {{model, "--report", Path("no/folder/r.html")}, "r.html", 1},
  };
  for (const auto& c : cases) {
    std::vector<std::string> arguments = c.arguments;
    if (std::find(arguments.begin(), arguments.end(), "--report") == arguments.end()) {
      arguments.push_back("--report");
      arguments.push_back(report);
    }
    arguments.push_back("--quick");
    EXPECT_EQ(Run(arguments), c.code) << err_;
    const size_t last = err_.rfind("tempera-train");
    ASSERT_NE(last, std::string::npos) << c.named << ": " << err_;
    const std::string line = err_.substr(last);
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
    EXPECT_NE(line.find(c.named), std::string::npos) << line;
    EXPECT_EQ(out_, "") << c.named;
    EXPECT_FALSE(std::filesystem::exists(report)) << c.named;
  }
}

TEST_F(VerbTest, UsageIsTwo) {
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(Run({TwoStyles(), "--nonsense"}), 2);
  EXPECT_EQ(Run({"--help"}), 0);
}

}  // namespace
}  // namespace tempera::evaluate
