#include "src/stylize/image.h"

#include <algorithm>

namespace tempera::stylize {
namespace {

struct PlaneBytes {
  uintptr_t begin, end;  // of all rows, gaps included
  uintptr_t stride, row_bytes;
};
PlaneBytes BytesOf(const Image& image, int plane) {
  const PlaneExtent extent = ExtentOf(image, plane);
  const auto first = reinterpret_cast<uintptr_t>(image.Row(plane, 0));
  const auto last = reinterpret_cast<uintptr_t>(image.Row(plane, extent.rows - 1));
  const auto row_bytes = static_cast<uintptr_t>(extent.row_bytes);
  const ptrdiff_t stride = image.stride_bytes[plane];
  return {std::min(first, last), std::max(first, last) + row_bytes,
          static_cast<uintptr_t>(stride < 0 ? -stride : stride), row_bytes};
}

bool Overlap(const PlaneBytes& a, const PlaneBytes& b) {
  if (a.end <= b.begin || b.end <= a.begin) return false;
  if (a.stride != b.stride) return true;
  // Rows of one raster: two parts side by side, or every other line, share no column of it.
  const uintptr_t apart = (b.begin >= a.begin ? b.begin - a.begin : a.begin - b.begin) % a.stride;
  const PlaneBytes &lower = b.begin >= a.begin ? a : b, &upper = b.begin >= a.begin ? b : a;
  return apart < lower.row_bytes || a.stride - apart < upper.row_bytes;
}

}  // namespace

bool IsSubsampled(PixelFormat format) { return format >= PixelFormat::kNv12; }
bool HasAlpha(PixelFormat format) { return format == PixelFormat::kRgba || format == PixelFormat::kBgra; }
bool HasTenBits(PixelFormat format) { return format >= PixelFormat::kP010; }

int PlaneCount(PixelFormat format) {
  switch (format) {
    case PixelFormat::kNv12:
    case PixelFormat::kP010:
      return 2;
    case PixelFormat::kI420:
    case PixelFormat::kI010:
      return 3;
    default:
      return 1;
  }
}

PlaneExtent ExtentOf(const Image& image, int plane) {
  const int count = PlaneCount(image.format);
  if (count == 1) return {(HasAlpha(image.format) ? 4 : 3) * image.width, image.height};
  const int bytes = HasTenBits(image.format) ? 2 : 1;
  if (plane == 0) return {bytes * image.width, image.height};
  const int samples = (image.width + 1) / 2 * (count == 2 ? 2 : 1);
  return {bytes * samples, (image.height + 1) / 2};
}

bool SameCoding(const Image& a, const Image& b) {
  return a.format == b.format &&
         (!IsSubsampled(a.format) || (a.matrix == b.matrix && a.full_range == b.full_range));
}

Sharing SharingOf(const Image& a, const Image& b) {
  bool same = a.format == b.format && a.size() == b.size();
  for (int p = 0; same && p < PlaneCount(a.format); ++p) {
    same = a.planes[p] == b.planes[p] && a.stride_bytes[p] == b.stride_bytes[p];
  }
  if (same) return Sharing::kSame;
  for (int p = 0; p < PlaneCount(a.format); ++p) {
    for (int q = 0; q < PlaneCount(b.format); ++q) {
      if (Overlap(BytesOf(a, p), BytesOf(b, q))) return Sharing::kPart;
    }
  }
  return Sharing::kNone;
}

Image CompactImage(const Image& image, std::vector<uint8_t>* bytes) {
  Image compact = image;
  size_t at[3] = {}, end = 0;
  for (int p = 0; p < PlaneCount(image.format); ++p) {
    const PlaneExtent extent = ExtentOf(image, p);
    compact.stride_bytes[p] = extent.row_bytes;
    at[p] = end;
    end += static_cast<size_t>(extent.row_bytes) * static_cast<size_t>(extent.rows);
  }
  if (bytes->size() < end) bytes->resize(end);
  for (int p = 0; p < PlaneCount(image.format); ++p) compact.planes[p] = bytes->data() + at[p];
  return compact;
}

}  // namespace tempera::stylize
