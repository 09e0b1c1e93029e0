// Einsum: sums of products over indices that letters name, of one to three operands; "..." stands for
// dimensions that are broadcast.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "src/base/checked_math.h"
#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

constexpr size_t kMostOperands = 3;
// Minutes of them. Small operands make any number: three of seven dimensions of four places are 4^21.
constexpr int64_t kMostProducts = int64_t{1} << 34;
constexpr int kRest =
    256;  // labels of the dimensions under "...", from the last one up: kRest, kRest + 1, ...

// One part of the equation: letters as their codes; "..." as the labels of the dimensions it stands for.
using Labels = std::vector<int>;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// rest: how many dimensions "..." stands for.
Result<Labels> LabelsOf(const std::string& part, size_t rest) {
  Labels labels;
  bool seen = false;
  for (size_t i = 0; i < part.size(); ++i) {
    if (part.compare(i, 3, "...") == 0 && !seen) {
      for (size_t r = rest; r-- > 0;) labels.push_back(kRest + static_cast<int>(r));
      seen = true;
      i += 2;
    } else if (IsLetter(part[i])) {
      labels.push_back(part[i]);
    } else {
      return CorruptModel("its equation holds '" + std::string(1, part[i] >= ' ' ? part[i] : '?') +
                          "', which is no index");
    }
  }
  return labels;
}

struct Equation {
  std::vector<Labels> operands;
  Labels result;
  std::map<int, int64_t> sizes;  // by label; 1 where all are
};

std::string WithoutBlanks(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  return text;
}

std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// Without "->": what "..." stands for, then the letters that stand once, in the alphabet's order.
Labels ImplicitResult(const std::vector<Labels>& operands, size_t rest) {
  std::map<int, int> counts;
  for (const Labels& labels : operands) {
    for (const int label : labels) ++counts[label];
  }
  Labels result;
  for (size_t r = rest; r-- > 0;) result.push_back(kRest + static_cast<int>(r));
  for (const auto& [label, count] : counts) {
    if (label < kRest && count == 1) result.push_back(label);
  }
  return result;
}

Status AddSizes(const Labels& labels, const Shape& shape, Equation* e) {
  if (labels.size() != shape.size())
    return CorruptModel("its equation does not fit an operand " + ShapeToString(shape));
  for (size_t d = 0; d < shape.size(); ++d) {
    int64_t& size = e->sizes.try_emplace(labels[d], 1).first->second;
    if (size != 1 && shape[d] != 1 && size != shape[d]) {
      return InvalidArgument("one of its indices counts to " + std::to_string(size) + " and to " +
                             std::to_string(shape[d]));
    }
    if (size == 1) size = shape[d];
  }
  return OkStatus();
}

Result<Equation> Parse(const graph::Node& node, const std::vector<Shape>& shapes) {
  const std::string text = WithoutBlanks(node.attributes.String("equation", ""));
  const size_t arrow = text.find("->");
  const std::vector<std::string> parts = SplitAtCommas(text.substr(0, arrow));
  if (parts.size() != shapes.size()) {
    return CorruptModel("its equation has " + std::to_string(parts.size()) + " operands, and it has " +
                        std::to_string(shapes.size()) + " inputs");
  }
  Equation e;
  size_t most_rest = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto letters = static_cast<size_t>(std::count_if(parts[i].begin(), parts[i].end(), IsLetter));
    const size_t rest = shapes[i].size() > letters ? shapes[i].size() - letters : 0;
    TEMPERA_ASSIGN_OR_RETURN(Labels labels, LabelsOf(parts[i], rest));
    if (parts[i].find('.') != std::string::npos) most_rest = std::max(most_rest, rest);
    TEMPERA_RETURN_IF_ERROR(AddSizes(labels, shapes[i], &e));
    e.operands.push_back(std::move(labels));
  }
  if (arrow == std::string::npos) {
    e.result = ImplicitResult(e.operands, most_rest);
  } else {
    TEMPERA_ASSIGN_OR_RETURN(e.result, LabelsOf(text.substr(arrow + 2), most_rest));
  }
  for (size_t i = 0; i < e.result.size(); ++i) {
    const auto before = e.result.begin() + static_cast<ptrdiff_t>(i);
    if (!e.sizes.contains(e.result[i]) || std::find(e.result.begin(), before, e.result[i]) != before)
      return CorruptModel("its equation's result has an index that is unknown, or stands twice");
  }
  return e;
}

