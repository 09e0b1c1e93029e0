#include "media/photo/pfm.h"

#include <cctype>
#include <cstdlib>
#include <cstring>
#include <string>

namespace tempera::media {
namespace {

// The word at or behind *at, and *at behind the one space that ends it.
std::string Word(ByteSpan file, size_t* at) {
  constexpr size_t kMostDigits = 32;
  while (*at < file.size() && std::isspace(file[*at])) ++*at;
  std::string word;
  while (*at < file.size() && !std::isspace(file[*at]) && word.size() < kMostDigits)
    word += static_cast<char>(file[(*at)++]);
  ++*at;
  return word;
}

}  // namespace

bool IsPfm(ByteSpan file) {
  const ByteView view(file, true);
  return (view.Is(0, "PF") || view.Is(0, "Pf")) && view.size() > 2 && std::isspace(file[2]);
}

Result<FramePtr> ReadPfm(ByteSpan file, bool* damaged) {
  const bool gray = ByteView(file, true).Is(0, "Pf");
  size_t at = 2;
  const std::string words[3] = {Word(file, &at), Word(file, &at), Word(file, &at)};
  const long width = std::strtol(words[0].c_str(), nullptr, 10);
  const long height = std::strtol(words[1].c_str(), nullptr, 10);
  // A scale below zero says that the least byte comes first; its size says nothing of how to show it.
  const double scale = std::strtod(words[2].c_str(), nullptr);
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide || scale == 0)
    return InvalidArgument("damaged PFM, or one with a side of more than " + std::to_string(kMaxSide) +
                           " pixels");
  FramePtr frame(av_frame_alloc());
  if (frame) {
    frame->format = gray ? AV_PIX_FMT_GRAYF32 : AV_PIX_FMT_GBRPF32;
    frame->width = static_cast<int>(width);
    frame->height = static_cast<int>(height);
  }
  if (!frame || av_frame_get_buffer(frame.get(), 0) < 0) return OutOfMemory("no memory for the picture");
  const ByteView view(file, scale > 0);
  // The file's red, green and blue in FFmpeg's planes of green, blue and red.
  const int planes[3] = {gray ? 0 : 2, 0, 1};
  const size_t channels = gray ? 1 : 3, row_bytes = 4 * channels * static_cast<size_t>(width);
  *damaged |= !view.Has(at, uint64_t{row_bytes} * static_cast<uint64_t>(height));
  for (int i = 0; i < frame->height; ++i) {
    const int y = frame->height - 1 - i;  // the last row comes first
    const uint64_t row = at + uint64_t{row_bytes} * static_cast<uint64_t>(i);
    for (int x = 0; x < frame->width; ++x) {
      for (size_t c = 0; c < channels; ++c) {
        // 0 beyond the end, which is 0.0 as well.
        const uint32_t raw = view.U32(row + 4 * (channels * static_cast<size_t>(x) + c));
        std::memcpy(frame->data[planes[c]] + ptrdiff_t{y} * frame->linesize[planes[c]] + ptrdiff_t{4} * x,
                    &raw, 4);
      }
    }
  }
  return frame;
}

}  // namespace tempera::media
