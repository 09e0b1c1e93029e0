#include "bench/planned_conv.h"

#include <cmath>
#include <cstring>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/nhwc/pointwise_nhwc.h"

namespace tempera::bench {
namespace {

using kernels::ConvShape;

// Numbers, weights and constants of a layer.
struct Numbers {
  explicit Numbers(const ConvLayer& layer) : shape(ShapeOf(layer)) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    const int64_t fan_in = shape.in_channels * shape.kernel_h * shape.kernel_w;
    weights.resize(static_cast<size_t>(shape.out_channels * fan_in));
    for (float& w : weights) w = normal(random) / std::sqrt(static_cast<float>(fan_in));
    input.resize(static_cast<size_t>(shape.in_channels * shape.in_h * shape.in_w));
    // Neighbouring numbers repeat: a generator call for each would take longer than the bench.
    for (size_t i = 0; i < input.size(); ++i) input[i] = i < 4099 ? normal(random) : input[i - 4099];
    scale.assign(static_cast<size_t>(shape.in_channels), 0.9f);
    shift.assign(static_cast<size_t>(shape.in_channels), 0.1f);
    read = {scale.data(), shift.data(), kernels::Activation::kClamp, 0.0f};
  }
  size_t outputs() const { return static_cast<size_t>(shape.out_channels * shape.out_h * shape.out_w); }

  ConvShape shape;
  std::vector<float> weights, input, scale, shift;
  kernels::Pointwise read;
};

class Fp32Conv final : public PlannedConv {
 public:
  Fp32Conv(const ConvLayer& layer) : numbers_(layer) {}
  Status Init(const CpuTarget& target) {
    TEMPERA_ASSIGN_OR_RETURN(plan_,
                             kernels::PlanConv(numbers_.shape, numbers_.weights, {}, target.highway_bit));
    TEMPERA_ASSIGN_OR_RETURN(scratch_, AlignedBuffer::Allocate(plan_.scratch_bytes));
    output_.resize(numbers_.outputs());
    moments_.resize(static_cast<size_t>(numbers_.shape.out_channels * plan_.tiles));
    args_.input = numbers_.input.data();
    args_.output = output_.data();
    args_.read = numbers_.read;
    args_.moments = moments_.data();
    return OkStatus();
  }
  void Run() override {
    for (int64_t task = 0; task < plan_.tasks; ++task) plan_.RunTask(args_, task, scratch_.data());
  }
  std::string kernel() const override { return "conv_f32"; }
  double bytes() const override {
    return 4.0 * static_cast<double>(numbers_.input.size() + output_.size()) +
           static_cast<double>(plan_.weights.size_bytes());
  }

