// tempera run: tensors in and out as .npy files, for comparing with other runtimes.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/engine_options.h"
#include "cli/npy.h"
#include "cli/style_library.h"
#include "src/engine/run/session.h"

namespace tempera::cli {
namespace {

struct RunOptions {
  std::string model;
  std::vector<std::string> inputs;
  std::string output;
  EngineOptions engine;
};

std::string InputNames(const graph::Graph& model) {
  std::string names;
  for (graph::ValueId id : model.inputs) names += (names.empty() ? "" : ", ") + model.value(id).name;
  return names;
}

// Which graph input `argument` ("name=x.npy", or "x.npy" where there is one input) feeds, and the
// path. Names and paths may both hold '=': the longest name that fits is meant.
Result<std::pair<size_t, std::string>> ParseInput(const graph::Graph& model, const std::string& argument) {
  std::optional<std::pair<size_t, std::string>> found;
  size_t longest = 0;
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    const std::string prefix = model.value(model.inputs[i]).name + "=";
    if (argument.starts_with(prefix) && prefix.size() > longest) {
      longest = prefix.size();
      found = {i, argument.substr(prefix.size())};
    }
  }
  if (found) return *found;
  std::error_code error;
  const bool whole = argument.find('=') == std::string::npos || std::filesystem::exists(argument, error);
  if (whole && model.inputs.size() == 1) return std::pair<size_t, std::string>{0, argument};
  return InvalidArgument("--input " + argument +
                         ": write name=file.npy, where the name is one of: " + InputNames(model));
}

// NumPy's default type is float64: it may stand for float32, nothing else is converted.
Result<Tensor> AsType(Tensor tensor, DataType wanted, const std::string& name) {
  if (wanted == DataType::kUndefined || tensor.dtype() == wanted) return tensor;
  if (tensor.dtype() != DataType::kFloat64 || wanted != DataType::kFloat32) {
    return InvalidArgument("input '" + name + "' needs " + DataTypeName(wanted) + ", the file holds " +
                           DataTypeName(tensor.dtype()) + "; save x.astype('" + DataTypeName(wanted) + "')");
  }
  TEMPERA_ASSIGN_OR_RETURN(Tensor narrow, Tensor::Create(wanted, tensor.shape()));
  for (int64_t i = 0; i < tensor.element_count(); ++i) {
    narrow.data<float>()[i] = static_cast<float>(tensor.data<double>()[i]);
  }
  return narrow;
}

Result<std::vector<Tensor>> ReadInputs(const graph::Graph& model, const std::vector<std::string>& arguments) {
  std::vector<Tensor> tensors(model.inputs.size());
  for (const std::string& argument : arguments) {
    TEMPERA_ASSIGN_OR_RETURN(const auto input, ParseInput(model, argument));
    const graph::Value& value = model.value(model.inputs[input.first]);
    if (tensors[input.first].defined()) return InvalidArgument("--input " + value.name + " is given twice");
    TEMPERA_ASSIGN_OR_RETURN(Tensor tensor, ReadNpy(input.second));
    TEMPERA_ASSIGN_OR_RETURN(tensors[input.first], AsType(std::move(tensor), value.info.dtype, value.name));
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    // What the file gives a parameter until somebody turns it.
    const auto& given = model.value(model.inputs[i]).constant;
    if (!tensors[i].defined() && given) {
      TEMPERA_ASSIGN_OR_RETURN(tensors[i], Tensor::Create(given->dtype(), given->shape()));
      if (given->size_bytes() > 0) std::memcpy(tensors[i].raw(), given->raw(), given->size_bytes());
    }
    if (!tensors[i].defined()) {
      const std::string& name = model.value(model.inputs[i]).name;
      return InvalidArgument("input '" + name + "' is missing: add --input " + name + "=file.npy");
    }
  }
  return tensors;
}

// What the tensors hold, for precisions that need to know; nothing when they do not vary.
std::optional<engine::ValueRange> RangeOf(const std::vector<Tensor>& inputs) {
  float low = INFINITY, high = -INFINITY;
  for (const Tensor& t : inputs) {
    if (t.dtype() != DataType::kFloat32) continue;
    for (float x : t.span<float>()) {
      if (!std::isfinite(x)) continue;
      low = std::min(low, x);
      high = std::max(high, x);
    }
  }
  if (!(low < high)) return std::nullopt;
  return engine::ValueRange{low, high};
}

Status RunModel(const RunOptions& options) {
  TEMPERA_ASSIGN_OR_RETURN(const std::string path, FindModel(options.model));
  TEMPERA_ASSIGN_OR_RETURN(const engine::ModelPtr model, engine::LoadModelFile(path));
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<Tensor> inputs, ReadInputs(*model, options.inputs));
  TEMPERA_ASSIGN_OR_RETURN(engine::SessionOptions engine_options, options.engine.ForSession());
  engine_options.input_range = RangeOf(inputs);

  std::vector<Shape> shapes;
  for (const Tensor& t : inputs) shapes.push_back(t.shape());
  TEMPERA_ASSIGN_OR_RETURN(const std::unique_ptr<engine::Session> session,
                           engine::Session::Create(model, std::move(shapes), engine_options));
  for (size_t i = 0; i < inputs.size(); ++i) {
    Tensor& to = session->input(i);
    if (to.dtype() != inputs[i].dtype()) {
      return InvalidArgument("input '" + model->value(model->inputs[i]).name + "' needs " +
                             DataTypeName(to.dtype()) + ", the file holds " +
                             DataTypeName(inputs[i].dtype()));
    }
    if (to.size_bytes() > 0) std::memcpy(to.raw(), inputs[i].raw(), to.size_bytes());
  }
  TEMPERA_RETURN_IF_ERROR(session->Run());

  std::error_code error;
  std::filesystem::create_directories(options.output, error);
  if (error) return IoError("cannot make the folder " + options.output + ": " + error.message());
  std::set<std::string> taken;
  for (size_t i = 0; i < session->output_count(); ++i) {
    const std::string file = FileNameFor(model->value(model->outputs[i]).name, &taken) + ".npy";
    TEMPERA_RETURN_IF_ERROR(WriteNpy(options.output + "/" + file, session->output(i)));
  }
  return OkStatus();
}

}  // namespace

Run SetUpRun(CLI::App& verb) {
  auto options = std::make_shared<RunOptions>();
  verb.add_option("MODEL", options->model, "A .onnx file, or the name of a bundled style")->required();
  verb.add_option("--input", options->inputs, "A tensor for an input; with one input, FILE.npy serves")
      ->type_name("NAME=FILE.npy")
      ->required();
  verb.add_option("--output", options->output, "Folder for one .npy file per graph output, named after it")
      ->type_name("DIR")
      ->required();
  options->engine.precision = "fp32";  // exact by default: its numbers are compared with others'
  options->engine.AddPrecision(verb);
  options->engine.AddThreads(verb);
  options->engine.AddCpu(verb);
  return [options] {
    const Status status = RunModel(*options);
    return status.ok() ? kExitOk : Fail(status);
  };
}

}  // namespace tempera::cli
