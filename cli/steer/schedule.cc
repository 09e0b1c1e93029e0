#include "cli/steer/schedule.h"

#include <algorithm>
#include <numeric>

#include "cli/cli.h"
#include "src/base/text/number_text.h"
#include "src/metadata/style_names.h"

namespace tempera::cli {
namespace {

int FindElement(const Control& control, const std::string& name) {
  const std::string wanted = metadata::PlainName(name);
  for (const auto* names : {&control.short_names, &control.elements}) {
    for (size_t i = 0; i < names->size(); ++i) {
      if (metadata::PlainName((*names)[i]) == wanted) return static_cast<int>(i);
    }
  }
  return -1;
}

// As many as a line bears: a file may have a thousand.
std::string Joined(const std::vector<std::string>& names) {
  constexpr size_t kMostBytes = 160;
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (text.size() > kMostBytes) return text + ", ... and " + std::to_string(names.size() - i) + " more";
    text += (text.empty() ? "" : ", ") + Printable(names[i], 64);
  }
  return text;
}

// A film may have a number between two keyframes whose weights have other sums: shares are what is meant.
// Within the control's range, whose greatest number stands for the whole.
void MakeShares(const Control& control, std::vector<float>* values) {
  const double sum = std::accumulate(values->begin(), values->end(), 0.0);
  for (float& value : *values)
    value = std::clamp(static_cast<float>(value / sum * control.maximum), control.minimum, control.maximum);
}

double Eased(double share, bool smooth) { return smooth ? share * share * (3 - 2 * share) : share; }

}  // namespace

std::vector<Control> ControlsOf(const tempera_stylizer* stylizer) {
  std::vector<Control> controls;
  for (int32_t i = 0; i < tempera_parameter_count(stylizer); ++i) {
    tempera_parameter_info info = TEMPERA_PARAMETER_INFO_INIT;
    if (tempera_get_parameter_info(stylizer, i, &info) != TEMPERA_OK) continue;
    Control& control = controls.emplace_back();
    control.name = info.name, control.line = info.line, control.unit = info.unit;
    control.kind = info.kind, control.minimum = info.minimum, control.maximum = info.maximum;
    control.defaults.assign(info.defaults, info.defaults + info.count);
    const auto take = [&](const char* const* names, std::vector<std::string>* to) {
      if (names != nullptr) to->assign(names, names + info.count);
    };
    take(info.element_names, &control.elements);
    take(info.short_names, &control.short_names);
  }
  return controls;
}

class Schedule::Maker {
 public:
  Maker(const std::vector<Control>& controls, const std::string& model) : controls_(controls), model_(model) {
    // As tempera_set_style chooses it.
    for (size_t i = 0; i < controls_.size(); ++i) {
      const Control& c = controls_[i];
      if (c.kind != TEMPERA_PARAMETER_WEIGHTS || (c.elements.empty() && c.short_names.empty())) continue;
      if (!blend_ || (controls_[*blend_].short_names.empty() && !c.short_names.empty())) blend_ = i;
    }
  }

  Result<Schedule> Make(const Steering& steering) {
    if (!steering.blend.empty()) {
      TEMPERA_ASSIGN_OR_RETURN(const auto shares, Blend(steering.blend, "--blend"));
      TEMPERA_RETURN_IF_ERROR(Hold(*blend_, shares, "--blend"));
    }
    for (const Turn& turn : steering.params) {
      TEMPERA_ASSIGN_OR_RETURN(const size_t control, Parameter(turn, "--param"));
      TEMPERA_RETURN_IF_ERROR(Hold(control, turn.values, "--param " + turn.name));
    }
    for (const Keyframe& key : steering.keys) TEMPERA_RETURN_IF_ERROR(Add(key));
    if (!steering.style.empty()) {
      TEMPERA_ASSIGN_OR_RETURN(const auto shares, Blend({{steering.style, {1}}}, "--style"));
      // Where nothing else says what is painted.
      if (TrackOf(*blend_) == nullptr) TEMPERA_RETURN_IF_ERROR(Hold(*blend_, shares, "--style"));
    }
    for (const Track& track : made_.tracks_) made_.moves_ = made_.moves_ || track.keys.size() > 1;
    return made_;
  }

