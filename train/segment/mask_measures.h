// How well masks fit what people drew, and how still they hold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tempera::train {

// Counts of one class over pictures.
struct Overlap {
  int64_t both = 0, either = 0;
  double iou() const { return either > 0 ? static_cast<double>(both) / static_cast<double>(either) : 1; }
};

// Bytes of one picture's mask and its truth, 128 and above inside.
Overlap OverlapOf(const std::vector<uint8_t>& mask, const std::vector<uint8_t>& truth);

// F-score of the outlines (Martin et al. 2004; Csurka et al. 2013): of the two outlines' pixels, how many
// have one of the other within `reach` pixels.
double BoundaryF(const std::vector<uint8_t>& mask, const std::vector<uint8_t>& truth, int width, int height,
                 double reach);
// The reach that is usual: 0.75 % of the diagonal.
double UsualReach(int width, int height);

// Class maps: what was found and what is there, kIgnored nowhere.
class ClassCounts {
 public:
  explicit ClassCounts(int classes) : overlaps_(static_cast<size_t>(classes)) {}
  void Add(const std::vector<uint8_t>& found, const std::vector<uint8_t>& truth);
  double iou(int c) const { return overlaps_[static_cast<size_t>(c)].iou(); }
  bool seen(int c) const { return overlaps_[static_cast<size_t>(c)].either > 0; }
  // Of the classes that occur.
  double mean_iou() const;
  int classes() const { return static_cast<int>(overlaps_.size()); }
  double accuracy() const {
    return pixels_ > 0 ? static_cast<double>(right_) / static_cast<double>(pixels_) : 0;
  }

 private:
  std::vector<Overlap> overlaps_;
  int64_t pixels_ = 0, right_ = 0;
};

}  // namespace tempera::train
