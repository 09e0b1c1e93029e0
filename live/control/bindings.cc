#include "live/control/bindings.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "live/control/control_files.h"
#include "live/source.h"
#include "src/base/text/number_text.h"
#include "tempera/tempera.h"

namespace tempera::live {
namespace {

using Kind = Target::Kind;

// A fader of seven bits has 128 places: within one and a half of them it stands where the value is.
constexpr double kNear = 1.5 / 127;
// Of a way, what a value that was set may come back as (float, rounding): nearer than any fader.
constexpr double kSame = 1e-4;
// Heights in steps, since each opens a model: an eighth of 144, and networks like multiples of eight.
constexpr double kHeightStep = 24;

// Pixels that a fader goes through; more can be typed.
constexpr double kUsualFeather = 64;

// What can be turned: where its ends and its value are.
struct Way {
  double low = 0, high = 1, value = 0;
  bool whole = false;  // in whole numbers
  bool is_switch = false;
};

int ElementOf(const Parameter& p, const std::string& element) {
  for (const auto* names : {&p.short_names, &p.element_names}) {
    const auto at = std::find(names->begin(), names->end(), element);
    if (at != names->end()) return static_cast<int>(at - names->begin());
  }
  int64_t index = -1;
  const auto count = static_cast<int64_t>(p.defaults.size());
  return ParseNumber(element, &index) && index >= 0 && index < count ? static_cast<int>(index) : -1;
}

std::optional<Way> WayOfParameter(const Controls& controls, const Target& target) {
  for (const Parameter& p : controls.Parameters()) {
    if (p.name != target.name) continue;
    const int element = target.kind == Kind::kElement ? ElementOf(p, target.element) : 0;
    const std::vector<float> values = controls.ValuesOf(p.name);
    if (element < 0 || static_cast<size_t>(element) >= values.size()) return std::nullopt;
    if (target.kind == Kind::kParameter && values.size() != 1) return std::nullopt;
    return Way{p.minimum, p.maximum, values[static_cast<size_t>(element)],
               p.kind == TEMPERA_PARAMETER_INTEGER, p.kind == TEMPERA_PARAMETER_SWITCH};
  }
  return std::nullopt;
}

// Nothing where this model has no such parameter; scenes and styles have no way.
std::optional<Way> WayOf(const Controls& controls, const Binding& binding) {
  const Settings now = controls.Get();
  std::optional<Way> way;
  switch (binding.to.kind) {
    case Kind::kHeight:
      way = Way{180, 720, static_cast<double>(now.height)};
      break;
    case Kind::kFps:
      way = Way{5, 60, now.fps, true};
      break;
    case Kind::kMirror:
      way = Way{0, 1, now.mirror ? 1.0 : 0.0, true, true};
      break;
    case Kind::kFreeze:
      way = Way{0, 1, now.freeze ? 1.0 : 0.0, true, true};
      break;
    case Kind::kMask:
      way = Way{0, 1, now.mask.on ? 1.0 : 0.0, true, true};
      break;
    case Kind::kFeather:
      way = Way{0, kUsualFeather, now.mask.numbers.feather};
      break;
    case Kind::kThreshold:
      way = Way{MaskNumbers::kLeastThreshold, MaskNumbers::kMostThreshold, now.mask.numbers.threshold};
      break;
    case Kind::kHold:
      way = Way{0, 1, now.mask.numbers.hold};
      break;
    case Kind::kParameter:
    case Kind::kElement:
      way = WayOfParameter(controls, binding.to);
      break;
    case Kind::kScene:
    case Kind::kStyle:
      break;
  }
  if (!way || way->is_switch) return way;
  way->low = binding.low.value_or(way->low);
  way->high = binding.high.value_or(way->high);
  return way;
}

Status TurnMask(Controls* controls, const Target& target, double value) {
  return controls->EditMask(TargetText(target), [&](MaskSettings* mask) {
    const auto number = static_cast<float>(value);
    if (target.kind == Kind::kMask) mask->on = value >= 0.5;
    if (target.kind == Kind::kFeather) mask->numbers.feather = number;
    if (target.kind == Kind::kThreshold) mask->numbers.threshold = number;
    if (target.kind == Kind::kHold) mask->numbers.hold = number;
    return OkStatus();
  });
}

bool IsMidi(const std::string& from) { return from.starts_with("midi:"); }
bool IsPress(const std::string& from) {
  return from.starts_with("midi:note:") || from.starts_with("midi:program:");
}

}  // namespace

Status Bindings::Load(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<Binding> bindings, ReadBindings(path));
  std::lock_guard lock(mutex_);
  path_ = path;
  broken_.clear();
  bound_.clear();
  for (const Binding& binding : bindings) bound_.push_back({binding});
  Index();
  return OkStatus();
}

