#include "src/metadata/picture_ends.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "src/base/half.h"
#include "src/graph/rewrite.h"
#include "src/onnx/attributes.h"

namespace tempera::metadata {
namespace {

using graph::Graph;
using graph::Node;
using graph::ValueId;

// Nodes in their order, made for one end.
class EndBuilder {
 public:
  EndBuilder(Graph* model, std::string name) : model_(*model), name_(std::move(name)) {}

  ValueId NewValue(const std::string& what) {
    model_.values.emplace_back().name = name_ + "/" + what;
    return static_cast<ValueId>(model_.values.size() - 1);
  }

  // Returns its result.
  ValueId Add(const std::string& op, std::vector<ValueId> inputs,
              std::vector<onnx::Attribute> attributes = {}) {
    Node node;
    node.op_type = op;
    node.name = name_ + "/" + op + std::to_string(nodes_.size());
    node.inputs = std::move(inputs);
    node.attributes = graph::Attributes(std::move(attributes));
    const ValueId result = NewValue(op + std::to_string(nodes_.size()));
    node.outputs = {result};
    nodes_.push_back(std::move(node));
    return result;
  }

  Result<ValueId> Ints(const std::vector<int64_t>& numbers) {
    TEMPERA_ASSIGN_OR_RETURN(Tensor t,
                             Tensor::Create(DataType::kInt64, {static_cast<int64_t>(numbers.size())}));
    std::copy(numbers.begin(), numbers.end(), t.data<int64_t>());
    return graph::AddConstant(model_, name_ + "/ints" + std::to_string(model_.values.size()), std::move(t));
  }
  Result<ValueId> Floats(Shape shape, const std::vector<float>& numbers) {
    TEMPERA_ASSIGN_OR_RETURN(Tensor t, Tensor::Create(DataType::kFloat32, std::move(shape)));
    std::copy(numbers.begin(), numbers.end(), t.data<float>());
    return graph::AddConstant(model_, name_ + "/floats" + std::to_string(model_.values.size()), std::move(t));
  }

  Result<ValueId> OnAxes(const char* op, ValueId x, std::vector<int64_t> axes) {
    constexpr int kAxesAreInputs = 13;
    if (model_.opset < kAxesAreInputs) return Add(op, {x}, {onnx::IntsAttribute("axes", std::move(axes))});
    TEMPERA_ASSIGN_OR_RETURN(const ValueId as_input, Ints(axes));
    return Add(op, {x, as_input});
  }

  ValueId Cast(ValueId x, DataType to) {
    return Add("Cast", {x}, {onnx::IntAttribute("to", static_cast<int64_t>(to))});
  }
  ValueId Transpose(ValueId x, std::vector<int64_t> perm) {
    return Add("Transpose", {x}, {onnx::IntsAttribute("perm", std::move(perm))});
  }

  std::vector<Node>& nodes() { return nodes_; }

