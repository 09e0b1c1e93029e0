#include "media/joined/find_parts.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tempera::media {
namespace {

std::string Number(uint64_t value, int bytes) {
  std::string all;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) all += static_cast<char>(value >> shift);
  return all;
}
std::string Box(const std::string& name, const std::string& body) {
  return Number(body.size() + 8, 4) + name + body;
}
// A fragment that begins at that time.
std::string Moof(uint32_t time) {
  return Box("moof",
             Box("mfhd", Number(0, 8)) +
                 Box("traf", Box("tfhd", Number(0, 8)) + Box("tfdt", Number(0, 4) + Number(time, 4))));
}

FilmBounds Find(const std::string& file) {
  return FindParts(static_cast<int64_t>(file.size()), [&](int64_t at, uint8_t* to, size_t bytes) {
    EXPECT_LE(static_cast<size_t>(at) + bytes, file.size());
    file.copy(reinterpret_cast<char*>(to), bytes, static_cast<size_t>(at));
    return true;
  });
}

// Boxes by their names; a bar stands where a film is expected to begin, if there is more than one.
void ExpectFilms(const std::string& layout, const std::string& index = "index") {
  SCOPED_TRACE(layout);
  std::string file;
  std::vector<int64_t> begins;
  for (size_t at = 0; at < layout.size(); ++at) {
    const auto end = static_cast<int64_t>(file.size());
    switch (layout[at]) {
      case '|':
        begins.push_back(end);
        break;
      case 't':
        file += Box("ftyp", "isom");
        break;
      case 'i':
        file += Box("moov", index);
        break;
      case 'j':
        file += Box("moov", "another index");
        break;
      case 'm':
        file += Box("mdat", std::string(9000, 'x'));
        break;
      case 'f':
        file += Box("free", "123");
        break;
      case '0':
        file += Moof(0);
        break;
      case '9':
        file += Moof(90000);
        break;
      default:
        FAIL() << layout[at];
    }
  }
  if (!begins.empty()) begins.push_back(static_cast<int64_t>(file.size()));
  EXPECT_EQ(Find(file).at, begins);
}

TEST(FindParts, OfBoxes) {
  for (const char* layout :
       {// One film.
        "tim", "tmi", "tfmi", "im", "mi", "ti0m0m9m", "timf", "tim0m", "timm", "ti",
        // Its index once more, at the end or in the beginning; a tail without media; data behind it.
        "timi", "tmii", "tmtj", "timtf", "tit0m", "imi",
        // Segments that each have the index; one that has none.
        "ti0mti9m", "ti0mt9m",
        // Two films.
        "|tim|tim", "|tmi|tim", "|tim|tmi", "|im|im", "|mi|mi", "|mi|im", "|tim|ti0m", "|ti0m|ti0m",
        "|ti0m|tj9m", "|ti0m0m|ti0m", "|tim|timi", "|timf|tim", "|tim|tim|tjm",
        // The first broke off; the last does.
        "|tm|tim", "|tim|tm", "tmf"}) {
    ExpectFilms(layout);
  }
  ExpectFilms("ti|tj0m");
  ExpectFilms("ti|ti0m");
  // The second is cut: in its media, in its index.
  std::string one, media, index;
  for (const char* name : {"ftyp", "moov", "mdat"}) one += Box(name, "content");
  media = one + one.substr(0, one.size() - 1);
  index = one + one.substr(0, 24);
  for (const std::string& file : {media, index})
    EXPECT_EQ(Find(file).at, (std::vector<int64_t>{0, 45, static_cast<int64_t>(file.size())}));
}

TEST(FindParts, OfOtherContainers) {
  const std::string avi = std::string("RIFF\4\0\0\0AVI ", 12), more = std::string("RIFF\4\0\0\0AVIX", 12);
  EXPECT_EQ(Find(avi + more).at, std::vector<int64_t>());
  EXPECT_EQ(Find(avi + more + avi + more).at, (std::vector<int64_t>{0, 24, 48}));
  const std::string flv("FLV\1\5\0\0\0\x9\0\0\0\0", 13), tag("\x9\0\0\1\0\0\0\0\0\0\0x\0\0\0\xC", 16);
  EXPECT_EQ(Find(flv + tag + tag).at, std::vector<int64_t>());
  EXPECT_EQ(Find(flv + tag + flv + tag + tag).at, (std::vector<int64_t>{0, 29, 74}));
  const std::string head("\x1A\x45\xDF\xA3\x81x", 6), known("\x18\x53\x80\x67\x82xy", 7);
  const std::string unknown("\x18\x53\x80\x67\xFF\x1F\x43\xB6\x75\xFF\xE7\x81\0", 13);
  EXPECT_EQ(Find(head + known).at, std::vector<int64_t>());
  EXPECT_EQ(Find(head + known + head + known).at, (std::vector<int64_t>{0, 13, 26}));
  EXPECT_EQ(Find(head + unknown + head + known).at, (std::vector<int64_t>{0, 19, 32}));
  for (const char* text : {"", "RIFF", "just a text of some length", "\x1A\x45\xDF\xA3"})
    EXPECT_TRUE(Find(text).at.empty()) << text;
}

// More films than anybody joins: what lies behind is said to be unknown.
TEST(FindParts, SaysWhereItEnds) {
  const std::string avi = std::string("RIFF\4\0\0\0AVI ", 12);
  std::string file;
  for (int i = 0; i < 10010; ++i) file += avi;
  const FilmBounds found = Find(file);
  EXPECT_GT(found.films(), 9990);
  EXPECT_GE(found.looked_to, 12 * 10000);
  EXPECT_LT(found.looked_to, 12 * 10010);
  EXPECT_LT(Find(avi + avi).looked_to, 0);
}

}  // namespace
}  // namespace tempera::media
