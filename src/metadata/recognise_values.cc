#include "src/metadata/recognise_values.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "src/metadata/affine_walk.h"
#include "src/metadata/picture_format.h"

namespace tempera::metadata {
namespace {

using engine::ValueRange;
using graph::Graph;
using graph::kNoValue;
using graph::Node;
using graph::Uses;
using graph::ValueId;

// What networks take and give.
constexpr ValueRange kUsual[] = {{0, 255}, {0, 1}, {-1, 1}};
// Nodes that are looked at from an end: what stands there is a handful.
constexpr int kMostSteps = 64;

bool Near(double a, double b, double tolerance) { return std::abs(a - b) <= tolerance; }

// Whether networks are trained on pictures between these: 0..1, -1..1 and halves of it, 0..255, and what mean
// and deviation of ImageNet make of them (torchvision's 0.485/0.229..., Caffe's 103.9, 116.8, 123.7).
bool IsTrainedOn(double low, double high) {
  if (low > high) std::swap(low, high);
  constexpr std::pair<double, double> kPlain[] = {{0, 1}, {-1, 1}, {-0.5, 0.5}, {0, 255}};
  for (const auto& [l, h] : kPlain) {
    if (Near(low, l, 0.02 * (h - l)) && Near(high, h, 0.02 * (h - l))) return true;
  }
  const bool deviations = low > -2.3 && low < -1.6 && high > 2.0 && high < 2.8;
  const bool mean_only = low > -135 && low < -85 && Near(high - low, 255, 5);
  const bool mean_of_ones = low > -0.53 && low < -0.33 && Near(high - low, 1, 0.02);
  return deviations || mean_only || mean_of_ones;
}

// The only usual range that the arithmetic in front of the first layer makes one of those of.
std::optional<ValueRange> RangeBefore(const Affine& affine) {
  if (affine.identity()) return std::nullopt;
  std::optional<ValueRange> found;
  for (const ValueRange& range : kUsual) {
    bool fits = true;
    for (size_t c = 0; c < 3; ++c) {
      const double a = affine.gain[c], b = affine.offset[c];
      fits = fits && IsTrainedOn(a * range.low + b, a * range.high + b);
      // Half of -1..1 is -0.5..0.5, but whoever halves numbers need not mean that; nor does a range tell that
      // stays as good as it was.
      const bool stays = a == 1 && std::abs(b) <= 0.02 * (static_cast<double>(range.high) - range.low);
      fits = fits && (b != 0 || range.low == 0) && !stays;
    }
    if (fits && found) return std::nullopt;
    if (fits) found = range;
  }
  return found;
}

// The usual range that a network means whose numbers lie between these: tanh(x) * 150 + 127.5 is cut to
// bytes.
std::optional<ValueRange> UsualRange(double low, double high) {
  if (low > high) std::swap(low, high);
  constexpr double kBeyond = 0.12;  // of the range, either side
  for (const ValueRange& range : kUsual) {
    const double width = static_cast<double>(range.high) - range.low;
    if (Near(low, range.low, kBeyond * width) && Near(high, range.high, kBeyond * width)) return range;
  }
  return std::nullopt;
}

// Of numbers of this type that are looked at as they are.
RecognisedValues ByType(DataType dtype, const std::string& end) {
  const auto range = RangeOfType(dtype);
  if (!range) return {};
  if (dtype == DataType::kUint8) return {range, "its " + end + " is bytes", range};
  return {range, "its " + end + " is " + DataTypeName(dtype), range, true};
}

// The numbers that `scale` and zero point of a QuantizeLinear or DequantizeLinear leave room for. Nothing of
// signed ones about 0: 0..1 and -1..1 are quantised alike.
std::optional<std::pair<double, double>> QuantisedRoom(const Graph& graph, const Uses& uses,
                                                       const Node& node) {
  const auto scale = OneConstant(graph, uses, InputOf(node, 1));
  const ValueId point = InputOf(node, 2);
  const auto zero = point == kNoValue ? std::optional<double>(0) : OneConstant(graph, uses, point);
  if (!scale || !zero) return std::nullopt;
  const bool is_signed = point != kNoValue && graph.value(point).constant &&
                         graph.value(point).constant->dtype() == DataType::kInt8;
  if (is_signed && *zero == 0) return std::nullopt;
  const double first = is_signed ? -128 : 0;
  return std::pair((first - *zero) * *scale, (first + 255 - *zero) * *scale);
}

// From the picture on, along every way.
class InputWalk {
 public:
  explicit InputWalk(const Graph& graph) : graph_(graph), uses_(graph) {}

