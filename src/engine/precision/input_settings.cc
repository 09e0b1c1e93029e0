#include "src/engine/precision/input_settings.h"

#include <algorithm>
#include <utility>

namespace tempera::engine {
namespace {

// Frames of 256 pixels a side: a second or so for all of them, once for a model.
constexpr size_t kMostSettings = 24;
constexpr size_t kMostTurned = 11;  // of them at ends of other numbers than a style's weights
// Numbers whose every corner is tried.
constexpr size_t kMostFreeNumbers = 3;

struct Place {
  size_t input = 0, number = 0;
};

// Of free numbers: every combination of the ends of few; of many each at either end by itself, and all
// together.
std::vector<InputSetting> Ends(const KnownInputs& inputs, const InputSetting& initial,
                               const std::vector<Place>& free) {
  const auto bound = [&](const Place& p, bool high) {
    const InputValues& known = *inputs.values[p.input];
    return high ? known.high : known.low;
  };
  std::vector<InputSetting> ends;
  const bool few = free.size() <= kMostFreeNumbers;
  for (size_t corner = 0; !free.empty() && corner < (few ? size_t{1} << free.size() : 2); ++corner) {
    InputSetting& setting = ends.emplace_back(initial);
    for (size_t k = 0; k < free.size(); ++k)
      setting[free[k].input][free[k].number] = bound(free[k], (few ? corner >> k & 1 : corner) != 0);
  }
  // No more than are tried: each copies all numbers.
  const size_t alone = few ? 0 : std::min(free.size(), kMostTurned);
  for (size_t n = 0; n < alone; ++n) {
    const size_t k = n * free.size() / alone;
    for (const bool high : {false, true}) {
      InputSetting& setting = ends.emplace_back(initial);
      setting[free[k].input][free[k].number] = bound(free[k], high);
    }
  }
  return ends;
}

// Of every blend its style k alone.
void ChooseAlone(const std::vector<std::vector<Place>>& blends, size_t k, InputSetting* setting) {
  for (const auto& blend : blends) {
    for (size_t j = 0; j < blend.size(); ++j)
      (*setting)[blend[j].input][blend[j].number] = j == k % blend.size() ? 1.0f : 0.0f;
  }
}

void TakeEvenly(std::vector<InputSetting> from, size_t most, std::vector<InputSetting>* to) {
  const size_t take = std::min(from.size(), most);
  for (size_t k = 0; k < take; ++k) to->push_back(std::move(from[k * from.size() / take]));
}

}  // namespace

std::vector<InputSetting> InputSettings(const graph::Graph& graph, const KnownInputs& inputs) {
  InputSetting initial(graph.inputs.size());
  std::vector<Place> free;                 // numbers that do not know of each other
  std::vector<std::vector<Place>> blends;  // shares, by input
  for (size_t i = 0; i < initial.size() && i < inputs.values.size(); ++i) {
    const TensorInfo& info = graph.value(graph.inputs[i]).info;
    if (i == inputs.picture_input || !inputs.values[i] || info.dtype != DataType::kFloat32) continue;
    if (std::any_of(inputs.states.begin(), inputs.states.end(),
                    [i](const StateLink& link) { return link.input == i; }))
      continue;
    size_t count = 1;
    for (int64_t d : info.shape) count *= static_cast<size_t>(d);  // checked by Specialize
    if (count == 0) continue;
    const InputValues& known = *inputs.values[i];
    initial[i].assign(count, 0);
    for (size_t k = 0; k < count && !known.initial.empty(); ++k)
      initial[i][k] = known.initial[known.initial.size() == count ? k : 0];
    if (known.shares) blends.emplace_back();
    for (size_t k = 0; k < count; ++k) (known.shares ? blends.back() : free).push_back({i, k});
  }
  std::vector<InputSetting> all = {initial};
  // Each style alone, the rest as it begins; then the same style at the ends of what else is turned, one
  // after the other; then all styles in equal parts.
  const std::vector<InputSetting> ends = Ends(inputs, initial, free);
  size_t longest = 0;
  for (const auto& blend : blends) longest = std::max(longest, blend.size());
  std::vector<InputSetting> alone, turned;
  for (size_t k = 0; k < longest; ++k) {
    InputSetting setting = initial;
    ChooseAlone(blends, k, &setting);
    if (setting != initial) alone.push_back(std::move(setting));
  }
  for (size_t k = 0; k < ends.size(); ++k) {
    InputSetting setting = ends[k];
    ChooseAlone(blends, k, &setting);
    if (setting != initial) turned.push_back(std::move(setting));
  }
  if (longest > 1) {
    InputSetting setting = initial;
    for (const auto& blend : blends) {
      for (const Place& place : blend)
        setting[place.input][place.number] = 1 / static_cast<float>(blend.size());
    }
    if (setting != initial) turned.push_back(std::move(setting));
  }
  const size_t room = kMostSettings - 1, for_turned = std::min(turned.size(), kMostTurned);
  TakeEvenly(std::move(alone), room - for_turned, &all);
  TakeEvenly(std::move(turned), kMostSettings - all.size(), &all);
  return all;
}

bool SameInputs(const KnownInputs& a, const KnownInputs& b) {
  const auto same_values = [](const std::optional<InputValues>& x, const std::optional<InputValues>& y) {
    return x.has_value() == y.has_value() && (!x || (x->low == y->low && x->high == y->high &&
                                                     x->shares == y->shares && x->initial == y->initial));
  };
  return a.picture.low == b.picture.low && a.picture.high == b.picture.high &&
         a.picture_input == b.picture_input &&
         std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(), same_values) &&
         std::equal(a.states.begin(), a.states.end(), b.states.begin(), b.states.end(),
                    [](const StateLink& x, const StateLink& y) {
                      return x.output == y.output && x.input == y.input;
                    });
}

}  // namespace tempera::engine
