#include "src/engine/facts/corners.h"

#include <algorithm>
#include <string_view>

namespace tempera::engine {
namespace {

// Of one value: 24 styles with four numbers have 384.
constexpr int64_t kMostCorners = 4096;
constexpr size_t kMostInputs = 64;  // bits
// Of an input that is no shares: each is at two ends by itself.
constexpr int64_t kMostFreeNumbers = 6;

constexpr std::string_view kLinear[] = {
    "Add",       "Concat",  "Dropout", "Expand", "Flatten", "Gather", "Identity",  "Neg",      "ReduceMean",
    "ReduceSum", "Reshape", "Slice",   "Split",  "Squeeze", "Sub",    "Transpose", "Unsqueeze"};

}  // namespace

CornerNumbers Corners::Input(int64_t count, const InputValues& known) {
  const size_t more = known.shares ? 1 : static_cast<size_t>(std::min(count, kMostFreeNumbers + 1));
  if (count < 1 || count > kMostCorners || (!known.shares && count > kMostFreeNumbers) ||
      more > kMostInputs - ends_.size())
    return {};
  CornerNumbers made{.inputs = 0, .count = count, .at = {}};
  for (size_t i = 0; i < more; ++i) {
    made.inputs |= uint64_t{1} << ends_.size();
    ends_.push_back(known.shares ? count : 2);
  }
  const int64_t corners = known.shares ? count : int64_t{1} << count;
  for (int64_t corner = 0; corner < corners; ++corner) {
    for (int64_t i = 0; i < count; ++i) {
      const bool high = known.shares ? corner == i : (corner >> i & 1) != 0;
      made.at.push_back(known.shares ? (high ? 1 : 0) : (high ? known.high : known.low));
    }
  }
  here_.assign(ends_.size(), 0);
  return made;
}

int64_t Corners::CountOf(uint64_t inputs) const {
  int64_t corners = 1;
  for (size_t i = 0; i < ends_.size(); ++i) {
    if ((inputs >> i & 1) == 0) continue;
    if (corners > kMostCorners / ends_[i]) return kMostCorners + 1;
    corners *= ends_[i];
  }
  return corners;
}

void Corners::Enter(uint64_t inputs, int64_t corner) {
  for (size_t i = 0; i < ends_.size(); ++i) {
    if ((inputs >> i & 1) == 0) continue;
    here_[i] = corner % ends_[i];
    corner /= ends_[i];
  }
}

int64_t Corners::PlaceOf(uint64_t inputs) const {
  int64_t place = 0, step = 1;
  for (size_t i = 0; i < ends_.size(); ++i) {
    if ((inputs >> i & 1) == 0) continue;
    place += here_[i] * step;
    step *= ends_[i];
  }
  return place;
}

std::span<const double> Corners::Here(const CornerNumbers& numbers) const {
  const auto count = static_cast<size_t>(numbers.count);
  return std::span(numbers.at).subspan(static_cast<size_t>(PlaceOf(numbers.inputs)) * count, count);
}

CornerNumbers Corners::Needed(CornerNumbers numbers) const {
  int64_t step = 1;  // between corners that differ in the input's end
  for (size_t i = 0; i < ends_.size(); ++i) {
    if ((numbers.inputs >> i & 1) == 0) continue;
    const auto count = static_cast<size_t>(numbers.count);
    const auto corners = static_cast<int64_t>(numbers.at.size() / count);
    const auto of = [&](int64_t corner) { return numbers.at.begin() + corner * numbers.count; };
    bool matters = false;
    for (int64_t corner = 0; corner < corners && !matters; ++corner) {
      const int64_t first = corner - corner / step % ends_[i] * step;
      matters = !std::equal(of(corner), of(corner) + numbers.count, of(first));
    }
    if (matters) {
      step *= ends_[i];
      continue;
    }
    std::vector<double> fewer;
    for (int64_t corner = 0; corner < corners; ++corner) {
      if (corner / step % ends_[i] == 0) fewer.insert(fewer.end(), of(corner), of(corner) + numbers.count);
    }
    numbers.at = std::move(fewer);
    numbers.inputs &= ~(uint64_t{1} << i);
  }
  return numbers;
}

bool KeepsStraight(const graph::Node& node, std::span<const uint64_t> inputs) {
  const std::string_view type = node.op_type;
  if (std::find(std::begin(kLinear), std::end(kLinear), type) != std::end(kLinear)) return true;
  if (inputs.size() < 2) return false;
  if (type == "Div") return inputs[1] == 0;
  if (type == "Mul" || type == "MatMul" || type == "Gemm" || type == "tempera.Affine")
    return (inputs[0] & inputs[1]) == 0;
  return false;
}

}  // namespace tempera::engine
