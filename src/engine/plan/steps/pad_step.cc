// Pad of height and width that no convolution took in: rows are copied, margins looked up in tables.
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/plan_builder.h"
#include "src/engine/plan/step_maker.h"
#include "src/graph/rewrite.h"
#include "src/kernels/task_share.h"
#include "src/ops/pad_sources.h"
#include "src/ops/shape_rules.h"

namespace tempera::engine {
namespace {

// Where each row or column of the output comes from; -1: the constant.
using Sources = std::vector<int64_t>;

class PadStep final : public Step {
 public:
  PadStep(StorageId from, StorageId to, const Planes& in, Sources rows, Sources columns, float constant)
      : from_(from),
        to_(to),
        in_(in),
        rows_(std::move(rows)),
        columns_(std::move(columns)),
        constant_(constant) {
    info.kernel = "pad_f32";
    // The stretch of columns that are a copy.
    const auto width = static_cast<int64_t>(columns_.size());
    while (first_ < width && columns_[static_cast<size_t>(first_)] != 0) ++first_;
    for (last_ = first_; last_ < width && columns_[static_cast<size_t>(last_)] == last_ - first_;) ++last_;
  }

  void Bind(const Memory& memory) override {
    input_ = memory.floats(from_);
    output_ = memory.floats(to_);
  }

  Status Run(const RunContext& context) override {
    const auto height = static_cast<int64_t>(rows_.size()), width = static_cast<int64_t>(columns_.size());
    const int64_t rows = in_.n * in_.channels * height;
    const int64_t each = kernels::TaskLines(width);
    context.pool.ParallelFor(static_cast<int>(CeilDiv(rows, each)), [&](int task, int) {
      for (int64_t row = task * each; row < std::min(rows, (task + 1) * each); ++row) {
        const int64_t y = rows_[static_cast<size_t>(row % height)];
        const float* from = y < 0 ? nullptr : input_ + (row / height * in_.h + y) * in_.w;
        WriteRow(from, output_ + row * width);
      }
    });
    return OkStatus();
  }

 private:
  void WriteRow(const float* from, float* to) const {
    const auto width = static_cast<int64_t>(columns_.size());
    if (from == nullptr) {
      std::fill_n(to, width, constant_);
      return;
    }
    const auto at = [&](int64_t x) {
      const int64_t source = columns_[static_cast<size_t>(x)];
      return source < 0 ? constant_ : from[source];
    };
    for (int64_t x = 0; x < first_; ++x) to[x] = at(x);
    if (last_ > first_) std::memcpy(to + first_, from, static_cast<size_t>(last_ - first_) * sizeof(float));
    for (int64_t x = last_; x < width; ++x) to[x] = at(x);
  }

  StorageId from_, to_;
  Planes in_;
  Sources rows_, columns_;
  float constant_;
  int64_t first_ = 0, last_ = 0;
  const float* input_ = nullptr;
  float* output_ = nullptr;
};

graph::PadKind PadKindOf(const std::string& mode) {
  return mode == "reflect" ? graph::PadKind::kReflect
         : mode == "edge"  ? graph::PadKind::kEdge
         : mode == "wrap"  ? graph::PadKind::kWrap
                           : graph::PadKind::kConstant;
}

// Margins; false where anything but rows and columns is padded, or it is not known.
bool ReadMargins(const PlanBuilder& builder, const graph::Node& node, graph::Padding* margins) {
  const graph::Graph& graph = builder.graph();
  std::vector<int64_t> pads = node.attributes.Ints("pads"), axes = {0, 1, 2, 3};
  if (graph.opset >= 11) {
    pads = graph::ConstantInts(graph, graph::InputOf(node, 1));
    const graph::ValueId given = graph::InputOf(node, 3);
    if (given != graph::kNoValue) {
      const auto named = ops::NormalizeAxes(graph::ConstantInts(graph, given), 4);
      if (!named.ok()) return false;
      if (!named.value().empty()) axes = named.value();
    }
  }
  if (pads.size() != 2 * axes.size()) return false;
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t before = pads[i], behind = pads[axes.size() + i];
    if (axes[i] == 2) margins->top = before, margins->bottom = behind;
    if (axes[i] == 3) margins->left = before, margins->right = behind;
    if (axes[i] < 2 && (before != 0 || behind != 0)) return false;
  }
  return true;
}

}  // namespace

Result<bool> PlanPadNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0], out = node.outputs[0];
  if (!builder.is_picture(x) || !builder.is_picture(out) || !builder.is_computed(x)) return false;
  graph::Padding padding;
  if (!ReadMargins(builder, node, &padding)) return false;
  padding.kind = PadKindOf(node.attributes.String("mode", "constant"));
  padding.value = builder.graph().opset < 11 ? node.attributes.Float("value", 0) : 0;
  if (builder.graph().opset >= 11 && graph::InputOf(node, 2) != graph::kNoValue) {
    const Tensor* value = builder.ConstantFloats(node.inputs[2]);
    if (value == nullptr || value->element_count() > 1) return false;
    if (value->element_count() == 1) padding.value = *value->data<float>();
  }
  // What is pending can wait, where margins are numbers of the picture: it is not applied here.
  ReadData from = padding.kind == graph::PadKind::kConstant ? builder.Materialize(x) : builder.DenseRead(x);
  Reading padded = builder.reading(x);
  from.pending = {};
  padded.storage = builder.NewStorage(out);
  builder.Add(node, PadWork{padding}, {from}, {padded.storage});
  builder.SetReading(out, padded);
  return true;
}

MadeStep MakeStep(const PadWork& work, StepMaker& maker) {
  const Planes from = maker.PictureOfRead(), to = maker.written().picture;
  const std::string mode(NameOf(work.padding.kind));
  return NewStep<PadStep>(maker.read().storage, maker.node().writes[0], from,
                          ops::PadSources(mode, from.h, work.padding.top, to.h),
                          ops::PadSources(mode, from.w, work.padding.left, to.w), work.padding.value);
}

}  // namespace tempera::engine
