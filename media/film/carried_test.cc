// What belongs to the pictures beside their pixels.
#include "media/ffmpeg.h"
#include "media/film/film_test.h"

namespace tempera::media {
namespace {

class FilmCarried : public FilmTest {
 protected:
  // As a painter does: pixels of its own, the rest from the frame that it paints.
  static Status Paint(const std::string& from, const std::string& to, std::string* notices,
                      const WriterOptions& write = {}) {
    TEMPERA_ASSIGN_OR_RETURN(auto reader, VideoReader::Open(from, {}));
    TEMPERA_ASSIGN_OR_RETURN(auto writer, VideoWriter::Open(to, reader->info(), reader.get(), write));
    for (;;) {
      TEMPERA_ASSIGN_OR_RETURN(std::optional<Frame> frame, reader->Read());
      if (!frame) break;
      TEMPERA_ASSIGN_OR_RETURN(Frame painted, Frame::AllocateLike(*frame));
      for (int y = 0; y < painted.height; ++y) {
        memset(painted.planes[0] + static_cast<ptrdiff_t>(y) * painted.stride_bytes[0], 99,
               static_cast<size_t>(painted.width));
      }
      TEMPERA_RETURN_IF_ERROR(writer->Write(painted));
    }
    TEMPERA_RETURN_IF_ERROR(writer->Finish());
    notices->clear();
    for (const std::string& n : reader->notices()) *notices += n + "\n";
    for (const std::string& n : writer->notices()) *notices += n + "\n";
    return OkStatus();
  }
  static int Captioned(const std::string& path) {
    return std::stoi(Shell("ffprobe -v error -show_frames '" + path + "' | grep -c A53 || true"));
  }
  // A film whose frames carry captions.
  void MakeCaptions(const std::string& to, const std::string& codec, double pause_s = 0) const {
    const std::string clip =
        Make("-f lavfi -i testsrc2=s=64x48:r=30:d=1 -c:v ffv1 -pix_fmt yuv420p", "plain.mkv");
    auto reader = VideoReader::Open(clip, {});
    ASSERT_TRUE(reader.ok());
    WriterOptions options;
    options.codec = codec;
    auto writer = VideoWriter::Open(Path(to), (*reader)->info(), nullptr, options);
    ASSERT_TRUE(writer.ok()) << writer.status().message();
    for (;;) {
      auto frame = (*reader)->Read();
      ASSERT_TRUE(frame.ok());
      if (!frame->has_value()) break;
      AVFrame* av = const_cast<AVFrame*>((*frame)->av);
      AVFrameSideData* side = av_frame_new_side_data(av, AV_FRAME_DATA_A53_CC, 3);
      ASSERT_TRUE(side);
      memcpy(side->data, "\xFC\x94\x20", 3);
      if ((*frame)->pts_us > 500000) {
        const Rational base = (*reader)->info().time_base;
        (*frame)->pts += static_cast<int64_t>(pause_s * base.den / base.num);
      }
      ASSERT_STATUS_OK((*writer)->Write(**frame));
    }
    ASSERT_STATUS_OK((*writer)->Finish());
  }
};

TEST_F(FilmCarried, CaptionsInThePictures) {
  MakeCaptions("a.mp4", "libx264");
  ASSERT_EQ(Captioned(Path("a.mp4")), 30);
  std::string notices;
  for (const char* to : {"o.mp4", "o.mkv", "o.ts"}) {
    ASSERT_STATUS_OK(Paint(Path("a.mp4"), Path(to), &notices));
    EXPECT_EQ(Captioned(Path(to)), 30) << to;
    EXPECT_EQ(notices.find("captions"), std::string::npos) << notices;
  }
  ASSERT_STATUS_OK(Paint(Path("a.mp4"), Path("o.webm"), &notices));
  EXPECT_NE(notices.find("captions inside the pictures (CEA-608/708) are left out: libvpx-vp9"),
            std::string::npos)
      << notices;
}

TEST_F(FilmCarried, CaptionsOfInterlacedMpeg2) {
  MakeCaptions("a.mp4", "libx264");
  // Every other line from the frame behind, coded as fields.
  Make(
      "-i a.mp4 -vf \"tblend=all_expr='if(mod(Y,2),A,B)',setfield=tff\" -c:v mpeg2video -q:v 2 -a53cc 1 "
      "-flags "
      "+ildct+ilme -top 1",
      "p.mpg");
  ASSERT_EQ(Captioned(Path("p.mpg")), 29);
  ASSERT_NE(Probe(Path("p.mpg"), "v", "frame=interlaced_frame").find("1"), std::string::npos);
  std::string notices;
  ASSERT_STATUS_OK(Paint(Path("p.mpg"), Path("o.mkv"), &notices));
  EXPECT_NE(notices.find("interlaced fields become whole frames"), std::string::npos) << notices;
  EXPECT_EQ(Captioned(Path("o.mkv")), 29);
  // What is repeated does not say it again.
  MakeCaptions("gap.mpg", "", 1);
  EXPECT_GT(std::stoi(Shell("ffprobe -v error -show_frames '" + Path("gap.mpg") + "' | grep -c '\\[FRAME'")),
            50);
  EXPECT_EQ(Captioned(Path("gap.mpg")), 30);
}

TEST_F(FilmCarried, KeysOfCameras) {
  Make(
      "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v libx264 -movflags use_metadata_tags "
      "-metadata com.apple.quicktime.make=Apple -metadata com.apple.quicktime.model='iPhone 14' "
      "-metadata com.apple.quicktime.location.ISO6709=+00.0000+000.0000/ -metadata title=Sea",
      "a.mov");
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v libx264 -metadata title=Sea", "plain.mov");
  std::string notices;
  for (const char* to : {"o.mov", "o.mp4", "o.mkv"}) {
    ASSERT_STATUS_OK(Copy(Path("a.mov"), Path(to), &notices));
    std::string tags =
        Shell("ffprobe -v error -show_entries format_tags -of default=nw=1 '" + Path(to) + "'");
    std::transform(tags.begin(), tags.end(), tags.begin(), [](unsigned char c) { return std::tolower(c); });
    for (const char* tag : {"com.apple.quicktime.make=apple", "com.apple.quicktime.model=iphone 14",
                            "com.apple.quicktime.location.iso6709=+00", "title=sea"}) {
      EXPECT_NE(tags.find(tag), std::string::npos) << to << tag << tags;
    }
    EXPECT_EQ(notices, "");
  }
  ASSERT_STATUS_OK(Copy(Path("a.mov"), Path("o.avi"), &notices));
  EXPECT_NE(notices.find("what the camera noted"), std::string::npos) << notices;
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v libx264 -metadata make=Canon -metadata model=R5",
       "canon.mov");
  for (const char* to : {"o.mov", "o.mp4"}) {
    ASSERT_STATUS_OK(Copy(Path("canon.mov"), Path(to), &notices));
    EXPECT_NE(Shell("ffprobe -v error -show_entries format_tags -of default=nw=1 '" + Path(to) + "'")
                  .find("make=Canon"),
              std::string::npos)
        << to;
  }
  // A table of keys is written only where it is needed: players look for titles elsewhere first.
  ASSERT_STATUS_OK(Copy(Path("plain.mov"), Path("p.mp4"), &notices));
  EXPECT_EQ(Bytes(Path("p.mp4")).find("mdta"), std::string::npos);
}

TEST_F(FilmCarried, TimeCodesCountOn) {
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=3 -c:v libx264 -timecode 01:00:00:00", "a.mov");
  const auto code = [&](double start, const char* to) {
    ReaderOptions options;
    options.start_s = start;
    EXPECT_TRUE(Copy(Path("a.mov"), Path(to), nullptr, options).ok());
    return Shell(
        "ffprobe -v error -show_entries stream_tags=timecode:format_tags=timecode -of default=nw=1:nk=1 '" +
        Path(to) + "' | head -1");
  };
  EXPECT_EQ(code(0, "o.mov"), "01:00:00:00\n");
  EXPECT_EQ(code(1.2, "o.mov"), "01:00:01:05\n");
  EXPECT_EQ(code(1.2, "o.mp4"), "01:00:01:05\n");
  EXPECT_EQ(code(0, "o.mkv"), "01:00:00:00\n");
  std::string notices;
  ASSERT_STATUS_OK(Copy(Path("a.mov"), Path("o.ts"), &notices));
  EXPECT_NE(notices.find("time code is left out: mpegts"), std::string::npos) << notices;
  // The number of the last frame of a second of 30 is none of 24.
  Make("-f lavfi -i testsrc2=s=64x48:r=30000/1001:d=1 -c:v libx264 -timecode '01:00:00;00'", "tv.mov");
  ReaderOptions options;
  options.detelecine = true;
  ASSERT_STATUS_OK(Copy(Path("tv.mov"), Path("d.mov"), &notices, options));
  EXPECT_NE(notices.find("time code is left out: it counts other frames"), std::string::npos) << notices;
  EXPECT_EQ(Probe(Path("d.mov"), "v", "stream_tags=timecode"), "");
  ASSERT_STATUS_OK(Copy(Path("tv.mov"), Path("d.mov"), &notices));
  EXPECT_EQ(Probe(Path("d.mov"), "v", "stream_tags=timecode"), "01:00:00;00\n");
}

// Two pictures in one, which only the pictures say.
TEST_F(FilmCarried, DepthInThePictures) {
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -c:v libx264 -x264-params frame-packing=3", "a.ts");
  const auto frames = [](const std::string& path) {
    return Shell("ffprobe -v error -show_frames '" + path + "' | grep -c 'Stereo 3D' || true");
  };
  ASSERT_NE(frames(Path("a.ts")), "0\n");
  std::string notices;
  ASSERT_STATUS_OK(Paint(Path("a.ts"), Path("o.ts"), &notices));
  EXPECT_NE(frames(Path("o.ts")), "0\n");
  EXPECT_EQ(notices.find("stereoscopic"), std::string::npos) << notices;
  ASSERT_STATUS_OK(Paint(Path("a.ts"), Path("o.webm"), &notices));
  EXPECT_NE(notices.find("stereoscopic (3D) video is left out"), std::string::npos) << notices;
}

TEST_F(FilmCarried, DepthAndSpheres) {
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v libx264 -metadata:s:v stereo_mode=left_right", "a.mkv");
  std::string notices;
  for (const char* to : {"o.mp4", "o.mkv"}) {
    ASSERT_STATUS_OK(Copy(Path("a.mkv"), Path(to), &notices));
    EXPECT_NE(Shell("ffprobe -v error -show_streams '" + Path(to) + "'").find("side by side"),
              std::string::npos)
        << to;
  }
  for (const char* to : {"o.avi", "o.mov"}) {
    ASSERT_STATUS_OK(Copy(Path("a.mkv"), Path(to), &notices));
    EXPECT_NE(notices.find("stereoscopic (3D) video is left out"), std::string::npos) << notices;
  }
  // The boxes of a spherical film (Google's RFC 2), put in front of the pixels' shape.
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v libx264", "s.mp4");
  std::string bytes = Bytes(Path("s.mp4"));
  const auto box = [](const std::string& type, const std::string& body) {
    const uint32_t size = static_cast<uint32_t>(body.size() + 8);
    std::string all;
    for (int shift : {24, 16, 8, 0}) all += static_cast<char>(size >> shift);
    return all + type + body;
  };
  const std::string sphere =
      box("sv3d", box("svhd", std::string(5, '\0')) +
                      box("proj", box("prhd", std::string(16, '\0')) + box("equi", std::string(20, '\0'))));
  // Every box around grows; the index lies behind the pictures, so that nothing else moves.
  ASSERT_GT(bytes.find("moov"), bytes.find("mdat"));
  const size_t at = bytes.find("pasp");
  ASSERT_NE(at, std::string::npos);
  for (const char* outer : {"moov", "trak", "mdia", "minf", "stbl", "stsd", "avc1"}) {
    const size_t head = bytes.find(outer, bytes.find("moov")) - 4;
    uint32_t size = 0;
    for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<uint8_t>(bytes[head + i]);
    size += static_cast<uint32_t>(sphere.size());
    for (int i = 0; i < 4; ++i) bytes[head + i] = static_cast<char>(size >> (24 - 8 * i));
  }
  bytes.insert(at - 4, sphere);
  SetBytes(Path("s.mp4"), bytes);
  const auto is_sphere = [&](const char* name) {
    return Shell("ffprobe -v error -show_streams '" + Path(name) + "'").find("equirectangular") !=
           std::string::npos;
  };
  ASSERT_TRUE(is_sphere("s.mp4"));
  for (const char* to : {"t.mp4", "t.mkv"}) {
    ASSERT_STATUS_OK(Copy(Path("s.mp4"), Path(to), &notices));
    EXPECT_TRUE(is_sphere(to)) << to;
  }
  ASSERT_STATUS_OK(Copy(Path("s.mp4"), Path("t.avi"), &notices));
  EXPECT_NE(notices.find("spherical"), std::string::npos) << notices;
}

// The left half is transparent, the right one opaque.
class FilmAlpha : public FilmCarried {
 protected:
  // Means of the transparency of the two halves.
  static std::pair<double, double> Halves(const std::string& path, const std::string& decoder) {
    const std::string raw =
        Shell("ffmpeg -v error " + decoder + " -i '" + path +
              "' -frames:v 1 -vf format=yuva444p,alphaextract -f rawvideo -pix_fmt gray -");
    EXPECT_EQ(raw.size(), 64u * 48);
    double left = 0, right = 0;
    for (size_t i = 0; i < raw.size(); ++i) (i % 64 < 32 ? left : right) += static_cast<uint8_t>(raw[i]);
    return {left / (32 * 48), right / (32 * 48)};
  }
  static void ExpectHalves(const std::string& path, const std::string& decoder = "") {
    const auto [left, right] = Halves(path, decoder);
    EXPECT_LT(left, 10) << path;
    EXPECT_GT(right, 245) << path;
  }
};

TEST_F(FilmAlpha, IsKeptWhereItCanBe) {
  const std::string picture =
      "-f lavfi -i "
      "\"testsrc2=s=64x48:r=25:d=0.4,format=yuva420p,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':"
      "a='255*gte(X,32)'\" ";
  Make(picture + "-c:v libvpx-vp9 -auto-alt-ref 0", "vp9.webm");
  Make(picture + "-c:v libvpx -auto-alt-ref 0", "vp8.webm");
  Make(picture + "-c:v prores_ks -pix_fmt yuva444p10le -profile:v 4", "prores.mov");
  Make(picture + "-c:v png -pix_fmt rgba", "png.mov");
  for (const char* from : {"vp9.webm", "vp8.webm", "prores.mov", "png.mov"}) {
    SCOPED_TRACE(from);
    std::string notices;
    ASSERT_STATUS_OK(Paint(Path(from), Path("o.webm"), &notices));
    ExpectHalves(Path("o.webm"), "-c:v libvpx-vp9");
    EXPECT_EQ(notices.find("transparency"), std::string::npos) << notices;
    ASSERT_STATUS_OK(Paint(Path(from), Path("o_%02d.png"), &notices));
    ExpectHalves(Path("o_01.png"));
    WriterOptions options;
    options.codec = "libvpx";
    ASSERT_STATUS_OK(Paint(Path(from), Path("o.webm"), &notices, options));
    ExpectHalves(Path("o.webm"), "-c:v libvpx");
    for (const char* codec : {"prores_ks", "qtrle", "png"}) {
      options.codec = codec;
      ASSERT_STATUS_OK(Paint(Path(from), Path("o.mov"), &notices, options));
      ExpectHalves(Path("o.mov"));
    }
    for (const char* to : {"o.mp4", "o.gif", "o_%02d.jpg"}) {
      ASSERT_STATUS_OK(Paint(Path(from), Path(to), &notices));
      EXPECT_NE(notices.find("transparency is dropped"), std::string::npos) << to << notices;
      EXPECT_EQ(notices.find("gif in gif"), std::string::npos) << notices;
    }
  }
}

TEST_F(FilmAlpha, OfPalettes) {
  const std::string source = "-f lavfi -i \"testsrc2=s=64x48:r=25:d=0.2,format=rgba";
  const std::string palette = "[x];[x]split[a][b];[a]palettegen[p];[b][p]paletteuse\" -c:v png";
  // One entry is transparent and never used.
  Make(source + palette, "opaque.mov");
  Make(source + ",geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*gte(X,32)'" + palette, "half.mov");
  ASSERT_EQ(Probe(Path("half.mov"), "v", "stream=pix_fmt"), "pal8\n");
  std::string notices;
  ASSERT_STATUS_OK(Paint(Path("opaque.mov"), Path("o.mp4"), &notices));
  EXPECT_EQ(notices.find("transparency"), std::string::npos) << notices;
  ASSERT_STATUS_OK(Paint(Path("half.mov"), Path("o_%d.png"), &notices));
  ExpectHalves(Path("o_1.png"));
}

TEST_F(FilmAlpha, ThatBeginsLateIsSaid) {
  Make(
      "-f lavfi -i \"testsrc2=s=64x48:r=25:d=0.4,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':"
      "a='if(lt(N,5),255,255*gte(X,32))'\" -c:v png",
      "late.mov");
  std::string notices;
  ASSERT_STATUS_OK(Paint(Path("late.mov"), Path("o.webm"), &notices));
  EXPECT_NE(notices.find("transparency that first shows after the beginning is dropped"), std::string::npos)
      << notices;
}

TEST_F(FilmAlpha, IsTurnedWithItsPicture) {
  Make(
      "-f lavfi -i \"testsrc2=s=48x64:r=25:d=0.2,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':"
      "a='255*lt(Y,32)'\" -c:v png",
      "flat.mov");
  Make("-i flat.mov -c copy -metadata:s:v:0 rotate=270", "turned.mov");
  std::string notices;
  ASSERT_STATUS_OK(Paint(Path("turned.mov"), Path("o_%d.png"), &notices));
  Make("-i turned.mov -frames:v 1", "wanted.png");
  const auto wanted = Halves(Path("wanted.png"), ""), got = Halves(Path("o_1.png"), "");
  EXPECT_NEAR(wanted.first, got.first, 3);
  EXPECT_NEAR(wanted.second, got.second, 3);
  EXPECT_GT(std::abs(got.first - got.second), 240);
}

}  // namespace
}  // namespace tempera::media