  RecognisedValues Run(ValueId picture) {
    ways_.push_back({picture, {}});
    for (size_t i = 0; i < ways_.size() && i < kMostSteps; ++i) Follow(ways_[i]);
    RecognisedValues result;
    for (const RecognisedValues& r : found_) {
      const bool disagrees =
          result.range && (result.range->low != r.range->low || result.range->high != r.range->high);
      if (disagrees) return {};
      result = r;
    }
    return result;
  }

 private:
  struct Way {
    ValueId value;
    Affine affine;  // from the picture to it
  };

  void Found(const std::optional<ValueRange>& range, std::string why) {
    if (range) found_.push_back({range, std::move(why)});
  }

  void Follow(const Way way) {
    std::set<size_t> seen;
    bool ends = false;
    for (const size_t reader : uses_.readers(way.value)) {
      if (!seen.insert(reader).second) continue;
      const Node& node = graph_.nodes[reader];
      if (node.op_type == "Shape" || node.op_type == "Size") continue;
      const auto at = std::find(node.inputs.begin(), node.inputs.end(), way.value);
      const auto from = static_cast<size_t>(at - node.inputs.begin());
      if (node.outputs.empty() || node.outputs[0] == kNoValue) continue;
      const bool quantises = node.op_type == "QuantizeLinear" || node.op_type == "DequantizeLinear";
      if (from == 0 && node.op_type == "QuantizeLinear") LookAtRoom(node, way);
      // The one undoes the other.
      if (from == 0 && (quantises || MovesNumbers(node.op_type))) {
        ways_.push_back({node.outputs[0], way.affine});
      } else if (const auto affine = AffineOf(graph_, uses_, node, from)) {
        ways_.push_back({node.outputs[0], Then(way.affine, *affine)});
        ends = ends || node.op_type == "Conv";  // it may as well be the first layer
      } else {
        ends = true;
        LookAt(node, way);
      }
    }
    if (ends) Found(RangeBefore(way.affine), "it scales its input so");
  }

  void LookAtRoom(const Node& node, const Way& way) {
    const auto room = QuantisedRoom(graph_, uses_, node);
    if (room && way.affine.identity())
      Found(UsualRange(room->first, room->second), "it quantises its input so");
  }

  // A node that is neither: some tell by themselves.
  void LookAt(const Node& node, const Way& way) {
    // x + r * (x * x - x), a curve that leaves 0 and 1 where they are (Zero-DCE, Guo et al. 2020).
    const bool square =
        (node.op_type == "Pow" && OneConstant(graph_, uses_, InputOf(node, 1)) == 2.0) ||
        (node.op_type == "Mul" && node.inputs.size() == 2 && node.inputs[0] == node.inputs[1]);
    if (square && way.affine.identity()) {
      for (const size_t reader : uses_.readers(node.outputs[0])) {
        const Node& sub = graph_.nodes[reader];
        if (sub.op_type == "Sub" && std::count(sub.inputs.begin(), sub.inputs.end(), way.value) == 1)
          Found(ValueRange{0, 1}, "it takes x * x - x of its input");
      }
    }
    if (node.op_type == "Clip" && way.affine.identity()) {
      const Bounds bounds = BoundsOf(graph_, uses_, node);
      for (const ValueRange& range : kUsual) {
        if (bounds.low == range.low && bounds.high == range.high) Found(range, "it clips its input so");
      }
    }
  }

