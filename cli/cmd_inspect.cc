// tempera inspect: what a model is made of, and how the engine would run it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/charts/plan_picture.h"
#include "cli/cli.h"
#include "cli/engine_options.h"
#include "cli/json/json.h"
#include "cli/json/plan_json.h"
#include "cli/model_facts.h"
#include "cli/style_library.h"
#include "src/engine/run/session.h"
#include "tempera/tempera.hpp"

namespace tempera::cli {
namespace {

using Json = nlohmann::ordered_json;

struct InspectOptions {
  std::string model;
  std::string size;
  std::string graph;  // where to draw the plan
  bool json = false;
  EngineOptions engine;
};

Json DescribeInputs(const graph::Graph& model, const std::vector<Shape>& shapes) {
  Json list = Json::array();
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    const graph::Value& v = model.value(model.inputs[i]);
    list.push_back({{"name", v.name},
                    {"type", DataTypeName(v.info.dtype)},
                    {"declared", DeclaredShape(model.input_dims[i])},
                    {"shape", shapes[i]}});
  }
  return list;
}

// Whether stylize takes it, and if not, why.
void DescribePainting(const std::string& path, Json* about) {
  const Expected<Stylizer> opened = Stylizer::Open(path, {.precision = TEMPERA_PRECISION_FP32});
  (*about)["paints"] = static_cast<bool>(opened);
  if (!opened) (*about)["paints_not"] = opened.error().message;
}

// Everything inspect knows, as JSON; the text form prints the same object.
// `picture`: where to draw the plan, or empty.
Result<Json> Describe(const std::string& path, Size size, const EngineOptions& options,
                      const std::string& picture) {
  TEMPERA_ASSIGN_OR_RETURN(const engine::ModelPtr model, engine::LoadModelFile(path));
  TEMPERA_ASSIGN_OR_RETURN(engine::SessionOptions engine_options, options.ForSession());
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<Shape> shapes, AsPainted(*model, size, &engine_options));
  Json about;
  about["model"] = path;
  about["opset"] = model->opset;
  about["parameters"] = CountParameters(*model);
  about["metadata"] = Json::object();
  for (const auto& [key, value] : model->metadata) about["metadata"][key] = value;
  about["operators"] = Json::object();
  for (const auto& [name, count] : CountOperators(*model)) about["operators"][name] = count;
  DescribePainting(path, &about);
  about["inputs"] = DescribeInputs(*model, shapes);

  engine_options.rewrites_inputs = true;  // as stylize and bench run it
  engine_options.measures_precision = true;
  TEMPERA_ASSIGN_OR_RETURN(const std::unique_ptr<engine::Session> session,
                           PlanModel(path, model, shapes, engine_options));
  about["precision"] = session->precision().chosen;
  if (session->precision().psnr_db >= 0) about["psnr_db"] = session->precision().psnr_db;
  about["outputs"] = Json::array();
  for (size_t i = 0; i < session->output_count(); ++i) {
    const Tensor& t = session->output(i);
    about["outputs"].push_back({{"name", model->value(model->outputs[i]).name},
                                {"type", DataTypeName(t.dtype())},
                                {"shape", t.shape()}});
  }
  int64_t macs = 0;
  Json steps = Json::array();
  for (const engine::StepInfo& s : session->steps()) {
    macs += s.macs;
    steps.push_back({{"name", s.name},
                     {"operators", s.operators},
                     {"kernel", s.kernel},
                     {"shape", s.output_shape},
                     {"macs", s.macs}});
  }
  if (!picture.empty()) {
    TEMPERA_RETURN_IF_ERROR(WritePlanPicture(
        picture,
        DotOfPlan(
            path + (shapes.empty() ? "" : " for " + ShapeToString(shapes[engine_options.picture_input])),
            *model, session->steps())));
  }
  about["macs"] = macs;
  about["activation_bytes"] = session->memory().activation_bytes;
  about["kept_bytes"] = session->memory().kept_bytes;
  about["weight_bytes"] = session->memory().weight_bytes;
  about["steps"] = std::move(steps);
  about["plan"] = JsonOfPlan(session->plan());
  return about;
}

std::string ShapeText(const Json& shape) { return ShapeToString(shape.get<Shape>()); }

