#include "media/photo/png_damage.h"

extern "C" {
#include <libavutil/crc.h>
}

#include <algorithm>
#include <string_view>

namespace tempera::media {
namespace {

constexpr uint64_t kFirstChunk = 8;
// Length, name and check sum.
constexpr uint64_t kChunkFrame = 12;
constexpr std::string_view kEnd = "IEND";

bool SumIsRight(const ByteView& view, uint64_t at) {
  const uint64_t length = view.U32(at);
  const ByteSpan summed = view.Part(at + 4, 4 + length);
  const uint32_t sum = ~av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), ~0u, summed.data(), summed.size());
  return sum == view.U32(at + 8 + length);
}

// Calls `see` with where each chunk that is whole begins, until it gives false or the picture is at its end:
// behind that may stand anything. Where the next one would begin.
template <typename See>
uint64_t WalkChunks(const ByteView& view, const See& see) {
  uint64_t at = kFirstChunk;
  while (view.Has(at, 8) && !view.Is(at + 4, kEnd) && view.Has(at + 8, uint64_t{view.U32(at)} + 4) &&
         see(at)) {
    at += kChunkFrame + view.U32(at);
  }
  return at;
}

// What decoders must understand has a capital letter first.
bool IsOfThePicture(const ByteView& view, uint64_t at) { return (view.U8(at + 4) & 0x20) == 0; }

// The file with its last chunk ended where the bytes do.
Bytes Ended(ByteSpan file) {
  const ByteView view(file, true);
  const uint64_t at = WalkChunks(view, [](uint64_t) { return true; });
  Bytes out(file.begin(), file.end());
  if (view.Has(at, 8) && !view.Is(at + 4, kEnd)) {
    SetNumber(&out, at, static_cast<uint32_t>(file.size() - at - 8), 4, true);
    PutNumber(&out, 0, 4, true);
  } else {
    out.resize(std::min<size_t>(at, file.size()));
  }
  PutWord(&out, std::string_view("\0\0\0\0IEND\xae\x42\x60\x82", 12));
  return out;
}

}  // namespace

bool PngSumsAreRight(ByteSpan file) {
  const ByteView view(file, true);
  bool right = true;
  WalkChunks(view, [&](uint64_t at) { return right = !IsOfThePicture(view, at) || SumIsRight(view, at); });
  return right;
}

void ReadPngBeforeDamage(ByteSpan file, const std::function<bool(ByteSpan part)>& read) {
  if (read(Ended(file))) return;
  const ByteView view(file, true);
  // A wrong sum says where to look; without one it may be anywhere.
  size_t good = 0, bad = file.size();
  WalkChunks(view, [&](uint64_t at) {
    if (!IsOfThePicture(view, at) || SumIsRight(view, at)) return true;
    good = static_cast<size_t>(at);
    bad = static_cast<size_t>(at + kChunkFrame + view.U32(at));
    return false;
  });
  if (good > 0 && !read(Ended(file.first(good)))) {
    bad = good;
    good = 0;
  }
  // A thousandth of the bytes is a row or so.
  for (int halvings = 0; halvings < 10 && bad - good > 1; ++halvings) {
    const size_t middle = good + (bad - good) / 2;
    (read(Ended(file.first(middle))) ? good : bad) = middle;
  }
}

}  // namespace tempera::media
