#include "media/photo/containers.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "media/photo/exif.h"

namespace tempera::media {
namespace {

constexpr std::string_view kExifMark("Exif\0\0", 6);
constexpr std::string_view kXmpMark("http://ns.adobe.com/xap/1.0/\0", 29);
constexpr std::string_view kIccMark("ICC_PROFILE\0", 12);

std::string Text(ByteSpan bytes) { return {bytes.begin(), bytes.end()}; }

// The pieces of a profile by their numbers; nothing where one is missing.
Bytes Join(const std::map<int, ByteSpan>& pieces, int count) {
  Bytes all;
  if (static_cast<int>(pieces.size()) != count) return all;
  int expected = 1;
  for (const auto& [number, piece] : pieces) {
    if (number != expected++) return {};
    PutBytes(&all, piece);
  }
  return all;
}

void ReadFrameHeader(const ByteView& view, size_t at, uint32_t marker, PhotoFacts* facts) {
  facts->bits = static_cast<int>(view.U8(at));
  facts->components = static_cast<int>(view.U8(at + 5));
  facts->arithmetic = marker >= 0xc9;
}

// Whether the coded data from `at` on comes to the marker that ends a picture. Zeros after it, and the
// further pictures and films that telephones put there, are no damage.
bool HasEnd(const ByteView& view, size_t at) {
  for (; view.Has(at, 2); ++at) {
    if (view.U8(at) == 0xff && view.U8(at + 1) == 0xd9) return true;
  }
  return false;
}

}  // namespace

Bytes WithoutExifMark(ByteSpan block) {
  if (ByteView(block, true).Is(0, kExifMark)) block = block.subspan(kExifMark.size());
  return {block.begin(), block.end()};
}

void ReadJpeg(ByteSpan file, PhotoFacts* facts) {
  const ByteView view(file, true);
  std::map<int, ByteSpan> icc;
  int icc_count = 0;
  size_t at = 2;
  facts->cut_short = true;
  while (view.Has(at, 2)) {
    if (view.U8(at) != 0xff) {
      ++at;  // rubbish between segments: decoders look for the next marker too
      continue;
    }
    const uint32_t marker = view.U8(at + 1);
    if (marker == 0xff || marker == 0 || marker == 1 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker == 0xff ? 1 : 2;
      continue;
    }
    if (marker == 0xd9) {
      facts->cut_short = false;
      break;
    }
    const size_t length = view.U16(at + 2);
    if (length < 2) break;
    const ByteSpan body = view.Part(at + 4, length - 2);
    const ByteView segment(body, true);
    if (marker == 0xe1 && segment.Is(0, kExifMark) && facts->exif.empty()) {
      facts->exif = WithoutExifMark(body);
    } else if (marker == 0xe1 && segment.Is(0, kXmpMark) && facts->xmp.empty()) {
      facts->xmp = Text(body.subspan(kXmpMark.size()));
    } else if (marker == 0xe2 && segment.Is(0, kIccMark) && body.size() >= 14) {
      icc[static_cast<int>(body[12])] = body.subspan(14);
      icc_count = body[13];
    } else if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc &&
               facts->components == 0) {
      ReadFrameHeader(view, at + 4, marker, facts);
    } else if (marker == 0xda) {
      facts->cut_short = !HasEnd(view, at + 2 + length);
      break;
    }
    at += 2 + length;
  }
  facts->icc = Join(icc, icc_count);
}

void ReadPng(ByteSpan file, PhotoFacts* facts) {
  const ByteView view(file, true);
  facts->cut_short = true;
  bool says_more = false;
  constexpr std::string_view kXmpKey("XML:com.adobe.xmp\0", 18);
  for (uint64_t at = 8; view.Has(at, 8);) {
    const uint64_t length = view.U32(at);
    const ByteSpan body = view.Part(at + 8, length);
    const ByteView chunk(body, true);
    if (view.Is(at + 4, "eXIf")) {
      facts->exif = WithoutExifMark(body);
    } else if (view.Is(at + 4, "iTXt") && chunk.Is(0, kXmpKey)) {
      // Compression flag and method, then language and translated key, each ended by a zero.
      const bool packed = chunk.U8(18) != 0;
      facts->packed |= packed;
      size_t text = 20;
      for (int strings = 0; strings < 2 && text < body.size(); ++text) strings += body[text] == 0;
      if (!packed && text < body.size()) facts->xmp = Text(body.subspan(text));
    } else if (view.Is(at + 4, "acTL")) {
      facts->animated = chunk.U32(0) > 1;
    } else if (view.Is(at + 4, "gAMA")) {
      facts->gamma = chunk.U32(0);
    } else if (view.Is(at + 4, "cHRM") && body.size() >= 32) {
      for (int i = 0; i < 8; ++i) facts->corners[i] = chunk.U32(4 * i);
    } else if (view.Is(at + 4, "sRGB") || view.Is(at + 4, "iCCP")) {
      says_more = true;
    } else if (view.Is(at + 4, "cICP")) {
      says_more = true;
      facts->primaries = static_cast<int>(chunk.U8(0));
      facts->transfer = static_cast<int>(chunk.U8(1));
      if (body.size() >= 4 && chunk.U8(3) == 0)
        facts->refusal =
            "a PNG of limited range (cICP) cannot be read rightly: convert it to full range first";
    } else if (view.Is(at + 4, "IEND")) {
      facts->cut_short = false;
      break;
    }
    at += 12 + length;
  }
  if (says_more) {
    facts->gamma = 0;
    facts->corners = {};
  }
}

