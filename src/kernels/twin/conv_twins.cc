// Convolutions, planned and then run task by task, beside the plain loops; and what their inner loops are
// made of.
#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include "src/base/checked_math.h"
#include "src/base/half.h"
#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/dot/dot_kernel.h"
#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/planes/depthwise_f32.h"
#include "src/kernels/planes/mix_f32.h"
#include "src/kernels/planes/one_pixel_f32.h"
#include "src/kernels/twin/random_shape.h"
#include "src/kernels/twin/twin.h"

namespace tempera::kernels {
namespace {

// A plan ready to run on one target, in one form.
template <class Plan>
struct Ready {
  std::string target, form;
  Plan plan;
  uint8_t* scratch;
};
template <class Plan>
using AllReady = std::shared_ptr<std::vector<Ready<Plan>>>;

template <class Plan, class Args>
void RunAll(const AllReady<Plan>& all, const CpuTarget& target, const std::string& form, const Args& args) {
  for (const Ready<Plan>& ready : *all) {
    if (ready.target != target.name || ready.form != form) continue;
    for (int64_t task = 0; task < ready.plan.tasks; ++task) ready.plan.RunTask(args, task, ready.scratch);
  }
}

template <class Plan, class MakePlan>
void ConvProblem(TwinProblem& p, const ConvShape& s, double error, const MakePlan& make) {
  const std::vector<float> weights =
      p.Random(s.out_channels * s.in_channels / s.group * s.kernel_h * s.kernel_w, -0.3f, 0.3f);
  const std::vector<float> bias = p.Random(s.out_channels);
  ConvArgs args;
  args.input = p.In(s.n * s.in_channels * s.in_h * s.in_w);
  args.read.scale = p.In(s.n * s.in_channels, 0.5f, 1.5f), args.read.shift = p.In(s.n * s.in_channels);
  args.read.activation = Activation::kClamp, args.read.lo = 0;
  args.write.activation = Activation::kClamp, args.write.lo = -1;
  auto all = std::make_shared<std::vector<Ready<Plan>>>();
  for (const CpuTarget& target : AvailableCpuTargets()) {
    auto plan = make(weights, bias, target);
    if (!plan.ok()) return;
    uint8_t* const scratch = p.Scratch(static_cast<int64_t>(plan->scratch_bytes));
    all->push_back({target.name, "", std::move(plan).value(), scratch});
  }
  auto& out = p.Out(s.n * s.out_channels * s.out_h * s.out_w, error);
  p.work = static_cast<double>(s.macs());
  p.fast = [=, &out](const CpuTarget& target, const std::string& form) {
    ConvArgs mine = args;
    mine.output = out.fast.data();
    RunAll(all, target, form, mine);
  };
  p.plain = [=, &out](const CpuTarget&) {
    ConvArgs mine = args;
    mine.output = out.plain.data();
    ConvReference(s, weights, bias, mine);
  };
}

// A layer that is timed: channels of 16x64 pixels, the same size out.
ConvShape TimedShape(int64_t in, int64_t out, int64_t kernel, int64_t stride = 1) {
  ConvShape s;
  s.in_channels = in, s.in_h = 16, s.in_w = 64, s.out_channels = out;
  s.kernel_h = s.kernel_w = kernel, s.stride_h = s.stride_w = stride;
  s.pad_top = s.pad_left = kernel / 2;
  s.out_h = 16 / stride, s.out_w = 64 / stride;
  return s;
}

constexpr int64_t kTimed = -1;

Twin Conv(const char* name, ConvMethod method, const ConvShape& timed) {
  return {name, Shapes(60), kTimed, [method, timed](TwinProblem& p, int64_t seed) {
            const ConvShape s = seed == kTimed ? timed : RandomConvShape(static_cast<uint32_t>(seed));
            ConvProblem<ConvPlan>(
                p, s, 1e-3, [s, method](const auto& weights, const auto& bias, const CpuTarget& target) {
                  return PlanConv(s, weights, bias, target.highway_bit, method);
                });
          }};
}
const bool kConvs[] = {
    AddTwin(Conv("conv direct", ConvMethod::kDirect, TimedShape(32, 32, 3))),
    AddTwin(Conv("conv winograd", ConvMethod::kWinograd, TimedShape(32, 32, 3))),
    AddTwin(Conv("conv winograd strips", ConvMethod::kWinograd, TimedShape(16, 3, 5))),
};

const bool kDepthwise =
    AddTwin({"conv depthwise", Shapes(40), kTimed, [](TwinProblem& p, int64_t seed) {
               ConvShape s = TimedShape(32, 32, 3);
               s.group = 32;
               if (seed != kTimed) s = RandomDepthwiseShape(static_cast<uint32_t>(seed));
               ConvProblem<DepthwisePlan>(
                   p, s, 2e-5, [s](const auto& weights, const auto& bias, const CpuTarget& target) {
                     return PlanDepthwise(s, weights, bias, target.highway_bit);
                   });
             }});

const bool kMix = AddTwin(
    {"conv 1x1", Shapes(40), kTimed, [](TwinProblem& p, int64_t seed) {
       const ConvShape s =
           seed == kTimed ? TimedShape(64, 64, 1) : RandomMixShape(static_cast<uint32_t>(seed));
       ConvProblem<MixPlan>(p, s, 1e-4, [s](const auto& weights, const auto& bias, const CpuTarget& target) {
         return PlanMix(s, weights, bias, true, target.highway_bit);
       });
     }});

const bool kOnePixel =
    AddTwin({"conv one pixel", AwkwardLengths(), 96, [](TwinProblem& p, int64_t out) {
               ConvShape s;
               s.n = out % 3 + 1, s.in_channels = out % 2 == 0 ? 240 : out;
               s.out_channels = out;
               ConvProblem<OnePixelPlan>(p, s, 1e-4,
                                         [s](const auto& weights, const auto& bias, const CpuTarget& target) {
                                           return PlanOnePixel(s, weights, bias, target.highway_bit);
                                         });
             }});

// Every form against the plain dot kernel of its target, to the bit: integer sums are exact. What that one
// computes is held up against ConvReference in nhwc_twin_test.cc.
const bool kConvNhwc =
    AddTwin({"conv int8 nhwc", Shapes(30), kTimed, [](TwinProblem& p, int64_t seed) {
               const ConvShape s =
                   seed == kTimed ? TimedShape(32, 32, 3) : RandomConvShape(static_cast<uint32_t>(seed));
               const std::vector<float> low(static_cast<size_t>(s.in_channels), -1.0f),
                   high(low.size(), 1.0f);
               ConvNhwcOptions options;
               options.low = low, options.high = high;
               options.input = options.output = PictureLayout::kPlanarF32;
               if (s.group != 1 || !ConvNhwcServes(s, options)) return;
               const std::vector<float> weights =
                   p.Random(s.out_channels * s.in_channels * s.kernel_h * s.kernel_w, -0.3f, 0.3f);
               const std::vector<float> bias = p.Random(s.out_channels);
               auto all = std::make_shared<std::vector<Ready<ConvNhwcPlan>>>();
               for (const CpuTarget& target : AvailableCpuTargets()) {
                 for (const DotKernel* dot : DotKernelsFor(target.highway_bit)) {
                   // Coarser weights are other numbers.
                   if (dot->element == DotElement::kBf16 ||
                       dot->weight_limit != PlainDotKernel(dot->element).weight_limit)
                     continue;
                   options.highway_bit = target.highway_bit, options.dot = dot;
                   auto plan = PlanConvNhwc(s, weights, bias, options);
                   if (!plan.ok()) return;
                   uint8_t* const scratch = p.Scratch(static_cast<int64_t>(plan->scratch_bytes));
                   all->push_back({target.name, dot->name, std::move(plan).value(), scratch});
                 }
               }
               ConvNhwcArgs args;
               args.input = p.In(s.n * s.in_channels * s.in_h * s.in_w);
               auto& out = p.Out(s.n * s.out_channels * s.out_h * s.out_w);
               p.work = static_cast<double>(s.macs());
               p.forms = [all](const CpuTarget& target) {
                 std::vector<std::string> names;
                 for (const auto& ready : *all) {
                   if (ready.target == target.name) names.push_back(ready.form);
                 }
                 return names;
               };
               const auto run = [=](const CpuTarget& target, const std::string& form, float* to) {
                 ConvNhwcArgs mine = args;
                 mine.output = to;
                 RunAll(all, target, form, mine);
               };
               p.fast = [=, &out](const CpuTarget& target, const std::string& form) {
                 run(target, form, out.fast.data());
               };
               p.plain = [=, &out](const CpuTarget& target) {
                 run(target, PlainDotKernel(DotElement::kU8S8).name, out.plain.data());
               };
               p.plain_by_target = true;
             }});

// Sums of `pixels` pixels of a 3x3 window.
Twin Dot(const char* name, DotElement element) {
  return {std::string("dot ") + name,
          {1, 2, 3, 5, 8, 13, 16, 17, 31, 40},
          256,
          [element](TwinProblem& p, int64_t pixels) {
            const size_t size = DotElementSize(element);
            constexpr int64_t kRows = 3, kChannels = 16, kMostRowK = 64, kColumns = 64, kMostBlock = 64;
            const int64_t row = (RoundUp(pixels, kMostBlock) + 1) * kChannels + kMostRowK;
            std::mt19937 engine(p.Seed());
            const auto make = [&](int64_t count, int low, int high) {
              std::vector<uint8_t> bytes(static_cast<size_t>(count) * size);
              for (int64_t i = 0; i < count; ++i) {
                const int x = low + static_cast<int>(engine() % static_cast<uint32_t>(high - low + 1));
                const auto wide = element == DotElement::kBf16 ? FloatToBfloat(static_cast<float>(x))
                                                               : static_cast<uint16_t>(x);
                std::memcpy(bytes.data() + static_cast<size_t>(i) * size, &wide, size);
              }
              return bytes;
            };
            // Small enough that sums are exact in bf16's fp32, too.
            const uint8_t* input = p.In(make(kRows * row, 0, 63));
            const std::vector<uint8_t> weights = make(kRows * kMostRowK * kColumns, -8, 7);
            auto& out = p.Out<int32_t>(RoundUp(pixels, kMostBlock) * kColumns);
            const auto run = [=](const DotKernel& dot, Guarded<int32_t>& sums) {
              Guarded<uint8_t> packed(
                  std::span<const uint8_t>(dot.pack(weights.data(), kRows, kMostRowK, kColumns)));
              DotArgs a;
              a.input = input, a.row_stride = row, a.pixel_stride = kChannels;
              a.kernel_rows = kRows, a.row_k = kMostRowK, a.columns = kColumns;
              a.weights = packed.data(), a.pixels = pixels, a.sums = sums.data();
              dot.begin();
              dot.run(a);
              dot.end();
              // A kernel of blocks may write what lies beyond the last pixel.
              std::fill(sums.data() + pixels * kColumns, sums.data() + sums.size(), 0);
            };
            p.work = static_cast<double>(pixels * kRows * kMostRowK * kColumns);
            p.forms = [element](const CpuTarget& target) {
              std::vector<std::string> names;
              for (const DotKernel* dot : DotKernelsFor(target.highway_bit)) {
                if (dot->element == element) names.push_back(dot->name);
              }
              return names;
            };
            p.fast = [=, &out](const CpuTarget& target, const std::string& form) {
              for (const DotKernel* dot : DotKernelsFor(target.highway_bit)) {
                if (form == dot->name) run(*dot, out.fast);
              }
            };
            p.plain = [=, &out](const CpuTarget&) { run(PlainDotKernel(element), out.plain); };
          }};
}
const bool kDots[] = {AddTwin(Dot("u8s8", DotElement::kU8S8)), AddTwin(Dot("s16", DotElement::kS16)),
                      AddTwin(Dot("bf16", DotElement::kBf16))};

}  // namespace
}  // namespace tempera::kernels