void Bindings::LoadIfGood(const std::string& path) {
  const Status status = Load(path);
  if (status.ok()) return;
  std::lock_guard lock(mutex_);
  path_ = path;
  broken_ = status.message();
  bound_.clear();
  Index();
}

void Bindings::Index() {
  by_controller_.clear();
  for (size_t i = 0; i < bound_.size(); ++i) by_controller_[bound_[i].binding.from].push_back(i);
}

// What waits for the disk holds no fader up, nor the window.
Status Bindings::Save() {
  std::lock_guard order(save_mutex_);
  std::unique_lock lock(mutex_);
  const std::string path = path_;
  const bool broken = !broken_.empty();
  std::vector<Binding> bindings;
  for (const Bound& bound : bound_) bindings.push_back(bound.binding);
  lock.unlock();
  if (path.empty()) return OkStatus();
  if (broken) {
    TEMPERA_RETURN_IF_ERROR(KeepBroken(path));
    lock.lock();
    broken_.clear();
    lock.unlock();
  }
  return WriteBindings(path, bindings);
}

Status Bindings::Learn(const std::string& target) {
  TEMPERA_ASSIGN_OR_RETURN(Target parsed, ParseTarget(target));
  TEMPERA_RETURN_IF_ERROR(CheckBinding({.from = "midi:cc:1:0", .to = parsed}));
  std::lock_guard lock(mutex_);
  learning_ = std::move(parsed);
  return OkStatus();
}

void Bindings::StopLearning() {
  std::lock_guard lock(mutex_);
  learning_.reset();
}

std::string Bindings::learning() const {
  std::lock_guard lock(mutex_);
  return learning_ ? TargetText(*learning_) : "";
}

Status Bindings::Forget(const std::string& target) {
  TEMPERA_ASSIGN_OR_RETURN(const Target parsed, ParseTarget(target));
  {
    std::lock_guard lock(mutex_);
    if (std::erase_if(bound_, [&](const Bound& b) { return b.binding.to == parsed; }) == 0)
      return NotFound("nothing is bound to '" + target + "'");
    Index();
  }
  return Save();
}

std::vector<Binding> Bindings::list() const {
  std::lock_guard lock(mutex_);
  std::vector<Binding> bindings;
  for (const Bound& bound : bound_) bindings.push_back(bound.binding);
  return bindings;
}

std::vector<Bindings::Waiting> Bindings::waiting() const {
  std::lock_guard lock(mutex_);
  std::vector<Waiting> all;
  for (const Bound& bound : bound_) {
    const bool turns = bound.binding.to.kind != Kind::kScene && bound.binding.to.kind != Kind::kStyle;
    if (turns && bound.position >= 0 && !bound.holds)
      all.push_back({bound.binding.from, TargetText(bound.binding.to), bound.up});
  }
  return all;
}

std::vector<std::string> Bindings::addresses() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [from, indexes] : by_controller_) {
    if (from.starts_with("osc:")) all.push_back(from.substr(4));
  }
  return all;
}

std::string Bindings::trouble() const {
  std::lock_guard lock(mutex_);
  if (!file_trouble_.empty()) return file_trouble_;
  return broken_.empty() ? trouble_ : broken_;
}

std::string Bindings::last_controller() const {
  std::lock_guard lock(mutex_);
  return last_controller_;
}

bool Bindings::LearnFrom(const ControlEvent& event) {
  // A note that is let go, or a fader at its end that only reports itself in another way.
  if (IsPress(event.from) && event.value <= 0) return false;
  if (event.from.starts_with("midi:cc14:")) return false;
  Bound bound = {Binding{.from = event.from, .to = *learning_}};
  const auto replaced = [&](const Bound& b) {
    return b.binding.to == bound.binding.to || b.binding.from == event.from;
  };
  // An address may be whatever somebody sends; the next start reads what is written now.
  Status fits = CheckBinding(bound.binding);
  if (bound_.size() >= kMostBindings && std::none_of(bound_.begin(), bound_.end(), replaced))
    fits = InvalidArgument("there are " + std::to_string(kMostBindings) + " bindings: forget some");
  trouble_ = fits.message();
  if (!fits.ok()) return false;
  learning_.reset();
  std::erase_if(bound_, replaced);
  bound.holds = true;  // whoever teaches it looks at it
  if (const std::optional<Way> way = WayOf(*controls_, bound.binding)) bound.set = way->value;
  bound_.push_back(std::move(bound));
  Index();
  return true;
}

std::optional<double> Bindings::Pressed(Bound* bound, const ControlEvent& event) const {
  const bool press = IsPress(event.from) ? event.value > 0 : event.value >= 0.5 && !(bound->position >= 0.5);
  bound->position = event.value;
  if (!press) return std::nullopt;
  return 1;
}

