// A plan run from its data alone gives the session's picture.
#include "src/engine/run/plan_loops_for_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "src/base/half.h"
#include "src/engine/plan_data/check_work.h"
#include "src/engine/run/conditional_for_test.h"
#include "src/engine/run/make_plan_data.h"
#include "src/engine/run/twin_for_test.h"

namespace tempera::engine {
namespace {

float Activate(const PendingData& p, float x, float slope) {
  if (p.activation == graph::ActivationKind::kClamp) return std::min(std::max(x, p.lo), p.hi);
  return p.activation == graph::ActivationKind::kSlope && x < 0 ? slope * x : x;
}

}  // namespace

PlanLoops::PlanLoops(const PlanData& plan, const graph::Graph& behind_passes)
    : plan_(plan), graph_(behind_passes), arena_(plan.arena_bytes), numbers_(plan.numbers) {
  for (const graph::Value& value : graph_.values) {
    if (!value.constant) continue;
    EXPECT_TRUE(constants_.emplace(value.name, &*value.constant).second) << value.name << " is there twice";
  }
  for (const StorageData& s : plan.storages) own_.emplace_back(s.offset < 0 ? s.bytes : 0);
  for (const InputData& input : plan.inputs) {
    if (input.initial.empty()) continue;
    auto* numbers = reinterpret_cast<float*>(At(input.storage));
    for (int64_t i = 0; i < CountOf(input.shape); ++i)
      numbers[i] = input.initial[input.initial.size() == 1 ? 0 : static_cast<size_t>(i)];
  }
  for (const NormData& norm : plan.norms) {
    const auto channels = static_cast<size_t>(norm.channels);
    norms_.push_back({{}, {}, Numbers(channels), Numbers(channels)});
    if (!norm.gamma.empty()) norms_.back().gamma = Constant(norm.gamma);
    if (!norm.beta.empty()) norms_.back().beta = Constant(norm.beta);
  }
}

const std::byte* PlanLoops::At(StorageId id) const {
  const StorageData& s = storage(id);
  return s.offset < 0 ? own_[static_cast<size_t>(id)].data() : arena_.data() + s.offset;
}
std::byte* PlanLoops::At(StorageId id) { return const_cast<std::byte*>(std::as_const(*this).At(id)); }

PlanLoops::Numbers PlanLoops::Load(StorageId id) const {
  const StorageData& s = storage(id);
  Numbers numbers(static_cast<size_t>(CountOf(s.shape)));
  if (s.layout == StorageLayout::kDense) {
    EXPECT_EQ(s.type, DataType::kFloat32);
    if (!numbers.empty()) std::memcpy(numbers.data(), At(id), numbers.size() * sizeof(float));
    return numbers;
  }
  const auto* pixels = reinterpret_cast<const uint16_t*>(At(id));
  const int64_t plane = s.picture.plane(), c = s.picture.channels, stride = (c + 7) / 8 * 8;
  for (int64_t i = 0; i < s.picture.n * c * plane; ++i) {
    numbers[static_cast<size_t>(i)] =
        HalfToFloat(pixels[(i / (c * plane) * plane + i % plane) * stride + i / plane % c]);
  }
  return numbers;
}

void PlanLoops::Store(StorageId id, const Numbers& numbers) {
  const StorageData& s = storage(id);
  ASSERT_EQ(static_cast<int64_t>(numbers.size()), CountOf(s.shape)) << node_->name;
  if (s.layout == StorageLayout::kDense) {
    ASSERT_EQ(numbers.size() * sizeof(float), s.bytes) << node_->name;
    if (!numbers.empty()) std::memcpy(At(id), numbers.data(), s.bytes);
    return;
  }
  std::memset(At(id), 0, s.bytes);
  auto* pixels = reinterpret_cast<uint16_t*>(At(id));
  const int64_t plane = s.picture.plane(), c = s.picture.channels, stride = (c + 7) / 8 * 8;
  for (int64_t i = 0; i < s.picture.n * c * plane; ++i) {
    pixels[(i / (c * plane) * plane + i % plane) * stride + i / plane % c] =
        FloatToHalf(numbers[static_cast<size_t>(i)]);
  }
}

PlanLoops::Numbers PlanLoops::Read(const ReadData& read) const {
  Numbers numbers = Load(read.storage);
  const PendingData& p = read.pending;
  if (p.empty()) return numbers;
  const bool by_channels = read.shape.size() == 4;
  const int64_t plane = by_channels ? read.shape[2] * read.shape[3] : static_cast<int64_t>(numbers.size());
  const auto at = [this](int32_t list, size_t channel, float otherwise) {
    return list < 0 ? otherwise : numbers_[static_cast<size_t>(list)][channel];
  };
  for (size_t i = 0; i < numbers.size(); ++i) {
    const size_t channel = i / static_cast<size_t>(plane);  // counted over images too
    float scale = at(p.scale, channel, 1), shift = at(p.shift, channel, 0);
    if (p.norm >= 0) {
      const Norm& norm = norms_[static_cast<size_t>(p.norm)];
      const NormData& data = plan_.norms[static_cast<size_t>(p.norm)];
      const size_t c = channel % norm.gamma.size();
      const double a = norm.gamma[c] / std::sqrt(norm.variance[channel] + static_cast<double>(data.epsilon));
      scale = static_cast<float>(a);
      shift = static_cast<float>(norm.beta[c] - norm.mean[channel] * a);
    }
    numbers[i] = Activate(p, numbers[i] * scale + shift, at(p.slope, channel, 0));
  }
  return numbers;
}

PlanLoops::Numbers PlanLoops::Constant(const std::string& name) const {
  const auto found = constants_.find(name);
  if (found == constants_.end()) {
    ADD_FAILURE() << "there is no constant '" << name << "'";
    return {};
  }
  const auto span = found->second->span<float>();
  return {span.begin(), span.end()};
}

PlanLoops::Numbers PlanLoops::Read(const Operand& operand) const {
  return operand.read >= 0 ? Read(static_cast<size_t>(operand.read)) : Constant(operand.constant);
}

void PlanLoops::Gather(int32_t index) {
  const NormData& data = plan_.norms[static_cast<size_t>(index)];
  Norm& norm = norms_[static_cast<size_t>(index)];
  const Numbers numbers = node_->writes.empty() ? Read(size_t{0}) : Load(node_->writes[0]);
  const int64_t channels = data.images * data.channels;
  const int64_t together = static_cast<int64_t>(numbers.size()) / channels * data.group_channels;
  norm.mean.clear(), norm.variance.clear();
  for (int64_t first = 0; first < channels; first += data.group_channels) {
    const auto* group = numbers.data() + first / data.group_channels * together;
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < together; ++i) mean += group[i] / static_cast<double>(together);
    for (int64_t i = 0; i < together; ++i) squares += (group[i] - mean) * (group[i] - mean);
    for (int64_t c = 0; c < data.group_channels; ++c) {
      norm.mean.push_back(mean);
      norm.variance.push_back(squares / static_cast<double>(together));
    }
  }
}

