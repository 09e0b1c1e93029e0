// What our own code reads of a film before FFmpeg does: the boxes of an MP4's index, and names of series. The
// first byte decides whether the bytes are an index as they are, or fill the boxes of a true one, or are a
// name.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "media/film/clean_aperture.h"
#include "media/film/series.h"

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
  switch (data[0] % 4) {
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
    default:
      CheckName(bytes);
      CheckName("a_%0" + bytes.substr(0, 3) + "d" + bytes);
  }
  return 0;
}
