// Kernels that work on lines of numbers in fp32 or fp16.
#include <algorithm>
#include <cmath>
#include <string>

#include "src/base/half.h"
#include "src/kernels/moments.h"
#include "src/kernels/nhwc/pointwise_nhwc.h"
#include "src/kernels/planes/binary_f32.h"
#include "src/kernels/planes/matrix_f32.h"
#include "src/kernels/planes/pointwise_f32.h"
#include "src/kernels/planes/pool_f32.h"
#include "src/kernels/planes/resize_f32.h"
#include "src/kernels/planes/shuffle_f32.h"
#include "src/kernels/planes/softmax_f32.h"
#include "src/kernels/planes/unary_f32.h"
#include "src/kernels/twin/twin.h"

namespace tempera::kernels {
namespace {

constexpr double kRounding = 1e-5;

// Channel 2's constants of four: scale and shift, then a clamp.
Pointwise Pending(TwinProblem& p, int64_t channels = 4) {
  Pointwise w;
  w.scale = p.In(channels, 0.5f, 1.5f), w.shift = p.In(channels);
  w.activation = Activation::kClamp, w.lo = -1, w.hi = 2;
  return w;
}
float PlainOf(const Pointwise& w, int64_t channel, float x) {
  if (w.scale != nullptr) x = x * w.scale[channel] + w.shift[channel];
  return w.activation == Activation::kClamp ? std::clamp(x, w.lo, w.hi) : x;
}

Twin Unary(const char* name, UnaryOp op, double (*plain)(double)) {
  return {std::string("unary ") + name, AwkwardLengths(), kTimedLength,
          [op, plain](TwinProblem& p, int64_t n) {
            const float* x = p.In(n, 0.1f, 3);
            auto& y = p.Out(n, kRounding);
            p.work = static_cast<double>(n);
            p.fast = [=, &y](const CpuTarget& target, const std::string&) {
              ChooseUnaryF32(target.highway_bit)({op}, {}, 0, x, y.fast.data(), n);
            };
            p.plain = [=, &y](const CpuTarget&) {
              for (int64_t i = 0; i < n; ++i) y.plain[i] = static_cast<float>(plain(x[i]));
            };
          }};
}
const bool kUnaries[] = {
    AddTwin(Unary("erf", UnaryOp::kErf, [](double x) { return std::erf(x); })),
    AddTwin(Unary("exp", UnaryOp::kExp, [](double x) { return std::exp(x); })),
    AddTwin(Unary("log", UnaryOp::kLog, [](double x) { return std::log(x); })),
    AddTwin(Unary("mish", UnaryOp::kMish, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); })),
    AddTwin(Unary("sigmoid", UnaryOp::kSigmoid, [](double x) { return 1 / (1 + std::exp(-x)); })),
    AddTwin(Unary("sqrt", UnaryOp::kSqrt, [](double x) { return std::sqrt(x); })),
    AddTwin(Unary("tanh", UnaryOp::kTanh, [](double x) { return std::tanh(x); })),
};

const bool kBinary = AddTwin(
    {"binary max, pending", AwkwardLengths(), kTimedLength, [](TwinProblem& p, int64_t n) {
       const float *x = p.In(n), *y = p.In(n);
       const Pointwise a = Pending(p);
       auto& out = p.Out(n, kRounding);
       p.work = static_cast<double>(n);
       p.fast = [=, &out](const CpuTarget& target, const std::string&) {
         ChooseBinaryF32(target.highway_bit)(BinaryOp::kMax, a, {}, 2, x, 1, y, 1, out.fast.data(), n);
       };
       p.plain = [=, &out](const CpuTarget&) {
         for (int64_t i = 0; i < n; ++i) out.plain[i] = std::max(PlainOf(a, 2, x[i]), y[i]);
       };
     }});

const bool kApply =
    AddTwin({"pointwise apply", AwkwardLengths(), kTimedLength, [](TwinProblem& p, int64_t n) {
               const float* x = p.In(n);
               const Pointwise a = Pending(p);
               auto& out = p.Out(n, kRounding);
               p.work = static_cast<double>(n);
               p.fast = [=, &out](const CpuTarget& target, const std::string&) {
                 ChoosePointwiseF32(target.highway_bit).apply(a, 2, x, out.fast.data(), n);
               };
               p.plain = [=, &out](const CpuTarget&) {
                 for (int64_t i = 0; i < n; ++i) out.plain[i] = PlainOf(a, 2, x[i]);
               };
             }});