void PlanLoops::SetInput(size_t index, const Tensor& tensor) {
  const StorageId id = plan_.inputs[index].storage;
  ASSERT_EQ(storage(id).bytes, tensor.size_bytes());
  if (tensor.size_bytes() != 0) std::memcpy(At(id), tensor.raw(), tensor.size_bytes());
}

void PlanLoops::Advance() {
  for (const StateData& state : plan_.states) {
    const OutputData& output = plan_.outputs[state.output];
    const StorageId to = plan_.inputs[state.input].storage;
    const void* from = output.storage >= 0 ? At(output.storage)
                                           : static_cast<const void*>(constants_.at(output.constant)->raw());
    if (storage(to).bytes != 0) std::memcpy(At(to), from, storage(to).bytes);
  }
}

void PlanLoops::Run() {
  for (const NodeData& node : plan_.nodes) {
    node_ = &node;
    std::visit([this](const auto& work) { Do(work); }, node.work);
    for (int32_t norm : node.gathers) Gather(norm);
  }
}

std::vector<float> PlanLoops::Output(size_t index) const {
  const OutputData& output = plan_.outputs[index];
  return output.storage >= 0 ? Load(output.storage) : Constant(output.constant);
}

namespace {

void ExpectLoopsPaint(const PlanData& plan, const graph::Graph& graph, Session& session, double tolerance) {
  PlanLoops loops(plan, graph);
  for (size_t i = 0; i < session.input_count(); ++i) loops.SetInput(i, session.input(i));
  loops.Run();
  for (size_t o = 0; o < session.output_count(); ++o) {
    const Tensor& want = session.output(o);
    if (want.dtype() != DataType::kFloat32) continue;
    std::vector<float> got = loops.Output(o);
    ASSERT_EQ(static_cast<int64_t>(got.size()), want.element_count());
    ExpectNear(Tensor::Borrow(want.info(), got.data()), want, tolerance);
  }
}

}  // namespace