void PrintText(const Json& about) {
  constexpr size_t kWidth = 100;
  const auto text = [](const Json& j) { return Printable(j.get<std::string>(), kWidth); };
  const double mib = 1048576.0;
  std::printf("model        %s\n", text(about["model"]).c_str());
  std::printf("opset        %d\n", about["opset"].get<int>());
  std::printf("painting     %s\n", about["paints"].get<bool>()
                                       ? "stylize takes it"
                                       : ("no: " + text(about["paints_not"])).c_str());
  for (const char* side : {"inputs", "outputs"}) {
    for (const Json& v : about[side]) {
      std::printf("%-12s %s %s %s", side[0] == 'i' ? "input" : "output", text(v["name"]).c_str(),
                  text(v["type"]).c_str(), ShapeText(v["shape"]).c_str());
      std::printf(v.contains("declared") ? "  declared %s\n" : "%s\n",
                  v.contains("declared") ? text(v["declared"]).c_str() : "");
    }
  }
  std::printf("parameters   %lld\n", static_cast<long long>(about["parameters"].get<int64_t>()));
  std::printf("work         %.3f GMAC at this size\n", about["macs"].get<double>() / 1e9);
  std::printf("memory       %.1f MiB activations, %.2f MiB weights",
              about["activation_bytes"].get<double>() / mib, about["weight_bytes"].get<double>() / mib);
  // Of other inputs and of states.
  if (const double kept = about["kept_bytes"].get<double>(); kept > 0)
    std::printf(", %.2f MiB kept between frames", kept / mib);
  std::printf("\n");
  std::printf("precision    %s", text(about["precision"]).c_str());
  if (about.contains("psnr_db") && about["precision"] != "fp32") {
    std::printf(", %.1f dB against fp32 on its calibration frames", about["psnr_db"].get<double>());
  }
  std::printf("\n");
  std::string operators;
  for (const auto& [name, count] : about["operators"].items()) {
    operators += (operators.empty() ? "" : ", ") + name + " " + std::to_string(count.get<int>());
  }
  std::printf("operators    %s\n", Printable(operators).c_str());
  for (const auto& [key, value] : about["metadata"].items()) {
    std::printf("metadata     %s = %s\n", Printable(key, kWidth).c_str(), text(value).c_str());
  }
  std::printf("\n%4s  %10s  %-22s  %-34s  %s\n", "STEP", "MMAC", "OUTPUT", "KERNEL", "OPERATORS");
  int step = 0;
  for (const Json& s : about["steps"]) {
    std::printf("%4d  %10.2f  %-22s  %-34s  %s\n", step++, s["macs"].get<double>() / 1e6,
                ShapeText(s["shape"]).c_str(), text(s["kernel"]).c_str(), text(s["operators"]).c_str());
  }
}

}  // namespace

Run SetUpInspect(CLI::App& verb) {
  auto options = std::make_shared<InspectOptions>();
  verb.add_option("MODEL", options->model, "A .onnx file, or the name of a bundled style")->required();
  verb.add_option("--size", options->size, "Picture size to plan for (default: the file's own, else 640x360)")
      ->type_name("WxH");
  options->engine.AddPrecision(verb);
  options->engine.AddCpu(verb);
  verb.add_option("--graph", options->graph,
                  "Also draw the operators and the plan (svg and png: through Graphviz)")
      ->type_name("FILE.dot|.svg|.png");
  verb.add_flag("--json", options->json, "Print JSON");
  return [options] {
    if (!options->graph.empty() && !IsPlanPictureName(options->graph)) {
      return FailUsage("inspect", "--graph " + options->graph + ": the name must end in .dot, .svg or .png");
    }
    Size size;
    if (!options->size.empty()) {
      const Result<Size> parsed = ParseSize(options->size);
      if (!parsed.ok()) return FailUsage("inspect", parsed.status().message());
      size = *parsed;
    }
    const Result<std::string> path = FindModel(options->model);
    if (!path.ok()) return Fail(path.status());
    const Result<Json> about = Describe(*path, size, options->engine, options->graph);
    if (!about.ok()) return Fail(about.status());
    if (options->json) {
      std::printf("%s\n", ReadableJson(*about).c_str());
    } else {
      PrintText(*about);
    }
    return kExitOk;
  };
}

}  // namespace tempera::cli
