// What our own code reads of a film before FFmpeg does: the boxes of an MP4's index, where films are joined,
// heads of sound, and names of series. The first byte decides whether the bytes are an index as they are, or
// fill the boxes of a true one, or are a file, or a name.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "media/film/clean_aperture.h"
#include "media/film/series.h"
#include "media/joined/find_parts.h"
#include "media/sound/adts.h"

namespace tempera::media {
namespace {

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "film_fuzz: %s\n", what);
  std::abort();
}

void CheckAperture(const std::string& moov) {
  const auto crop = ParsePixelCrop({reinterpret_cast<const uint8_t*>(moov.data()), moov.size()}, 0);
  if (crop && (crop->x < 0 || crop->y < 0 || crop->width < 2 || crop->height < 2)) Fail("a crop of nothing");
  const auto seen = ParseCleanAperture({reinterpret_cast<const uint8_t*>(moov.data()), moov.size()}, 1);
  if (!seen) return;
  // A picture's sides are 16 bits in the file.
  if (seen->x < 0 || seen->y < 0 || seen->width < 2 || seen->height < 2 ||
      seen->x + seen->width > UINT16_MAX || seen->y + seen->height > UINT16_MAX) {
    Fail("an aperture outside the picture");
  }
}

std::string Box(const char* type, const std::string& body) {
  const uint32_t size = static_cast<uint32_t>(body.size() + 8);
  std::string all;
  for (int shift : {24, 16, 8, 0}) all += static_cast<char>(size >> shift);
  return all + type + body;
}

// The index of a film of one track, its picture's size and aperture from the bytes.
std::string Index(const std::string& bytes) {
  std::string filled = bytes;
  filled.resize(std::max<size_t>(36, filled.size()));
  std::string entry(78, '\0');
  entry.replace(24, 4, filled, 0, 4);
  entry += Box("clap", filled.substr(4));
  const std::string table = std::string(8, '\0') + Box("avc1", entry);
  const std::string head = std::string(12, '\0') + std::string("\0\0\0\1", 4);
  return Box("trak", Box("tkhd", head) + Box("mdia", Box("minf", Box("stbl", Box("stsd", table)))));
}

void CheckParts(const std::string& file) {
  const auto size = static_cast<int64_t>(file.size());
  const FilmBounds found = FindParts(size, [&](int64_t at, uint8_t* to, size_t bytes) {
    if (at < 0 || at > size || bytes > file.size() - static_cast<size_t>(at)) Fail("a read behind the end");
    file.copy(reinterpret_cast<char*>(to), bytes, static_cast<size_t>(at));
    return true;
  });
  if (found.at.size() == 1) Fail("a film without an end");
  for (size_t i = 0; i < found.at.size(); ++i) {
    if (found.at[i] < (i > 0 ? found.at[i - 1] + 1 : 0) || found.at[i] > size) Fail("films out of order");
  }
}

// Small elements of a kind that the first byte chooses, so that random bytes are more than one broken head.
std::string Elements(const std::string& bytes) {
  static const char* const names[] = {"ftyp", "moov", "moof", "mdat", "free", "mdat"};
  std::string boxes, tags, riffs, ebml;
  for (const char c : bytes) {
    const auto n = static_cast<uint8_t>(c);
    boxes += Box(names[n % 6], std::string(n / 6, '\0'));
    tags += n < 40 ? std::string("FLV\1\5\0\0\0\x9\0\0\0\0", 13)
                   : std::string("\x9\0\0\1", 4) + std::string(12, '\0');
    riffs += std::string("RIFF\4\0\0\0", 8) + (n % 2 ? "AVI " : "AVIX");
    ebml += n < 60 ? std::string("\x1A\x45\xDF\xA3\x80", 5)
                   : std::string("\x18\x53\x80\x67", 4) + (n % 2 ? "\xFF" : "\x81x");
  }
  const std::string* const all[] = {&boxes, &tags, &riffs, &ebml};
  return bytes.empty() ? bytes : *all[static_cast<uint8_t>(bytes[0]) % 4];
}

void CheckSound(const std::string& bytes) {
  AVPacket packet = {};
  std::string own = bytes;
  packet.data = reinterpret_cast<uint8_t*>(own.data());
  packet.size = static_cast<int>(own.size());
  const auto form = ReadAdts(packet);
  if (!form) return;
  if (form->rate < 7350 || form->channels < 0 || form->channels > 8) Fail("sound of no form");
  // A head in front of the rest says the same.
  const PacketPtr again = WithAdts(packet, packet);
  if (again && ReadAdts(*again) != form) Fail("a head that says something else");
}

void CheckName(const std::string& path) {
  const auto name = ParseSeriesName(path);
  if (!name.ok() || !name->has_value()) return;
  const int64_t number = static_cast<int64_t>(path.size()) * 77;
  const std::string at = (*name)->At(number);
  const std::string file = at.substr((*name)->folder.size() + 1);
  if ((*name)->NumberOf(file) != number) Fail("a name that does not give its number back");
}

}  // namespace
}  // namespace tempera::media

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tempera::media;
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 7) {
    case 0:
      CheckAperture(bytes);
      break;
    case 1: {
      // A true index, of which one byte is another.
      std::string index = Index(bytes);
      if (!bytes.empty()) index[static_cast<uint8_t>(bytes[0]) * size % index.size()] = bytes.back();
      CheckAperture(index);
      break;
    }
    case 2:
      CheckAperture(Index(bytes));
      break;
    case 3:
      CheckParts(bytes);
      break;
    case 4: {
      std::string file = Elements(bytes);
      CheckParts(file);
      if (!file.empty()) file[static_cast<uint8_t>(bytes[0]) * size % file.size()] = bytes.back();
      CheckParts(file);
      break;
    }
    case 5:
      CheckSound(bytes);
      CheckSound("\xFF\xF1" + bytes);
      break;
    default:
      CheckName(bytes);
      CheckName("a_%0" + bytes.substr(0, 3) + "d" + bytes);
  }
  return 0;
}