void ExpectPlanSays(const graph::Graph& model, Session& session, double tolerance) {
  const PlanData plan = session.plan();
  const Status checked = CheckPlanData(plan);
  ASSERT_TRUE(checked.ok()) << checked.message();
  std::vector<Shape> shapes;
  for (size_t i = 0; i < session.input_count(); ++i) shapes.push_back(session.input(i).shape());
  for (const bool ends_in_arena : {false, true}) {
    PlanDataOptions options;
    options.ends_in_arena = ends_in_arena;
    const auto made = MakePlanData(model, shapes, options);
    ASSERT_TRUE(made.ok()) << made.status().message();
    ExpectLoopsPaint(made->plan, made->graph, session, tolerance);
    if (!ends_in_arena) ExpectLoopsPaint(plan, made->graph, session, tolerance);
  }
}

namespace {

void FillWithNoise(Session& session) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(0, 255);
  Tensor& x = session.input(0);
  for (int64_t i = 0; i < x.element_count(); ++i) x.data<float>()[i] = uniform(random);
}

void Compare(const graph::Graph& model, Session& session, double tolerance) {
  FillWithNoise(session);
  ASSERT_TRUE(session.Run().ok());
  ExpectPlanSays(model, session, tolerance);
}

TEST(PlanLoops, PaintWhatTheBundledStylesPaint) {
  for (const char* name : {"great-wave", "metzinger", "starry-night", "the-scream"}) {
    SCOPED_TRACE(name);
    const auto model = LoadModelFile("models/" + std::string(name) + ".onnx");
    ASSERT_TRUE(model.ok()) << model.status().message();
    for (const int64_t chain_bytes : {int64_t{-1}, int64_t{64} << 20}) {
      SessionOptions options;
      options.num_threads = 1;
      options.precision = Precision::kFp32;
      options.chain_bytes = chain_bytes;
      auto session = Session::Create(*model, {{1, 3, 40, 56}}, options);
      ASSERT_TRUE(session.ok()) << session.status().message();
      Compare(**model, **session, 1e-4);
    }
  }
}

// Layouts, precisions and ranges too: what the loops paint differs by the rounding to 8 bits alone.
TEST(PlanLoops, PaintNearWhatEightBitsPaint) {
  const auto model = LoadModelFile("models/starry-night.onnx");
  ASSERT_TRUE(model.ok()) << model.status().message();
  SessionOptions options;
  options.num_threads = 1;
  options.precision = Precision::kInt8;
  options.plain_dot_kernels = true;
  auto session = Session::Create(*model, {{1, 3, 40, 56}}, options);
  ASSERT_TRUE(session.ok()) << session.status().message();
  Compare(**model, **session, 0.2);
}

TEST(PlanLoops, TakeParametersThatTheGraphComputes) {
  for (const Conditional form : kConditionals) {
    SCOPED_TRACE(static_cast<int>(form));
    TestModel m;
    const std::string weights = m.Input("weights", {1, 3});
    const std::string conv = m.PaddedConv("x", 3, 8, 3, 1, 1, false);
    m.Output(m.PaddedConv(ConditionalNorm(m, conv, weights, 3, 8, form), 8, 3, 3, 1, 1, false));
    const ModelPtr model = m.Load().value();
    SessionOptions options;
    options.num_threads = 1;
    auto session = Session::Create(model, {{1, 3, 20, 24}, {1, 3}}, options);
    ASSERT_TRUE(session.ok()) << session.status().message();
    for (int64_t i = 0; i < 3; ++i)
      (*session)->input(1).data<float>()[i] = 0.2f + 0.3f * static_cast<float>(i);
    Compare(*model, **session, 1e-4);
  }
}