const bool kAdd =
    AddTwin({"pointwise add", AwkwardLengths(), kTimedLength, [](TwinProblem& p, int64_t n) {
               const float *x = p.In(n), *y = p.In(n);
               const Pointwise a = Pending(p);
               auto& out = p.Out(n, kRounding);
               p.work = static_cast<double>(n);
               p.fast = [=, &out](const CpuTarget& target, const std::string&) {
                 ChoosePointwiseF32(target.highway_bit).add(a, {}, {}, 2, x, y, out.fast.data(), n);
               };
               p.plain = [=, &out](const CpuTarget&) {
                 for (int64_t i = 0; i < n; ++i) out.plain[i] = PlainOf(a, 2, x[i]) + y[i];
               };
             }});

const bool kMoments =
    AddTwin({"moments", AwkwardLengths(), kTimedLength, [](TwinProblem& p, int64_t n) {
               constexpr int64_t kRows = 3;
               const float* x = p.In(kRows * (n + 5));
               auto& out = p.Out<double>(3, 1e-4);
               p.work = static_cast<double>(kRows * n);
               const auto store = [](const Moments& m, Guarded<double>& to) {
                 to[0] = m.count, to[1] = m.mean, to[2] = m.m2;
               };
               p.fast = [=, &out](const CpuTarget& target, const std::string&) {
                 store(ChooseRegionMomentsF32(target.highway_bit)(x, kRows, n, n + 5), out.fast);
               };
               p.plain = [=, &out](const CpuTarget&) {
                 Moments all;
                 for (int64_t r = 0; r < kRows; ++r) {
                   for (int64_t i = 0; i < n; ++i) all.Join({1, x[r * (n + 5) + i], 0});
                 }
                 store(all, out.plain);
               };
             }});

const bool kMeans = AddTwin({"plane means", AwkwardLengths(), kTimedLength, [](TwinProblem& p, int64_t n) {
                               constexpr int64_t kPlanes = 3;
                               const float* x = p.In(kPlanes * n, 99, 100);
                               auto& out = p.Out(kPlanes, 1e-6);
                               p.work = static_cast<double>(kPlanes * n);
                               p.fast = [=, &out](const CpuTarget& target, const std::string&) {
                                 ChoosePlaneMeansF32(target.highway_bit)(x, kPlanes, n, out.fast.data());
                               };
                               p.plain = [=, &out](const CpuTarget&) {
                                 for (int64_t i = 0; i < kPlanes; ++i) {
                                   double sum = 0;
                                   for (int64_t k = 0; k < n; ++k) sum += double{x[i * n + k]};
                                   out.plain[i] = static_cast<float>(sum / static_cast<double>(n));
                                 }
                               };
                             }});

Twin Interleave(int64_t block) {
  return {"interleave " + std::to_string(block), AwkwardLengths(), kTimedLength,
          [block](TwinProblem& p, int64_t n) {
            const float* x = p.In(block * (n + 3));
            auto& out = p.Out(block * n);
            p.work = static_cast<double>(block * n);
            p.fast = [=, &out](const CpuTarget& target, const std::string&) {
              ChooseInterleaveF32(target.highway_bit)(x, n + 3, block, n, out.fast.data());
            };
            p.plain = [=, &out](const CpuTarget&) {
              for (int64_t k = 0; k < block; ++k) {
                for (int64_t i = 0; i < n; ++i) out.plain[i * block + k] = x[k * (n + 3) + i];
              }
            };
          }};
}
const bool kInterleave[] = {AddTwin(Interleave(1)), AddTwin(Interleave(2)), AddTwin(Interleave(3)),
                            AddTwin(Interleave(4)), AddTwin(Interleave(5))};

const bool kSoftmax =
    AddTwin({"softmax", AwkwardLengths(), kTimedLength, [](TwinProblem& p, int64_t n) {
               constexpr int64_t kSize = 21;
               const float* x = p.In(kSize * n, -9, 9);
               auto& out = p.Out(kSize * n, 1e-6);
               float* scratch = p.Scratch<float>(SoftmaxScratchFloats(kSize));
               p.work = static_cast<double>(kSize * n);
               p.fast = [=, &out](const CpuTarget& target, const std::string&) {
                 ChooseSoftmaxF32(target.highway_bit)(x, kSize, n, 0, n, out.fast.data(), scratch);
               };
               p.plain = [=, &out](const CpuTarget&) {
                 for (int64_t i = 0; i < n; ++i) {
                   double sum = 0;
                   for (int64_t k = 0; k < kSize; ++k) sum += std::exp(static_cast<double>(x[k * n + i]));
                   for (int64_t k = 0; k < kSize; ++k) {
                     out.plain[k * n + i] =
                         static_cast<float>(std::exp(static_cast<double>(x[k * n + i])) / sum);
                   }
                 }
               };
             }});