 private:
  Numbers numbers_;
  kernels::ConvPlan plan_;
  AlignedBuffer scratch_;
  std::vector<float> output_;
  std::vector<kernels::Moments> moments_;
  kernels::ConvArgs args_;
};

class NhwcConv final : public PlannedConv {
 public:
  NhwcConv(const ConvLayer& layer) : numbers_(layer), layer_(layer) {}
  Status Init(kernels::ConvPrecision precision, const CpuTarget& target) {
    const ConvShape& s = numbers_.shape;
    kernels::ConvNhwcOptions options;
    options.precision = precision;
    options.highway_bit = target.highway_bit;
    // Three channels never stand between two layers.
    options.input = layer_.ends && s.in_channels <= 4 ? kernels::PictureLayout::kPlanarF32 : options.input;
    options.output = layer_.ends && s.out_channels <= 4 ? kernels::PictureLayout::kPlanarF32 : options.output;
    const std::vector<float> low(static_cast<size_t>(s.in_channels), 0.0f), high(low.size(), 4.0f);
    if (precision == kernels::ConvPrecision::kInt8) options.low = low, options.high = high;
    if (!kernels::ConvNhwcServes(s, options)) return Unsupported("the shape is not served");
    TEMPERA_ASSIGN_OR_RETURN(plan_, kernels::PlanConvNhwc(s, numbers_.weights, {}, options));
    if (std::string_view(plan_.dot->name).find("plain") != std::string_view::npos) {
      return Unsupported("this target has plain loops only");
    }
    TEMPERA_ASSIGN_OR_RETURN(scratch_, AlignedBuffer::Allocate(plan_.scratch_bytes));
    moments_.resize(static_cast<size_t>(s.out_channels * plan_.tiles));
    input_bytes_ = BytesOf(options.input, s.in_channels, s.in_h * s.in_w);
    output_bytes_ = BytesOf(options.output, s.out_channels, s.out_h * s.out_w);
    TEMPERA_ASSIGN_OR_RETURN(input_, AlignedBuffer::Allocate(input_bytes_));
    TEMPERA_ASSIGN_OR_RETURN(output_, AlignedBuffer::Allocate(output_bytes_));
    if (options.input == kernels::PictureLayout::kPlanarF32) {
      std::memcpy(input_.data(), numbers_.input.data(), input_bytes_);
    } else {
      kernels::ChoosePointwiseNhwc(target.highway_bit)
          .from_planar({}, 0, s.in_channels, numbers_.input.data(), s.in_h * s.in_w, input_.data(),
                       s.in_h * s.in_w);
    }
    args_.input = input_.data();
    args_.output = output_.data();
    args_.read = numbers_.read;
    args_.moments = moments_.data();
    return OkStatus();
  }
  void Run() override {
    for (int64_t task = 0; task < plan_.tasks; ++task) plan_.RunTask(args_, task, scratch_.data());
  }
  std::string kernel() const override { return plan_.dot->name; }
  double bytes() const override {
    return static_cast<double>(input_bytes_ + output_bytes_ + plan_.weight_bytes);
  }

 private:
  static size_t BytesOf(kernels::PictureLayout layout, int64_t channels, int64_t pixels) {
    return static_cast<size_t>(layout == kernels::PictureLayout::kPlanarF32
                                   ? channels * pixels * 4
                                   : kernels::NhwcChannels(channels) * pixels * 2);
  }

  Numbers numbers_;
  ConvLayer layer_;
  kernels::ConvNhwcPlan plan_;
  AlignedBuffer scratch_, input_, output_;
  size_t input_bytes_ = 0, output_bytes_ = 0;
  std::vector<kernels::Moments> moments_;
  kernels::ConvNhwcArgs args_;
};

class PlainConv final : public PlannedConv {
 public:
  PlainConv(const ConvLayer& layer) : numbers_(layer), output_(numbers_.outputs()) {
    args_.input = numbers_.input.data();
    args_.output = output_.data();
    args_.read = numbers_.read;
  }
  void Run() override { kernels::ConvReference(numbers_.shape, numbers_.weights, {}, args_); }
  std::string kernel() const override { return "reference"; }
  double bytes() const override { return 4.0 * static_cast<double>(numbers_.input.size() + output_.size()); }

 private:
  Numbers numbers_;
  std::vector<float> output_;
  kernels::ConvArgs args_;
};

}  // namespace

const char* ConvKindName(ConvKind kind) {
  switch (kind) {
    case ConvKind::kFp32:
      return "fp32";
    case ConvKind::kInt8:
      return "int8";
    case ConvKind::kBf16:
      break;
  }
  return "bf16";
}

Result<std::unique_ptr<PlannedConv>> PlanLayer(const ConvLayer& layer, ConvKind kind,
                                               const CpuTarget& target) {
  if (kind == ConvKind::kFp32) {
    auto conv = std::make_unique<Fp32Conv>(layer);
    TEMPERA_RETURN_IF_ERROR(conv->Init(target));
    return std::unique_ptr<PlannedConv>(std::move(conv));
  }
  auto conv = std::make_unique<NhwcConv>(layer);
  TEMPERA_RETURN_IF_ERROR(conv->Init(
      kind == ConvKind::kInt8 ? kernels::ConvPrecision::kInt8 : kernels::ConvPrecision::kBf16, target));
  return std::unique_ptr<PlannedConv>(std::move(conv));
}

std::unique_ptr<PlannedConv> PlainLayer(const ConvLayer& layer) { return std::make_unique<PlainConv>(layer); }

}  // namespace tempera::bench
