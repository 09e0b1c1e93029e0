#include "tests/door/net_maker.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace tempera::door {

void NetMaker::AddInput(const std::string& name, const std::vector<onnx::Dim>& shape) {
  onnx::ValueInfo input;
  input.name = name;
  input.dtype = DataType::kFloat32;
  input.has_shape = true;
  input.shape = shape;
  auto& inputs = m_.model().graph.inputs;
  // The picture need not be the first.
  inputs.insert(dice_.OneIn(3) ? inputs.begin() : inputs.end(), std::move(input));
}

void NetMaker::DrawParameters() {
  const int count = 1 + dice_.Below(2);
  for (int i = 0; i < count; ++i) DeclareParameter("turned" + std::to_string(i));
  // One that takes the place of what every model has.
  if (dice_.OneIn(4)) DeclareParameter(dice_.Pick({"strength", "strength", "keep_colors"}));
}

void NetMaker::DeclareParameter(const std::string& name) {
  const bool built_in = name[0] != 't';
  const bool shares = !built_in && dice_.OneIn(2);
  const int count = shares ? 2 + dice_.Below(3) : 1;
  const std::string kind = shares     ? "weights"
                           : built_in ? "number"
                                      : dice_.Pick({"number", "integer", "switch"});
  // The built-in one's values, so that whoever sets it need not ask.
  const bool wide = (kind == "number" || kind == "integer") && !built_in && dice_.OneIn(2);
  std::string text = "kind = " + kind;
  if (wide) text += "; range = -2..3";
  if (dice_.OneIn(3)) {
    text += "; default = 1";
  } else if (dice_.OneIn(3)) {
    Tensor t = Tensor::Create(DataType::kFloat32, shares ? Shape{1, count} : Shape{1}).value();
    std::fill_n(t.data<float>(), count, shares ? 0.5f : 1.0f);
    m_.model().graph.initializers.push_back({name, std::move(t)});
  }
  m_.model().metadata_props.emplace_back("tempera.param." + name, text);
  if (shares) {
    AddInput(name, {{dice_.Pick({1, -1}), ""}, {count, ""}});
  } else {
    AddInput(name, {{1, ""}});
  }
  if (!built_in) net_.parameters.push_back({name, count, wide ? -2.0f : 0.0f, wide ? 3.0f : 1.0f});
  net_.features.Add(built_in ? Feature::kOwnStrength : Feature::kNumber, !shares);
  Say("param " + name + "[" + std::to_string(count) + "]");
  vectors_.push_back({name, count, shares});
}

// A layer that looks at one of them.
void NetMaker::UseParameter() {
  const Vector v = vectors_[static_cast<size_t>(dice_.Below(static_cast<int>(vectors_.size())))];
  if (now_.n == 1 && dice_.OneIn(4)) {
    const std::string row = m_.Node("Reshape", {v.name, m_.Int64s({1, v.count})});
    return ScaleBy(Figure(v.shares ? row : m_.Node("Sigmoid", {row}), v.count));
  }
  if (v.shares) return BlendedNorm(v.name, v.count);
  if (dice_.OneIn(3)) return Then("Add", {v.name});
  Say("by " + v.name);
  // Never nothing at all.
  Then("Mul", {m_.Node("Add", {m_.Node("Mul", {v.name, m_.Float(0.25f)}), m_.Float(0.75f)})});
}