namespace {

// A frame of an animation as a file of its own: the chunks of its picture, and the extended header where
// transparency needs it.
Bytes StillFromFrame(const ByteView& view, uint64_t at, uint64_t size) {
  Bytes chunks;
  const uint32_t width = view.U24(at + 6) + 1, height = view.U24(at + 9) + 1;
  bool alpha = false;
  for (uint64_t in = at + 16; in + 8 <= at + size && view.Has(in, 8);) {
    const uint64_t length = view.U32(in + 4), padded = length + (length & 1);
    alpha |= view.Is(in, "ALPH");
    if (view.Is(in, "ALPH") || view.Is(in, "VP8 ") || view.Is(in, "VP8L")) {
      const ByteSpan part = view.Part(in, std::min<uint64_t>(8 + padded, view.size() - in));
      PutBytes(&chunks, part);
      if (part.size() % 2) chunks.push_back(0);
    }
    in += 8 + padded;
  }
  if (chunks.empty()) return {};
  Bytes header;
  if (alpha) {
    PutWord(&header, "VP8X");
    PutNumber(&header, 10, 4, false);
    PutNumber(&header, 0x10, 4, false);
    PutNumber(&header, width - 1, 3, false);
    PutNumber(&header, height - 1, 3, false);
  }
  Bytes file;
  PutWord(&file, "RIFF");
  PutNumber(&file, static_cast<uint32_t>(4 + header.size() + chunks.size()), 4, false);
  PutWord(&file, "WEBP");
  PutBytes(&file, header);
  PutBytes(&file, chunks);
  return file;
}

}  // namespace

void ReadWebp(ByteSpan file, PhotoFacts* facts) {
  const ByteView view(file, false);
  facts->cut_short = uint64_t{view.U32(4)} + 8 > file.size();
  int frames = 0;
  for (uint64_t at = 12; view.Has(at, 8);) {
    const uint64_t length = view.U32(at + 4);
    const ByteSpan body = view.Part(at + 8, length);
    if (view.Is(at, "EXIF")) {
      facts->exif = WithoutExifMark(body);
    } else if (view.Is(at, "XMP ")) {
      facts->xmp = Text(body);
    } else if (view.Is(at, "ICCP")) {
      facts->icc.assign(body.begin(), body.end());
    } else if (view.Is(at, "VP8X")) {
      facts->canvas_width = static_cast<int>(view.U24(at + 12)) + 1;
      facts->canvas_height = static_cast<int>(view.U24(at + 15)) + 1;
    } else if (view.Is(at, "ANMF") && ++frames == 1) {
      facts->frame_at_x = 2 * static_cast<int>(view.U24(at + 8));
      facts->frame_at_y = 2 * static_cast<int>(view.U24(at + 11));
      facts->first_frame = StillFromFrame(view, at + 8, length);
    }
    at += 8 + length + (length & 1);
  }
  facts->animated = frames > 1;
}

