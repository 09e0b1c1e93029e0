#include "tests/conformance/onnx_case.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "src/engine/run/session.h"
#include "src/onnx/reader.h"
#include "src/ops/op.h"
#include "src/ops/specialize.h"
#include "tests/conformance/compare.h"

namespace tempera::conformance {
namespace {

namespace fs = std::filesystem;

struct DataSet {
  std::vector<Tensor> inputs, outputs;
};

Result<std::vector<Tensor>> ReadTensors(const fs::path& folder, const std::string& role) {
  std::vector<Tensor> tensors;
  for (int i = 0;; ++i) {
    const fs::path file = folder / (role + "_" + std::to_string(i) + ".pb");
    if (!fs::exists(file)) return tensors;
    std::ifstream stream(file, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    TEMPERA_ASSIGN_OR_RETURN(
        onnx::NamedTensor t,
        onnx::ReadTensor({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}));
    tensors.push_back(std::move(t.tensor));
  }
}

Result<std::vector<DataSet>> ReadDataSets(const fs::path& folder) {
  std::vector<DataSet> sets;
  for (int i = 0;; ++i) {
    const fs::path set = folder / ("test_data_set_" + std::to_string(i));
    if (!fs::exists(set)) return sets;
    DataSet d;
    TEMPERA_ASSIGN_OR_RETURN(d.inputs, ReadTensors(set, "input"));
    TEMPERA_ASSIGN_OR_RETURN(d.outputs, ReadTensors(set, "output"));
    sets.push_back(std::move(d));
  }
}

// ONNX's node tests feed sizes, axes and pads as run-time inputs, which real models fix at export.
// A copy of the graph in which the inputs from `first` on are constants with the values of the data set.
graph::Graph WithConstants(const graph::Graph& graph, const std::vector<Tensor>& values, size_t first) {
  graph::Graph copy = graph;
  for (size_t i = first; i < copy.inputs.size(); ++i) {
    copy.value(copy.inputs[i]).constant = values[i];
    copy.value(copy.inputs[i]).info = values[i].info();
  }
  copy.inputs.resize(std::min(first, copy.inputs.size()));
  copy.input_dims.resize(copy.inputs.size());
  return copy;
}

// The test data was written through NumPy, which has no bfloat16: its bits lie in uint16 files.
Result<Tensor> WithType(const Tensor& t, DataType declared) {
  if (t.dtype() == declared || declared != DataType::kBfloat16 || t.dtype() != DataType::kUint16) return t;
  TEMPERA_ASSIGN_OR_RETURN(Tensor typed, Tensor::Create(declared, t.shape()));
  std::copy_n(t.data<uint16_t>(), t.element_count(), typed.data<uint16_t>());
  return typed;
}

std::vector<TensorInfo> InfosOf(const std::vector<Tensor>& tensors) {
  std::vector<TensorInfo> infos;
  for (const Tensor& t : tensors) infos.push_back(t.info());
  return infos;
}

Result<std::vector<Tensor>> RunSession(const graph::Graph& graph, const std::vector<Tensor>& inputs) {
  std::vector<Shape> shapes;
  for (const Tensor& t : inputs) shapes.push_back(t.shape());
  engine::SessionOptions options;
  options.num_threads = 2;
  options.precision = engine::Precision::kFp32;
  TEMPERA_ASSIGN_OR_RETURN(
      auto session, engine::Session::Create(std::make_shared<const graph::Graph>(graph), shapes, options));
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].size_bytes() > 0) {
      std::copy_n(inputs[i].data<uint8_t>(), inputs[i].size_bytes(), session->input(i).data<uint8_t>());
    }
  }
  // The second time memory holds what the first one left.
  for (int run = 0; run < 2; ++run) TEMPERA_RETURN_IF_ERROR(session->Run());
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < session->output_count(); ++i) outputs.push_back(session->output(i));
  // Outputs are the session's: compared copies must outlive it.
  std::vector<Tensor> copies;
  for (const Tensor& t : outputs) {
    TEMPERA_ASSIGN_OR_RETURN(Tensor copy, Tensor::Create(t.dtype(), t.shape()));
    if (t.size_bytes() > 0) std::copy_n(t.data<uint8_t>(), t.size_bytes(), copy.data<uint8_t>());
    copies.push_back(std::move(copy));
  }
  return copies;
}

std::string CompareAll(const std::vector<Tensor>& got, std::vector<Tensor> expected) {
  if (got.size() < expected.size()) return "only " + std::to_string(got.size()) + " outputs";
  for (size_t i = 0; i < expected.size(); ++i) {
    if (auto typed = WithType(expected[i], got[i].dtype()); typed.ok())
      expected[i] = std::move(typed).value();
    if (const std::string difference = Difference(got[i], expected[i]); !difference.empty()) {
      return "output " + std::to_string(i) + ": " + difference;
    }
  }
  return "";
}

