// Pictures with their masks: found, read, kept in memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "media/image.h"
#include "src/base/status.h"

namespace tempera::train {

// A folder of pictures and the folder of their masks (which may be the same): NAME.jpg goes with NAME.png or
// NAME_mask.png.
struct MaskFolders {
  std::string images, masks;
  int value = -1;  // of one class: the number that is it in maps of many; -1: masks are shares, 0..255
};

struct MaskPair {
  media::RgbImage image;
  std::vector<uint8_t> mask;  // image.width * image.height; shares 0..255, or classes and kIgnored
  std::string path;
};

inline constexpr uint8_t kIgnored = 255;  // of class maps: belongs to no class, counts nowhere

class MaskPairs {
 public:
  // classes: 1: shares. More: maps of 0..classes-1; other numbers are kIgnored. Pictures are shrunk (never
  // enlarged) to a short side of `short_side`. In sorted order. A picture without a mask is counted and left
  // out; one of another size than its mask too, unless both have one shape. kNotFound when none is left.
  static Result<MaskPairs> Load(const std::vector<MaskFolders>& folders, int classes, int short_side);
  static MaskPairs FromPairs(std::vector<MaskPair> pairs) {
    MaskPairs made;
    made.pairs_ = std::move(pairs);
    return made;
  }

  int size() const { return static_cast<int>(pairs_.size()); }
  const MaskPair& pair(int index) const { return pairs_[static_cast<size_t>(index)]; }
  // "812 pictures with masks; 3 without, e.g. a.jpg"
  std::string Line() const;
  // Takes `count` pairs, at most half of all, from even places, and returns them.
  std::vector<MaskPair> HoldOut(int count);

 private:
  std::vector<MaskPair> pairs_;
  int without_ = 0, misshapen_ = 0;
  std::string first_left_out_;
};

// The mask of a picture among these folders, "" where there is none.
std::string FindMask(const MaskFolders& folders, const std::string& picture);
// The pictures of a folder, masks left out, sorted. kNotFound when there is no such folder.
Result<std::vector<std::string>> FindPictures(const std::string& folder);
// One byte a pixel of a picture file: its red.
Result<std::vector<uint8_t>> ReadMask(const std::string& path, int* width, int* height);
// To another size: shares by area, classes by the nearest pixel.
std::vector<uint8_t> ResizeMask(const std::vector<uint8_t>& mask, int width, int height, int new_width,
                                int new_height, bool classes);

}  // namespace tempera::train