 private:
  Graph& model_;
  std::string name_;
  std::vector<Node> nodes_;
};

const std::vector<int64_t> kToLast = {0, 2, 3, 1}, kToFirst = {0, 3, 1, 2};

bool IsInteger(DataType dtype) {
  return dtype != DataType::kFloat32 && dtype != DataType::kFloat64 && dtype != DataType::kFloat16 &&
         dtype != DataType::kBfloat16;
}

// A 1x1 convolution from three colours to as many channels as the network takes.
Result<ValueId> ToChannels(EndBuilder& end, ValueId x, int64_t channels, const ValueFormat& values,
                           float opaque) {
  constexpr float kRed = 0.299f, kBlue = 0.114f, kGreen = 1 - kRed - kBlue;  // BT.601
  std::vector<float> weights, bias(static_cast<size_t>(channels), 0.0f);
  if (channels == 1) {
    weights = {values.bgr ? kBlue : kRed, kGreen, values.bgr ? kRed : kBlue};
  } else {
    weights = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
    bias[3] = opaque;
  }
  TEMPERA_ASSIGN_OR_RETURN(const ValueId w, end.Floats({channels, 3, 1, 1}, weights));
  TEMPERA_ASSIGN_OR_RETURN(const ValueId b, end.Floats({channels}, bias));
  return end.Add("Conv", {x, w, b});
}

Result<ValueId> ToInteger(EndBuilder& end, ValueId x, DataType dtype, const ModelMetadata& metadata,
                          int opset) {
  x = end.Add("Round", {x});
  const engine::ValueRange values = metadata.in.range();
  const auto room = RangeOfType(dtype);
  // What was said of the numbers may go beyond what their type holds.
  if (room && (values.low < room->low || std::max(values.high, metadata.opaque) > room->high)) {
    if (opset < 11) {
      x = end.Add("Clip", {x},
                  {onnx::FloatAttribute("min", room->low), onnx::FloatAttribute("max", room->high)});
    } else {
      TEMPERA_ASSIGN_OR_RETURN(const ValueId low, end.Floats({}, {room->low}));
      TEMPERA_ASSIGN_OR_RETURN(const ValueId high, end.Floats({}, {room->high}));
      x = end.Add("Clip", {x, low, high});
    }
  }
  return end.Cast(x, dtype);
}

Result<ValueId> CutChannels(EndBuilder& end, ValueId x, int64_t first, int64_t behind, int opset) {
  constexpr int kBoundsAreInputs = 10;
  if (opset < kBoundsAreInputs) {
    return end.Add("Slice", {x},
                   {onnx::IntsAttribute("axes", {1}), onnx::IntsAttribute("starts", {first}),
                    onnx::IntsAttribute("ends", {behind})});
  }
  TEMPERA_ASSIGN_OR_RETURN(const ValueId starts, end.Ints({first}));
  TEMPERA_ASSIGN_OR_RETURN(const ValueId ends, end.Ints({behind}));
  TEMPERA_ASSIGN_OR_RETURN(const ValueId axes, end.Ints({1}));
  return end.Add("Slice", {x, starts, ends, axes});
}

bool IsTranspose(const Node& node, const std::vector<int64_t>& perm) {
  return node.op_type == "Transpose" && node.inputs.size() == 1 && node.attributes.Ints("perm") == perm;
}

// Whoever turns the picture `last` to channels first again reads `first`.
void SkipTransposes(Graph& model, ValueId last, ValueId first) {
  std::vector<ValueId> turned;
  for (const Node& node : model.nodes) {
    const bool is_output =
        std::find(model.outputs.begin(), model.outputs.end(), node.outputs[0]) != model.outputs.end();
    if (IsTranspose(node, kToFirst) && InputOf(node, 0) == last && !is_output)
      turned.push_back(node.outputs[0]);
  }
  for (Node& node : model.nodes) {
    for (ValueId& v : node.inputs) {
      if (std::find(turned.begin(), turned.end(), v) != turned.end()) v = first;
    }
  }
  graph::RemoveDeadNodes(model);
}

// What a picture's four dimensions are called in the file, in the order that the engine has.
std::vector<onnx::Dim> DimsOf(const PictureForm& form, const std::vector<onnx::Dim>& declared) {
  const size_t from = form.rank == 4 ? 1 : 0;
  std::vector<onnx::Dim> dims = {{1, ""}, {3, ""}};
  if (declared.size() != form.rank) return {{1, ""}, {3, ""}, {-1, "H"}, {-1, "W"}};
  const size_t height = from + (form.rank > 2 && form.at == Channels::kFirst ? 1 : 0);
  dims.push_back(declared[height]);
  dims.push_back(declared[height + 1]);
  return dims;
}

}  // namespace

Status TakePicture(const PictureForm& form, const ModelMetadata& metadata, Graph* model) {
  if (form == PictureForm{}) return OkStatus();
  const ValueId old = model->inputs[metadata.picture_input];
  const std::string name = model->value(old).name;
  EndBuilder end(model, name);
  const ValueId picture = end.NewValue("picture");
  model->value(old).name = name + "/network's";
  model->value(picture).name = name;
  model->value(picture).info = {DataType::kFloat32, {1, 3, -1, -1}};
  model->inputs[metadata.picture_input] = picture;
  model->input_dims[metadata.picture_input] = DimsOf(form, model->input_dims[metadata.picture_input]);
  ValueId x = picture;
  if (form.channels != 3) {
    TEMPERA_ASSIGN_OR_RETURN(x, ToChannels(end, x, form.channels, metadata.in, metadata.opaque));
  }
  const ValueId first = x;
  if (form.at == Channels::kLast) x = end.Transpose(x, kToLast);
  if (form.rank < 4) {
    std::vector<int64_t> axes = {0};
    if (form.rank == 2) axes.push_back(form.at == Channels::kLast ? 3 : 1);
    TEMPERA_ASSIGN_OR_RETURN(x, end.OnAxes("Squeeze", x, std::move(axes)));
  }
  if (IsInteger(form.dtype)) {
    TEMPERA_ASSIGN_OR_RETURN(x, ToInteger(end, x, form.dtype, metadata, model->opset));
  } else if (form.dtype != DataType::kFloat32) {
    x = end.Cast(x, form.dtype);
  }
  if (x == picture) return OkStatus();
  end.nodes().back().outputs = {old};
  model->nodes.insert(model->nodes.begin(), std::make_move_iterator(end.nodes().begin()),
                      std::make_move_iterator(end.nodes().end()));
  const bool turned_only = form.at == Channels::kLast && form.rank == 4 && form.dtype == DataType::kFloat32;
  if (turned_only) SkipTransposes(*model, old, first);
  return OkStatus();
}

Status GivePicture(const PictureForm& form, bool planes, ModelMetadata* metadata, Graph* model) {
  if (form == PictureForm{}) return OkStatus();
  const ValueId old = model->outputs[0];
  for (engine::StateLink& state : metadata->states) {
    if (state.output != 0) continue;
    state.output = model->outputs.size();
    model->outputs.push_back(old);
  }
  const std::string name = model->value(old).name;
  EndBuilder end(model, name);
  ValueId x = old;
  if (form.dtype != DataType::kFloat32) x = end.Cast(x, DataType::kFloat32);
  if (form.rank < 4) {
    std::vector<int64_t> axes = {0};
    if (form.rank == 2) axes.push_back(1);
    TEMPERA_ASSIGN_OR_RETURN(x, end.OnAxes("Unsqueeze", x, std::move(axes)));
  }
  if (form.at == Channels::kLast && form.rank > 2) {
    const auto turn = std::find_if(model->nodes.begin(), model->nodes.end(), [&](const Node& node) {
      return node.outputs[0] == x && IsTranspose(node, kToLast);
    });
    x = turn != model->nodes.end() ? turn->inputs[0] : end.Transpose(x, kToFirst);
  }
  if (!planes && form.channels == 1) x = end.Add("Concat", {x, x, x}, {onnx::IntAttribute("axis", 1)});
  if (!planes && form.channels == 4) {
    TEMPERA_ASSIGN_OR_RETURN(ValueId alpha, CutChannels(end, x, 3, 4, model->opset));
    alpha = end.Add("Concat", {alpha, alpha, alpha}, {onnx::IntAttribute("axis", 1)});
    TEMPERA_ASSIGN_OR_RETURN(x, CutChannels(end, x, 0, 3, model->opset));
    metadata->alpha_output = model->outputs.size();
    model->outputs.push_back(alpha);
  }
  model->outputs[0] = x;
  if (!end.nodes().empty()) {
    model->value(old).name = name + "/network's";
    model->value(x).name = name;
  }
  model->nodes.insert(model->nodes.end(), std::make_move_iterator(end.nodes().begin()),
                      std::make_move_iterator(end.nodes().end()));
  graph::RemoveDeadNodes(*model);
  return OkStatus();
}

}  // namespace tempera::metadata
