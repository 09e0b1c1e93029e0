#include "media/film/clean_aperture.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

namespace tempera::media {
namespace {

using Bytes = std::span<const uint8_t>;

// An index of hours is a few megabytes.
constexpr uint64_t kMostIndexBytes = uint64_t{64} << 20;

// The fixed part of a video's entry in 'stsd', behind the box's head.
constexpr size_t kVideoEntry = 78, kWidthAt = 24, kHeightAt = 26;

uint32_t U32(Bytes b, size_t at) {
  return uint32_t{b[at]} << 24 | uint32_t{b[at + 1]} << 16 | uint32_t{b[at + 2]} << 8 | b[at + 3];
}
int U16(Bytes b, size_t at) { return b[at] << 8 | b[at + 1]; }

struct Box {
  Bytes body;
  const uint8_t* type;
  bool Is(const char* name) const { return !std::memcmp(type, name, 4); }
};

// Takes the next box off the front; nothing at the end, or where its length cannot be.
std::optional<Box> Next(Bytes* bytes) {
  if (bytes->size() < 8) return std::nullopt;
  const uint64_t size = U32(*bytes, 0);
  // 0 means to the end; lengths of 64 bits do not occur inside an index.
  const uint64_t whole = size == 0 ? bytes->size() : size;
  if (whole < 8 || whole > bytes->size()) return std::nullopt;
  const Box box{bytes->subspan(8, static_cast<size_t>(whole) - 8), bytes->data() + 4};
  *bytes = bytes->subspan(static_cast<size_t>(whole));
  return box;
}

Bytes Find(Bytes bytes, const char* name) {
  while (const auto box = Next(&bytes)) {
    if (box->Is(name)) return box->body;
  }
  return {};
}

// A fraction of the box, in 64ths of a pixel; nothing for one that is none.
std::optional<int64_t> SixtyFourths(Bytes clap, size_t at) {
  const int64_t num = static_cast<int32_t>(U32(clap, at)), den = static_cast<int32_t>(U32(clap, at + 4));
  if (den <= 0) return std::nullopt;
  return num * 64 / den;
}

std::optional<Aperture> FromEntry(Bytes entry) {
  if (entry.size() < kVideoEntry) return std::nullopt;
  const int width = U16(entry, kWidthAt), height = U16(entry, kHeightAt);
  const Bytes clap = Find(entry.subspan(kVideoEntry), "clap");
  if (clap.size() < 32) return std::nullopt;
  const auto w = SixtyFourths(clap, 0), h = SixtyFourths(clap, 8), x = SixtyFourths(clap, 16),
             y = SixtyFourths(clap, 24);
  if (!w || !h || !x || !y || *w < 64 || *h < 64) return std::nullopt;
  // The offsets are between the centres of the whole and of the part.
  const int64_t left = (int64_t{width} * 64 - *w) / 2 + *x, top = (int64_t{height} * 64 - *h) / 2 + *y;
  const int64_t right = left + *w, bottom = top + *h;
  if (left < 0 || top < 0 || right > int64_t{width} * 64 || bottom > int64_t{height} * 64)
    return std::nullopt;
  Aperture seen;
  // Whole pairs of pixels, which share their colour: the next ones inside.
  seen.x = static_cast<int>((left + 127) / 128 * 2);
  seen.y = static_cast<int>((top + 127) / 128 * 2);
  seen.width = static_cast<int>(right / 128 * 2) - seen.x;
  seen.height = static_cast<int>(bottom / 128 * 2) - seen.y;
  if (seen.width < 2 || seen.height < 2 || (seen.width == width && seen.height == height))
    return std::nullopt;
  return seen;
}

}  // namespace

std::optional<Aperture> ParseCleanAperture(Bytes moov, uint32_t track) {
  while (const auto box = Next(&moov)) {
    if (!box->Is("trak")) continue;
    const Bytes head = Find(box->body, "tkhd");
    const size_t number_at = !head.empty() && head[0] == 1 ? 20 : 12;
    if (head.size() < number_at + 4 || U32(head, number_at) != track) continue;
    const Bytes table = Find(Find(Find(Find(box->body, "mdia"), "minf"), "stbl"), "stsd");
    if (table.size() < 8) return std::nullopt;
    Bytes entries = table.subspan(8);
    const auto entry = Next(&entries);
    return entry ? FromEntry(entry->body) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<Aperture> ReadCleanAperture(const std::string& path, uint32_t track, int64_t begin) {
  // What comes through a pipe can be read once only.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  file.seekg(begin);
  // Boxes on the file's own level; a file has a handful, one in fragments thousands.
  for (int i = 0; i < 100000 && file; ++i) {
    uint8_t head[16] = {};
    if (!file.read(reinterpret_cast<char*>(head), 8)) break;
    uint64_t size = U32(head, 0), behind = 8;
    if (size == 1) {
      if (!file.read(reinterpret_cast<char*>(head) + 8, 8)) break;
      size = uint64_t{U32(head, 8)} << 32 | U32(head, 12);
      behind = 16;
    }
    if (size < behind || size > INT64_MAX) break;
    if (std::memcmp(head + 4, "moov", 4) == 0) {
      if (size - behind > kMostIndexBytes) break;
      std::vector<uint8_t> bytes(static_cast<size_t>(size - behind));
      file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
      return ParseCleanAperture({bytes.data(), static_cast<size_t>(file.gcount())}, track);
    }
    file.seekg(static_cast<std::streamoff>(size - behind), std::ios::cur);
  }
  return std::nullopt;
}

namespace {

// Where the tracks stand: before all clusters, behind some kilobytes.
constexpr size_t kMostHeadBytes = size_t{1} << 20;

// A number of EBML, its length in its first bits; nothing where there is none.
std::optional<uint64_t> TakeNumber(Bytes* bytes, bool keep_mark, bool* all_ones = nullptr) {
  if (bytes->empty() || (*bytes)[0] == 0) return std::nullopt;
  size_t length = 1;
  while (!((*bytes)[0] & (0x80 >> (length - 1)))) ++length;
  if (length > bytes->size()) return std::nullopt;
  uint64_t value = 0;
  for (size_t i = 0; i < length; ++i) value = value << 8 | (*bytes)[i];
  const uint64_t ones = (uint64_t{1} << (7 * length)) - 1;
  if (!keep_mark) value &= ones;
  if (all_ones) *all_ones = value == ones;
  *bytes = bytes->subspan(length);
  return value;
}

struct Element {
  uint64_t id = 0;
  Bytes body;
  bool is_whole = true;  // false: of unknown length, or longer than the bytes
};

std::optional<Element> NextElement(Bytes* bytes) {
  bool unknown = false;
  const auto id = TakeNumber(bytes, true);
  const auto size = id ? TakeNumber(bytes, false, &unknown) : std::nullopt;
  if (!size) return std::nullopt;
  Element element{*id, *bytes, !unknown && *size <= bytes->size()};
  if (element.is_whole) element.body = bytes->first(static_cast<size_t>(*size));
  *bytes = bytes->subspan(element.body.size());
  return element;
}

Bytes FindElement(Bytes bytes, uint64_t id, bool may_be_cut = false) {
  while (const auto element = NextElement(&bytes)) {
    if (element->id == id && (element->is_whole || may_be_cut)) return element->body;
  }
  return {};
}

// Sides and edges are far below the bound; 0 where the element is not there.
int Small(Bytes bytes, uint64_t id) {
  const Bytes body = FindElement(bytes, id);
  uint64_t value = 0;
  for (const uint8_t byte : body.first(std::min<size_t>(body.size(), 8))) value = value << 8 | byte;
  return value <= UINT16_MAX ? static_cast<int>(value) : 0;
}

std::optional<Aperture> FromVideo(Bytes video) {
  const int width = Small(video, 0xB0), height = Small(video, 0xBA);
  const int left = Small(video, 0x54CC), right = width - Small(video, 0x54DD);
  const int top = Small(video, 0x54BB), bottom = height - Small(video, 0x54AA);
  Aperture seen;
  // Whole pairs of pixels, which share their colour: the next ones inside.
  seen.x = (left + 1) / 2 * 2;
  seen.y = (top + 1) / 2 * 2;
  seen.width = right / 2 * 2 - seen.x;
  seen.height = bottom / 2 * 2 - seen.y;
  if (left + top == 0 && right == width && bottom == height) return std::nullopt;
  if (seen.width < 2 || seen.height < 2) return std::nullopt;
  seen.display_width = Small(video, 0x54B0);
  seen.display_height = Small(video, 0x54BA);
  return seen;
}

}  // namespace

std::optional<Aperture> ParsePixelCrop(Bytes file, int number) {
  constexpr uint64_t kSegment = 0x18538067, kTracks = 0x1654AE6B, kEntry = 0xAE, kType = 0x83, kVideo = 0xE0;
  Bytes tracks = FindElement(FindElement(file, kSegment, true), kTracks);
  while (const auto entry = NextElement(&tracks)) {
    if (entry->id != kEntry || !entry->is_whole || Small(entry->body, kType) != 1) continue;
    if (number-- == 0) return FromVideo(FindElement(entry->body, kVideo));
  }
  return std::nullopt;
}

std::optional<Aperture> ReadPixelCrop(const std::string& path, int number, int64_t begin) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  file.seekg(begin);
  std::vector<uint8_t> bytes(kMostHeadBytes);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return ParsePixelCrop({bytes.data(), static_cast<size_t>(file.gcount())}, number);
}

}  // namespace tempera::media
