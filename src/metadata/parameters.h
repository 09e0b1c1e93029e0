// What a host can turn while frames are painted, by name: strength, keep_colors, and what a model declares.
// Values are set from any thread; a frame is painted with those of one moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/lock.h"
#include "src/base/status.h"
#include "tempera/tempera.h"

namespace tempera::metadata {

inline constexpr size_t kMostParameters = 69;  // the built-in ones, and 64 of a file
inline constexpr size_t kMostElements = 1024;  // of one parameter

struct Parameter {
  std::string name = {};
  std::string line = {};  // what it does, for people
  std::string unit = {};
  int32_t kind = TEMPERA_PARAMETER_NUMBER;
  float minimum = 0, maximum = 1;             // of every element
  std::vector<float> defaults = {};           // as many as there are elements, at least one
  std::vector<std::string> elements = {};     // their names, or none
  std::vector<std::string> short_names = {};  // of styles, for the command line (style_names.h), or none
  int input = -1;                             // the graph input that is given the value, or -1
};

// Values as a parameter's kind has them: each within the range (NaN is not), integers and switches rounded.
// `values` are as many as there are elements.
Status CheckValues(const Parameter& parameter, std::span<float> values);

// What the network is given for such values: weights as shares of a whole, everything else as it is. `given`
// has room for as many.
void GiveValues(const Parameter& parameter, std::span<const float> values, float* given);

class Parameters {
 public:
  // At most kMostParameters, their names not twice. Only before the first use from other threads.
  explicit Parameters(std::vector<Parameter> list);

  size_t size() const { return list_.size(); }
  const Parameter& operator[](size_t index) const { return list_[index]; }
  // Of elements; for C, as long as this lives.
  const char* const* element_names(size_t index) const {
    return element_names_[index].empty() ? nullptr : element_names_[index].data();
  }
  const char* const* short_names(size_t index) const {
    return short_names_[index].empty() ? nullptr : short_names_[index].data();
  }
  // All of them.
  const std::vector<Parameter>& list() const { return list_; }
  // -1: none of that name.
  int Find(std::string_view name) const;

  // From any thread. As many values as the parameter has elements.
  Status Set(size_t index, std::span<const float> values);
  Status Get(size_t index, std::span<float> values) const;

  // All values of one moment, those of parameter i from begin(i) on. Allocates nothing from the second call
  // on.
  void Snapshot(std::vector<float>* out) const;
  size_t begin(size_t index) const { return begins_[index]; }

 private:
  std::vector<Parameter> list_;
  std::vector<std::vector<const char*>> element_names_, short_names_;
  std::vector<size_t> begins_;
  mutable Mutex mutex_;
  std::vector<float> values_;  // guarded by mutex_
};

// strength, keep_colors, steadiness, brightness and contrast.
std::vector<Parameter> BuiltInParameters();
inline constexpr const char* kStrength = "strength";
inline constexpr const char* kKeepColors = "keep_colors";
inline constexpr const char* kSteadiness = "steadiness";
inline constexpr const char* kBrightness = "brightness";
inline constexpr const char* kContrast = "contrast";

}  // namespace tempera::metadata
