// What each kind of work means, as plain loops (plan_loops_for_test.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "src/engine/plan_data/check_work.h"
#include "src/engine/run/plan_loops_for_test.h"
#include "src/ops/op.h"

namespace tempera::engine {
namespace {

// f(offsets) for every element of `shape`, in its order; offsets[k]: the sum of its indices times strides[k].
template <typename F>
void Walk(const Shape& shape, const std::vector<Shape>& strides, const F& f) {
  std::vector<int64_t> offsets(strides.size());
  const int64_t count = CountOf(shape);
  for (int64_t i = 0; i < count; ++i) {
    std::fill(offsets.begin(), offsets.end(), 0);
    int64_t rest = i;
    for (size_t d = shape.size(); d-- > 0; rest /= shape[d]) {
      for (size_t k = 0; k < strides.size(); ++k) offsets[k] += rest % shape[d] * strides[k][d];
    }
    f(i, offsets);
  }
}

// -1: the number that is padded with.
int64_t PaddedIndex(int64_t i, int64_t size, graph::PadKind kind) {
  if (i >= 0 && i < size) return i;
  if (kind == graph::PadKind::kConstant) return -1;
  if (kind == graph::PadKind::kWrap) return (i % size + size) % size;
  if (kind == graph::PadKind::kReflect) i = i < 0 ? -i : 2 * (size - 1) - i;
  return std::clamp<int64_t>(i, 0, size - 1);
}

double FunctionOf(const FunctionWork& w, double x) {
  const std::string& f = w.function;
  const double alpha = w.alpha, beta = w.beta;
  if (f == "Abs") return std::abs(x);
  if (f == "Ceil") return std::ceil(x);
  if (f == "Celu") return std::max(x, 0.0) + std::min(0.0, alpha * std::expm1(x / alpha));
  if (f == "Elu") return x < 0 ? alpha * std::expm1(x) : x;
  if (f == "Erf") return std::erf(x);
  if (f == "Exp") return std::exp(x);
  if (f == "Floor") return std::floor(x);
  if (f == "Gelu") return x * (1 + std::erf(x / std::sqrt(2.0))) / 2;
  if (f == "HardSigmoid") return std::clamp(alpha * x + beta, 0.0, 1.0);
  if (f == "HardSwish") return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
  if (f == "Log") return std::log(x);
  if (f == "Mish") return x * std::tanh(std::log1p(std::exp(x)));
  if (f == "Neg") return -x;
  if (f == "Reciprocal") return 1 / x;
  if (f == "Round") return std::nearbyint(x);
  if (f == "Selu") return beta * (x > 0 ? x : alpha * std::expm1(x));
  if (f == "Sigmoid") return 1 / (1 + std::exp(-x));
  if (f == "Sign") return (x > 0) - (x < 0);
  if (f == "Silu") return x / (1 + std::exp(-x));
  if (f == "Softplus") return std::log1p(std::exp(x));
  if (f == "Softsign") return x / (1 + std::abs(x));
  if (f == "Sqrt") return std::sqrt(x);
  if (f == "Square") return x * x;
  if (f == "Tanh") return std::tanh(x);
  if (f == "ThresholdedRelu") return x > alpha ? x : 0;
  ADD_FAILURE() << "there is no function " << f;
  return 0;
}

float BinaryOf(const std::string& f, float a, float b) {
  if (f == "Add") return a + b;
  if (f == "Sub") return a - b;
  if (f == "Mul") return a * b;
  if (f == "Div") return a / b;
  if (f == "Min") return std::min(a, b);
  if (f == "Max") return std::max(a, b);
  ADD_FAILURE() << "there is no arithmetic " << f;
  return 0;
}

}  // namespace

Tensor PlanLoops::TensorOf(const Operand& operand) {
  if (operand.absent()) return {};
  if (operand.read < 0) {
    EXPECT_TRUE(constants_.contains(operand.constant)) << operand.constant;
    return *constants_.at(operand.constant);
  }
  const ReadData& read = node_->reads[static_cast<size_t>(operand.read)];
  EXPECT_TRUE(read.pending.empty());
  return Tensor::Borrow({storage(read.storage).type, read.shape}, At(read.storage));
}

void PlanLoops::Do(const LoopWork& work) {
  graph::Node node;
  node.name = node_->name, node.op_type = node_->op_type;
  node.attributes = node_->attributes, node.fused = node_->fused;
  std::vector<Tensor> tensors;
  tensors.reserve(work.inputs.size() + work.outputs.size());
  std::vector<const Tensor*> inputs;
  std::vector<Tensor*> outputs;
  for (const Operand& operand : work.inputs) {
    tensors.push_back(TensorOf(operand));
    inputs.push_back(operand.absent() ? nullptr : &tensors.back());
    node.inputs.push_back(operand.absent() ? graph::kNoValue : 0);
  }
  for (int32_t write : work.outputs) {
    node.outputs.push_back(write < 0 ? graph::kNoValue : 0);
    outputs.push_back(nullptr);
    if (write < 0) continue;
    const StorageId id = node_->writes[static_cast<size_t>(write)];
    tensors.push_back(Tensor::Borrow({storage(id).type, storage(id).shape}, At(id)));
    outputs.back() = &tensors.back();
  }
  const ops::Operator* op = ops::FindLoop(node.op_type);
  ASSERT_NE(op, nullptr) << node.op_type;
  const Status status = ops::Compute(*op, {node, plan_.opset, inputs, outputs});
  EXPECT_TRUE(status.ok()) << status.message();
}

void PlanLoops::Do(const ConvWork& work) {
  graph::Node node;
  node.op_type = "tempera.Conv", node.fused = work.conv;
  Numbers x = Read(size_t{0}), y(static_cast<size_t>(CountOf(storage(node_->writes[0]).shape)));
  for (size_t i = 0; i < x.size() && !work.range_low.empty(); ++i) {
    const size_t channel = i / (x.size() / static_cast<size_t>(node_->reads[0].shape[0] * work.in_channels)) %
                           static_cast<size_t>(work.in_channels);
    x[i] = std::clamp(x[i], work.range_low[channel], work.range_high[channel]);
  }
  const Tensor in = Tensor::Borrow({DataType::kFloat32, node_->reads[0].shape}, x.data());
  Tensor out = Tensor::Borrow({DataType::kFloat32, storage(node_->writes[0]).shape}, y.data());
  const auto constant = [this](const std::string& name) {
    EXPECT_TRUE(name.empty() || constants_.contains(name)) << name;
    return name.empty() ? nullptr : constants_.at(name);
  };
  const Tensor* inputs[] = {&in, constant(work.weights), constant(work.bias), constant(work.slope)};
  EXPECT_EQ(inputs[1]->shape(),
            (Shape{work.out_channels, work.in_channels / work.conv.group, work.kernel_h, work.kernel_w}));
  Tensor* outputs[] = {&out};
  const Status status = ops::Compute(*ops::FindLoop("tempera.Conv"), {node, plan_.opset, inputs, outputs});
  EXPECT_TRUE(status.ok()) << status.message();
  Store(node_->writes[0], y);
}

void PlanLoops::Do(const RangesWork&) { ADD_FAILURE() << "a plan that is run looks at no ranges"; }

void PlanLoops::Do(const ParametersWork& work) {
  const auto take = [this](int32_t read, Numbers* to) {
    if (read < 0) return;
    const Numbers numbers = Read(static_cast<size_t>(read));
    for (size_t i = 0; i < to->size(); ++i) (*to)[i] = numbers[i % numbers.size()];
  };
  Norm* norm = work.norm < 0 ? nullptr : &norms_[static_cast<size_t>(work.norm)];
  take(work.scale_read, norm != nullptr ? &norm->gamma : &numbers_[static_cast<size_t>(work.scale)]);
  take(work.shift_read, norm != nullptr ? &norm->beta : &numbers_[static_cast<size_t>(work.shift)]);
}

void PlanLoops::Do(const ApplyWork&) {
  const StorageId from = node_->reads[0].storage, to = node_->writes[0];
  if (storage(from).type == DataType::kFloat32) return Store(to, Read(size_t{0}));
  std::memmove(At(to), At(from), storage(to).bytes);
}

void PlanLoops::Do(const PoolWork& w) {
  const Numbers x = Read(size_t{0});
  const Shape& in = node_->reads[0].shape;
  Numbers y;
  for (int64_t plane = 0; plane < in[0] * in[1]; ++plane) {
    for (int64_t o = 0; o < w.out_h * w.out_w; ++o) {
      double sum = 0, count_y = 0, count_x = 0;
      float most = -std::numeric_limits<float>::infinity();
      for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
        const int64_t iy = o / w.out_w * w.stride_h - w.pad_top + ky * w.dilation_h;
        const bool in_y = iy >= 0 && iy < in[2];
        count_y += w.counts_padding ? iy < in[2] + w.pad_bottom : in_y;
        count_x = 0;
        for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
          const int64_t ix = o % w.out_w * w.stride_w - w.pad_left + kx * w.dilation_w;
          const bool in_x = ix >= 0 && ix < in[3];
          count_x += w.counts_padding ? ix < in[3] + w.pad_right : in_x;
          if (!in_y || !in_x) continue;
          const float number = x[static_cast<size_t>((plane * in[2] + iy) * in[3] + ix)];
          sum += number;
          most = std::max(most, number);
        }
      }
      y.push_back(w.mean ? static_cast<float>(sum / (count_y * count_x)) : most);
    }
  }
  Store(node_->writes[0], y);
}