Twin Resize(const char* name, int64_t taps) {
  return {std::string("resize ") + name, AwkwardLengths(), 640, [taps](TwinProblem& p, int64_t n) {
            const auto axis = [&](int64_t in, int64_t out) {
              auto a = std::make_shared<ResizeAxis>();
              a->in = in, a->out = out, a->taps = taps;
              a->weight = p.Random(taps * out);
              for (int64_t t = 0; t < taps; ++t) {
                for (int64_t o = 0; o < out; ++o) {
                  const int64_t at = (2 * o + 1) * in / (2 * out) - taps / 2 + t;
                  a->index.push_back(static_cast<int32_t>(std::clamp<int64_t>(at, 0, in - 1)));
                }
              }
              a->ascends = Ascends(*a);
              return a;
            };
            const auto y = axis(5, 11), x = axis(n, 2 * n + 1);
            const float* in = p.In(y->in * x->in);
            auto& out = p.Out(y->out * x->out, kRounding * 10);
            float* scratch = p.Scratch<float>(ResizeScratchFloats(*x));
            p.work = static_cast<double>(y->out * x->out);
            p.fast = [=, &out](const CpuTarget& target, const std::string&) {
              const ResizeArgs args{*y, *x, {}, 0, in, out.fast.data(), false};
              ChooseResizeRowsF32(target.highway_bit)(args, 0, y->out, scratch);
            };
            p.plain = [=, &out](const CpuTarget&) {
              for (int64_t r = 0; r < y->out; ++r) {
                for (int64_t c = 0; c < x->out; ++c) {
                  double sum = 0;
                  for (int64_t t = 0; t < taps; ++t) {
                    for (int64_t u = 0; u < taps; ++u) {
                      const auto ty = static_cast<size_t>(t * y->out + r),
                                 tx = static_cast<size_t>(u * x->out + c);
                      sum += double{y->weight[ty]} * double{x->weight[tx]} *
                             double{in[y->index[ty] * x->in + x->index[tx]]};
                    }
                  }
                  out.plain[r * x->out + c] = static_cast<float>(sum);
                }
              }
            };
          }};
}
// Both sides doubled, what is pending applied as it is read; in two calls, as two tasks would.
const bool kDouble =
    AddTwin({"resize doubled", AwkwardLengths(), 64, [](TwinProblem& p, int64_t n) {
               const auto axis = [](int64_t in) {
                 auto a = std::make_shared<ResizeAxis>();
                 a->in = in, a->out = 2 * in, a->taps = 2, a->ascends = true;
                 for (int64_t t = 0; t < 2; ++t) {
                   for (int64_t o = 0; o < 2 * in; ++o) {
                     const int64_t at = (o + 1) / 2 - 1 + t;
                     a->index.push_back(static_cast<int32_t>(std::clamp<int64_t>(at, 0, in - 1)));
                     a->weight.push_back((o + t) % 2 == 0 ? 0.25f : 0.75f);
                   }
                 }
                 return a;
               };
               const auto y = axis(n % 5 + 1), x = axis(n);
               const float* in = p.In(y->in * n);
               const Pointwise read = Pending(p);
               auto& out = p.Out(y->out * x->out, kRounding);
               float* scratch = p.Scratch<float>(ResizeScratchFloats(*x));
               p.work = static_cast<double>(y->out * x->out);
               p.fast = [=, &out](const CpuTarget& target, const std::string&) {
                 const ResizeArgs args{*y, *x, read, 2, in, out.fast.data(), false};
                 const ResizeRowsF32 rows = ChooseDoubleRowsF32(*y, *x, target.highway_bit);
                 if (rows == nullptr) return;
                 rows(args, 0, y->in, scratch);
                 rows(args, y->in, y->out, scratch);
               };
               p.plain = [=, &out](const CpuTarget&) {
                 for (int64_t r = 0; r < y->out; ++r) {
                   for (int64_t c = 0; c < x->out; ++c) {
                     double sum = 0;
                     for (int64_t t = 0; t < 4; ++t) {
                       const auto ty = static_cast<size_t>(t / 2 * y->out + r),
                                  tx = static_cast<size_t>(t % 2 * x->out + c);
                       sum += double{y->weight[ty]} * double{x->weight[tx]} *
                              double{PlainOf(read, 2, in[y->index[ty] * n + x->index[tx]])};
                     }
                     out.plain[r * x->out + c] = static_cast<float>(sum);
                   }
                 }
               };
             }});
const bool kResizes[] = {AddTwin(Resize("nearest", 1)), AddTwin(Resize("linear", 2)),
                         AddTwin(Resize("cubic", 4))};

