// Pictures of many kinds, read and written the whole way.
#include "media/picture.h"

#include "media/test_clip.h"

namespace tempera::media {
namespace {

class PictureTest : public ClipTest {
 protected:
  static Picture Read(const std::string& path) {
    Result<Picture> picture = ReadPicture(path, 0);
    EXPECT_TRUE(picture.ok()) << picture.status().message();
    return picture.ok() ? std::move(picture).value() : Picture();
  }
  // All bytes of the pixels, row by row.
  static std::string Pixels(const Frame& frame) {
    const int bytes = frame.format == PixelFormat::kRgba ? 4 : 3;
    std::string all;
    for (int y = 0; y < frame.height; ++y) {
      all.append(reinterpret_cast<const char*>(frame.planes[0]) + ptrdiff_t{y} * frame.stride_bytes[0],
                 size_t(bytes) * frame.width);
    }
    return all;
  }
};

// FFmpeg marks both the passes of Adam7 and the fields of film as interlaced.
TEST_F(PictureTest, PngInPassesKeepsRowsAndTransparency) {
  const std::string source = "-f lavfi -i testsrc2=s=64x48,format=rgba,colorchannelmixer=aa=0.5 -frames:v 3";
  Make(source + " -start_number 1", "plain_%d.png");
  Make(source + " -start_number 1 -flags +ildct", "passes_%d.png");
  const Picture plain = Read(Path("plain_1.png")), passes = Read(Path("passes_1.png"));
  EXPECT_EQ(passes.frame.format, PixelFormat::kRgba);
  EXPECT_EQ(Pixels(passes.frame), Pixels(plain.frame));
  EXPECT_TRUE(passes.notices.empty()) << passes.notices.front();

  // And in a series, where frames of both kinds come through the reader of films.
  std::string notices[2];
  ASSERT_STATUS_OK(Copy(Path("plain_%d.png"), Path("plain.mkv"), &notices[0], {}, {.codec = "ffv1"}));
  ASSERT_STATUS_OK(Copy(Path("passes_%d.png"), Path("passes.mkv"), &notices[1], {}, {.codec = "ffv1"}));
  EXPECT_EQ(notices[0], notices[1]);
  EXPECT_EQ(Shell("ffmpeg -v error -i " + Path("plain.mkv") + " -f md5 -"),
            Shell("ffmpeg -v error -i " + Path("passes.mkv") + " -f md5 -"));
}

}  // namespace
}  // namespace tempera::media