Status Infer(InferContext& c) {
  if (c.inputs.size() > kMostOperands)
    return Unsupported("more than three operands are not supported; export it as several");
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, std::max<size_t>(1, c.inputs.size()), kMostOperands));
  if (c.inputs[0]->dtype == DataType::kBool) return UnsupportedType(DataType::kBool);
  std::vector<Shape> shapes;
  for (const TensorInfo* input : c.inputs) {
    if (input->dtype != c.inputs[0]->dtype) return CorruptModel("its inputs have different types");
    shapes.push_back(input->shape);
  }
  TEMPERA_ASSIGN_OR_RETURN(const Equation e, Parse(c.node, shapes));
  Shape steps;
  for (const auto& [label, size] : e.sizes) steps.push_back(size);
  int64_t count = 0;
  if (!CheckedElementCount(steps, &count) || count > kMostProducts) {
    return Unsupported("it takes more than " + std::to_string(kMostProducts >> 30) +
                       " thousand million products; export it as several");
  }
  c.outputs[0].dtype = c.inputs[0]->dtype;
  for (const int label : e.result) c.outputs[0].shape.push_back(e.sizes.at(label));
  return OkStatus();
}

// Along each of `loop`'s labels: an index that stands twice walks the diagonal.
Shape StridesOver(const Labels& loop, const Labels& labels, const Shape& shape) {
  const Shape dense = DenseStrides(shape);
  Shape strides(loop.size(), 0);
  for (size_t d = 0; d < labels.size(); ++d) {
    const auto at = std::find(loop.begin(), loop.end(), labels[d]) - loop.begin();
    if (shape[d] != 1) strides[static_cast<size_t>(at)] += dense[d];
  }
  return strides;
}

// Every product of the result's indices, in order, and then of those summed over.
Status Reference(const ComputeContext& c) {
  std::vector<Shape> shapes;
  for (const Tensor* input : c.inputs) shapes.push_back(input->shape());
  TEMPERA_ASSIGN_OR_RETURN(const Equation e, Parse(c.node, shapes));
  Labels loop = e.result;
  for (const auto& [label, size] : e.sizes) {
    if (std::find(loop.begin(), loop.end(), label) == loop.end()) loop.push_back(label);
  }
  Shape sizes;
  for (const int label : loop) sizes.push_back(e.sizes.at(label));
  std::array<Shape, kMostOperands + 1> strides;
  strides.fill(Shape(loop.size(), 0));
  std::vector<Widened> x;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    strides[i] = StridesOver(loop, e.operands[i], shapes[i]);
    TEMPERA_ASSIGN_OR_RETURN(Widened wide, Widened::Of(*c.inputs[i]));
    x.push_back(std::move(wide));
  }
  strides[kMostOperands] = StridesOver(loop, e.result, c.outputs[0]->shape());
  const int64_t width = sizes.empty() ? 1 : sizes.back();
  TEMPERA_ASSIGN_OR_RETURN(WideOutput y, WideOutput::For(c.outputs[0]));
  // 8 bytes hold a sum of any type.
  TEMPERA_ASSIGN_OR_RETURN(Tensor totals, Tensor::Create(DataType::kUint64, {c.outputs[0]->element_count()}));
  TEMPERA_RETURN_IF_ERROR(DispatchWide(c.inputs[0]->dtype(), [&]<typename T>() {
    using Sum = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;  // integers wrap around
    Sum* sums = static_cast<Sum*>(totals.raw());
    ForEachRow<kMostOperands + 1>(sizes, strides, [&](const std::array<int64_t, kMostOperands + 1>& offsets) {
      for (int64_t k = 0; k < width; ++k) {
        const auto at = [&](size_t i) { return offsets[i] + (sizes.empty() ? 0 : k * strides[i].back()); };
        Sum product{1};
        for (size_t i = 0; i < x.size(); ++i) product *= static_cast<Sum>((*x[i]).template data<T>()[at(i)]);
        sums[at(kMostOperands)] += product;
      }
    });
    for (int64_t i = 0; i < totals.element_count(); ++i)
      (*y)->template data<T>()[i] = static_cast<T>(sums[i]);
    return OkStatus();
  }));
  return y.Store();
}

}  // namespace

Operator EinsumOperator() { return {"Einsum", Infer, Reference}; }

}  // namespace tempera::ops
