#include "src/metadata/parameters.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/base/text/number_text.h"

namespace tempera::metadata {
namespace {

Status CheckCount(const Parameter& parameter, size_t count) {
  if (count == parameter.defaults.size()) return OkStatus();
  return InvalidArgument("parameter " + parameter.name + " has " + std::to_string(parameter.defaults.size()) +
                         (parameter.defaults.size() == 1 ? " element, not " : " elements, not ") +
                         std::to_string(count));
}

}  // namespace

Status CheckValues(const Parameter& parameter, std::span<float> values) {
  for (float& value : values) {
    if (!(value >= parameter.minimum && value <= parameter.maximum)) {
      return InvalidArgument(parameter.name + " " + NumberToText(value) + " is not in " +
                             NumberToText(parameter.minimum) + ".." + NumberToText(parameter.maximum));
    }
    if (parameter.kind == TEMPERA_PARAMETER_INTEGER || parameter.kind == TEMPERA_PARAMETER_SWITCH) {
      value = std::clamp(std::round(value), parameter.minimum, parameter.maximum);
    }
  }
  return OkStatus();
}

void GiveValues(const Parameter& parameter, std::span<const float> values, float* given) {
  if (parameter.kind != TEMPERA_PARAMETER_WEIGHTS) {
    std::copy(values.begin(), values.end(), given);
    return;
  }
  double sum = std::accumulate(values.begin(), values.end(), 0.0);
  if (!(sum > 0)) {
    values = parameter.defaults;
    sum = std::accumulate(values.begin(), values.end(), 0.0);
  }
  for (size_t i = 0; i < values.size(); ++i) given[i] = static_cast<float>(values[i] / sum);
}

Parameters::Parameters(std::vector<Parameter> list) : list_(std::move(list)) {
  for (const Parameter& p : list_) {
    begins_.push_back(values_.size());
    values_.insert(values_.end(), p.defaults.begin(), p.defaults.end());
    std::vector<const char*>& names = element_names_.emplace_back();
    for (const std::string& element : p.elements) names.push_back(element.c_str());
    std::vector<const char*>& shorts = short_names_.emplace_back();
    for (const std::string& name : p.short_names) shorts.push_back(name.c_str());
  }
}

int Parameters::Find(std::string_view name) const {
  for (size_t i = 0; i < list_.size(); ++i) {
    if (list_[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

Status Parameters::Set(size_t index, std::span<const float> values) {
  TEMPERA_RETURN_IF_ERROR(CheckCount(list_[index], values.size()));
  std::vector<float> checked(values.begin(), values.end());
  TEMPERA_RETURN_IF_ERROR(CheckValues(list_[index], checked));
  const Locked lock(mutex_);
  std::copy(checked.begin(), checked.end(), values_.begin() + static_cast<ptrdiff_t>(begins_[index]));
  return OkStatus();
}

Status Parameters::Get(size_t index, std::span<float> values) const {
  TEMPERA_RETURN_IF_ERROR(CheckCount(list_[index], values.size()));
  const Locked lock(mutex_);
  std::copy_n(values_.begin() + static_cast<ptrdiff_t>(begins_[index]), values.size(), values.begin());
  return OkStatus();
}

void Parameters::Snapshot(std::vector<float>* out) const {
  const Locked lock(mutex_);
  out->assign(values_.begin(), values_.end());
}

std::vector<Parameter> BuiltInParameters() {
  return {
      {.name = kStrength,
       .line = "How much of the painting is seen: 0 the source, 1 the painting",
       .defaults = {1}},
      {.name = kKeepColors,
       .line = "Brightness from the painting, colours from the source",
       .kind = TEMPERA_PARAMETER_SWITCH,
       .defaults = {0}},
      {.name = kSteadiness,
       .line = "How much the strokes of a film hold on to what they show: 0 each frame by itself",
       .defaults = {0}},
      {.name = kBrightness, .line = "How much lighter what is seen becomes", .minimum = -1, .defaults = {0}},
      {.name = kContrast,
       .line = "How far colours lie from mid grey: 1 as painted",
       .maximum = 2,
       .defaults = {1}},
  };
}

}  // namespace tempera::metadata