namespace {

// Whether every sample has as many bits as the first.
bool SameBits(const ByteView& view, const TiffTag* bits, uint32_t samples) {
  if (!bits) return samples == 1;
  if (bits->count < samples || (samples > 1 && bits->type != 3)) return false;
  for (uint32_t i = 1; i < samples; ++i) {
    if (view.U16(bits->value_at + 2 * uint64_t{i}) != view.U16(bits->value_at)) return false;
  }
  return true;
}

// What FFmpeg 5.1 was seen to decode rightly: grey, RGB and palettes of up to 16 bits in strips, all channels
// together and of one depth, no more of them than the colours and an alpha that is not multiplied in, by the
// lossless compressions.
bool IsPlain(const ByteView& view, const std::vector<TiffTag>& tags) {
  const uint32_t compression = TagNumber(view, FindTag(tags, 259), 1);
  const uint32_t photometric = TagNumber(view, FindTag(tags, 262), 2);
  const uint32_t planar = TagNumber(view, FindTag(tags, 284), 1);
  const uint32_t bits = TagNumber(view, FindTag(tags, 258), 1);
  const uint32_t samples = TagNumber(view, FindTag(tags, 277), 1);
  const uint32_t numbers = TagNumber(view, FindTag(tags, 339), 1);
  const uint32_t extra = TagNumber(view, FindTag(tags, 338), 2);
  const uint32_t fill_order = TagNumber(view, FindTag(tags, 266), 1);
  const bool lossless = compression == 1 || compression == 5 || compression == 8 || compression == 32773 ||
                        compression == 32946;
  const bool counted = photometric <= 1   ? samples == 1 || (samples == 2 && bits > 1)
                       : photometric == 3 ? samples == 1
                                          : (samples == 3 || samples == 4) && bits > 1;
  return lossless && photometric <= 3 && counted && SameBits(view, FindTag(tags, 258), samples) &&
         planar == 1 && (bits == 1 || bits == 8 || bits == 16) && numbers == 1 && extra != 1 &&
         fill_order == 1 && !FindTag(tags, 322);
}

}  // namespace

namespace {

// Whether the directory, and the first and the last of the strips or tiles that it names, are in the file.
// One that holds no picture, such as a thumbnail's, has nothing else to lose.
bool IsAllThere(const ByteView& view, size_t at, const std::vector<TiffTag>& tags, bool holds_picture) {
  if (!view.Has(DirectoryEnd(view, at), 0)) return false;
  if (!holds_picture) return true;
  // Strips, tiles, and the one JPEG of old files.
  for (const auto& [where, length] : {std::pair{273, 279}, {324, 325}, {513, 514}}) {
    const TiffTag* offsets = FindTag(tags, static_cast<uint16_t>(where));
    const TiffTag* sizes = FindTag(tags, static_cast<uint16_t>(length));
    if (!offsets || offsets->count == 0) continue;
    for (uint32_t i : {0u, offsets->count - 1}) {
      if (!view.Has(TagNumberAt(view, *offsets, i), sizes ? TagNumberAt(view, *sizes, i) : 1)) return false;
    }
    return true;
  }
  return false;
}

}  // namespace

void ReadTiff(ByteSpan file, int wanted_page, PhotoFacts* facts) {
  bool big = false;
  if (!IsTiff(file, &big) && !IsBigTiff(file, &big)) return;
  const ByteView view(file, big);
  ByteSpan xmp, icc;  // of the page that is chosen in the end
  // More pages than anyone scans; a chain that returns to itself ends sooner.
  constexpr int kMostPages = 4096;
  std::set<size_t> seen;
  uint64_t most = 0;
  int page = 0;
  facts->pages = 0;
  for (size_t at = FirstDirectory(view), next = 0; at != 0 && page < kMostPages && seen.insert(at).second;
       at = next) {
    const std::vector<TiffTag> tags = TagsAt(view, at, &next);
    const uint64_t area =
        uint64_t{TagNumber(view, FindTag(tags, 256), 0)} * TagNumber(view, FindTag(tags, 257), 0);
    if (page == 0 && (FindTag(tags, 50706) || TagNumber(view, FindTag(tags, 262), 2) == 32803)) {
      facts->format = PhotoFormat::kCameraRaw;  // Adobe's DNG, or the mosaic of a sensor
      return;
    }
    // Nikon's and Sony's files begin with a small preview and name the mosaic's directory in SubIFDs.
    if (page == 0 && FindTag(tags, 330) && TagNumber(view, FindTag(tags, 254), 0) == 1 &&
        FindTag(tags, 271)) {
      facts->format = PhotoFormat::kCameraRaw;
      return;
    }
    if (area > 0) ++facts->pages;
    if (page > 0 && !IsAllThere(view, at, tags, area > 0)) facts->lost_pages = true;
    if (wanted_page > 0 ? area > 0 && facts->pages == wanted_page : area > most) {
      most = area;
      facts->chosen_page = page;
      facts->chosen_number = facts->pages;
      facts->plain_tiff = IsPlain(view, tags);
      const uint32_t turned = TagNumber(view, FindTag(tags, kOrientationTag), 1);
      facts->orientation = turned >= 1 && turned <= 8 ? static_cast<int>(turned) : 1;
      const auto part = [&](uint16_t tag) {
        const TiffTag* found = FindTag(tags, tag);
        return found ? view.Part(found->value_at, found->size) : ByteSpan();
      };
      xmp = part(kXmpTag);
      icc = part(kIccTag);
    }
    ++page;
  }
  facts->xmp = Text(xmp);
  facts->icc.assign(icc.begin(), icc.end());
  facts->exif = ExifFromTiff(file);
  facts->cut_short = facts->pages == 0;  // its directory often stands at the end
  facts->pages = std::max(facts->pages, 1);
}