  const Graph& graph_;
  Uses uses_;
  std::vector<Way> ways_;
  std::vector<RecognisedValues> found_;
};

// From output 0 backwards.
class OutputWalk {
 public:
  // `alpha`: of what is joined to the colours behind them.
  OutputWalk(const Graph& graph, bool alpha) : graph_(graph), uses_(graph), alpha_(alpha) {}

  RecognisedValues Run() {
    ValueId value = graph_.outputs[0];
    for (int step = 0; step < kMostSteps; ++step) {
      const int64_t maker = uses_.producer(value);
      if (maker < 0) break;
      const Node& node = graph_.nodes[static_cast<size_t>(maker)];
      if (const auto range = Ends(node)) return *range;
      const ValueId before = Before(node);
      if (before == kNoValue) break;
      value = before;
    }
    const RecognisedValues told = FromArithmetic();
    return told.range ? told : room_;
  }
  bool joined() const { return joined_; }

 private:
  // Numbers between low and high where the arithmetic behind begins: what all three channels make of them.
  RecognisedValues Between(double low, double high, const std::string& why) const {
    RecognisedValues all;
    for (size_t c = 0; c < 3; ++c) {
      const double a = low * affine_.gain[c] + affine_.offset[c],
                   b = high * affine_.gain[c] + affine_.offset[c];
      const auto range = UsualRange(a, b);
      if (!range || (all.range && all.range->low != range->low) ||
          (all.range && all.range->high != range->high))
        return {};
      all = {range, why, ValueRange{static_cast<float>(std::min(a, b)), static_cast<float>(std::max(a, b))}};
    }
    return all;
  }

  // Where the node alone says between which numbers its result lies.
  std::optional<RecognisedValues> Ends(const Node& node) {
    const std::string& op = node.op_type;
    if (op == "Sigmoid" || op == "HardSigmoid") return Between(0, 1, "it ends in " + op);
    if (op == "Tanh" || op == "Softsign") return Between(-1, 1, "it ends in " + op);
    if (op == "Clip" || op == "Max" || op == "Min") {
      // A Max and a Min, one behind the other, are a clip too; what follows a bound found before is in its
      // numbers.
      const Bounds bounds = BoundsOf(graph_, uses_, node);
      if (bounds.low) low_ = bounds.low;
      if (bounds.high) high_ = bounds.high;
      if (low_ && high_) return Between(*low_, *high_, "it clips its output");
      return std::nullopt;
    }
    if (op == "DequantizeLinear") return Quantised(node);
    const DataType type = TypeMadeBy(node);
    if (!RangeOfType(type)) return std::nullopt;
    if (type == DataType::kUint8) return Between(0, 255, "its output is bytes");
    return affine_.identity() ? ByType(type, "output") : RecognisedValues{};
  }

  // Of a node that chooses its result's type; kUndefined of others.
  DataType TypeMadeBy(const Node& node) const {
    const std::string& op = node.op_type;
    if (op == "Cast") return static_cast<DataType>(node.attributes.Int("to", 0));
    const bool quantises = op == "QuantizeLinear";
    if (!quantises && op != "QLinearConv" && op != "QLinearMatMul") return DataType::kUndefined;
    const ValueId point = InputOf(node, quantises ? 2 : 7);
    if (point == kNoValue) return DataType::kUint8;
    const auto& constant = graph_.value(point).constant;
    return constant ? constant->dtype() : DataType::kUndefined;
  }

  const Node* MakerOf(ValueId value) const {
    const int64_t maker = value == kNoValue ? -1 : uses_.producer(value);
    return maker < 0 ? nullptr : &graph_.nodes[static_cast<size_t>(maker)];
  }

  // What is quantised right before tells more than what there is room for.
  std::optional<RecognisedValues> Quantised(const Node& node) {
    const auto room = QuantisedRoom(graph_, uses_, node);
    RecognisedValues here;
    if (room) here = Between(room->first, room->second, "its output is quantised so");
    here.bounds.reset();  // not all of the room need be used
    const Node* before = MakerOf(InputOf(node, 0));
    if (before == nullptr || before->op_type != "QuantizeLinear") return here;
    if (!room_.range) room_ = here;
    return std::nullopt;
  }