// A number for each channel out of `x`, [1, count], of which none is negative: by arithmetic on rows and
// columns that repeats, moves and joins them. All stay positive until the last product, so that no divisor
// comes near zero.
std::string NetMaker::Figure(std::string x, int count) {
  Say("figured");
  int rows = 1, columns = count;
  // Now and then as many as a table of styles has.
  constexpr int kMostNumbers = 256, kManyRows = 700;
  const int steps = 1 + dice_.Below(4);
  for (int i = 0; i < steps; ++i) {
    const int more = rows > 1 ? rows : dice_.OneIn(12) ? kManyRows : dice_.Pick({1, 2, 5});
    switch (dice_.Below(8)) {
      case 0:
      case 1: {  // each a share of its row, or less
        const std::string sum = m_.Node("ReduceSum", {x, m_.Int64s({1})});
        const std::string divisor = m_.Node("Add", {sum, m_.Floats({more, 1}, 0.25f, 2)});
        x = m_.Node("Div", {x, dice_.OneIn(3) ? sum : divisor});
        if (m_.model().graph.nodes.back().inputs[1] == divisor) rows = more;
        break;
      }
      case 2:
        x = m_.Node(dice_.Pick({"Add", "Mul", "Max", "Min"}), {x, m_.Floats({more, 1}, 0.25f, 1.5f)});
        rows = more;
        break;
      case 3:
        x = m_.Node(dice_.Pick({"Add", "Mul", "Max"}), {x, m_.Floats({columns}, 0.25f, 1.5f)});
        break;
      case 4:
        x = m_.Node("Softmax", {x}, {Int("axis", dice_.Pick({0, 1, -1}))});
        break;
      case 5: {
        if (2 * rows * columns > kMostNumbers) break;
        const int axis = dice_.Below(2);
        x = m_.Node("Concat", {x, x}, {Int("axis", axis)});
        (axis == 0 ? rows : columns) *= 2;
        break;
      }
      case 6:
        x = m_.Node("Transpose", {x}, {Ints("perm", {1, 0})});
        std::swap(rows, columns);
        break;
      default:
        x = m_.Node("Gather", {x, m_.Int64s({rows - 1, 0})}, {Int("axis", 0)});
        rows = 2;
    }
  }
  if (rows > 1) x = m_.Node("ReduceMean", {x}, {Ints("axes", {0})});
  const float most = std::sqrt(3.0f / static_cast<float>(columns));
  return m_.Node("MatMul", {x, m_.Floats({columns, now_.c}, -most, most)});
}

// By a factor of about one for each channel, from [1, c].
void NetMaker::ScaleBy(const std::string& row) {
  const std::string gate = m_.Node(dice_.Pick({"Sigmoid", "Tanh"}), {row});
  const std::string factor = m_.Node("Add", {m_.Node("Mul", {gate, m_.Float(0.5f)}), m_.Float(1)});
  Then("Mul", {m_.Node("Reshape", {factor, m_.Int64s({1, now_.c, 1, 1})})});
}

// weights [1, styles] make scale and shift, by tables.
void NetMaker::BlendedNorm(const std::string& weights, int styles) {
  const int c = now_.c;
  if (now_.n != 1) return;
  net_.features.Add(Feature::kBlendedNorm);
  Say("blended");
  const auto blend = [&](float low, float high) {
    return m_.Node("MatMul", {weights, m_.Floats({styles, c}, low, high)});
  };
  const std::string gamma = blend(0.5f, 2), beta = blend(-1, 1);
  const auto shaped = [&](const std::string& x, const std::vector<int64_t>& shape) {
    return m_.Node("Reshape", {x, m_.Int64s(shape)});
  };
  if (dice_.OneIn(2)) return Then("InstanceNormalization", {shaped(gamma, {c}), shaped(beta, {c})});
  const bool grouped = c % 2 == 0 && dice_.OneIn(3);
  if (grouped) {
    const std::string like = m_.Node("Shape", {now_.name});
    Then("Reshape", {m_.Int64s({1, 2, -1})});
    Then("InstanceNormalization", {m_.Floats({2}, 1, 1), m_.Floats({2}, 0, 0)});
    Then("Reshape", {like});
  } else {
    Then("InstanceNormalization", {m_.Floats({c}, 1, 1), m_.Floats({c}, 0, 0)});
  }
  Then("Mul", {shaped(gamma, {1, c, 1, 1})});
  Then("Add", {m_.Node("Unsqueeze", {beta, m_.Int64s({2, 3})})});
}