void PlanLoops::Do(const ResizeWork& w) {
  const Numbers x = Read(size_t{0});
  const ResizeTaps &r = w.rows, &c = w.columns;
  Numbers y;
  for (int64_t plane = 0; plane < static_cast<int64_t>(x.size()) / (r.in * c.in); ++plane) {
    for (int64_t oy = 0; oy < r.out; ++oy) {
      for (int64_t ox = 0; ox < c.out; ++ox) {
        double sum = 0;
        for (int64_t t = 0; t < r.taps; ++t) {
          for (int64_t u = 0; u < c.taps; ++u) {
            const auto i = static_cast<size_t>(t * r.out + oy), j = static_cast<size_t>(u * c.out + ox);
            sum +=
                static_cast<double>(r.weight[i]) * static_cast<double>(c.weight[j]) *
                static_cast<double>(x[static_cast<size_t>((plane * r.in + r.index[i]) * c.in + c.index[j])]);
          }
        }
        y.push_back(static_cast<float>(sum));
      }
    }
  }
  Store(node_->writes[0], y);
}

void PlanLoops::Do(const FunctionWork& w) {
  Numbers numbers = Read(size_t{0});
  for (float& x : numbers) x = static_cast<float>(FunctionOf(w, x));
  Store(node_->writes[0], numbers);
}