  // The value that `node` only moves, cuts on one side or calculates with; kNoValue for all else.
  ValueId Before(const Node& node) {
    const std::string& op = node.op_type;
    if (op == "Concat") {
      joined_ = joined_ || node.inputs.size() > 1;
      return alpha_ && !node.inputs.empty() ? node.inputs.back() : InputOf(node, 0);
    }
    if (MovesNumbers(op) || op == "Clip" || op == "Floor") return InputOf(node, 0);
    if (op == "DequantizeLinear") {
      const Node* quantises = MakerOf(InputOf(node, 0));
      return quantises == nullptr ? kNoValue : InputOf(*quantises, 0);
    }
    if (op == "Max" || op == "Min") {
      const bool first = !OneConstant(graph_, uses_, InputOf(node, 0));
      return InputOf(node, first ? 0 : 1);
    }
    for (size_t from = 0; from < node.inputs.size() && from < 2; ++from) {
      if (const auto affine = AffineOf(graph_, uses_, node, from)) {
        affine_ = Then(*affine, affine_);
        low_.reset(), high_.reset();
        return node.inputs[from];
      }
    }
    return kNoValue;
  }

  // What the last multiplications and additions mean by themselves.
  RecognisedValues FromArithmetic() const {
    if (affine_.identity()) return {};
    const auto all = [&](double low_gain, double high_gain, double low_offset, double high_offset) {
      for (size_t c = 0; c < 3; ++c) {
        const double a = affine_.gain[c], b = affine_.offset[c];
        if (a < low_gain || a > high_gain || b < low_offset || b > high_offset) return false;
      }
      return true;
    };
    const std::string why = "it scales its output so";
    const bool halves = all(127, 128.5, 127, 128.5), whole = all(254, 256, -0.5, 0.5);
    const bool imagenet = all(0.2, 0.25, 0.38, 0.52), bytes = all(50, 65, 95, 130),
               caffe = all(1, 1, 95, 130);
    if (halves || whole || bytes || caffe) return {ValueRange{0, 255}, why};
    if (imagenet || all(0.5, 0.5, 0.5, 0.5)) return {ValueRange{0, 1}, why};
    return {};
  }

  const Graph& graph_;
  Uses uses_;
  Affine affine_;                     // from where the walk is to the output
  std::optional<double> low_, high_;  // of Clip, Max and Min since the last arithmetic
  RecognisedValues room_;             // what the last quantisation leaves room for
  bool alpha_, joined_ = false;
};

}  // namespace

RecognisedValues RecogniseInput(const Graph& model, size_t input) {
  const graph::Value& picture = model.value(model.inputs[input]);
  const RecognisedValues by_type = ByType(picture.info.dtype, "input");
  return by_type.range ? by_type : InputWalk(model).Run(model.inputs[input]);
}

RecognisedValues RecogniseOutput(const Graph& model) {
  if (model.outputs.empty()) return {};
  return OutputWalk(model, false).Run();
}

RecognisedValues RecogniseAlpha(const Graph& model) {
  if (model.outputs.empty()) return {};
  OutputWalk walk(model, true);
  const RecognisedValues found = walk.Run();
  return walk.joined() ? found : RecognisedValues{};
}

std::optional<std::string> EndsInClasses(const Graph& model) {
  if (model.outputs.empty()) return std::nullopt;
  const Uses uses(model);
  ValueId value = model.outputs[0];
  for (int step = 0; step < kMostSteps && value != kNoValue; ++step) {
    const int64_t maker = uses.producer(value);
    if (maker < 0) return std::nullopt;
    const Node& node = model.nodes[static_cast<size_t>(maker)];
    const std::string& op = node.op_type;
    if (op == "Softmax" || op == "LogSoftmax" || op == "ArgMax") return op;
    if (!MovesNumbers(op) && op != "Clip") return std::nullopt;
    value = InputOf(node, 0);
  }
  return std::nullopt;
}

}  // namespace tempera::metadata
