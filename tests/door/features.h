// What a frame of a case has about it. Whatever can meet has to: door_test.cc sees to it that every pair is
// drawn.
#pragma once

#include <bitset>
#include <cstddef>

namespace tempera::door {

enum class Feature : size_t {
  // of the network
  kView,
  kRankChange,
  kPlainLoop,
  kSeveralOutputs,
  kListedWeights,
  kNumber,
  kBlendedNorm,
  kOwnStrength,
  kState,
  kOneSize,
  kForeignEnds,
  // of the stylizer
  kInt8,
  kBf16,
  kAuto,
  kSmoothed,
  kCarried,
  kWorkingSize,
  kSharedHost,
  kNeighbour,
  kRegions,
  kRegionsByNetwork,
  // of the frame
  kInPlace,
  kUpwards,
  kTenBits,
  kSubsampled,
  kOneColor,
  kSmallFrame,
  kStrength,
  kNothing,
  kKeepColors,
  kSteady,
  kAdjusted,
  kMask,
  kFeather,
  kMaskNetwork,
  kUnder,
  kPrepared,
  kNewSize,
  kNewFormat,
  kReset,
  kCut,
  kBackInTime,
  kCount
};
inline constexpr size_t kFeatures = static_cast<size_t>(Feature::kCount);
inline constexpr const char* kFeatureNames[] = {"view",
                                                "rank change",
                                                "plain loop",
                                                "several outputs",
                                                "listed weights",
                                                "number",
                                                "blended norm",
                                                "own strength",
                                                "state",
                                                "one size",
                                                "foreign ends",
                                                "int8",
                                                "bf16",
                                                "auto",
                                                "smoothed",
                                                "carried",
                                                "working size",
                                                "shared host",
                                                "neighbour",
                                                "regions",
                                                "regions by network",
                                                "in place",
                                                "upwards",
                                                "ten bits",
                                                "subsampled",
                                                "one colour",
                                                "small frame",
                                                "strength",
                                                "nothing of it",
                                                "keep colours",
                                                "steady",
                                                "adjusted",
                                                "mask",
                                                "feather",
                                                "mask network",
                                                "under",
                                                "prepared",
                                                "new size",
                                                "new format",
                                                "reset",
                                                "cut",
                                                "back in time"};
static_assert(std::size(kFeatureNames) == kFeatures);

class Features {
 public:
  Features& Add(Feature f, bool has = true) {
    bits_[static_cast<size_t>(f)] = bits_[static_cast<size_t>(f)] || has;
    return *this;
  }
  bool Has(Feature f) const { return bits_[static_cast<size_t>(f)]; }
  bool Has(size_t f) const { return bits_[f]; }
  Features operator|(const Features& o) const {
    Features all;
    all.bits_ = bits_ | o.bits_;
    return all;
  }

 private:
  std::bitset<kFeatures> bits_;
};

}  // namespace tempera::door
