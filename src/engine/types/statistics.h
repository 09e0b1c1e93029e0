// The statistics that instance norms use.
#pragma once

#include <string>
#include <vector>

namespace tempera::engine {

// What instance norms normalise with.
enum class NormStatistics {
  kExact,     // mean and variance of the picture itself
  kSmoothed,  // blended with those of the pictures before: for the frames of one video
  kCarried,   // those of a picture before while they are near enough (carried.h): for the frames of one
              // video
  kGiven,     // Session::SetStatistics said so; nothing is gathered, the norm is a known scale and shift
};

// Mean and variance that an instance norm uses, [n * channels] each.
struct ChannelStatistics {
  std::string norm;  // the node's name
  std::vector<double> mean, variance;
};

}  // namespace tempera::engine
