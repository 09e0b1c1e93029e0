// What a hostile .onnx goes through: read, written back, imported, specialised, and, where
// the claimed sizes are small, run by the reference loops and by a session. Every step may
// refuse; none may crash, hang or read beyond its bytes.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/checked_math.h"
#include "src/engine/run/session.h"
#include "src/graph/import.h"
#include "src/onnx/reader.h"
#include "src/onnx/writer.h"
#include "src/ops/op.h"
#include "src/ops/specialize.h"

namespace tempera {
namespace {

// Symbolic dims become this: enough for a 7x7 window, a multiple of 4 for DepthToSpace.
constexpr int64_t kSymbolicDim = 8;
// A model is run when its values hold at most this many numbers in all, and it has at most
// this many nodes: 2^16 outputs times the largest weight of a 4 KiB file is a blink.
constexpr int64_t kMaxElements = 1 << 16;
constexpr size_t kMaxNodes = 64;
// Products of two values are what a node can cost at most (MatMul, Conv).
constexpr int64_t kMaxWork = int64_t{1} << 24;

[[noreturn]] void Die(const char* why, const Status& status) {
  std::fprintf(stderr, "model_fuzz: %s: %s\n", why, status.message().c_str());
  std::abort();
}

bool InputInfos(const graph::Graph& graph, std::vector<TensorInfo>* infos) {
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    TensorInfo info{graph.value(graph.inputs[i]).info.dtype, {}};
    for (const onnx::Dim& dim : graph.input_dims[i]) {
      info.shape.push_back(dim.value >= 0 ? dim.value : kSymbolicDim);
    }
    const Result<int64_t> count = ElementCount(info.shape, info.dtype);
    if (!count.ok() || *count > kMaxElements) return false;
    infos->push_back(std::move(info));
  }
  return true;
}

bool SmallEnoughToRun(const graph::Graph& graph) {
  if (graph.nodes.size() > kMaxNodes) return false;
  std::vector<int64_t> counts;
  int64_t all = 0;
  for (const graph::Value& value : graph.values) {
    int64_t count = 0;
    if (value.constant) {
      count = value.constant->element_count();
    } else if (!CheckedElementCount(value.info.shape, &count)) {
      count = 0;  // not used by any node that is left
    }
    counts.push_back(count);
    if (!CheckedAdd(all, count, &all) || all > kMaxElements) return false;
  }
  int64_t work = 0;
  for (const graph::Node& node : graph.nodes) {
    int64_t in = 1, out = 1;
    for (const graph::ValueId id : node.inputs) {
      if (id != graph::kNoValue) in = std::max(in, counts[static_cast<size_t>(id)]);
    }
    for (const graph::ValueId id : node.outputs) {
      if (id != graph::kNoValue) out = std::max(out, counts[static_cast<size_t>(id)]);
    }
    work += in * out;  // both at most 2^16
  }
  return work <= kMaxWork;
}

// Numbers that are neither all equal nor all small; bytes, so that any type gets some.
void Fill(Tensor* tensor) {
  if (tensor->dtype() == DataType::kFloat32) {
    for (int64_t i = 0; i < tensor->element_count(); ++i) {
      tensor->data<float>()[i] = static_cast<float>((i * 37) % 255) - 100.0f;
    }
    return;
  }
  auto* bytes = static_cast<uint8_t*>(tensor->raw());
  for (size_t i = 0; i < tensor->size_bytes(); ++i) bytes[i] = static_cast<uint8_t>(i * 29 % 3);
}

void RunBoth(const graph::Graph& graph, const graph::Graph& concrete, const std::vector<TensorInfo>& infos) {
  std::vector<Tensor> inputs;
  for (const TensorInfo& info : infos) {
    Result<Tensor> tensor = Tensor::Create(info.dtype, info.shape);
    if (!tensor.ok()) return;
    Fill(&*tensor);
    inputs.push_back(std::move(tensor).value());
  }
  (void)ops::RunReference(concrete, inputs);

  std::vector<Shape> shapes;
  for (const TensorInfo& info : infos) shapes.push_back(info.shape);
  engine::SessionOptions options;
  options.num_threads = 1;
  auto session = engine::Session::Create(std::make_shared<const graph::Graph>(graph), shapes, options);
  if (!session.ok()) return;
  for (size_t i = 0; i < (*session)->input_count(); ++i) Fill(&(*session)->input(i));
  (void)(*session)->Run();
}

void TestModel(std::span<const uint8_t> bytes) {
  Result<onnx::Model> model = onnx::ReadModel(bytes);
  if (!model.ok()) return;

  // What we write, we can read again. The writer may refuse what the reader merely tolerates, such as an
  // attribute of no known kind on a node that ignores it.
  const Result<std::string> written = onnx::WriteModel(*model);
  if (written.ok()) {
    const Result<onnx::Model> again =
        onnx::ReadModel({reinterpret_cast<const uint8_t*>(written->data()), written->size()});
    if (!again.ok()) Die("a model that was written cannot be read", again.status());
  }

  const Result<graph::Graph> graph = graph::Import(
      std::move(model).value(), [](std::string_view op) { return ops::FindOperator(op) != nullptr; });
  std::vector<TensorInfo> infos;
  if (!graph.ok() || !InputInfos(*graph, &infos)) return;
  const Result<graph::Graph> concrete = ops::Specialize(*graph, infos);
  if (!concrete.ok() || !SmallEnoughToRun(*concrete)) return;
  RunBoth(*graph, *concrete, infos);
}

}  // namespace
}  // namespace tempera

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tempera::TestModel({data, size});
  return 0;
}
