// The C border: parameters by index and by name.
#include <span>
#include <string>
#include <vector>

#include "src/base/text/one_line.h"
#include "src/metadata/parameters.h"
#include "src/metadata/style_names.h"
#include "src/stylize/door/door.h"
#include "src/stylize/door/sized.h"

namespace {

using tempera::InvalidArgument;
using tempera::OkStatus;
using tempera::Result;
using tempera::Status;
using tempera::metadata::Parameter;
using tempera::metadata::Parameters;
using tempera::stylize::Guard;

Result<size_t> IndexOf(const tempera_stylizer* stylizer, int32_t index) {
  if (stylizer == nullptr) return InvalidArgument("stylizer is NULL");
  const size_t count = stylizer->stylizer->parameters().size();
  if (index < 0 || static_cast<size_t>(index) >= count) {
    return InvalidArgument("parameter " + std::to_string(index) + " is not in 0.." +
                           std::to_string(count - 1));
  }
  return static_cast<size_t>(index);
}

Result<size_t> IndexOf(const tempera_stylizer* stylizer, const char* name) {
  if (stylizer == nullptr) return InvalidArgument("stylizer is NULL");
  if (name == nullptr) return InvalidArgument("name is NULL");
  const Parameters& parameters = stylizer->stylizer->parameters();
  const int index = parameters.Find(name);
  if (index >= 0) return static_cast<size_t>(index);
  std::string known;
  for (size_t i = 0; i < parameters.size(); ++i) known += (i == 0 ? "" : ", ") + parameters[i].name;
  return tempera::NotFound("there is no parameter '" + std::string(name) + "'; the model has " + known);
}

template <typename Key>
tempera_status Set(tempera_stylizer* stylizer, Key key, const float* values, int32_t count) {
  return Guard([&]() -> Status {
    TEMPERA_ASSIGN_OR_RETURN(const size_t index, IndexOf(stylizer, key));
    if (values == nullptr || count < 0) return InvalidArgument("values is NULL, or count below 0");
    return stylizer->stylizer->parameters().Set(index, {values, static_cast<size_t>(count)});
  });
}

template <typename Key>
tempera_status Get(const tempera_stylizer* stylizer, Key key, float* values, int32_t count) {
  return Guard([&]() -> Status {
    TEMPERA_ASSIGN_OR_RETURN(const size_t index, IndexOf(stylizer, key));
    if (values == nullptr || count < 0) return InvalidArgument("values is NULL, or count below 0");
    const Parameters& parameters = stylizer->stylizer->parameters();
    return parameters.Get(index, {values, static_cast<size_t>(count)});
  });
}

}  // namespace

int32_t tempera_parameter_count(const tempera_stylizer* stylizer) {
  return stylizer == nullptr ? 0 : static_cast<int32_t>(stylizer->stylizer->parameters().size());
}

tempera_status tempera_get_parameter_info(const tempera_stylizer* stylizer, int32_t index,
                                          tempera_parameter_info* info) {
  return Guard([&]() -> Status {
    TEMPERA_ASSIGN_OR_RETURN(const size_t i, IndexOf(stylizer, index));
    if (info == nullptr) return InvalidArgument("info is NULL");
    const Parameters& parameters = stylizer->stylizer->parameters();
    const tempera::metadata::Parameter& p = parameters[i];
    tempera_parameter_info told = TEMPERA_PARAMETER_INFO_INIT;
    told.name = p.name.c_str();
    told.line = p.line.c_str();
    told.unit = p.unit.c_str();
    told.kind = p.kind;
    told.count = static_cast<int32_t>(p.defaults.size());
    told.minimum = p.minimum;
    told.maximum = p.maximum;
    told.defaults = p.defaults.data();
    told.element_names = parameters.element_names(i);
    told.short_names = parameters.short_names(i);
    return tempera::stylize::WriteSized(told, TEMPERA_SIZE_THROUGH(tempera_parameter_info, name),
                                        "tempera_parameter_info", info);
  });
}

int32_t tempera_find_parameter(const tempera_stylizer* stylizer, const char* name) {
  if (stylizer == nullptr || name == nullptr) return -1;
  return stylizer->stylizer->parameters().Find(name);
}

tempera_status tempera_set_parameter(tempera_stylizer* stylizer, int32_t index, const float* values,
                                     int32_t count) {
  return Set(stylizer, index, values, count);
}

tempera_status tempera_get_parameter(const tempera_stylizer* stylizer, int32_t index, float* values,
                                     int32_t count) {
  return Get(stylizer, index, values, count);
}

tempera_status tempera_set_named_parameter(tempera_stylizer* stylizer, const char* name, const float* values,
                                           int32_t count) {
  return Set(stylizer, name, values, count);
}

tempera_status tempera_get_named_parameter(const tempera_stylizer* stylizer, const char* name, float* values,
                                           int32_t count) {
  return Get(stylizer, name, values, count);
}

int32_t tempera_find_element(const tempera_stylizer* stylizer, int32_t index, const char* name) {
  int32_t element = -1;
  static_cast<void>(Guard([&]() -> Status {
    TEMPERA_ASSIGN_OR_RETURN(const size_t i, IndexOf(stylizer, index));
    if (name != nullptr) element = tempera::metadata::FindElement(stylizer->stylizer->parameters()[i], name);
    return tempera::OkStatus();
  }));
  return element;
}

tempera_status tempera_set_style(tempera_stylizer* stylizer, const char* name) {
  return Guard([&]() -> Status {
    if (stylizer == nullptr || name == nullptr) return InvalidArgument("stylizer or name is NULL");
    Parameters& parameters = stylizer->stylizer->parameters();
    const Parameter* blend = tempera::metadata::BlendOf(parameters.list());
    if (blend == nullptr) return tempera::NotFound("the model holds one style, and no others by name");
    const int element = tempera::metadata::FindElement(*blend, name);
    if (element < 0) {
      std::string known;
      for (const std::string& n : blend->short_names.empty() ? blend->elements : blend->short_names)
        known += (known.empty() ? "" : ", ") + n;
      return tempera::NotFound("there is no style '" + tempera::OneLine(name) + "'; the model has " + known);
    }
    std::vector<float> weights(blend->defaults.size(), blend->minimum);
    weights[static_cast<size_t>(element)] = blend->maximum;
    return parameters.Set(static_cast<size_t>(parameters.Find(blend->name)), weights);
  });
}

tempera_status tempera_set_strength(tempera_stylizer* stylizer, float strength) {
  return Set(stylizer, tempera::metadata::kStrength, &strength, 1);
}