// What the frame before left behind, mixed in at the start.
void NetMaker::DrawStates() {
  if (now_.n != 1) return;
  net_.features.Add(Feature::kState);
  const Flow start = now_;
  paints_state_ = IsWhole(start) && dice_.OneIn(3);
  const int count = paints_state_ ? dice_.Below(2) : 1 + dice_.Below(2);
  for (int i = 0; i < count; ++i) {
    State state = {"memory" + std::to_string(i), dice_.Pick({1, 3, 4, 8}), dice_.Below(3)};
    if (state.halved == 1 && multiple_ % 2 != 0) state.halved = 0;
    const int one = state.halved == 2 ? 1 : -1;
    AddInput(state.input, {{1, ""}, {state.c, ""}, {one, ""}, {one, ""}});
    Say("state " + state.input + "[" + std::to_string(state.c) + "]/" + std::to_string(state.halved));
    Flow flow = {state.input, 1, state.c};
    if (state.halved == 1) flow.h = NetBuilder::Times(flow.h, 1, 2), flow.w = NetBuilder::Times(flow.w, 1, 2);
    if (state.halved < 2) past_.push_back(flow);
    if (state.halved == 0 && IsWhole(now_)) {
      Then("Concat", {state.input}, {Int("axis", 1)});
      now_.c += state.c;
    } else if (state.halved == 2) {
      PointConv(state.c);
      // A factor would be zero at the start: nothing but rounding would be left for norms to enlarge.
      const bool scales = dice_.OneIn(2);
      Then(scales ? "Mul" : "Add", {scales ? m_.Node("Add", {state.input, m_.Float(1)}) : state.input});
    }
    states_.push_back(state);
  }
  if (!paints_state_) return;
  AddInput("previous", {{1, ""}, {3, ""}, {-1, ""}, {-1, ""}});
  const float scale = 2.0f / (high_ - low_);
  Then("Concat", {m_.Node("Mul", {"previous", m_.Float(scale)})}, {Int("axis", 1)});
  now_.c += 3;
}

// What the next frame will find: bounded, so that no state runs away.
void NetMaker::CloseStates() {
  auto& metadata = m_.model().metadata_props;
  if (paints_state_) {
    if (IsWhole(now_)) {
      metadata.emplace_back("tempera.state." + now_.name, "previous");
    } else {  // the painting has another size: the frame comes back instead
      const std::string out = m_.Node("Identity", {kFrameInput});
      Output(out);
      metadata.emplace_back("tempera.state." + out, "previous");
    }
  }
  for (const State& state : states_) {
    // From anything of the frame's size; the frame itself is.
    std::vector<Flow> from;
    for (const Flow& f : past_) {
      if (IsWhole(f) && f.name.rfind("memory", 0) != 0) from.push_back(f);
    }
    const Flow kept = now_;
    now_ = from[static_cast<size_t>(dice_.Below(static_cast<int>(from.size())))];
    if (now_.name == kFrameInput) Then("Mul", {m_.Float(1 / (high_ - low_))});
    if (state.halved == 1) Then("AveragePool", {}, {Ints("kernel_shape", {2, 2}), Ints("strides", {2, 2})});
    if (state.halved == 2) Then("GlobalAveragePool");
    PointConv(state.c);
    Then(dice_.Pick({"Tanh", "Sigmoid"}));
    Output(now_.name);
    metadata.emplace_back("tempera.state." + now_.name, state.input);
    now_ = kept;
  }
}

// As files of old list them: all initializers, or some, among the inputs.
void NetMaker::ListWeights() {
  net_.features.Add(Feature::kListedWeights);
  Say("listed");
  onnx::Graph& graph = m_.model().graph;
  const bool first = dice_.OneIn(2), some = dice_.OneIn(3);
  std::vector<onnx::ValueInfo> listed;
  for (size_t i = 0; i < graph.initializers.size(); ++i) {
    if (some && i % 2 == 0) continue;
    const onnx::Initializer& weight = graph.initializers[i];
    onnx::ValueInfo info;
    info.name = weight.name;
    info.dtype = weight.tensor.dtype();
    info.has_shape = true;
    for (const int64_t d : weight.tensor.shape()) info.shape.push_back({d, ""});
    listed.push_back(std::move(info));
  }
  graph.inputs.insert(first ? graph.inputs.begin() : graph.inputs.end(), listed.begin(), listed.end());
}

}  // namespace tempera::door
