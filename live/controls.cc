#include "live/controls.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tempera/tempera.h"

namespace tempera::live {
namespace {

std::string NamesOf(const std::vector<Parameter>& parameters) {
  std::string names;
  for (const Parameter& p : parameters) names += (names.empty() ? "" : ", ") + p.name;
  return names;
}

int IndexOf(const Parameter& p, const std::string& element) {
  for (const auto* names : {&p.short_names, &p.element_names}) {
    const auto at = std::find(names->begin(), names->end(), element);
    if (at != names->end()) return static_cast<int>(at - names->begin());
  }
  return -1;
}

}  // namespace

Settings Controls::Get() const {
  std::lock_guard lock(mutex_);
  return settings_;
}

uint64_t Controls::generation() const {
  std::lock_guard lock(mutex_);
  return generation_;
}

const Parameter* Controls::Find(const std::string& name) const {
  for (const Parameter& p : parameters_) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

void Controls::Changed(const std::string& name, std::unique_lock<std::mutex> lock) {
  ++generation_;
  const std::function<void(const std::string&)> listener = listener_;
  lock.unlock();
  if (listener) listener(name);
}

void Controls::SetStyle(const std::string& style) {
  std::unique_lock lock(mutex_);
  for (const Parameter& p : parameters_) {
    if (p.kind == TEMPERA_PARAMETER_WEIGHTS) settings_.values.erase(p.name);
  }
  settings_.style = style;
  Changed("style", std::move(lock));
}

Status Controls::SetValues(const std::string& name, const std::vector<float>& values) {
  std::unique_lock lock(mutex_);
  const Parameter* p = Find(name);
  if (p == nullptr) return NotFound("no parameter '" + name + "': there are " + NamesOf(parameters_));
  if (values.size() != p->defaults.size())
    return InvalidArgument("'" + name + "' takes " + std::to_string(p->defaults.size()) + " values, not " +
                           std::to_string(values.size()));
  std::vector<float> clamped;
  for (float v : values) {
    if (!std::isfinite(v)) return InvalidArgument("a value of '" + name + "' is no number");
    clamped.push_back(std::clamp(v, p->minimum, p->maximum));
  }
  settings_.values[name] = std::move(clamped);
  Changed(name, std::move(lock));
  return OkStatus();
}

Status Controls::SetElement(const std::string& name, const std::string& element, int index, float value) {
  std::unique_lock lock(mutex_);
  const Parameter* p = Find(name);
  if (p == nullptr) return NotFound("no parameter '" + name + "': there are " + NamesOf(parameters_));
  if (!element.empty()) index = IndexOf(*p, element);
  const auto count = static_cast<int>(p->defaults.size());
  if (index < 0 || index >= count) {
    return NotFound("'" + name + "' has no element '" + (element.empty() ? std::to_string(index) : element) +
                    "': it has " + std::to_string(count));
  }
  if (!std::isfinite(value)) return InvalidArgument("a value of '" + name + "' is no number");
  const auto set = settings_.values.find(name);
  std::vector<float> values = set != settings_.values.end() ? set->second : p->defaults;
  values.resize(static_cast<size_t>(count));  // a scene of another model may have left fewer
  values[static_cast<size_t>(index)] = std::clamp(value, p->minimum, p->maximum);
  settings_.values[name] = std::move(values);
  Changed(name, std::move(lock));
  return OkStatus();
}

Status Controls::Unset(const std::string& name) {
  std::unique_lock lock(mutex_);
  if (Find(name) == nullptr)
    return NotFound("no parameter '" + name + "': there are " + NamesOf(parameters_));
  settings_.values.erase(name);
  Changed(name, std::move(lock));
  return OkStatus();
}

void Controls::SetHeight(int lines) {
  std::unique_lock lock(mutex_);
  settings_.height = std::max(0, lines);
  Changed("height", std::move(lock));
}

void Controls::SetFps(double fps) {
  std::unique_lock lock(mutex_);
  settings_.fps = std::isfinite(fps) ? std::max(0.0, fps) : 0;
  Changed("fps", std::move(lock));
}

void Controls::SetMirror(bool on) {
  std::unique_lock lock(mutex_);
  settings_.mirror = on;
  Changed("mirror", std::move(lock));
}

void Controls::SetFreeze(bool on) {
  std::unique_lock lock(mutex_);
  settings_.freeze = on;
  Changed("freeze", std::move(lock));
}

Status Controls::EditMask(const std::string& name, const std::function<Status(MaskSettings*)>& edit) {
  std::unique_lock lock(mutex_);
  MaskSettings mask = settings_.mask;
  TEMPERA_RETURN_IF_ERROR(edit(&mask));
  mask.numbers = Clamped(mask.numbers);
  settings_.mask = std::move(mask);
  Changed(name, std::move(lock));
  return OkStatus();
}

bool Controls::TakeBack(const RefusedMask& refused) {
  std::unique_lock lock(mutex_);
  MaskSettings& mask = settings_.mask;
  if (!mask.SameRegions(refused.asked)) return false;
  const MaskNumbers numbers = mask.numbers;
  mask = refused.instead;
  mask.numbers = numbers;
  Changed("mask", std::move(lock));
  return true;
}

void Controls::Load(const Settings& settings) {
  std::unique_lock lock(mutex_);
  settings_ = settings;
  Changed("scene", std::move(lock));
}

void Controls::Edit(const std::function<void(Settings*)>& edit) {
  std::unique_lock lock(mutex_);
  edit(&settings_);
  Changed("scene", std::move(lock));
}

std::vector<Parameter> Controls::Parameters() const {
  std::lock_guard lock(mutex_);
  return parameters_;
}

std::vector<float> Controls::ValuesOf(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const Parameter* p = Find(name);
  if (p == nullptr) return {};
  const auto set = settings_.values.find(name);
  return set != settings_.values.end() && set->second.size() == p->defaults.size() ? set->second
                                                                                   : p->defaults;
}

void Controls::SetParameters(std::vector<Parameter> parameters) {
  std::unique_lock lock(mutex_);
  parameters_ = std::move(parameters);
  Changed("parameters", std::move(lock));
}

std::vector<std::string> Controls::MaskClasses() const {
  std::lock_guard lock(mutex_);
  return mask_classes_;
}

void Controls::SetMaskClasses(std::vector<std::string> classes) {
  std::unique_lock lock(mutex_);
  if (classes == mask_classes_) return;
  mask_classes_ = std::move(classes);
  Changed("parameters", std::move(lock));
}

void Controls::SetListener(std::function<void(const std::string& name)> listener) {
  std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

}  // namespace tempera::live
