#include "media/joined/find_parts.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace tempera::media {
namespace {

// Elements that are looked at: tags of sound and pictures of 17 hours.
constexpr int64_t kMostElements = 1 << 22;
constexpr size_t kMostParts = 10000;

// Larger heads of fragments and indexes are not compared: their films are two.
constexpr int64_t kMostCompared = 1 << 20;

uint64_t BigEndian(const uint8_t* bytes, int count) {
  uint64_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}
bool Is(const uint8_t* bytes, const char* name) { return !std::memcmp(bytes, name, 4); }

// A file in windows: heads of small elements lie side by side.
class Bytes {
 public:
  Bytes(int64_t size, const ReadAt& read) : size_(size), read_(read) {}
  int64_t size() const { return size_; }
  // False where the file has not as many bytes, at most a window's.
  bool Read(int64_t at, uint8_t* to, int64_t bytes) {
    if (at < 0 || at > size_ - bytes) return false;
    if (at < begin_ || at + bytes > begin_ + static_cast<int64_t>(window_.size())) {
      window_.resize(static_cast<size_t>(std::min<int64_t>(kWindow, size_ - at)));
      begin_ = at;
      if (!read_(at, window_.data(), window_.size())) return window_.clear(), false;
    }
    std::memcpy(to, window_.data() + (at - begin_), static_cast<size_t>(bytes));
    return true;
  }
  // For content of any length; empty where it cannot be read.
  std::vector<uint8_t> Content(int64_t at, int64_t bytes) const {
    std::vector<uint8_t> all(static_cast<size_t>(bytes));
    if (bytes == 0 || at < 0 || at > size_ - bytes || !read_(at, all.data(), all.size())) all.clear();
    return all;
  }
  // Called with the place of each element; false where no more are looked at.
  bool Next(int64_t at, size_t films) {
    if (++elements_ <= kMostElements && films <= kMostParts) return true;
    looked_to_ = at;
    return false;
  }
  int64_t looked_to() const { return looked_to_; }

