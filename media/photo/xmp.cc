#include "media/photo/xmp.h"

#include <cstddef>
#include <iterator>

namespace tempera::media {
namespace {

// What a painting would make untrue: thumbnails, the size and colours of the source, and further packets.
constexpr std::string_view kUntrue[] = {"xmp:Thumbnails",
                                        "tiff:ImageWidth",
                                        "tiff:ImageLength",
                                        "exif:PixelXDimension",
                                        "exif:PixelYDimension",
                                        "exif:ColorSpace",
                                        "photoshop:ICCProfile",
                                        "photoshop:ColorMode",
                                        "tiff:BitsPerSample",
                                        "tiff:SamplesPerPixel",
                                        "tiff:PhotometricInterpretation",
                                        "xmpNote:HasExtendedXMP"};
constexpr std::string_view kOrientation = "tiff:Orientation";
constexpr size_t kNowhere = std::string_view::npos;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool EndsName(char c) { return IsSpace(c) || c == '=' || c == '>' || c == '/'; }

// One pass over a packet. Whatever has no end is remembered, so that nothing is looked for in vain twice.
class Packet {
 public:
  explicit Packet(std::string_view text) : text_(text) {}

  std::string Made() {
    out_.reserve(text_.size());
    while (at_ < text_.size()) {
      const char c = text_[at_];
      size_t end = kNowhere;
      if (c == '<') end = ElementEnd();
      if (IsSpace(c)) end = AttributeEnd();
      if (end != kNowhere) {
        at_ = end;
        continue;
      }
      if (c == '<' || IsSpace(c)) Upright();
      if (at_ < text_.size()) out_ += text_[at_++];
    }
    return std::move(out_);
  }

 private:
  bool IsName(size_t at, std::string_view name) const {
    const size_t end = at + name.size();
    return end < text_.size() && text_.substr(at, name.size()) == name && EndsName(text_[end]);
  }

  // The mark ('>' or a quote) at or behind `at`.
  size_t Find(char mark, size_t at) {
    bool& missing = mark == '>' ? no_tag_end_ : mark == '"' ? no_quote_ : no_apostrophe_;
    const size_t found = missing ? kNowhere : text_.find(mark, at);
    missing = found == kNowhere;
    return found;
  }

  // Behind the untrue element that begins here.
  size_t ElementEnd() {
    for (size_t i = 0; i < std::size(kUntrue); ++i) {
      if (endless_[i] || !IsName(at_ + 1, kUntrue[i])) continue;
      const size_t tag = Find('>', at_);
      if (tag == kNowhere) return kNowhere;
      if (text_[tag - 1] == '/') return tag + 1;
      const std::string closing = "</" + std::string(kUntrue[i]) + ">";
      const size_t end = text_.find(closing, tag);
      endless_[i] = end == kNowhere;
      return endless_[i] ? kNowhere : end + closing.size();
    }
    return kNowhere;
  }

  // Where the value in quotes behind a name begins; nowhere if there is none.
  size_t ValueAt(size_t at) const {
    while (at < text_.size() && IsSpace(text_[at])) ++at;
    if (at >= text_.size() || text_[at] != '=') return kNowhere;
    for (++at; at < text_.size() && IsSpace(text_[at]);) ++at;
    return at < text_.size() && (text_[at] == '"' || text_[at] == '\'') ? at + 1 : kNowhere;
  }

  // Behind the untrue attribute that begins behind this space.
  size_t AttributeEnd() {
    for (std::string_view name : kUntrue) {
      if (!IsName(at_ + 1, name)) continue;
      const size_t value = ValueAt(at_ + 1 + name.size());
      if (value == kNowhere) return kNowhere;
      const size_t end = Find(text_[value - 1], value);
      return end == kNowhere ? kNowhere : end + 1;
    }
    return kNowhere;
  }

  // An orientation that begins here becomes 1: tiff:Orientation="6", or an element of that name.
  void Upright() {
    if (!IsName(at_ + 1, kOrientation)) return;
    size_t digit = ValueAt(at_ + 1 + kOrientation.size());
    if (text_[at_] == '<') {
      digit = Find('>', at_);
      if (digit == kNowhere) return;
      for (++digit; digit < text_.size() && IsSpace(text_[digit]);) ++digit;
    }
    if (digit == kNowhere || digit >= text_.size()) return;
    if (text_[digit] < '1' || text_[digit] > '8') return;
    out_ += text_.substr(at_, digit - at_);
    out_ += '1';
    at_ = digit + 1;
  }

  const std::string_view text_;
  std::string out_;
  size_t at_ = 0;
  bool endless_[std::size(kUntrue)] = {};
  bool no_tag_end_ = false, no_quote_ = false, no_apostrophe_ = false;
};

}  // namespace

std::string XmpOfPainting(std::string_view packet) { return Packet(packet).Made(); }

bool XmpTellsOfOtherPictures(std::string_view packet) {
  for (const char* word : {"hdrgm:", "Container:Directory", "GDepth:", "GImage:", "HDRGainMap:"}) {
    if (packet.find(word) != std::string_view::npos) return true;
  }
  return false;
}

bool XmpIsPart(std::string_view packet) {
  return packet.find("xmpNote:HasExtendedXMP") != std::string_view::npos;
}

}  // namespace tempera::media
