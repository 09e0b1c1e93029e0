// Figures of several photographs on their way to a row. Inside of evaluate.h.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "train/evaluate/losses/judge.h"
#include "train/evaluate/report/measures.h"
#include "train/evaluate/subjects.h"

namespace tempera::evaluate {

class PhotoSums {
 public:
  void Add(const std::string& key, double value) { values_[key].push_back(value); }
  // All of the hand that one photograph and its painting show. painting: may be null.
  void AddHand(const media::RgbImage& source, const media::RgbImage& painted, const Painting* painting);
  void AddJudged(const Judged& judged, bool has_painting);

  // Means into the row. unstyled: of the same photographs in the same order.
  void Finish(double content_scale, const std::vector<StyleDistance>& unstyled, Row* row) const;
  // Style and content loss of these photographs alone, as anchor_style_loss and anchor_content_loss.
  static void Pick(const PhotoSums& sums, const std::vector<size_t>& photos,
                   const std::vector<StyleDistance>& unstyled, double content_scale, Row* row);

 private:
  std::map<std::string, std::vector<double>> values_;
  std::vector<StyleDistance> style_;
  std::vector<double> content_;
};

// Writes a picture and the folders above it.
Status KeepAnchor(const std::string& path, const media::RgbImage& picture);

}  // namespace tempera::evaluate