// One data set through both ways of running. Not applicable when the engine refuses the node for
// what it is (training mode, sizes only known at run time), passed or failed otherwise.
void RunDataSet(const graph::Graph& graph, DataSet data, Outcome* outcome) {
  if (data.inputs.size() < graph.inputs.size()) {
    outcome->detail = "an input file is missing";
    return;
  }
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    auto typed = WithType(data.inputs[i], graph.value(graph.inputs[i]).info.dtype);
    if (typed.ok()) data.inputs[i] = std::move(typed).value();
  }
  // First as it stands; then with all but the picture as constants; then everything constant.
  const size_t all = graph.inputs.size();
  Status refused;
  for (const size_t dynamic : {all, std::min<size_t>(1, all), size_t{0}}) {
    const graph::Graph model = WithConstants(graph, data.inputs, dynamic);
    const std::vector<Tensor> inputs(data.inputs.begin(),
                                     data.inputs.begin() + static_cast<int64_t>(dynamic));
    const auto specialized = ops::Specialize(model, InfosOf(inputs));
    if (!specialized.ok()) {
      refused = specialized.status();
      continue;
    }
    outcome->applicable = true;
    const auto reference = ops::RunReference(*specialized, inputs);
    outcome->detail = reference.ok() ? CompareAll(*reference, data.outputs) : reference.status().message();
    if (!outcome->detail.empty()) {
      outcome->detail = "reference: " + outcome->detail;
      return;
    }
    const auto planned = RunSession(model, inputs);
    outcome->detail = planned.ok() ? CompareAll(*planned, data.outputs) : planned.status().message();
    if (!outcome->detail.empty()) outcome->detail = "session: " + outcome->detail;
    outcome->passed = outcome->detail.empty();
    return;
  }
  outcome->applicable = refused.code() != StatusCode::kUnsupported;
  outcome->detail = refused.message();
}

void CollectOperators(const onnx::Model& model, Outcome* outcome) {
  std::set<std::string> operators, missing;
  for (const onnx::Node& n : model.graph.nodes) {
    const std::string name =
        n.domain.empty() || n.domain == "ai.onnx" ? n.op_type : n.domain + "." + n.op_type;
    operators.insert(name);
    if (ops::FindOperator(name) == nullptr) missing.insert(name);
  }
  outcome->operators.assign(operators.begin(), operators.end());
  outcome->missing.assign(missing.begin(), missing.end());
}

// The reader and importer put the file's name first; a table of reasons does better without.
std::string WithoutSource(const std::string& message, const std::string& source) {
  if (message.rfind(source, 0) != 0) return message;
  const size_t start = message.find_first_not_of(": ", source.size());
  return start == std::string::npos ? message : message.substr(start);
}

}  // namespace

std::string TestDataRoot() {
  const char* root = std::getenv("TEMPERA_ONNX_TESTS");
  return root && *root ? root : "/usr/share/libonnx-testdata/data";
}

std::vector<Case> FindCases(const std::string& root) {
  std::vector<Case> cases;
  std::error_code error;
  for (const auto& suite : fs::directory_iterator(root, error)) {
    if (!suite.is_directory()) continue;
    for (const auto& folder : fs::directory_iterator(suite.path())) {
      if (!folder.is_directory()) continue;
      cases.push_back(
          {suite.path().filename().string(), folder.path().filename().string(), folder.path().string()});
    }
  }
  std::sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) {
    return std::tie(a.suite, a.name) < std::tie(b.suite, b.name);
  });
  return cases;
}

Outcome RunCase(const Case& c) {
  Outcome outcome;
  const std::string path = c.path + "/model.onnx";
  if (!fs::exists(path)) {
    outcome.detail = "its model is not on disk (ONNX downloads it)";
    return outcome;
  }
  const auto model = onnx::ReadModelFile(path);
  if (!model.ok()) {
    outcome.applicable = model.status().code() != StatusCode::kUnsupported;
    outcome.detail = WithoutSource(model.status().message(), path);
    return outcome;
  }
  CollectOperators(*model, &outcome);
  if (!outcome.missing.empty()) {
    outcome.detail = "operators that are not ours";
    return outcome;
  }
  const auto graph = engine::LoadModelFile(path);
  if (!graph.ok()) {
    outcome.applicable = graph.status().code() != StatusCode::kUnsupported;
    outcome.detail = WithoutSource(graph.status().message(), path);
    return outcome;
  }
  const auto sets = ReadDataSets(c.path);
  if (!sets.ok()) {
    outcome.applicable = sets.status().code() != StatusCode::kUnsupported;
    outcome.detail = sets.status().message();
    return outcome;
  }
  outcome.detail = "it has no data set";
  for (const DataSet& data : *sets) {
    outcome.passed = false;
    RunDataSet(**graph, data, &outcome);
    if (!outcome.passed) break;
  }
  return outcome;
}

}  // namespace tempera::conformance