const bool kMatrix =
    AddTwin({"matrix", AwkwardLengths(), 256, [](TwinProblem& p, int64_t n) {
               const MatrixShape s = {n % 70 + 1, n, 301, 301, 1, n, 1};
               const float *a = p.In(s.m * s.k), *b = p.In(s.k * s.n);
               auto& c = p.Out(s.m * s.n, 1e-4);
               uint8_t* scratch = p.Scratch(static_cast<int64_t>(MatrixScratchBytes()));
               p.work = static_cast<double>(s.m * s.n * s.k);
               p.fast = [=, &c](const CpuTarget& target, const std::string&) {
                 for (int64_t task = 0; task < MatrixTasks(s); ++task) {
                   ChooseMatrixTaskF32(target.highway_bit)(s, task, a, b, c.fast.data(), scratch);
                 }
               };
               p.plain = [=, &c](const CpuTarget&) {
                 for (int64_t i = 0; i < s.m; ++i) {
                   for (int64_t j = 0; j < s.n; ++j) {
                     double sum = 0;
                     for (int64_t l = 0; l < s.k; ++l) sum += double{a[i * s.k + l]} * double{b[l * s.n + j]};
                     c.plain[i * s.n + j] = static_cast<float>(sum);
                   }
                 }
               };
             }});

// Interleaved fp16: three channels of eight are in use.
constexpr int64_t kPixelChannels = 11, kPixelStep = 16;
std::vector<uint16_t> Halves(TwinProblem& p, int64_t pixels) {
  std::vector<uint16_t> halves;
  const std::vector<float> numbers = p.Random(pixels * kPixelStep);
  for (size_t i = 0; i < numbers.size(); ++i) {
    halves.push_back(static_cast<int64_t>(i) % kPixelStep < kPixelChannels ? FloatToHalf(numbers[i])
                                                                           : uint16_t{0});
  }
  return halves;
}

const bool kAddNhwc = AddTwin(
    {"nhwc add", AwkwardLengths(), 512, [](TwinProblem& p, int64_t n) {
       const uint16_t *a = p.In(Halves(p, n)), *b = p.In(Halves(p, n));
       auto& out = p.Out<uint16_t>(n * kPixelStep);
       p.work = static_cast<double>(n * kPixelStep);
       p.fast = [=, &out](const CpuTarget& target, const std::string&) {
         ChoosePointwiseNhwc(target.highway_bit).add({}, {}, 0, kPixelChannels, a, b, out.fast.data(), n);
       };
       p.plain = [=, &out](const CpuTarget&) {
         for (int64_t i = 0; i < n * kPixelStep; ++i)
           out.plain[i] = FloatToHalf(HalfToFloat(a[i]) + HalfToFloat(b[i]));
       };
     }});

const bool kToPlanar = AddTwin(
    {"nhwc to planes", AwkwardLengths(), 512, [](TwinProblem& p, int64_t n) {
       const uint16_t* in = p.In(Halves(p, n));
       auto& out = p.Out(n * kPixelChannels);
       p.work = static_cast<double>(n * kPixelChannels);
       p.fast = [=, &out](const CpuTarget& target, const std::string&) {
         ChoosePointwiseNhwc(target.highway_bit).to_planar({}, 0, kPixelChannels, in, out.fast.data(), n, n);
       };
       p.plain = [=, &out](const CpuTarget&) {
         for (int64_t i = 0; i < n; ++i) {
           for (int64_t c = 0; c < kPixelChannels; ++c)
             out.plain[c * n + i] = HalfToFloat(in[i * kPixelStep + c]);
         }
       };
     }});

const bool kFromPlanar = AddTwin({"nhwc from planes", AwkwardLengths(), 512, [](TwinProblem& p, int64_t n) {
                                    const float* in = p.In(n * kPixelChannels);
                                    auto& out = p.Out<uint16_t>(n * kPixelStep);
                                    p.work = static_cast<double>(n * kPixelChannels);
                                    p.fast = [=, &out](const CpuTarget& target, const std::string&) {
                                      ChoosePointwiseNhwc(target.highway_bit)
                                          .from_planar({}, 0, kPixelChannels, in, n, out.fast.data(), n);
                                    };
                                    p.plain = [=, &out](const CpuTarget&) {
                                      for (int64_t i = 0; i < n; ++i) {
                                        for (int64_t c = 0; c < kPixelStep; ++c) {
                                          out.plain[i * kPixelStep + c] =
                                              c < kPixelChannels ? FloatToHalf(in[c * n + i]) : uint16_t{0};
                                        }
                                      }
                                    };
                                  }});

}  // namespace
}  // namespace tempera::kernels