void PlanLoops::Do(const BinaryWork& w) {
  const Numbers a = Read(w.a), b = Read(w.b);
  Numbers y;
  Walk(w.shape, {w.a_strides, w.b_strides}, [&](int64_t, const std::vector<int64_t>& at) {
    y.push_back(BinaryOf(w.function, a[static_cast<size_t>(at[0])], b[static_cast<size_t>(at[1])]));
  });
  Store(node_->writes[0], y);
}

void PlanLoops::Do(const MoveWork& w) {
  Numbers y(static_cast<size_t>(CountOf(storage(node_->writes[0]).shape)));
  std::vector<bool> written(y.size());
  for (const Move& move : w.moves) {
    const Numbers x = Read(move.from);
    Walk(move.shape, {move.in_strides, move.out_strides}, [&](int64_t, const std::vector<int64_t>& at) {
      const auto to = static_cast<size_t>(move.out_offset + at[1]);
      EXPECT_FALSE(written[to]) << node_->name << " writes a number twice";
      written[to] = true;
      y[to] = x[static_cast<size_t>(move.in_offset + at[0])];
    });
  }
  EXPECT_EQ(std::count(written.begin(), written.end(), false), 0) << node_->name;
  Store(node_->writes[0], y);
}

void PlanLoops::Do(const PadWork& w) {
  const Numbers x = Read(size_t{0});
  const Shape &in = node_->reads[0].shape, &out = storage(node_->writes[0]).shape;
  EXPECT_EQ(out[2], in[2] + w.padding.top + w.padding.bottom);
  EXPECT_EQ(out[3], in[3] + w.padding.left + w.padding.right);
  Numbers y;
  for (int64_t i = 0; i < CountOf(out); ++i) {
    const int64_t row = PaddedIndex(i / out[3] % out[2] - w.padding.top, in[2], w.padding.kind),
                  column = PaddedIndex(i % out[3] - w.padding.left, in[3], w.padding.kind);
    y.push_back(row < 0 || column < 0
                    ? w.padding.value
                    : x[static_cast<size_t>((i / (out[2] * out[3]) * in[2] + row) * in[3] + column)]);
  }
  Store(node_->writes[0], y);
}