 private:
  std::string Known() const {
    std::string text = "parameters " + Joined(Names());
    if (blend_) text = "styles " + Joined(StyleNames()) + "; " + text;
    return model_ + " has " + text;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Control& c : controls_) names.push_back(c.name);
    return names;
  }
  const std::vector<std::string>& StyleNames() const {
    const Control& c = controls_[*blend_];
    return c.short_names.empty() ? c.elements : c.short_names;
  }
  int Find(const std::string& name) const {
    for (size_t i = 0; i < controls_.size(); ++i) {
      if (controls_[i].name == name) return static_cast<int>(i);
    }
    return -1;
  }

  // Each style's share.
  Result<std::vector<float>> Blend(const std::vector<Turn>& styles, const std::string& option) const {
    if (!blend_) {
      return InvalidArgument(model_ + " holds one style, so " + option + " finds no '" +
                             Printable(styles.empty() ? "" : styles.front().name) +
                             "' in it: tempera styles lists names, and --style takes a file of many styles");
    }
    const Control& control = controls_[*blend_];
    std::vector<float> shares(control.defaults.size(), 0.0f);
    for (const Turn& turn : styles) {
      const int element = FindElement(control, turn.name);
      if (element < 0) {
        return NotFound("there is no style '" + Printable(turn.name) + "' in " + model_ + ": it has " +
                        Joined(StyleNames()));
      }
      if (turn.values.size() != 1 || !(turn.values[0] >= 0))
        return InvalidArgument("the share of '" + Printable(turn.name) + "' is one number, 0 or more");
      shares[static_cast<size_t>(element)] += turn.values[0];
    }
    if (!(std::accumulate(shares.begin(), shares.end(), 0.0) > 0))
      return InvalidArgument("the styles' shares sum to 0: give one of them more");
    MakeShares(control, &shares);
    return shares;
  }

  Status Check(size_t index, const std::vector<float>& values) const {
    const Control& control = controls_[index];
    if (values.size() != control.defaults.size()) {
      return InvalidArgument(Printable(control.name) + " takes " + std::to_string(control.defaults.size()) +
                             (control.defaults.size() == 1 ? " value, not " : " values, not ") +
                             std::to_string(values.size()));
    }
    for (const float value : values) {
      if (value >= control.minimum && value <= control.maximum) continue;
      return InvalidArgument(Printable(control.name) + " " + NumberToText(value) + " is not in " +
                             NumberToText(control.minimum) + ".." + NumberToText(control.maximum));
    }
    if (control.kind == TEMPERA_PARAMETER_WEIGHTS &&
        !(std::accumulate(values.begin(), values.end(), 0.0) > 0))
      return InvalidArgument("the values of " + Printable(control.name) + " sum to 0: give one of them more");
    return OkStatus();
  }

  Result<size_t> Parameter(const Turn& turn, const std::string& option) const {
    const int index = Find(turn.name);
    if (index < 0)
      return NotFound(option + ": there is no parameter '" + Printable(turn.name) + "': " + Known());
    TEMPERA_RETURN_IF_ERROR(Check(static_cast<size_t>(index), turn.values));
    return static_cast<size_t>(index);
  }

  Track* TrackOf(size_t control) {
    for (Track& track : made_.tracks_) {
      if (track.control == control) return &track;
    }
    return nullptr;
  }

  // The same all the time.
  Status Hold(size_t control, std::vector<float> values, const std::string& option) {
    if (TrackOf(control) != nullptr)
      return InvalidArgument(option + " turns " + Printable(controls_[control].name) +
                             " a second time: give it once");
    if (controls_[control].kind == TEMPERA_PARAMETER_WEIGHTS) MakeShares(controls_[control], &values);
    made_.tracks_.push_back({control, {{0, std::move(values), false}}});
    ++held_;
    return OkStatus();
  }

  Status Add(const Keyframe& keyframe) {
    std::vector<Turn> styles;
    for (const Turn& turn : keyframe.turns) {
      if (Find(turn.name) >= 0) {
        TEMPERA_ASSIGN_OR_RETURN(const size_t control, Parameter(turn, "--animate"));
        TEMPERA_RETURN_IF_ERROR(AddKey(control, keyframe, turn.values));
      } else if (blend_ && FindElement(controls_[*blend_], turn.name) >= 0) {
        styles.push_back(turn);
      } else {
        return NotFound("--animate: there is no style or parameter '" + Printable(turn.name) +
                        "': " + Known());
      }
    }
    if (styles.empty()) return OkStatus();
    TEMPERA_ASSIGN_OR_RETURN(const std::vector<float> shares, Blend(styles, "--animate"));
    return AddKey(*blend_, keyframe, shares);
  }

  Status AddKey(size_t control, const Keyframe& keyframe, std::vector<float> values) {
    Track* track = TrackOf(control);
    const auto at = track == nullptr ? held_ : static_cast<size_t>(track - made_.tracks_.data());
    if (at < held_) {
      return InvalidArgument("--animate turns " + Printable(controls_[control].name) +
                             ", which another option sets: leave one out");
    }
    if (controls_[control].kind == TEMPERA_PARAMETER_WEIGHTS) MakeShares(controls_[control], &values);
    if (track == nullptr) track = &made_.tracks_.emplace_back(Track{control, {}});
    if (!track->keys.empty() && track->keys.back().time_s == keyframe.time_s) {
      return InvalidArgument("--animate sets " + Printable(controls_[control].name) + " twice at " +
                             NumberToText(keyframe.time_s) + "s");
    }
    track->keys.push_back({keyframe.time_s, std::move(values), keyframe.smooth});
    return OkStatus();
  }

  const std::vector<Control>& controls_;
  const std::string model_;
  std::optional<size_t> blend_;
  size_t held_ = 0;  // the first tracks, which no keyframe may touch
  Schedule made_;
};

Result<Schedule> Schedule::Make(const std::vector<Control>& controls, const Steering& steering,
                                const std::string& model) {
  return Maker(controls, model).Make(steering);
}

std::vector<Schedule::Value> Schedule::At(double time_s) const {
  std::vector<Value> all;
  for (const Track& track : tracks_) {
    const auto after = std::upper_bound(track.keys.begin(), track.keys.end(), time_s,
                                        [](double t, const Key& key) { return t < key.time_s; });
    if (after == track.keys.begin() || after == track.keys.end()) {
      all.push_back({track.control, after == track.keys.begin() ? after->values : (after - 1)->values});
      continue;
    }
    const Key &from = *(after - 1), &to = *after;
    const double share = Eased((time_s - from.time_s) / (to.time_s - from.time_s), to.smooth);
    Value& value = all.emplace_back(Value{track.control, {}});
    for (size_t i = 0; i < from.values.size(); ++i) {
      const double between = from.values[i] + share * (static_cast<double>(to.values[i]) - from.values[i]);
      value.values.push_back(static_cast<float>(between));
    }
  }
  return all;
}

}  // namespace tempera::cli
