// What films may ask for, two at a time: turned, cut out, telecined, transparent, joined, begun midway, with
// texts.
#include <cmath>
#include <cstring>

#include "media/film/film_test.h"

namespace tempera::media {
namespace {

// A white quarter moves through the dark once it has been turned: 0 top left, 1 top right, 2 bottom left, 3
// bottom right.
struct Wanted {
  const char* input;
  const char* output;
  size_t frames;
  int width, height;
  int white;       // the quarter
  int clear;       // the half that is transparent: 0 left, 1 right, 2 top, 3 bottom; -1: none
  double start_s;  // --start
  bool detelecine;
  const char* note;  // something that must be said; "" for nothing
};

class FilmTogether : public FilmTest {
 protected:
  static std::string Quarter(const std::string& length, const std::string& rate = "25") {
    return "-f lavfi -i \"color=0x202020:s=64x48:r=" + rate + ":d=" + length +
           ",drawbox=0:0:32:24:0xe0e0e0:fill\" ";
  }
  // As Quarter, its left half transparent.
  static std::string Half(const std::string& length) {
    return "-f lavfi -i \"color=0x202020:s=64x48:r=25:d=" + length +
           ",drawbox=0:0:32:24:0xe0e0e0:fill,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*gte(X,"
           "32)'\" "
           "-c:v png -pix_fmt rgba ";
  }
  // A 'clap' box of that size in the middle, at the end of the entry of pictures in a .mov.
  void CutOut(const std::string& from, const char* entry, int width, int height,
              const std::string& to) const {
    std::string bytes = Bytes(Path(from)), clap(
                                               "\0\0\0\x28"
                                               "clap",
                                               8);
    for (const int number : {width, height, 0, 0}) {
      for (const int shift : {24, 16, 8, 0})
        clap += static_cast<char>(static_cast<uint32_t>(number) >> shift);
      clap += std::string("\0\0\0\1", 4);
    }
    const size_t moov = bytes.find("moov");
    ASSERT_GT(moov, bytes.find("mdat")) << "offsets stay true";
    size_t end = 0;
    for (const char* outer : {"moov", "trak", "mdia", "minf", "stbl", "stsd", entry}) {
      const size_t head = bytes.find(outer, moov) - 4;
      ASSERT_LT(head, bytes.size()) << outer;
      uint32_t size = 0;
      for (size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<uint8_t>(bytes[head + i]);
      end = head + size;
      size += static_cast<uint32_t>(clap.size());
      for (size_t i = 0; i < 4; ++i) bytes[head + i] = static_cast<char>(size >> (24 - 8 * i));
    }
    bytes.insert(end, clap);
    SetBytes(Path(to), bytes);
  }
  // Means of the four quarters of the second frame's luma or transparency.
  static std::array<double, 4> Quarters(const std::string& path, int width, int height, bool alpha) {
    const std::string decoder = path.find(".webm") != std::string::npos ? "-c:v libvpx-vp9 " : "";
    const std::string raw =
        Shell("ffmpeg -nostdin -v error " + decoder + "-i '" + path + "' -frames:v 1 -vf " +
              (alpha ? "format=yuva444p,alphaextract" : "format=gray") + " -f rawvideo -pix_fmt gray -");
    std::array<double, 4> sums = {};
    EXPECT_EQ(raw.size(), static_cast<size_t>(width) * static_cast<size_t>(height)) << path;
    for (size_t i = 0; i < raw.size(); ++i) {
      const size_t x = i % static_cast<size_t>(width), y = i / static_cast<size_t>(width);
      sums[(2 * y >= static_cast<size_t>(height) ? 2u : 0u) +
           (2 * x >= static_cast<size_t>(width) ? 1u : 0u)] += static_cast<uint8_t>(raw[i]);
    }
    for (double& sum : sums) sum /= width * height / 4.0;
    return sums;
  }
  static bool IsClear(int half, int quarter) {
    const bool right = quarter % 2 == 1, bottom = quarter / 2 == 1;
    return half == 0 ? !right : half == 1 ? right : half == 2 ? !bottom : half == 3 && bottom;
  }
  void Expect(const Wanted& w) const {
    SCOPED_TRACE(std::string(w.input) + " -> " + w.output);
    ReaderOptions options;
    options.start_s = w.start_s;
    options.detelecine = w.detelecine;
    std::string notices;
    ASSERT_STATUS_OK(CopyWithAlpha(Path(w.input), Path(w.output), &notices, options));
    EXPECT_NE(notices.find(w.note), std::string::npos) << notices;
    const auto times = Times(Path(w.output), "v");
    EXPECT_NEAR(static_cast<double>(times.size()), static_cast<double>(w.frames), w.detelecine ? 2 : 0)
        << notices;
    EXPECT_LT(Longest(times), 0.09);
    EXPECT_EQ(Probe(Path(w.output), "v", "stream=width,height"),
              std::to_string(w.width) + "\n" + std::to_string(w.height) + "\n");
    const auto luma = Quarters(Path(w.output), w.width, w.height, false);
    for (int i = 0; i < 4; ++i) {
      // What is transparent may be black.
      if (w.clear >= 0 && IsClear(w.clear, i)) continue;
      const double mean = luma[static_cast<size_t>(i)];
      if (i == w.white) {
        EXPECT_GT(mean, 150) << i;
      }
      if (i != w.white) {
        EXPECT_LT(mean, 100) << i;
      }
    }
    if (w.clear < 0) return;
    const auto alpha = Quarters(Path(w.output), w.width, w.height, true);
    for (int i = 0; i < 4; ++i) {
      const double mean = alpha[static_cast<size_t>(i)];
      if (IsClear(w.clear, i)) {
        EXPECT_LT(mean, 10) << i;
      }
      if (!IsClear(w.clear, i)) {
        EXPECT_GT(mean, 245) << i;
      }
    }
  }
  // As the command does: the painting is a frame of its own, with what belongs to the picture beside it.
  static Status CopyWithAlpha(const std::string& from, const std::string& to, std::string* notices,
                              const ReaderOptions& read) {
    TEMPERA_ASSIGN_OR_RETURN(auto reader, VideoReader::Open(from, read));
    TEMPERA_ASSIGN_OR_RETURN(auto writer, VideoWriter::Open(to, reader->info(), reader.get(), {}));
    for (;;) {
      TEMPERA_ASSIGN_OR_RETURN(std::optional<Frame> frame, reader->Read());
      if (!frame) break;
      TEMPERA_ASSIGN_OR_RETURN(Frame painted, Frame::AllocateLike(*frame));
      const int chroma = (frame->height + 1) / 2;
      for (int plane = 0; plane < 3; ++plane) {
        for (int y = 0; y < (plane == 0 ? frame->height : chroma); ++y) {
          std::memcpy(painted.planes[plane] + y * painted.stride_bytes[plane],
                      frame->planes[plane] + y * frame->stride_bytes[plane],
                      static_cast<size_t>(plane == 0 ? frame->width : (frame->width + 1) / 2));
        }
      }
      TEMPERA_RETURN_IF_ERROR(writer->Write(painted));
    }
    TEMPERA_RETURN_IF_ERROR(writer->Finish());
    notices->clear();
    for (const std::string& n : reader->notices()) *notices += n + "\n";
    for (const std::string& n : writer->notices()) *notices += n + "\n";
    return OkStatus();
  }
};

TEST_F(FilmTogether, EveryTwo) {
  // Turned to the left: what was above is then left, what was left below.
  const std::string turn = " -c copy -metadata:s:v rotate=90 ";
  Make(Quarter("2", "24000/1001") +
           "-vf telecine=pattern=23,setfield=tff -c:v mpeg2video -q:v 1 -flags +ilme+ildct",
       "tv.mpg");
  Make("-i tv.mpg" + turn, "tv_turned.mov");
  Make("-i tv.mpg -c copy", "tv.mov");
  CutOut("tv.mov", "m2v1", 48, 32, "tv_cut.mov");
  Make(Half("1"), "alpha.mov");
  Make("-i alpha.mov" + turn, "alpha_turned.mov");
  CutOut("alpha.mov", "png ", 48, 32, "alpha_cut.mov");
  Make(Quarter("1") + "-c:v libx264 -pix_fmt yuv420p", "plain.mov");
  Make("-i plain.mov" + turn, "turned.mov");
  CutOut("turned.mov", "avc1", 48, 32, "turned_cut.mov");
  for (const char* name : {"alpha.mov", "alpha_turned.mov", "turned.mov", "tv.mov"})
    Join(name, name, std::string("two_") + name);
  Join("plain.mov", "turned.mov", "mixed.mov");
  for (const Wanted& wanted : {
           Wanted{"tv_turned.mov", "o.mkv", 48, 48, 64, 2, -1, 0, true, "telecine is taken back"},
           Wanted{"tv_cut.mov", "o.mkv", 48, 48, 32, 0, -1, 0, true, "cropped to 48x32"},
           Wanted{"tv_turned.mov", "o.mkv", 24, 48, 64, 2, -1, 1, true, "turned upright"},
           Wanted{"two_tv.mov", "o.mkv", 96, 64, 48, 0, -1, 0, true, "2 films joined"},
           Wanted{"alpha_turned.mov", "o.webm", 25, 48, 64, 2, 3, 0, false, "turned upright"},
           Wanted{"alpha_turned.mov", "o.webm", 15, 48, 64, 2, 3, 0.4, false, ""},
           Wanted{"alpha_cut.mov", "o.webm", 25, 48, 32, 0, 0, 0, false, "cropped to 48x32"},
           Wanted{"alpha.mov", "o.webm", 15, 64, 48, 0, 0, 0.4, false, ""},
           Wanted{"two_alpha.mov", "o.webm", 50, 64, 48, 0, 0, 0, false, "2 films joined"},
           Wanted{"two_alpha_turned.mov", "o.webm", 35, 48, 64, 2, 3, 0.6, false, "2 films joined"},
           Wanted{"alpha.mov", "o.mp4", 25, 64, 48, 0, -1, 0, false, "transparency is dropped"},
           Wanted{"turned_cut.mov", "o.mp4", 15, 32, 48, 2, -1, 0.4, false, "cropped to 48x32"},
           Wanted{"two_turned.mov", "o.mp4", 20, 48, 64, 2, -1, 1.2, false, "2 films joined"},
           Wanted{"mixed.mov", "o.mp4", 50, 64, 48, 0, -1, 0, false, "turned upright"},
       }) {
    Expect(wanted);
  }
}

// Texts of both films, from the midst of the first on.
TEST_F(FilmTogether, JoinedWithTextsFromTheMidst) {
  std::ofstream(Path("a.srt"))
      << "1\n00:00:01,000 --> 00:00:01,600\nOne\n\n2\n00:00:01,700 --> 00:00:01,900\nTwo\n";
  std::ofstream(Path("b.srt"))
      << "1\n00:00:00,000 --> 00:00:00,400\nThree\n\n2\n00:00:01,000 --> 00:00:01,500\nFour\n";
  for (const char* name : {"a", "b"}) {
    Make(Quarter("2") + "-f lavfi -i sine=d=2 -i " + name +
             ".srt -c:v libx264 -pix_fmt yuv420p -c:a aac -c:s srt",
         std::string(name) + ".mkv");
    Make("-i " + std::string(name) + ".mkv -c copy -c:s mov_text", std::string(name) + ".mp4");
  }
  for (const char* end : {".mkv", ".mp4"}) {
    const std::string e = end;
    Join("a" + e, "b" + e, "both" + e);
    ReaderOptions options;
    options.start_s = 1.5;
    for (const char* to : {"o.mkv", "o.mp4"}) {
      SCOPED_TRACE(e + to);
      std::string notices;
      ASSERT_STATUS_OK(Copy(Path("both" + e), Path(to), &notices, options));
      EXPECT_NEAR(static_cast<double>(Times(Path(to), "v").size()), 62, 1) << notices;
      Shell("ffmpeg -nostdin -v error -y -i '" + Path(to) + "' '" + Path("o.srt") + "'");
      std::istringstream lines(Bytes(Path("o.srt")));
      std::vector<std::pair<double, std::string>> texts;
      for (std::string line, text; std::getline(lines, line);) {
        int h = 0, m = 0, s = 0, ms = 0;
        if (std::sscanf(line.c_str(), "%d:%d:%d,%d -->", &h, &m, &s, &ms) != 4) continue;
        std::getline(lines, text);
        texts.emplace_back(s + ms * 1e-3, text);
      }
      ASSERT_EQ(texts.size(), 4u) << notices << Bytes(Path("o.srt"));
      const std::pair<double, const char*> wanted[] = {
          {0, "One"}, {0.2, "Two"}, {0.5, "Three"}, {1.5, "Four"}};
      for (size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(texts[i].second, wanted[i].second);
        EXPECT_NEAR(texts[i].first, wanted[i].first, 0.07) << wanted[i].second;
      }
    }
  }
}

}  // namespace
}  // namespace tempera::media