// A convolution that takes in a factor twice has had three sets of weights of one name.
TEST(PlanLoops, FindConstantsByTheirNames) {
  TestModel m;
  std::string x = m.Node("ConvTranspose", {"x", m.Random({3, 4, 3, 3}), m.Random({4})},
                         {TestModel::Ints("strides", {2, 2}), TestModel::Ints("pads", {1, 1, 1, 1})});
  x = m.Node("Mul", {x, m.Random({4, 1, 1})});
  x = m.Node("Relu", {m.Node("Add", {x, m.Random({4, 1, 1})})});
  m.Output(m.PaddedConv(x, 4, 3, 3, 1, 1, false));
  const ModelPtr model = m.Load().value();
  auto session = Session::Create(model, {{1, 3, 12, 16}}, {});
  ASSERT_TRUE(session.ok()) << session.status().message();
  Compare(*model, **session, 1e-5);
}

// Every frame adds a half of the one before; a second input begins with numbers of its own.
TEST(PlanLoops, CarryStatesAndWhatInputsBeginWith) {
  TestModel m;
  const std::string before = m.Input("before", {1, 3, 8, 12}), weight = m.Input("weight", {3, 1, 1});
  const std::string half = m.Node("Mul", {before, m.Floats({1}, {0.5f})});
  m.Output(m.Node("Add", {m.Node("Mul", {m.PaddedConv("x", 3, 3, 3, 1, 1, true), weight}), half}));
  const ModelPtr model = m.Load().value();
  SessionOptions options;
  options.num_threads = 1;
  options.states = {{.output = 0, .input = 1}};
  options.input_values = {std::nullopt, std::nullopt, InputValues{.initial = {1, -2, 3}}};
  const std::vector<Shape> shapes = {{1, 3, 8, 12}, {1, 3, 8, 12}, {3, 1, 1}};
  auto session = Session::Create(model, shapes, options);
  ASSERT_TRUE(session.ok()) << session.status().message();
  const PlanDataOptions planning{.inputs = {{}, 0, options.input_values, options.states},
                                 .ends_in_arena = true};
  const auto made = MakePlanData(*model, shapes, planning);
  ASSERT_TRUE(made.ok()) << made.status().message();
  ASSERT_EQ(made->plan.states.size(), 1u);
  EXPECT_EQ(made->plan.inputs[1].name, "before");
  EXPECT_TRUE(made->plan.inputs[0].is_picture);
  PlanLoops loops(made->plan, made->graph);
  for (int frame = 0; frame < 3; ++frame) {
    FillWithNoise(**session);
    (*session)->input(0).data<float>()[frame] += 1000;
    loops.SetInput(0, (*session)->input(0));
    ASSERT_TRUE((*session)->Run().ok());
    loops.Run();
    std::vector<float> got = loops.Output(0);
    const Tensor& want = (*session)->output(0);
    ExpectNear(Tensor::Borrow(want.info(), got.data()), want, 1e-5);
    loops.Advance();
  }
}

TEST(PlanLoops, RefuseWhatASessionRefuses) {
  TestModel m;
  m.Output(m.Node("Mul", {"x", m.Input("weight", {3, 1, 1})}));
  const ModelPtr model = m.Load().value();
  const std::vector<Shape> shapes = {{1, 3, 8, 12}, {3, 1, 1}};
  EXPECT_TRUE(MakePlanData(*model, shapes).ok());
  EXPECT_EQ(MakePlanData(*model, {{1, 3, 8, 12}}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(MakePlanData(*model, {{1, 3, 8, 12}, {4, 1, 1}}).ok());
  PlanDataOptions options;
  options.inputs.picture_input = 2;
  EXPECT_EQ(MakePlanData(*model, shapes, options).status().code(), StatusCode::kInvalidArgument);
  options.inputs.picture_input = 0;
  options.inputs.values = {std::nullopt, InputValues{.initial = {1, 2}}};
  EXPECT_EQ(MakePlanData(*model, shapes, options).status().code(), StatusCode::kInvalidArgument);
  options.inputs.values = {};
  options.inputs.states = {{.output = 0, .input = 1}};
  EXPECT_EQ(MakePlanData(*model, shapes, options).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tempera::engine
