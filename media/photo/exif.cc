#include "media/photo/exif.h"

#include <algorithm>
#include <initializer_list>

namespace tempera::media {
namespace {

// More than any camera or editor writes; a hostile directory has 65,535.
constexpr size_t kMostTags = 1024;

// The longest value that is copied from one block to another: a caption is shorter, and 1,024 of these still
// fit.
constexpr size_t kMostValueBytes = 65536;

// All values of a block together: directories and values may lie over each other, so that a file of a few
// bytes names far more than it has.
constexpr size_t kMostBlockBytes = size_t{256} << 10;

// Bytes of one number of each type, 1 (BYTE) to 12 (DOUBLE); 13 is an offset as well, and 16 to 18 are
// BigTIFF's.
constexpr int kTypeBytes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
// What is turned when the byte order changes: rationals are two longs.
constexpr int kSwapBytes[] = {1, 1, 1, 2, 4, 4, 1, 1, 2, 4, 4, 4, 8, 4, 1, 1, 8, 8, 8};

constexpr uint16_t kInteropTag = 40965, kMakerNoteTag = 37500;
constexpr uint16_t kWidthTag = 0xa002, kHeightTag = 0xa003;  // PixelXDimension, PixelYDimension
constexpr uint16_t kThumbnailTag = 0x201, kThumbnailBytesTag = 0x202, kStripsTag = 273, kStripBytesTag = 279;

// Text, dates and the resolution: what says nothing of how the pixels lie in the file.
constexpr uint16_t kKept[] = {270, 271, 272,   282,   283,   296,   305,   306,
                              315, 316, 33432, 40091, 40092, 40093, 40094, 40095};

bool Contains(std::initializer_list<uint16_t> list, uint16_t tag) {
  return std::find(list.begin(), list.end(), tag) != list.end();
}

Bytes LittleEndian(const ByteView& block, const TiffTag& tag) {
  const ByteSpan from = block.Part(tag.value_at, tag.size);
  Bytes value(from.begin(), from.end());
  const size_t step = kSwapBytes[tag.type];
  if (block.big_endian() && step > 1) {
    for (size_t i = 0; i + step <= value.size(); i += step)
      std::reverse(value.begin() + i, value.begin() + i + step);
  }
  return value;
}

// A directory with its own directories, apart from the bytes it came from.
struct Directory {
  uint16_t tag = 0;  // that points here
  std::vector<TiffValue> values;
  std::vector<Directory> below;
};

// *budget: bytes of values that may still be copied.
Directory Collect(const ByteView& block, size_t at, bool first, int depth, size_t* budget) {
  Directory directory;
  std::vector<uint16_t> followed;
  size_t next = 0;
  for (const TiffTag& tag : TagsAt(block, at, &next)) {
    if (Contains({kExifTag, kGpsTag, kInteropTag}, tag.tag)) {
      // The first of each: a directory that names others again and again would be walked as often.
      const bool again = std::find(followed.begin(), followed.end(), tag.tag) != followed.end();
      if (depth > 0 && tag.size >= 4 && !again) {
        followed.push_back(tag.tag);
        Directory below = Collect(block, TagOffset(block, &tag), false, depth - 1, budget);
        below.tag = tag.tag;
        if (!below.values.empty()) directory.below.push_back(std::move(below));
      }
      continue;
    }
    // Makers' notes point into the block they were in, and BigTIFF's numbers are none of Exif's.
    if (tag.tag == kMakerNoteTag || tag.size > kMostValueBytes || tag.type > 13) continue;
    if (first && std::find(std::begin(kKept), std::end(kKept), tag.tag) == std::end(kKept)) continue;
    const size_t cost = tag.size + sizeof(TiffValue);
    if (cost > *budget) continue;
    *budget -= cost;
    directory.values.push_back({tag.tag, tag.type, tag.count, LittleEndian(block, tag)});
  }
  return directory;
}

// Appends the directory to *out, whose byte 0 has the offset 0; gives where it begins.
uint32_t Append(Bytes* out, const Directory& directory) {
  std::vector<TiffValue> all = directory.values;
  for (const Directory& below : directory.below) {
    TiffValue pointer = {below.tag, 4, 1, {}};
    const uint32_t at = Append(out, below);
    PutNumber(&pointer.value, at, 4, false);
    all.push_back(std::move(pointer));
  }
  // Readers count on the order, and on one of each.
  std::sort(all.begin(), all.end(), [](const TiffValue& a, const TiffValue& b) { return a.tag < b.tag; });
  all.erase(std::unique(all.begin(), all.end(),
                        [](const TiffValue& a, const TiffValue& b) { return a.tag == b.tag; }),
            all.end());
  std::vector<uint32_t> offsets;
  for (const TiffValue& v : all) {
    if (out->size() % 2) out->push_back(0);
    offsets.push_back(static_cast<uint32_t>(out->size()));
    if (v.value.size() > 4) PutBytes(out, v.value);
  }
  if (out->size() % 2) out->push_back(0);
  const uint32_t at = static_cast<uint32_t>(out->size());
  PutNumber(out, static_cast<uint32_t>(all.size()), 2, false);
  for (size_t i = 0; i < all.size(); ++i) {
    PutNumber(out, all[i].tag, 2, false);
    PutNumber(out, all[i].type, 2, false);
    PutNumber(out, all[i].count, 4, false);
    if (all[i].value.size() > 4) {
      PutNumber(out, offsets[i], 4, false);
    } else {
      Bytes value = all[i].value;
      value.resize(4);
      PutBytes(out, value);
    }
  }
  PutNumber(out, 0, 4, false);
  return at;
}

// The thumbnail's directory and its bytes are wiped; what then is nothing but zeros at the end is cut off.
void DropThumbnail(Bytes* block, bool big_endian, size_t directory) {
  const Bytes before = *block;
  const ByteView view(before, big_endian);
  size_t next = 0;
  const std::vector<TiffTag> tags = TagsAt(view, directory, &next);
  const auto wipe = [block](uint64_t at, uint64_t count) {
    if (at < 8 || at > block->size()) return;
    std::fill_n(block->begin() + static_cast<ptrdiff_t>(at), std::min<uint64_t>(count, block->size() - at),
                0);
  };
  size_t end = 0;
  for (auto [start, bytes] : {std::pair{kThumbnailTag, kThumbnailBytesTag}, {kStripsTag, kStripBytesTag}}) {
    const TiffTag *at = FindTag(tags, start), *count = FindTag(tags, bytes);
    if (!at || !count || at->count != 1) continue;
    const uint64_t from = TagNumber(view, at, 0), size = TagNumber(view, count, 0);
    wipe(from, size);
    if (from >= 8 && from <= block->size() && from + size >= block->size()) end = from;
  }
  if (!tags.empty()) wipe(directory, 2 + 12 * uint64_t{view.U16(directory)} + 4);
  if (end > 0) block->resize(end);
}

}  // namespace

bool IsTiff(ByteSpan block, bool* big_endian) {
  const ByteView view(block, false);
  *big_endian = view.Is(0, "MM");
  return view.Is(0, std::string_view("II*\0", 4)) || view.Is(0, std::string_view("MM\0*", 4));
}

bool IsBigTiff(ByteSpan block, bool* big_endian) {
  const ByteView view(block, false);
  *big_endian = view.Is(0, "MM");
  return view.Is(0, std::string_view("II+\0", 4)) || view.Is(0, std::string_view("MM\0+", 4));
}

size_t FirstDirectory(const ByteView& block) {
  bool ignored = false;
  return IsBigTiff(block.bytes(), &ignored) ? block.U64(8) : block.U32(4);
}

std::vector<TiffTag> TagsAt(const ByteView& block, size_t at, size_t* next) {
  std::vector<TiffTag> tags;
  *next = 0;
  // BigTIFF is the same with counts and offsets of eight bytes.
  bool ignored = false;
  const bool wide = IsBigTiff(block.bytes(), &ignored);
  const size_t begin = wide ? 8 : 2, entry = wide ? 20 : 12, inside = wide ? 8 : 4;
  const auto offset = [&block, wide](uint64_t from) { return wide ? block.U64(from) : block.U32(from); };
  if (at < 8 || !block.Has(at, begin)) return tags;
  const uint64_t count = wide ? block.U64(at) : block.U16(at);
  if (count > kMostTags) return tags;
  *next = offset(at + begin + entry * count);
  for (size_t i = 0; i < count; ++i) {
    TiffTag tag;
    tag.entry_at = at + begin + entry * i;
    if (!block.Has(tag.entry_at, entry)) break;
    tag.tag = static_cast<uint16_t>(block.U16(tag.entry_at));
    tag.type = static_cast<uint16_t>(block.U16(tag.entry_at + 2));
    const uint64_t numbers = offset(tag.entry_at + 4);
    if (tag.type >= std::size(kTypeBytes) || kTypeBytes[tag.type] == 0 || numbers > UINT32_MAX) continue;
    tag.count = static_cast<uint32_t>(numbers);
    const uint64_t size = numbers * kTypeBytes[tag.type];
    const size_t value = tag.entry_at + 4 + inside;
    tag.value_at = size <= inside ? value : offset(value);
    if (!block.Has(tag.value_at, size)) continue;
    tag.size = size;
    tags.push_back(tag);
  }
  return tags;
}

const TiffTag* FindTag(const std::vector<TiffTag>& tags, uint16_t tag) {
  for (const TiffTag& t : tags) {
    if (t.tag == tag) return &t;
  }
  return nullptr;
}

uint32_t TagNumber(const ByteView& block, const TiffTag* tag, uint32_t otherwise) {
  if (!tag || tag->count == 0) return otherwise;
  if (tag->type == 1) return block.U8(tag->value_at);
  if (tag->type == 3) return block.U16(tag->value_at);
  if (tag->type == 4 || tag->type == 13) return block.U32(tag->value_at);
  if (tag->type >= 16) return static_cast<uint32_t>(std::min<uint64_t>(block.U64(tag->value_at), UINT32_MAX));
  return otherwise;
}

uint64_t TagNumberAt(const ByteView& block, const TiffTag& tag, uint32_t i) {
  if (i >= tag.count) return 0;
  switch (tag.type) {
    case 1:
      return block.U8(tag.value_at + i);
    case 3:
      return block.U16(tag.value_at + 2 * uint64_t{i});
    case 4:
    case 13:
      return block.U32(tag.value_at + 4 * uint64_t{i});
    case 16:
    case 17:
    case 18:
      return block.U64(tag.value_at + 8 * uint64_t{i});
    default:
      return 0;
  }
}

size_t DirectoryEnd(const ByteView& block, size_t at) {
  bool ignored = false;
  const bool wide = IsBigTiff(block.bytes(), &ignored);
  const uint64_t count = wide ? block.U64(at) : block.U16(at);
  return count > kMostTags ? SIZE_MAX : at + (wide ? 8 + 20 * count + 8 : 2 + 12 * count + 4);
}

size_t TagOffset(const ByteView& block, const TiffTag* tag) {
  return tag->type >= 16 ? block.U64(tag->value_at) : block.U32(tag->value_at);
}

int ExifOrientation(ByteSpan block) {
  bool big = false;
  if (!IsTiff(block, &big)) return 0;
  const ByteView view(block, big);
  size_t next = 0;
  const std::vector<TiffTag> tags = TagsAt(view, FirstDirectory(view), &next);
  const uint32_t said = TagNumber(view, FindTag(tags, kOrientationTag), 0);
  return said >= 1 && said <= 8 ? static_cast<int>(said) : 0;
}

Bytes ExifOfPainting(ByteSpan from, int width, int height) {
  bool big = false;
  if (!IsTiff(from, &big)) return {};
  Bytes block(from.begin(), from.end());
  const size_t first = FirstDirectory(ByteView(block, big));
  size_t thumbnail = 0;
  const std::vector<TiffTag> tags = TagsAt(ByteView(block, big), first, &thumbnail);
  if (tags.empty()) return {};
  const auto set = [&block, big](const TiffTag* tag, uint32_t n) {
    if (!tag || tag->count == 0) return;
    const int bytes = tag->type == 1 ? 1 : tag->type == 3 ? 2 : tag->type == 4 || tag->type == 13 ? 4 : 0;
    SetNumber(&block, tag->value_at, n, bytes, big);
  };
  set(FindTag(tags, 256), static_cast<uint32_t>(width));
  set(FindTag(tags, 257), static_cast<uint32_t>(height));
  if (const TiffTag* exif = FindTag(tags, kExifTag)) {
    size_t next = 0;
    const ByteView view(block, big);
    const std::vector<TiffTag> below = TagsAt(view, TagNumber(view, exif, 0), &next);
    set(FindTag(below, kWidthTag), static_cast<uint32_t>(width));
    set(FindTag(below, kHeightTag), static_cast<uint32_t>(height));
  }
  set(FindTag(tags, kOrientationTag), 1);
  // A scan of ink or of Lab says so here.
  set(FindTag(tags, 262), 2);
  set(FindTag(tags, 277), 3);
  if (thumbnail != 0) {
    SetNumber(&block, first + 2 + 12 * uint64_t{ByteView(block, big).U16(first)}, 0, 4, big);
    if (thumbnail != first) DropThumbnail(&block, big, thumbnail);
  }
  // Where values lie over each other, nothing can be set without changing something else.
  if (ExifOrientation(block) > 1) return {};
  return block;
}

Bytes ExifFromTiff(ByteSpan block) {
  bool big = false;
  if (!IsTiff(block, &big) && !IsBigTiff(block, &big)) return {};
  const ByteView view(block, big);
  size_t budget = kMostBlockBytes;
  const Directory directory = Collect(view, FirstDirectory(view), true, 2, &budget);
  if (directory.values.empty() && directory.below.empty()) return {};
  Bytes out;
  PutWord(&out, std::string_view("II*\0\0\0\0\0", 8));
  SetNumber(&out, 4, Append(&out, directory), 4, false);
  return out;
}

Bytes AddToTiff(ByteSpan file, ByteSpan exif, std::vector<TiffValue> more) {
  bool big = false;
  if (!IsTiff(file, &big) || big) return {};
  const ByteView view(file, false);
  size_t next = 0;
  const std::vector<TiffTag> own = TagsAt(view, FirstDirectory(view), &next);
  if (own.empty() || next != 0) return {};
  Directory directory;
  for (const TiffTag& tag : own)
    directory.values.push_back({tag.tag, tag.type, tag.count, LittleEndian(view, tag)});
  bool exif_big = false;
  if (IsTiff(exif, &exif_big)) {
    const ByteView from(exif, exif_big);
    size_t budget = kMostBlockBytes;
    Directory said = Collect(from, FirstDirectory(from), true, 2, &budget);
    for (TiffValue& v : said.values) more.push_back(std::move(v));
    directory.below = std::move(said.below);
  }
  for (TiffValue& v : more) {
    const bool has = std::any_of(own.begin(), own.end(), [&v](const TiffTag& t) { return t.tag == v.tag; });
    // The source's words and resolution go before the encoder's name and guess, not before what describes the
    // pixels.
    const bool words = v.type == 2 || Contains({282, 283, 296}, v.tag);
    if (has && !words) continue;
    if (has) std::erase_if(directory.values, [&v](const TiffValue& old) { return old.tag == v.tag; });
    directory.values.push_back(std::move(v));
  }
  uint64_t bytes = file.size();
  for (const TiffValue& v : directory.values) bytes += v.value.size() + 16;
  if (bytes + exif.size() > UINT32_MAX - 4096) return {};
  Bytes out(file.begin(), file.end());
  SetNumber(&out, 4, Append(&out, directory), 4, false);
  return out;
}

}  // namespace tempera::media
