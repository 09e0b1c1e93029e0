#include "src/engine/precision/input_settings.h"

#include <algorithm>
#include <utility>

namespace tempera::engine {
namespace {

// Frames of 256 pixels a side: a second or so for all of them, once for a model.
constexpr size_t kMostSettings = 16;
// Numbers whose every corner is tried.
constexpr size_t kMostFreeNumbers = 3;

struct Place {
  size_t input = 0, number = 0;
};

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
  const auto bound = [&](const Place& p, bool high) {
    const InputValues& known = *inputs.values[p.input];
    return high ? known.high : known.low;
  };
  // The ends of free numbers: every combination of few, or of all together.
  std::vector<InputSetting> ends;
  const size_t corners = free.empty() ? 0 : free.size() <= kMostFreeNumbers ? size_t{1} << free.size() : 2;
  for (size_t corner = 0; corner < corners; ++corner) {
    InputSetting& setting = ends.emplace_back(initial);
    for (size_t k = 0; k < free.size(); ++k) {
      const size_t bit = free.size() <= kMostFreeNumbers ? corner >> k & 1 : corner;
      setting[free[k].input][free[k].number] = bound(free[k], bit != 0);
    }
  }
  if (ends.empty()) ends.push_back(initial);
  // Each style alone, at every end in turn.
  size_t longest = 0;
  for (const auto& blend : blends) longest = std::max(longest, blend.size());
  std::vector<InputSetting> extremes;
  for (size_t k = 0; k < std::max(longest, ends.size()); ++k) {
    InputSetting setting = ends[k % ends.size()];
    for (const auto& blend : blends) {
      for (size_t j = 0; j < blend.size(); ++j)
        setting[blend[j].input][blend[j].number] = j == k % blend.size() ? 1.0f : 0.0f;
    }
    if (setting != initial) extremes.push_back(std::move(setting));
  }
  const size_t take = std::min(extremes.size(), kMostSettings - 1);
  for (size_t k = 0; k < take; ++k) all.push_back(std::move(extremes[k * extremes.size() / take]));
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
