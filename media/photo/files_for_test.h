// For tests: bytes of pictures and of what belongs to them, made one by one.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "media/photo/bytes.h"

namespace tempera::media {

inline Bytes BytesOf(std::string_view text) { return {text.begin(), text.end()}; }

// An Exif block with an orientation, a camera's name, a caption's date below and a thumbnail of 20 bytes at
// the end.
inline Bytes ExifBlock(int orientation, bool big = false) {
  Bytes b;
  const auto put = [&b, big](uint32_t n, int count) { PutNumber(&b, n, count, big); };
  const auto entry = [&put](uint32_t tag, uint32_t type, uint32_t count, uint32_t value,
                            int value_bytes = 4) {
    put(tag, 2);
    put(type, 2);
    put(count, 4);
    put(value, value_bytes);
    if (value_bytes == 2) put(0, 2);
  };
  PutWord(&b, big ? "MM" : "II");
  put(42, 2);
  put(8, 4);
  // At 8: three tags, 2 + 3 * 12 + 4 = 42 bytes, to 50; "Tempera 1\0" at 50; Exif's directory at 60.
  put(3, 2);
  entry(271, 2, 10, 50);
  entry(274, 3, 1, static_cast<uint32_t>(orientation), 2);
  entry(34665, 4, 1, 60);
  put(110, 4);
  PutWord(&b, std::string_view("Tempera 1\0", 10));
  // At 60: two tags, 30 bytes, to 90; the date at 90.
  put(2, 2);
  entry(36867, 2, 20, 90);
  entry(40962, 4, 1, 640);
  put(0, 4);
  PutWord(&b, std::string_view("2024:05:06 07:08:09\0", 20));
  // At 110: the thumbnail's directory, 30 bytes, to 140; the thumbnail.
  put(2, 2);
  entry(0x201, 4, 1, 140);
  entry(0x202, 4, 1, 20);
  put(0, 4);
  PutWord(&b, "THUMBNAILTHUMBNAIL!!");
  return b;
}

// One tag of a TIFF file: its numbers, each of as many bytes as the type has.
struct TestTag {
  uint32_t tag = 0, type = 3;  // 1: bytes, 2: text, 3: of two bytes, 4: of four, 7: undefined
  Bytes value;
  TestTag(uint32_t of, std::initializer_list<uint32_t> shorts) : tag(of) {
    for (uint32_t n : shorts) PutNumber(&value, n, 2, false);
  }
  TestTag(uint32_t of, uint32_t kind, Bytes bytes) : tag(of), type(kind), value(std::move(bytes)) {}
};

// A little-endian TIFF or BigTIFF file of one strip; `tags` by their numbers, without 273, 278 and 279.
inline Bytes TiffFile(std::vector<TestTag> tags, int height, const Bytes& pixels, bool wide) {
  const int word = wide ? 8 : 4;
  const auto long_of = [](size_t n) {
    Bytes value;
    PutNumber(&value, static_cast<uint32_t>(n), 4, false);
    return value;
  };
  tags.emplace_back(273, 4, long_of(0));
  tags.emplace_back(278, 4, long_of(static_cast<size_t>(height)));
  tags.emplace_back(279, 4, long_of(pixels.size()));
  std::sort(tags.begin(), tags.end(), [](const TestTag& a, const TestTag& b) { return a.tag < b.tag; });
  Bytes out =
      wide ? Bytes{'I', 'I', 43, 0, 8, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0} : Bytes{'I', 'I', 42, 0, 8, 0, 0, 0};
  const auto number = [&out, word](size_t n) {
    PutNumber(&out, static_cast<uint32_t>(n), 4, false);
    if (word == 8) PutNumber(&out, 0, 4, false);
  };
  const size_t behind = out.size() + (wide ? 8 + 20 * tags.size() + 8 : 2 + 12 * tags.size() + 4);
  Bytes values;
  if (wide) {
    number(tags.size());
  } else {
    PutNumber(&out, static_cast<uint32_t>(tags.size()), 2, false);
  }
  for (const TestTag& tag : tags) {
    const size_t bytes = tag.type == 3 ? 2 : tag.type == 4 ? 4 : 1;
    PutNumber(&out, tag.tag, 2, false);
    PutNumber(&out, tag.type, 2, false);
    number(tag.tag == 273 ? 1 : tag.value.size() / bytes);
    if (tag.tag == 273) {
      // The pixels come behind all values.
      size_t all = behind;
      for (const TestTag& t : tags) {
        if (t.tag != 273 && t.value.size() > size_t(word)) all += (t.value.size() + 1) / 2 * 2;
      }
      number(all);
    } else if (tag.value.size() > size_t(word)) {
      number(behind + values.size());
      PutBytes(&values, tag.value);
      if (values.size() % 2) values.push_back(0);
    } else {
      PutBytes(&out, tag.value);
      out.resize(out.size() + size_t(word) - tag.value.size(), 0);
    }
  }
  number(0);
  PutBytes(&out, values);
  PutBytes(&out, pixels);
  return out;
}

// The same of tiles, all of one size, one behind the other in `tiles`.
inline Bytes TiledTiff(std::vector<TestTag> tags, uint32_t tile_width, uint32_t tile_height,
                       const Bytes& tiles, uint32_t count) {
  const uint32_t bytes = static_cast<uint32_t>(tiles.size() / count);
  tags.push_back({322, {tile_width}});
  tags.push_back({323, {tile_height}});
  Bytes offsets, sizes;
  for (uint32_t i = 0; i < count; ++i) {
    PutNumber(&offsets, bytes * i, 4, false);
    PutNumber(&sizes, bytes, 4, false);
  }
  tags.push_back({324, 4, offsets});
  tags.push_back({325, 4, sizes});
  Bytes file = TiffFile(tags, 1, tiles, false);
  const uint32_t pixels = static_cast<uint32_t>(file.size() - tiles.size());
  const auto number = [&file](size_t at, int size) {
    uint32_t n = 0;
    for (int i = 0; i < size; ++i) n |= uint32_t{file[at + static_cast<size_t>(i)]} << 8 * i;
    return n;
  };
  for (size_t entry = 10; entry < 10 + 12 * (tags.size() + 3); entry += 12) {
    const uint32_t tag = number(entry, 2);
    // Decoders believe strips before tiles: theirs are made tags that nobody knows.
    if (tag == 273 || tag == 278 || tag == 279) SetNumber(&file, entry, 60000 + tag, 2, false);
    if (tag != 324) continue;
    const size_t list = count > 1 ? number(entry + 8, 4) : entry + 8;
    for (uint32_t i = 0; i < count; ++i)
      SetNumber(&file, list + 4 * size_t{i}, pixels + number(list + 4 * size_t{i}, 4), 4, false);
  }
  return file;
}

// One more segment behind a JPEG's first two bytes.
inline Bytes WithSegment(const Bytes& jpeg, uint8_t marker, std::string_view mark, const Bytes& body) {
  Bytes out = {0xff, 0xd8, 0xff, marker};
  PutNumber(&out, static_cast<uint32_t>(2 + mark.size() + body.size()), 2, true);
  PutWord(&out, mark);
  PutBytes(&out, body);
  PutBytes(&out, ByteSpan(jpeg).subspan(2));
  return out;
}

// One more chunk behind a PNG's header; its check sum is left 0, which readers of what is not critical
// forgive.
inline Bytes WithChunk(const Bytes& png, std::string_view name, const Bytes& body) {
  Bytes out(png.begin(), png.begin() + 33);
  PutNumber(&out, static_cast<uint32_t>(body.size()), 4, true);
  PutWord(&out, name);
  PutBytes(&out, body);
  PutNumber(&out, 0, 4, true);
  PutBytes(&out, ByteSpan(png).subspan(33));
  return out;
}

// A simple WebP file in its extended form, with one more chunk at the end.
inline Bytes WithWebpChunk(const Bytes& webp, int width, int height, std::string_view name,
                           const Bytes& body) {
  Bytes in;
  PutWord(&in, "WEBPVP8X");
  PutNumber(&in, 10, 4, false);
  PutNumber(&in, name == "EXIF" ? 8 : 4, 4, false);
  PutNumber(&in, static_cast<uint32_t>(width - 1), 3, false);
  PutNumber(&in, static_cast<uint32_t>(height - 1), 3, false);
  PutBytes(&in, ByteSpan(webp).subspan(12));
  PutWord(&in, name);
  PutNumber(&in, static_cast<uint32_t>(body.size()), 4, false);
  PutBytes(&in, body);
  if (body.size() % 2) in.push_back(0);
  Bytes out;
  PutWord(&out, "RIFF");
  PutNumber(&out, static_cast<uint32_t>(in.size()), 4, false);
  PutBytes(&out, in);
  return out;
}

// A colour profile of a grey with this gamma, or of ink of which only the black is seen.
inline Bytes ProfileBytes(std::string_view model) {
  struct Tag {
    std::string_view name;
    Bytes body;
  };
  std::vector<Tag> tags;
  Bytes white;
  PutWord(&white, std::string_view("XYZ \0\0\0\0", 8));
  for (uint32_t n : {0xf6d6u, 0x10000u, 0xd32du}) PutNumber(&white, n, 4, true);
  tags.push_back({"wtpt", white});
  if (model == "GRAY") {
    Bytes curve;  // gamma 1.0 in u8Fixed8: light as it is
    PutWord(&curve, std::string_view("curv\0\0\0\0", 8));
    PutNumber(&curve, 1, 4, true);
    PutNumber(&curve, 0x0100, 2, true);
    PutNumber(&curve, 0, 2, true);
    tags.push_back({"kTRC", curve});
  } else {
    Bytes lut;  // 4 channels in, 3 out, 2 points a side
    PutWord(&lut, std::string_view("mft1\0\0\0\0\x04\x03\x02\0", 12));
    for (int i = 0; i < 9; ++i) PutNumber(&lut, i % 4 == 0 ? 0x10000 : 0, 4, true);
    for (int i = 0; i < 4 * 256; ++i) lut.push_back(static_cast<uint8_t>(i));
    for (int i = 0; i < 16; ++i) PutBytes(&lut, Bytes{static_cast<uint8_t>(i % 2 ? 0 : 255), 128, 128});
    for (int i = 0; i < 3 * 256; ++i) lut.push_back(static_cast<uint8_t>(i));
    tags.push_back({"A2B0", lut});
  }
  Bytes out(128, 0), data;
  PutNumber(&out, static_cast<uint32_t>(tags.size()), 4, true);
  for (const Tag& tag : tags) {
    PutWord(&out, tag.name);
    PutNumber(&out, static_cast<uint32_t>(132 + 12 * tags.size() + data.size()), 4, true);
    PutNumber(&out, static_cast<uint32_t>(tag.body.size()), 4, true);
    PutBytes(&data, tag.body);
  }
  PutBytes(&out, data);
  SetNumber(&out, 0, static_cast<uint32_t>(out.size()), 4, true);
  SetNumber(&out, 8, 0x02400000, 4, true);
  const auto word = [&out](size_t at, std::string_view text) {
    std::memcpy(out.data() + at, text.data(), 4);
  };
  word(12, model == "GRAY" ? "mntr" : "prtr");
  word(16, model);
  word(20, model == "GRAY" ? "XYZ " : "Lab ");
  word(36, "acsp");
  SetNumber(&out, 68, 0xf6d6, 4, true);
  SetNumber(&out, 72, 0x10000, 4, true);
  SetNumber(&out, 76, 0xd32d, 4, true);
  return out;
}

// A JPEG of 8x8 pixels of one value each in `components`, by hand: quantisers of 8, two Huffman codes for the
// mean (nothing, or seven bits), one for the end. Values 28 to 64 and 192 to 255.
inline Bytes FlatJpeg(std::initializer_list<int> components, bool adobe) {
  Bytes out = {0xff, 0xd8};
  if (adobe) PutBytes(&out, Bytes{0xff, 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0});
  PutBytes(&out, Bytes{0xff, 0xdb, 0, 67, 0});
  for (int i = 0; i < 64; ++i) out.push_back(8);
  const uint8_t count = static_cast<uint8_t>(components.size());
  PutBytes(&out, Bytes{0xff, 0xc0, 0, static_cast<uint8_t>(8 + 3 * count), 8, 0, 8, 0, 8, count});
  for (uint8_t c = 1; c <= count; ++c) PutBytes(&out, Bytes{c, 0x11, 0});
  PutBytes(&out, Bytes{0xff, 0xc4, 0, 21, 0x00, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7});
  PutBytes(&out, Bytes{0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  PutBytes(&out, Bytes{0xff, 0xda, 0, static_cast<uint8_t>(6 + 2 * count), count});
  for (uint8_t c = 1; c <= count; ++c) PutBytes(&out, Bytes{c, 0x00});
  PutBytes(&out, Bytes{0, 63, 0});
  std::string bits;
  for (int value : components) {
    const int mean = value - 128;
    const int code = mean < 0 ? mean + 127 : mean;
    bits += "01";
    for (int i = 6; i >= 0; --i) bits += (code >> i & 1) ? '1' : '0';
    bits += '0';
  }
  while (bits.size() % 8) bits += '1';
  for (size_t i = 0; i < bits.size(); i += 8) {
    out.push_back(static_cast<uint8_t>(std::stoi(bits.substr(i, 8), nullptr, 2)));
    if (out.back() == 0xff) out.push_back(0);
  }
  PutBytes(&out, Bytes{0xff, 0xd9});
  return out;
}

}  // namespace tempera::media