std::optional<double> Bindings::Turned(Bound* bound, const ControlEvent& event) const {
  const std::optional<Way> way = WayOf(*controls_, bound->binding);
  if (!way) return std::nullopt;
  const double before = std::exchange(bound->position, event.value);
  if (way->is_switch) {
    bound->holds = true;
    if (bound->binding.toggle.value_or(IsPress(event.from))) {
      const bool press = IsPress(event.from) ? event.value > 0 : event.value >= 0.5 && !(before >= 0.5);
      return press ? std::optional<double>(way->value >= 0.5 ? 0 : 1) : std::nullopt;
    }
    const bool on = event.value >= 0.5;
    const bool changed = before < 0 || on != (before >= 0.5);
    return changed ? std::optional<double>(on ? 1 : 0) : std::nullopt;
  }
  if (IsPress(event.from) && event.value <= 0) return std::nullopt;  // a note keeps what it set
  const double length = way->high - way->low;
  double value = way->low + event.value * length;
  if (way->whole) value = std::round(value);
  if (bound->binding.to.kind == Kind::kHeight) value = std::round(value / kHeightStep) * kHeightStep;
  const bool jumps = !bound->binding.pickup.value_or(IsMidi(event.from) && !IsPress(event.from));
  if (jumps || length == 0) {
    bound->holds = true;
  } else {
    // Somebody else, a scene or the mouse, moved it since.
    if (bound->holds && std::abs(way->value - bound->set) > std::abs(length) * kSame) bound->holds = false;
    const double place = (way->value - way->low) / length;
    // A value beyond the ends of the way is taken over at that end.
    const double reached = std::clamp(place, 0.0, 1.0);
    const bool passes = before >= 0 && (before - reached) * (event.value - reached) <= 0;
    bound->holds = bound->holds || passes || std::abs(event.value - reached) <= kNear;
    bound->up = reached > event.value;
  }
  if (!bound->holds || value == way->value) {
    if (bound->holds) bound->set = way->value;
    return std::nullopt;
  }
  return value;
}

bool Bindings::Handle(const ControlEvent& event) {
  if (!(event.value >= 0 && event.value <= 1)) return false;
  std::vector<Action> actions;
  bool learnt = false;
  {
    std::lock_guard lock(mutex_);
    // Of 14 bits: the same controller once more.
    if (!event.from.starts_with("midi:cc14:")) last_controller_ = event.from;
    if (learning_) learnt = LearnFrom(event);
    const auto found = by_controller_.find(event.from);
    if (found == by_controller_.end()) return false;
    for (const size_t i : found->second) {
      Bound& bound = bound_[i];
      const Kind kind = bound.binding.to.kind;
      const std::optional<double> value =
          kind == Kind::kScene || kind == Kind::kStyle ? Pressed(&bound, event) : Turned(&bound, event);
      if (value) actions.push_back({i, bound.binding.to, *value});
    }
  }
  for (const Action& action : actions) {
    const Status status = Do(action);
    std::lock_guard lock(mutex_);
    trouble_ = status.message();
    // What came of it: clamped, rounded.
    if (action.index >= bound_.size() || !(bound_[action.index].binding.to == action.target)) continue;
    const std::optional<Way> way = WayOf(*controls_, bound_[action.index].binding);
    if (way) bound_[action.index].set = way->value;
  }
  if (learnt) {
    const Status status = Save();
    std::lock_guard lock(mutex_);
    file_trouble_ = status.message();
  }
  return true;
}

Status Bindings::Do(const Action& action) {
  const Target& target = action.target;
  switch (target.kind) {
    case Kind::kParameter:
      return controls_->SetValues(target.name, {static_cast<float>(action.value)});
    case Kind::kElement: {
      const auto all = controls_->Parameters();
      const auto p =
          std::find_if(all.begin(), all.end(), [&](const Parameter& q) { return q.name == target.name; });
      const int index = p == all.end() ? -1 : ElementOf(*p, target.element);
      if (index < 0) return NotFound("there is no " + TargetText(target) + " now");
      return controls_->SetElement(target.name, "", index, static_cast<float>(action.value));
    }
    case Kind::kHeight:
      controls_->SetHeight(static_cast<int>(action.value));
      return OkStatus();
    case Kind::kFps:
      controls_->SetFps(action.value);
      return OkStatus();
    case Kind::kMirror:
      controls_->SetMirror(action.value >= 0.5);
      return OkStatus();
    case Kind::kFreeze:
      controls_->SetFreeze(action.value >= 0.5);
      return OkStatus();
    case Kind::kMask:
    case Kind::kFeather:
    case Kind::kThreshold:
    case Kind::kHold:
      return TurnMask(controls_, target, action.value);
    case Kind::kStyle:
      controls_->SetStyle(target.name);
      return OkStatus();
    case Kind::kScene:
      break;
  }
  return scenes_->Recall(target.number, -1, NowNs());
}

}  // namespace tempera::live
