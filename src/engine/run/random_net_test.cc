// Networks nobody thought of: random layers, sizes and paddings, from fixed seeds. The fast plan against the
// plain loops on every target, one thread against three; 8 bits against both.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "src/engine/run/twin_for_test.h"

namespace tempera::engine {
namespace {

class NetMaker {
 public:
  // all_normed: an instance norm behind every convolution but the last, as 8 bits like it.
  NetMaker(uint32_t seed, bool all_normed) : all_normed_(all_normed) {
    random_.seed(seed);
    now_ = {"x", Pick({1, 3, 4, 8}), Pick({1, 2, 5, 9, 17, 33, 64}), Pick({1, 3, 7, 16, 31, 50, 130})};
    if (all_normed) now_.h = Pick({17, 33, 40}), now_.w = Pick({31, 50, 66});
    shape_ = {1, now_.channels, now_.h, now_.w};
    const int layers = Pick({1, 2, 3, 4, 5});
    for (int i = 0; i < layers; ++i) Layer(i + 1 == layers);
    model_.Output(now_.name);
  }
  const TestModel& model() const { return model_; }
  const Shape& shape() const { return shape_; }
  const std::string& recipe() const { return recipe_; }

 private:
  struct Value {
    std::string name;
    int channels, h, w;
  };

  int Pick(std::vector<int> from) { return from[random_() % from.size()]; }
  bool OneIn(int n) { return random_() % static_cast<uint32_t>(n) == 0; }
  void Say(const std::string& what) { recipe_ += " " + what; }
  void Then(const char* op, std::vector<onnx::Attribute> attributes = {}) {
    Say(op);
    now_.name = model_.Node(op, {now_.name}, std::move(attributes));
  }

  void Layer(bool last) {
    const Value before = now_;
    if (OneIn(4)) Enlarge();
    Conv();
    if (OneIn(4)) Shuffle();
    if (!last || OneIn(2)) {
      if (all_normed_ || OneIn(2)) Norm();
      Activation();
    }
    if (before.channels == now_.channels && before.h == now_.h && before.w == now_.w && OneIn(2)) {
      Say("Add");
      now_.name = model_.Node("Add", {now_.name, before.name});
    }
    if (!last && OneIn(6)) Shuffle();
  }

  // Channels to blocks of pixels, where they are enough.
  void Shuffle() {
    const int b = Pick({2, 2, 3, 4});
    if (now_.channels % (b * b) != 0 || now_.h * now_.w > 4000) return;
    if (OneIn(3)) Activation();
    Say("to " + std::to_string(b) + "x" + std::to_string(b));
    Then("DepthToSpace",
         {TestModel::Int("blocksize", b), TestModel::Text("mode", Pick({0, 1}) ? "DCR" : "CRD")});
    now_ = {now_.name, now_.channels / b / b, now_.h * b, now_.w * b};
  }

  void Conv() {
    const int in = now_.channels;
    const int k = Pick({1, 3, 3, 3, 5, 7, 9}), stride = Pick({1, 1, 1, 2}), dilation = OneIn(6) ? 2 : 1;
    const int reach = dilation * (k - 1);
    const bool depthwise = in > 1 && OneIn(6);
    const int group = depthwise ? in : in % 2 == 0 && OneIn(8) ? 2 : 1;
    int out = depthwise ? in : Pick({1, 3, 5, 8, 9, 12, 16, 24, 27, 32, in});
    out = (out + group - 1) / group * group;
    std::string x = now_.name;
    std::vector<int64_t> pads = {reach / 2, reach / 2, reach - reach / 2, reach - reach / 2};
    const bool reflects = reach / 2 < now_.h && reach - reach / 2 < now_.h && reach - reach / 2 < now_.w;
    const char* mode = reflects && !OneIn(3) ? "reflect" : OneIn(2) ? "edge" : "constant";
    if (std::strcmp(mode, "constant") != 0) {
      x = model_.Node("Pad", {x, model_.Int64s({0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]})},
                      {TestModel::Text("mode", mode)});
      pads = {0, 0, 0, 0};
    }
    const float most = std::sqrt(3.0f * static_cast<float>(group) / static_cast<float>(in * k * k));
    std::vector<std::string> inputs = {x, model_.Random({out, in / group, k, k}, -most, most)};
    if (OneIn(2)) inputs.push_back(model_.Random({out}));
    now_.name =
        model_.Node("Conv", inputs,
                    {TestModel::Ints("strides", {stride, stride}), TestModel::Ints("pads", pads),
                     TestModel::Ints("dilations", {dilation, dilation}), TestModel::Int("group", group)});
    now_.channels = out;
    now_.h = (now_.h - 1) / stride + 1;
    now_.w = (now_.w - 1) / stride + 1;
    Say(std::to_string(k) + "x" + std::to_string(k) + "s" + std::to_string(stride) + "d" +
        std::to_string(dilation) + "g" + std::to_string(group) + " " + std::to_string(in) + "->" +
        std::to_string(out) + " " + mode + " to " + std::to_string(now_.w) + "x" + std::to_string(now_.h));
  }

