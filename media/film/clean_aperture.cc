#include "media/film/clean_aperture.h"

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

std::optional<Aperture> ReadCleanAperture(const std::string& path, uint32_t track) {
  // What comes through a pipe can be read once only.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
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

}  // namespace tempera::media
