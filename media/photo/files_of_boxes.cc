// JPEG XL, JPEG 2000 and HEIF: boxes of a size, a name and a body (ISO/IEC 14496-12).
#include <algorithm>

#include "media/photo/color_profile.h"
#include "media/photo/containers.h"

namespace tempera::media {
namespace {

struct Box {
  std::string_view name;
  ByteSpan whole, body;
};

// The box at *at, and *at behind it; false at the end, and where a size is none.
bool NextBox(ByteSpan in, uint64_t* at, Box* box) {
  const ByteView view(in, true);
  if (!view.Has(*at, 8)) return false;
  uint64_t size = view.U32(*at), header = 8;
  if (size == 1) {
    size = view.U64(*at + 8);
    header = 16;
  }
  if (size == 0) size = in.size() - *at;
  if (size < header || size > in.size() - *at) return false;
  box->name = std::string_view(reinterpret_cast<const char*>(in.data() + *at + 4), 4);
  box->whole = in.subspan(*at, size);
  box->body = box->whole.subspan(header);
  *at += size;
  return true;
}

// Numbers of JPEG XL's header (ISO/IEC 18181-1): from the least bit of each byte on; zeros behind the end.
class Bits {
 public:
  explicit Bits(ByteSpan bytes) : bytes_(bytes) {}
  uint32_t Take(int count) {
    uint32_t n = 0;
    for (int i = 0; i < count; ++i, ++at_) {
      if (at_ / 8 < bytes_.size()) n |= (bytes_[at_ / 8] >> at_ % 8 & 1u) << i;
    }
    return n;
  }
  bool Flag() { return Take(1) != 0; }
  // Two bits say how many follow.
  uint32_t Choose(int a, int b, int c, int d) {
    const int widths[4] = {a, b, c, d};
    return Take(widths[Take(2)]);
  }
  void Skip(uint64_t count) { at_ += count; }
  bool Ended() const { return at_ > 8 * uint64_t{bytes_.size()}; }

 private:
  ByteSpan bytes_;
  uint64_t at_ = 0;
};

void SkipSize(Bits* bits) {
  const bool small = bits->Flag();
  const auto side = [bits, small] { small ? bits->Take(5) : bits->Choose(9, 13, 18, 30); };
  side();
  if (bits->Take(3) == 0) side();
}

void SkipDepth(Bits* bits) {
  const bool floats = bits->Flag();
  bits->Choose(0, 0, 0, 6);
  if (floats) bits->Take(4);
}

void SkipChannel(Bits* bits) {
  if (bits->Flag()) return;
  const uint32_t choice = bits->Take(2);
  const uint32_t type = choice < 2 ? choice : choice == 2 ? 2 + bits->Take(4) : 18 + bits->Take(6);
  SkipDepth(bits);
  bits->Choose(0, 0, 0, 3);
  const uint32_t length = bits->Take(2);
  const uint32_t name = length == 0   ? 0
                        : length == 1 ? bits->Take(4)
                        : length == 2 ? 16 + bits->Take(5)
                                      : 48 + bits->Take(10);
  bits->Skip(uint64_t{8} * name);
  if (type == 0) bits->Take(1);
  if (type == 2) bits->Skip(64);
  if (type == 5) bits->Choose(0, 2, 4, 8);
}

// Whether the pixels are coded as eyes see (XYB) beside a profile that is a file of its own: decoders then
// give sRGB, whatever that profile says.
bool GoesThroughProfile(ByteSpan codestream) {
  if (!ByteView(codestream, true).Is(0, "\xff\x0a")) return false;
  Bits bits(codestream.subspan(2));
  SkipSize(&bits);
  if (bits.Flag()) return false;  // all as usual: sRGB
  if (bits.Flag()) {
    bits.Take(3);  // how it is turned
    if (bits.Flag()) SkipSize(&bits);
    // A small preview, or an animation, has a header that is not walked here.
    if (bits.Flag() || bits.Flag()) return false;
  }
  SkipDepth(&bits);
  bits.Take(1);
  const uint32_t choice = bits.Take(2);
  const uint32_t channels = choice < 2 ? choice : choice == 2 ? 2 + bits.Take(4) : 1 + bits.Take(12);
  for (uint32_t i = 0; i < channels && !bits.Ended(); ++i) SkipChannel(&bits);
  const bool as_seen = bits.Flag();
  return as_seen && !bits.Flag() && bits.Flag() && !bits.Ended();
}

}  // namespace

void ReadJpegXl(ByteSpan file, PhotoFacts* facts) {
  if (ByteView(file, true).U8(0) == 0xff) {  // a bare codestream
    facts->profile_used = GoesThroughProfile(file);
    return;
  }
  Box box;
  bool begun = false;
  for (uint64_t at = 0; NextBox(file, &at, &box);) {
    const ByteView body(box.body, true);
    if (box.name == "Exif" && box.body.size() > 4) {
      const uint64_t skip = 4 + uint64_t{body.U32(0)};
      if (skip < box.body.size()) facts->exif = WithoutExifMark(box.body.subspan(skip));
    } else if (box.name == "brob") {
      facts->packed |= body.Is(0, "Exif") || body.Is(0, "xml ");
    } else if (box.name == "xml ") {
      facts->xmp.assign(box.body.begin(), box.body.end());
    } else if ((box.name == "jxlc" || box.name == "jxlp") && !begun) {
      begun = true;
      const size_t number = box.name == "jxlp" ? std::min<size_t>(4, box.body.size()) : 0;
      facts->profile_used = GoesThroughProfile(box.body.subspan(number));
    }
  }
}

void ReadJpeg2000(ByteSpan file, PhotoFacts* facts) {
  Box box, inner;
  for (uint64_t at = 0; NextBox(file, &at, &box);) {
    if (box.name != "jp2h") continue;
    const ByteSpan header = box.body;
    for (uint64_t in = 0; NextBox(header, &in, &inner);) {
      if (inner.name != "colr") continue;
      const ByteView body(inner.body, true);
      if (body.U8(0) == 2 || body.U8(0) == 3) {
        facts->icc.assign(inner.body.begin() + static_cast<ptrdiff_t>(std::min<size_t>(3, inner.body.size())),
                          inner.body.end());
      } else if (body.U8(0) == 1 && (body.U32(3) == 12 || body.U32(3) == 13 || body.U32(3) == 14)) {
        facts->refusal = "a JPEG 2000 of CMYK or Lab colours cannot be read: save it as RGB first";
      }
    }
  }
  const ProfileModel model = ModelOfProfile(facts->icc);
  if (model == ProfileModel::kCmyk || model == ProfileModel::kOther)
    facts->refusal = "a JPEG 2000 of CMYK or Lab colours cannot be read: save it as RGB first";
}

ByteSpan MetaBox(ByteSpan file) {
  Box box;
  for (uint64_t at = 0; NextBox(file, &at, &box);) {
    if (box.name == "meta") return box.body;
  }
  return {};
}

}  // namespace tempera::media
