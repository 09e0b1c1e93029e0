// Mean and squared deviation of a set of numbers, joinable: the statistics of an
// instance norm, gathered tile by tile.
#pragma once

#include <cstdint>

namespace tempera::kernels {

struct Moments {
  double count = 0;
  double mean = 0;
  double m2 = 0;  // sum of squared deviations from the mean

  // Joins another set's moments (Chan, Golub, LeVeque 1979, "Updating formulae and a pairwise
  // algorithm for computing sample variances").
  void Join(const Moments& other) {
    if (other.count == 0) return;
    const double n = count + other.count;
    const double delta = other.mean - mean;
    mean += delta * (other.count / n);
    m2 += other.m2 + delta * delta * (count * other.count / n);
    count = n;
  }
  double variance() const { return count > 0 ? m2 / count : 0; }
};

// Moments of `rows` rows of `columns` numbers that lie `row_stride` numbers apart.
using RegionMomentsF32 = Moments (*)(const float* data, int64_t rows, int64_t columns, int64_t row_stride);
RegionMomentsF32 ChooseRegionMomentsF32(int64_t highway_bit);

}  // namespace tempera::kernels
