// Whether mask and picture are of one frame: a red marker that jumps over dark ground, and its negative
// within a mask.
//   tempera_marker draw FILE FRAMES      I420 of 160x96, dark ground; the marker is never where it was in the
//   frame before tempera_marker check FILE LEAST [WITHIN AROUND WHOLE]
// Each frame of the file must be one of these, whole: the marker alone painted (cyan on dark ground), all but
// the marker painted (red on bright ground), all of it painted (cyan on bright ground). A mask of another
// frame leaves red and bright pixels on dark ground, or cyan and dark ones on bright. At least so many
// frames, and so many of each.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace {

constexpr int kWidth = 160, kHeight = 96, kSide = 32;
constexpr size_t kLuma = size_t{kWidth} * kHeight, kBytes = kLuma * 3 / 2;

int Fail(const std::string& message) {
  std::fprintf(stderr, "marker: %s\n", message.c_str());
  return 1;
}

int Draw(const char* file, int frames) {
  std::ofstream out(file, std::ios::binary);
  for (int n = 0; n < frames; ++n) {
    // Of BT.601 in limited range: a grey of 48, and red.
    std::vector<uint8_t> frame(kBytes, 57);
    std::memset(frame.data() + kLuma, 128, kLuma / 2);
    // Each jump is wider than the marker, the one from the last frame to the first too where they are a
    // multiple of six.
    const int left = n * 48 % 144, top = n / 3 % 2 * 48 + 8;
    for (int y = 0; y < kSide; ++y)
      std::memset(frame.data() + size_t{kWidth} * static_cast<size_t>(top + y) + left, 81, kSide);
    for (int y = 0; y < kSide / 2; ++y) {
      const size_t at = kLuma + static_cast<size_t>(kWidth / 2 * (top / 2 + y) + left / 2);
      std::memset(frame.data() + at, 90, kSide / 2);
      std::memset(frame.data() + at + kLuma / 4, 240, kSide / 2);
    }
    out.write(reinterpret_cast<const char*>(frame.data()), static_cast<std::streamsize>(frame.size()));
  }
  return out.flush() ? 0 : Fail("the file cannot be written");
}

enum Kind { kWithin, kAround, kWhole, kNone };

// What a frame shows, and in *text how many pixels of each colour.
Kind KindOf(const std::vector<uint8_t>& frame, std::string* text) {
  int red = 0, cyan = 0, bright = 0, dark = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const int luma = frame[static_cast<size_t>(y * kWidth + x)];
      const int v = frame[kLuma * 5 / 4 + static_cast<size_t>(y / 2 * (kWidth / 2) + x / 2)];
      if (v > 184) {
        ++red;
      } else if (v < 72) {
        ++cyan;
      } else {
        ++(luma > 125 ? bright : dark);
      }
    }
  }
  *text = std::to_string(red) + " red, " + std::to_string(cyan) + " cyan, " + std::to_string(bright) +
          " bright, " + std::to_string(dark) + " dark";
  // The rim of a soft mask, two pixels wide, is in between; a frame off, all of the marker would be wrong.
  constexpr int kMarker = kSide * kSide, kMost = kMarker * 5 / 4, kLeast = kMarker * 3 / 4,
                kRim = kMarker / 4, kGround = kWidth * kHeight - kMarker - kMarker / 2;
  const auto is_marker = [](int count) { return count >= kLeast && count <= kMost; };
  if (is_marker(cyan) && red <= kRim && bright <= kRim && dark >= kGround) return kWithin;
  if (is_marker(red) && cyan <= kRim && dark <= kRim && bright >= kGround) return kAround;
  if (is_marker(cyan) && red <= kRim && dark <= kRim && bright >= kGround) return kWhole;
  return kNone;
}

int Check(const char* file, int least, const std::array<int, 3>& wanted) {
  std::ifstream in(file, std::ios::binary);
  std::vector<uint8_t> frame(kBytes);
  std::array<int, 3> seen = {};
  int frames = 0;
  for (; in.read(reinterpret_cast<char*>(frame.data()), static_cast<std::streamsize>(kBytes)); ++frames) {
    std::string text;
    const Kind kind = KindOf(frame, &text);
    if (kind == kNone) return Fail("frame " + std::to_string(frames) + " has " + text + " pixels");
    ++seen[kind];
  }
  if (in.gcount() != 0) return Fail("the file ends within a frame");
  std::printf("proved %d frames: %d within, %d around, %d whole\n", frames, seen[0], seen[1], seen[2]);
  if (frames < least) return Fail("only " + std::to_string(frames) + " frames");
  for (size_t i = 0; i < 3; ++i)
    if (seen[i] < wanted[i]) return Fail("not enough of one kind");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 3 ? argv[1] : "";
  if (verb == "draw") return Draw(argv[2], std::atoi(argv[3]));
  std::array<int, 3> wanted = {};
  for (int i = 4; i < argc && i < 7; ++i) wanted[static_cast<size_t>(i - 4)] = std::atoi(argv[i]);
  if (verb == "check") return Check(argv[2], std::atoi(argv[3]), wanted);
  return Fail("draw FILE FRAMES, check FILE LEAST [WITHIN AROUND WHOLE]");
}