void PlanLoops::Do(const MatrixWork& w) {
  const Numbers a = Read(w.a), b = Read(w.b), bias = w.bias.empty() ? Numbers() : Constant(w.bias);
  Numbers y;
  for (const auto& [at_a, at_b] : w.batches) {
    for (int64_t i = 0; i < w.m; ++i) {
      for (int64_t j = 0; j < w.n; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < w.k; ++k) {
          sum += static_cast<double>(a[static_cast<size_t>(at_a + i * w.a_row + k * w.a_column)]) *
                 static_cast<double>(b[static_cast<size_t>(at_b + k * w.b_row + j * w.b_column)]);
        }
        sum *= w.alpha;
        if (!bias.empty()) sum += w.beta * bias[static_cast<size_t>(i * w.bias_row + j * w.bias_column)];
        y.push_back(static_cast<float>(sum));
      }
    }
  }
  Store(node_->writes[0], y);
}

void PlanLoops::Do(const SoftmaxWork& w) {
  Numbers numbers = Read(size_t{0});
  for (int64_t line = 0; line < w.outer * w.inner; ++line) {
    const auto at = [&](int64_t i) -> float& {
      return numbers[static_cast<size_t>((line / w.inner * w.size + i) * w.inner + line % w.inner)];
    };
    float most = at(0);
    for (int64_t i = 1; i < w.size; ++i) most = std::max(most, at(i));
    double sum = 0;
    for (int64_t i = 0; i < w.size; ++i) sum += std::exp(static_cast<double>(at(i)) - most);
    for (int64_t i = 0; i < w.size; ++i)
      at(i) = static_cast<float>(std::exp(static_cast<double>(at(i)) - most) / sum);
  }
  Store(node_->writes[0], numbers);
}

void PlanLoops::Do(const LayerNormWork& w) {
  Numbers numbers = Read(size_t{0});
  const Numbers scale = Constant(w.scale), bias = w.bias.empty() ? Numbers{0} : Constant(w.bias);
  for (int64_t first = 0; first < w.count * w.size; first += w.size) {
    float* x = numbers.data() + first;
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < w.size; ++i) mean += x[i] / static_cast<double>(w.size);
    for (int64_t i = 0; i < w.size; ++i) squares += (x[i] - mean) * (x[i] - mean);
    const double inverse = 1 / std::sqrt(squares / static_cast<double>(w.size) + w.epsilon);
    for (int64_t i = 0; i < w.size; ++i) {
      const auto at = static_cast<size_t>(i);
      x[i] = static_cast<float>((x[i] - mean) * inverse * scale[at % scale.size()] + bias[at % bias.size()]);
    }
  }
  Store(node_->writes[0], numbers);
}

}  // namespace tempera::engine
