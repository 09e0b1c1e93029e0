// Names, tables, charts and the page.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "media/test_clip.h"
#include "train/evaluate/names.h"
#include "train/evaluate/pictures_for_test.h"
#include "train/evaluate/report/measures.h"
#include "train/evaluate/report/svg_charts.h"
#include "train/evaluate/subjects.h"

namespace tempera::evaluate {
namespace {

TEST(Names, AreTakenApart) {
  EXPECT_EQ(SplitNames("starry-night | great-wave|x "),
            (std::vector<std::string>{"starry-night", "great-wave", "x"}));
  EXPECT_TRUE(SplitNames("").empty());
  EXPECT_EQ(ShortName("The Great Wave (1831)"), "the-great-wave-1831");
  EXPECT_EQ(ShortName("--"), "");
  EXPECT_EQ(Stem("a/b.c/starry-night.onnx"), "starry-night");
}

class PaintingTest : public media::ClipTest {};

TEST_F(PaintingTest, IsFoundByNameThenInAFolderThenForAll) {
  std::filesystem::create_directories(folder_ / "p");
  for (const char* name : {"great_wave.jpg", "the-scream.png", "one.jpg"})
    ASSERT_TRUE(media::WriteImage(Path(std::string("p/") + name), Grey(8, 8, 9)).ok());
  const std::string folder = Path("p"), one = Path("p/one.jpg");
  EXPECT_EQ(PaintingOf({"great-wave=" + one, folder}, "many", "great-wave", "The Great Wave"), one);
  EXPECT_EQ(PaintingOf({folder}, "many", "great-wave", "The Great Wave"), Path("p/great_wave.jpg"));
  EXPECT_EQ(PaintingOf({folder}, "many", "", "The Scream"), Path("p/the-scream.png"));
  EXPECT_EQ(PaintingOf({folder, one}, "many", "mosaic", ""), one);
  EXPECT_EQ(PaintingOf({folder}, "many", "mosaic", ""), "");
  EXPECT_EQ(PaintingOf({"The Scream=" + one}, "many", "s", "The Scream"), one);
}

TEST(Tables, KeepDigitsThatMeanSomething) {
  const Measure warp = {"", "", "", 5, Better::kLower}, db = {"", "", "", 1, Better::kLower};
  EXPECT_EQ(ValueText(warp, 0.0103), "0.01030");
  EXPECT_EQ(ValueText(warp, 0.000031), "0.000031");
  EXPECT_EQ(ValueText(db, 14.53), "14.5");
  EXPECT_EQ(ValueText(db, 0), "0.0");
}

Findings SomeFindings() {
  Findings f;
  f.settings = {{"seed", "1"}};
  f.notes = {"<b>note</b> & so on"};
  for (int i = 0; i < 9; ++i) {
    Row row;
    row.model = i == 8 ? "photographs" : "model\xff" + std::to_string(i) + "<script>";
    row.kind = i == 8 ? Row::Kind::kSource : Row::Kind::kModel;
    row.values = {{"style_loss", 0.1 * (i + 1)}, {"warp_1", 0.01 / (i + 1)}, {"warp_1 walk", 0.02}};
    row.curves["loop, sharpness a round in percent"] = {100, 99.5, 101};
    row.sheet = {Waves(64, 48)};
    f.rows.push_back(row);
  }
  f.photographs = {Waves(64, 48)};
  return f;
}

TEST(Json, HoldsEveryFigure) {
  const auto json = nlohmann::json::parse(JsonText(SomeFindings()));
  ASSERT_EQ(json["rows"].size(), 9u);
  EXPECT_EQ(json["rows"][2]["values"]["style_loss"].get<double>(), 0.1 * 3);
  EXPECT_EQ(json["rows"][8]["kind"], "photographs");
  EXPECT_EQ(json["rows"][0]["each"]["warp_1 walk"].get<double>(), 0.02);
  EXPECT_EQ(json["rows"][0]["curves"]["loop, sharpness a round in percent"].size(), 3u);
}

TEST(Page, StandsByItselfAndIsNoProgram) {
  const Result<std::string> page = HtmlReport(SomeFindings());
  ASSERT_TRUE(page.ok()) << page.status().message();
  EXPECT_EQ(page->find("<script"), std::string::npos) << "names of files are text";
  EXPECT_EQ(page->find("http"), std::string::npos) << "nothing from elsewhere";
  EXPECT_NE(page->find("&lt;b&gt;note&lt;/b&gt; &amp; so on"), std::string::npos);
  EXPECT_NE(page->find("data:image/jpeg;base64,/9j/"), std::string::npos);
  EXPECT_NE(page->find("<polyline"), std::string::npos);
  EXPECT_NE(page->find("class=\"best\">0.100"), std::string::npos) << "the lowest style loss of the models";
  EXPECT_EQ(page->find('\xff'), std::string::npos) << "what is no UTF-8 is not handed on";
}

TEST(Page, OfNothingIsAPage) {
  const Result<std::string> page = HtmlReport({});
  ASSERT_TRUE(page.ok());
  EXPECT_NE(page->find("</html>"), std::string::npos);
}

TEST(Charts, TicksAreRoundAndFew) {
  EXPECT_EQ(Ticks(0, 1).size(), 6u);
  for (double high : {1e-6, 0.37, 5.0, 99.0, 12345.0}) {
    EXPECT_GE(Ticks(0, high).size(), 3u) << high;
    EXPECT_LE(Ticks(0, high).size(), 6u) << high;
  }
  EXPECT_TRUE(Ticks(1, 1).empty());
}

TEST(Charts, NamesThatMeetStandApart) {
  const std::string svg = ScatterSvg({{"a", 0.5, 0.5, 0}, {"b", 0.5, 0.5, 1}}, "x", "y");
  const size_t first = svg.find("class=\"name\""), second = svg.find("class=\"name\"", first + 1);
  const auto line = [&](size_t at) { return svg.substr(svg.find(" y=\"", at), 10); };
  EXPECT_NE(line(first), line(second));
}

}  // namespace
}  // namespace tempera::evaluate