 private:
  static constexpr int64_t kWindow = 4096;
  const int64_t size_;
  const ReadAt& read_;
  std::vector<uint8_t> window_;
  int64_t begin_ = 0, elements_ = 0, looked_to_ = -1;
};

using Bounds = std::vector<int64_t>;

// A stretch of boxes that may be a film.
struct Stretch {
  int64_t begin = 0;
  bool media = false, media_behind = false;    // at all; behind the index
  int64_t index_at = -1, index_end = 0;        // of 'moov'
  int64_t fragment_at = -1, fragment_end = 0;  // of the first 'moof'
};

// What stands in a box of that name among others; nothing where there is none.
std::pair<const uint8_t*, int64_t> Find(const uint8_t* bytes, int64_t size, const char* name) {
  while (size >= 8) {
    const auto whole = static_cast<int64_t>(BigEndian(bytes, 4));
    if (whole < 8 || whole > size) break;
    if (Is(bytes + 4, name)) return {bytes + 8, whole - 8};
    bytes += whole, size -= whole;
  }
  return {nullptr, 0};
}

// Whether the fragment says that it lies behind others.
bool GoesOn(const std::vector<uint8_t>& fragment) {
  const auto size = static_cast<int64_t>(fragment.size());
  if (size < 8) return false;
  const auto track = Find(fragment.data() + 8, size - 8, "traf");
  const auto time = Find(track.first, track.second, "tfdt");
  if (time.second < 8) return false;
  const int width = time.first[0] == 1 ? 8 : 4;
  return time.second >= 4 + width && BigEndian(time.first + 4, width) > 0;
}

// Segments of one film that each have its index in front.
bool Continues(const Stretch& before, const Stretch& now, const Bytes& file) {
  const int64_t index = now.index_end - now.index_at, fragment = now.fragment_end - now.fragment_at;
  if (before.index_at < 0 || now.index_at < 0 || before.fragment_at < 0 || now.fragment_at < 0) return false;
  if (index != before.index_end - before.index_at || index > kMostCompared || fragment > kMostCompared)
    return false;
  return GoesOn(file.Content(now.fragment_at, fragment)) &&
         file.Content(before.index_at, index) == file.Content(now.index_at, index);
}

// A film has an index and media. Media alone is one that broke off, and is named; an index alone stands there
// twice, or for what follows.
Bounds Films(const std::vector<Stretch>& stretches, const Bytes& file) {
  std::vector<Stretch> films;
  for (const Stretch& now : stretches) {
    if (films.empty()) {
      films.push_back(now);
      continue;
    }
    Stretch& before = films.back();
    const bool has_index = now.index_at >= 0;
    if (!now.media || (!has_index && (now.fragment_at >= 0 || !before.media))) continue;
    if (!before.media) {
      before = now;
    } else if (!Continues(before, now, file)) {
      films.push_back(now);
    }
  }
  Bounds begins;
  for (const Stretch& film : films) begins.push_back(film.begin);
  return begins;
}

// Boxes on the file's own level. A film begins with its 'ftyp', or, where there is none, behind the first
// one's pictures and index, whichever comes last.
Bounds PartsOfBoxes(Bytes* file) {
  std::vector<Stretch> all(1);
  int64_t at = 0, media_end = 0;
  bool media_first = false;
  uint8_t head[16];
  while (file->Next(at, all.size()) && file->Read(at, head, 8)) {
    uint64_t size = BigEndian(head, 4);
    int64_t least = 8;
    if (size == 1) {
      if (!file->Read(at, head, 16)) break;
      size = BigEndian(head + 8, 8);
      least = 16;
    }
    if (size < static_cast<uint64_t>(least) || size > static_cast<uint64_t>(file->size() - at)) {
      // One that is cut short is a film, too, whatever can be read of it.
      const bool lacks_index = Is(head + 4, "moov") && all.back().index_at < 0;
      if (lacks_index || Is(head + 4, "mdat") || Is(head + 4, "moof")) all.back().media = true;
      break;
    }
    const int64_t end = at + static_cast<int64_t>(size);
    const bool is_index = Is(head + 4, "moov"), has_index = all.back().index_at >= 0;
    if ((Is(head + 4, "ftyp") && (has_index || all.back().media)) || (is_index && has_index)) {
      const Stretch& now = all.back();
      Stretch next;
      next.begin = !is_index ? at : media_first ? now.index_end : media_end;
      next.media = is_index && media_first && now.media_behind;
      if (next.begin > now.begin) all.push_back(next);
    }
    Stretch& now = all.back();
    if (is_index && now.index_at < 0)
      media_first = now.media, now.index_at = at, now.index_end = end, now.media_behind = false;
    if (Is(head + 4, "moof") && now.fragment_at < 0) now.fragment_at = at, now.fragment_end = end;
    if (Is(head + 4, "mdat")) now.media = now.media_behind = true, media_end = end;
    at = end;
  }
  return Films(all, *file);
}

// A number of EBML with its length in its first bits: how many bytes it has, 0 where it is none.
int Vint(const uint8_t* bytes, bool keep_mark, uint64_t* value) {
  int length = 1;
  while (length <= 8 && !(bytes[0] & (0x80 >> (length - 1)))) ++length;
  if (length > 8) return 0;
  *value = BigEndian(bytes, length);
  if (!keep_mark) *value &= (uint64_t{1} << (7 * length)) - 1;
  return length;
}

// A film begins with an EBML head. What is written as it comes has segments and clusters of unknown length,
// whose elements then follow one another like their neighbours.
Bounds PartsOfElements(Bytes* file) {
  constexpr uint64_t kHead = 0x1A45DFA3, kSegment = 0x18538067, kCluster = 0x1F43B675;
  Bounds begins;
  int64_t at = 0;
  uint8_t head[12];
  while (at < file->size() && file->Next(at, begins.size())) {
    std::memset(head, 0, sizeof head);
    if (!file->Read(at, head, std::min<int64_t>(sizeof head, file->size() - at))) break;
    uint64_t id = 0, size = 0;
    const int id_length = Vint(head, true, &id);
    const int length = id_length > 0 && id_length <= 4 ? Vint(head + id_length, false, &size) : 0;
    if (length == 0) break;
    if (id == kHead) begins.push_back(at);
    at += id_length + length;
    if (size == (uint64_t{1} << (7 * length)) - 1) {
      if (id != kSegment && id != kCluster) break;
    } else if (at > file->size() || size > static_cast<uint64_t>(file->size() - at)) {
      break;
    } else {
      at += static_cast<int64_t>(size);
    }
  }
  return begins;
}

Bounds PartsOfTags(Bytes* file) {
  Bounds begins;
  int64_t at = 0;
  uint8_t head[11];
  while (file->Next(at, begins.size()) && file->Read(at, head, 11)) {
    if (!std::memcmp(head, "FLV\1", 4)) {
      begins.push_back(at);
      at += static_cast<int64_t>(BigEndian(head + 5, 4)) + 4;
      continue;
    }
    // Sound, pictures and scripts; then the length of the tag behind it.
    const int kind = head[0] & 0x1F;
    if (kind != 8 && kind != 9 && kind != 18) break;
    at += 11 + static_cast<int64_t>(BigEndian(head + 1, 3)) + 4;
  }
  return begins;
}

// 'RIFF' of kind 'AVI ', and 'AVIX' for more of it.
Bounds PartsOfRiffs(Bytes* file) {
  Bounds begins;
  int64_t at = 0;
  uint8_t head[12];
  while (file->Next(at, begins.size()) && file->Read(at, head, 12)) {
    if (!Is(head, "RIFF")) break;
    const int64_t size = head[4] | head[5] << 8 | head[6] << 16 | int64_t{head[7]} << 24;
    if (size < 4) break;
    if (Is(head + 8, "AVI ")) begins.push_back(at);
    at += 8 + size + (size & 1);
  }
  return begins;
}

}  // namespace

FilmBounds FindParts(int64_t size, const ReadAt& read) {
  Bytes file(size, read);
  uint8_t head[12] = {};
  if (!file.Read(0, head, 12)) return {};
  FilmBounds found;
  if (BigEndian(head, 4) == 0x1A45DFA3) {
    found.at = PartsOfElements(&file);
  } else if (!std::memcmp(head, "FLV\1", 4)) {
    found.at = PartsOfTags(&file);
  } else if (Is(head, "RIFF") && Is(head + 8, "AVI ")) {
    found.at = PartsOfRiffs(&file);
  } else {
    for (const char* name : {"ftyp", "moov", "mdat", "wide", "free", "skip", "pnot"}) {
      if (Is(head + 4, name)) found.at = PartsOfBoxes(&file);
    }
  }
  found.looked_to = file.looked_to();
  const bool is_one = found.at.size() < 2 && (found.at.empty() || found.at[0] == 0);
  if (is_one) {
    found.at.clear();
  } else {
    found.at.push_back(size);
  }
  return found;
}

FilmBounds FindParts(const std::string& path, const std::function<bool()>& stop) {
  // What comes through a pipe can be read once only.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  std::ifstream file;
  // FindParts has windows of its own.
  file.rdbuf()->pubsetbuf(nullptr, 0);
  file.open(path, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const auto size = static_cast<int64_t>(file.tellg());
  return FindParts(size, [&](int64_t at, uint8_t* to, size_t bytes) {
    if (stop && stop()) return false;
    file.seekg(at);
    return static_cast<bool>(file.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(bytes)));
  });
}

}  // namespace tempera::media
