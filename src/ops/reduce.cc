// Reductions over axes: ReduceMean, ReduceSum, ReduceMax, ReduceMin, ReduceProd, ReduceL1, ReduceL2,
// ReduceSumSquare, ReduceLogSum, ReduceLogSumExp. Axes as attribute before opset 18 (ReduceSum: 13), as input
// since.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "src/ops/element_types.h"
#include "src/ops/op.h"
#include "src/ops/saturate.h"
#include "src/ops/shape_rules.h"

namespace tempera::ops {
namespace {

// Which dimensions go; empty axes mean all of them, unless noop_with_empty_axes.
Result<std::vector<bool>> Reduced(const graph::Node& node, std::vector<int64_t> axes, size_t rank) {
  TEMPERA_ASSIGN_OR_RETURN(axes, NormalizeAxes(std::move(axes), rank));
  const bool all = axes.empty() && node.attributes.Int("noop_with_empty_axes", 0) == 0;
  std::vector<bool> reduced(rank, all);
  for (const int64_t a : axes) reduced[static_cast<size_t>(a)] = true;
  return reduced;
}

bool AxesAreInput(const graph::Node& node, int opset) {
  return opset >= (node.op_type == "ReduceSum" ? 13 : 18);
}

Status Infer(InferContext& c) {
  TEMPERA_RETURN_IF_ERROR(CheckCounts(c, 1, 2));
  const Shape& x = c.inputs[0]->shape;
  std::vector<int64_t> axes = c.node.attributes.Ints("axes");
  if (AxesAreInput(c.node, c.opset) && InputInfo(c, 1)) {
    TEMPERA_ASSIGN_OR_RETURN(axes, ConstantInts(c, 1, "axes"));
  }
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<bool> reduced, Reduced(c.node, std::move(axes), x.size()));
  const bool keep = c.node.attributes.Int("keepdims", 1) != 0;
  c.outputs[0].dtype = c.inputs[0]->dtype;
  for (size_t d = 0; d < x.size(); ++d) {
    if (!reduced[d]) c.outputs[0].shape.push_back(x[d]);
    if (reduced[d] && keep) c.outputs[0].shape.push_back(1);
  }
  return OkStatus();
}

// A fold: where it starts, one step, and what becomes of the total of n numbers. In double, which
// holds every sum of pixels exactly enough.
struct Mean {
  static constexpr double kStart = 0;
  static double Step(double sum, double x) { return sum + x; }
  static double Finish(double sum, double n) { return sum / n; }
};
struct Sum {
  static constexpr double kStart = 0;
  static double Step(double sum, double x) { return sum + x; }
  static double Finish(double sum, double) { return sum; }
};
struct Max {
  static constexpr double kStart = -std::numeric_limits<double>::infinity();
  static double Step(double most, double x) { return x > most || x != x ? x : most; }
  static double Finish(double most, double) { return most; }
};
struct Min {
  static constexpr double kStart = std::numeric_limits<double>::infinity();
  static double Step(double least, double x) { return x < least || x != x ? x : least; }
  static double Finish(double least, double) { return least; }
};
struct Product {
  static constexpr double kStart = 1;
  static double Step(double product, double x) { return product * x; }
  static double Finish(double product, double) { return product; }
};
struct L1 : Sum {
  static double Step(double sum, double x) { return sum + std::abs(x); }
};
struct SumSquare : Sum {
  static double Step(double sum, double x) { return sum + x * x; }
};
struct L2 : SumSquare {
  static double Finish(double sum, double) { return std::sqrt(sum); }
};
struct LogSum : Sum {
  static double Finish(double sum, double) { return std::log(sum); }
};
struct LogSumExp : LogSum {
  static double Step(double sum, double x) { return sum + std::exp(x); }
};

constexpr int64_t kStretch = 256;  // numbers read at a time

// Reads and writes numbers of one type as doubles, so that each fold is written once.
struct Numbers {
  void (*read)(const Tensor& from, int64_t first, int64_t count, double* to) = nullptr;
  void (*write)(const double* from, int64_t count, Tensor* to) = nullptr;
};

template <typename T>
Numbers NumbersOf() {
  return {[](const Tensor& from, int64_t first, int64_t count, double* to) {
            const T* in = from.data<T>() + first;
            for (int64_t i = 0; i < count; ++i) to[i] = static_cast<double>(in[i]);
          },
          [](const double* from, int64_t count, Tensor* to) {
            T* out = to->data<T>();
            for (int64_t i = 0; i < count; ++i)
              out[i] = static_cast<T>(SaturateCast<ComputeType<T>>(from[i]));
          }};
}

template <typename Fold>
Status Reference(const ComputeContext& c) {
  const Tensor& x = *c.inputs[0];
  std::vector<int64_t> axes = c.node.attributes.Ints("axes");
  if (AxesAreInput(c.node, c.opset) && InputTensor(c, 1)) {
    TEMPERA_ASSIGN_OR_RETURN(axes, IntsOf(*c.inputs[1]));
  }
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<bool> reduced,
                           Reduced(c.node, std::move(axes), x.shape().size()));
  // Strides of the totals along the input: 0 over what is reduced.
  Shape kept = x.shape();
  for (size_t d = 0; d < kept.size(); ++d) {
    if (reduced[d]) kept[d] = 1;
  }
  const Shape total_strides = BroadcastStrides(kept, x.shape());
  const int64_t width = x.shape().empty() ? 1 : x.shape().back();
  const int64_t step = x.shape().empty() ? 0 : total_strides.back();
  const int64_t results = c.outputs[0]->element_count();
  TEMPERA_ASSIGN_OR_RETURN(Tensor totals, Tensor::Create(DataType::kFloat64, {results}));
  std::fill_n(totals.data<double>(), results, Fold::kStart);
  Numbers numbers;
  TEMPERA_RETURN_IF_ERROR(DispatchNumeric(x.dtype(), [&]<typename T>() {
    numbers = NumbersOf<T>();
    return OkStatus();
  }));
  ForEachRow<2>(x.shape(), {DenseStrides(x.shape()), total_strides},
                [&](const std::array<int64_t, 2>& offsets) {
                  double in[kStretch];
                  double* total = totals.data<double>() + offsets[1];
                  for (int64_t first = 0; first < width; first += kStretch) {
                    const int64_t count = std::min(kStretch, width - first);
                    numbers.read(x, offsets[0] + first, count, in);
                    for (int64_t i = 0; i < count; ++i) {
                      double& sum = total[(first + i) * step];
                      sum = Fold::Step(sum, in[i]);
                    }
                  }
                });
  const double count =
      results > 0 ? static_cast<double>(x.element_count()) / static_cast<double>(results) : 1;
  for (int64_t i = 0; i < results; ++i) {
    totals.data<double>()[i] = Fold::Finish(totals.data<double>()[i], count);
  }
  numbers.write(totals.data<double>(), results, c.outputs[0]);
  return OkStatus();
}

}  // namespace

Operator ReduceL1Operator() { return {"ReduceL1", Infer, Reference<L1>}; }
Operator ReduceL2Operator() { return {"ReduceL2", Infer, Reference<L2>}; }
Operator ReduceLogSumOperator() { return {"ReduceLogSum", Infer, Reference<LogSum>}; }
Operator ReduceLogSumExpOperator() { return {"ReduceLogSumExp", Infer, Reference<LogSumExp>}; }
Operator ReduceMaxOperator() { return {"ReduceMax", Infer, Reference<Max>}; }
Operator ReduceMeanOperator() { return {"ReduceMean", Infer, Reference<Mean>}; }
Operator ReduceMinOperator() { return {"ReduceMin", Infer, Reference<Min>}; }
Operator ReduceProdOperator() { return {"ReduceProd", Infer, Reference<Product>}; }
Operator ReduceSumOperator() { return {"ReduceSum", Infer, Reference<Sum>}; }
Operator ReduceSumSquareOperator() { return {"ReduceSumSquare", Infer, Reference<SumSquare>}; }

}  // namespace tempera::ops