namespace {

// Eight floats: red, green, blue, white.
void ReadChromaticities(const ByteView& view, uint64_t at, PhotoFacts* facts) {
  std::array<uint32_t, 8> corners = {};
  for (int i = 0; i < 8; ++i) {
    const uint32_t raw = view.U32(at + 4 * i);
    float n;
    std::memcpy(&n, &raw, 4);
    // ACES has a blue below zero, where no colour is.
    if (!(n >= 0 && n <= 1)) {
      facts->odd_corners = true;
      return;
    }
    corners[(i + 2) % 8] = static_cast<uint32_t>(n * 100000 + 0.5f);
  }
  facts->corners = corners;
}

}  // namespace

void ReadExr(ByteSpan file, PhotoFacts* facts) {
  const ByteView view(file, false);
  // Tiles (bit 9) and several parts (bit 12) have other tables: left to the decoder.
  if (view.U32(4) & 0x1200) return;
  constexpr uint32_t kRowsPerBlock[] = {1, 1, 1, 16, 32, 16, 32, 32, 32, 256};
  uint32_t rows_per_block = 0, height = 0;
  const auto word = [&file](uint64_t at) {
    std::string text;
    while (at + text.size() < file.size() && file[at + text.size()] != 0) {
      text += static_cast<char>(file[at + text.size()]);
    }
    return text;
  };
  uint64_t at = 8;
  while (view.Has(at, 1) && file[at] != 0) {
    const std::string name = word(at);
    at += name.size() + 1;
    at += word(at).size() + 1;
    const uint64_t size = view.U32(at);
    at += 4;
    if (name == "compression") rows_per_block = kRowsPerBlock[std::min<uint32_t>(view.U8(at), 9)];
    if (name == "dataWindow") height = view.U32(at + 12) - view.U32(at + 4) + 1;
    if (name == "chromaticities" && size == 32) ReadChromaticities(view, at, facts);
    at += size;
  }
  facts->cut_short = !view.Has(at, 1);
  if (rows_per_block == 0) return;
  const uint64_t blocks = (uint64_t{height} + rows_per_block - 1) / rows_per_block;
  facts->cut_short = !view.Has(at + 1, 8 * blocks);
  for (uint64_t i = 0; i < blocks && !facts->cut_short; ++i) {
    const uint64_t entry = at + 1 + 8 * i;
    const uint64_t block = uint64_t{view.U32(entry + 4)} << 32 | view.U32(entry);
    // Its first row, its size, and that many bytes.
    facts->cut_short = !view.Has(block, 8) || !view.Has(block + 8, view.U32(block + 4));
  }
}

void ReadPhotoshop(ByteSpan file, PhotoFacts* facts) {
  const ByteView view(file, true);
  const uint32_t mode = view.U16(24);
  if (mode == 4 || mode == 7 || mode == 9) {
    facts->refusal = std::string("a Photoshop picture of ") +
                     (mode == 4   ? "CMYK"
                      : mode == 7 ? "several inks"
                                  : "Lab colours") +
                     " cannot be read rightly: save it as RGB, or as TIFF, first";
    return;
  }
  // Behind the header and the palette: resources, each "8BIM", a number, a name of even length, and its
  // bytes.
  uint64_t at = 26 + 4 + uint64_t{view.U32(26)};
  const uint64_t end = at + 4 + view.U32(at);
  for (at += 4; at < end && view.Is(at, "8BIM");) {
    const uint32_t number = view.U16(at + 4);
    at += 6 + (uint64_t{view.U8(at + 6)} + 2) / 2 * 2;
    const ByteSpan body = view.Part(at + 4, view.U32(at));
    at += 4 + (uint64_t{view.U32(at)} + 1) / 2 * 2;
    if (number == 1039) facts->icc.assign(body.begin(), body.end());
    if (number == 1058) facts->exif = WithoutExifMark(body);
    if (number == 1060) facts->xmp = Text(body);
  }
}

void ReadIcon(ByteSpan file, PhotoFacts* facts) {
  const ByteView view(file, false);
  for (uint32_t i = 0; i < view.U16(4); ++i) {
    const uint64_t entry = 6 + 16 * uint64_t{i};
    facts->cut_short |= !view.Has(entry, 16) || !view.Has(view.U32(entry + 12), view.U32(entry + 8));
  }
}

}  // namespace tempera::media