  void Norm() {
    // Few numbers have a small deviation by chance, which would make rounding large.
    if (now_.h * now_.w < 64) return;
    Say("norm");
    now_.name = model_.Node("InstanceNormalization", {now_.name, model_.Random({now_.channels}, 0.5f, 2),
                                                      model_.Random({now_.channels})});
  }

  void Activation() {
    switch (random_() % 6) {
      case 0:
      case 1:
        return Then("Relu");
      case 2:
        return Then("LeakyRelu", {TestModel::Float("alpha", 0.2f)});
      case 3:
        Say("PRelu");
        now_.name = model_.Node("PRelu", {now_.name, model_.Random({now_.channels, 1, 1})});
        return;
      case 4:
        return Then("Tanh");
      default:
        return;
    }
  }

  void Enlarge() {
    const bool nearest = !OneIn(3);
    Say(nearest ? "nearest x2" : "linear x2");
    now_.name =
        model_.Node("Resize", {now_.name, "", model_.Floats({4}, {1, 1, 2, 2})},
                    {TestModel::Text("mode", nearest ? "nearest" : "linear"),
                     TestModel::Text("coordinate_transformation_mode", nearest ? "asymmetric" : "half_pixel"),
                     TestModel::Text("nearest_mode", "floor")});
    now_.h *= 2, now_.w *= 2;
  }

  bool all_normed_;
  std::mt19937 random_;
  TestModel model_;
  Value now_;
  Shape shape_;
  std::string recipe_;
};

TEST(RandomNets, FastPlansAgreeWithPlainLoops) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    const NetMaker net(seed, false);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", " + ShapeToString(net.shape()) + ":" + net.recipe());
    EXPECT_GE(PlainLoops(net.model(), net.shape(), 1e-4), 0);
    if (HasFailure()) break;
  }
}

double PsnrDb(const Tensor& a, const Tensor& b) {
  const auto x = a.span<float>(), y = b.span<float>();
  const auto [low, high] = std::minmax_element(y.begin(), y.end());
  double squares = 0;
  for (size_t i = 0; i < x.size(); ++i) squares += std::pow(static_cast<double>(x[i]) - y[i], 2);
  const double range = std::max(1e-9, static_cast<double>(*high) - *low);
  return 10 * std::log10(range * range / std::max(1e-30, squares / static_cast<double>(x.size())));
}

TEST(RandomNets, EightBitsStayNear) {
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    const NetMaker net(seed, true);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", " + ShapeToString(net.shape()) + ":" + net.recipe());
    const auto slow = MakeTwin(net.model(), net.shape(), true);
    ASSERT_TRUE(slow != nullptr && slow->Run().ok());
    for (const CpuTarget& target : AvailableCpuTargets()) {
      SCOPED_TRACE(target.name);
      SessionOptions options;
      options.cpu = target.name;
      options.precision = Precision::kInt8;
      options.plain_dot_kernels = true;
      options.input_range = ValueRange{-2, 2};
      std::vector<std::unique_ptr<Session>> sessions;
      for (const int threads : {1, 3}) {
        options.num_threads = threads;
        auto session = Session::Create(net.model().Load().value(), {net.shape()}, options);
        ASSERT_TRUE(session.ok()) << session.status().message();
        const Status checked = CheckPlanData((*session)->plan());
        ASSERT_TRUE(checked.ok()) << checked.message();
        Tensor& x = (*session)->input(0);
        std::memcpy(x.raw(), slow->input(0).raw(), x.size_bytes());
        ASSERT_TRUE((*session)->Run().ok());
        sessions.push_back(std::move(session).value());
      }
      const Tensor& y = sessions[0]->output(0);
      EXPECT_EQ(std::memcmp(y.raw(), sessions[1]->output(0).raw(), y.size_bytes()), 0);
      EXPECT_GT(PsnrDb(y, slow->output(0)), 25) << sessions[0]->precision().chosen;
    }
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace tempera::engine
