// tempera inspect: what a model is made of, and how the engine would run it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "cli/charts/plan_picture.h"
#include "cli/cli.h"
#include "cli/engine_options.h"
#include "cli/json/json.h"
#include "cli/json/plan_json.h"
#include "cli/model_facts.h"
#include "cli/network/picture_options.h"
#include "cli/steer/schedule.h"
#include "cli/style_library.h"
#include "src/base/text/number_text.h"
#include "src/engine/run/load.h"
#include "src/engine/run/session.h"
#include "src/metadata/known_classes.h"
#include "src/metadata/mask_model.h"
#include "src/metadata/model_metadata.h"
#include "src/metadata/picture_model.h"
#include "src/onnx/file_bytes.h"
#include "src/onnx/outline.h"
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
  PictureOptions picture;
  Metadata said = {};  // what these are as metadata
};

// Of a list that a file may make as long as it likes.
constexpr size_t kMostShown = 1000;

// The first of a list; how many more there are, into what was left out.
template <typename T>
std::span<const T> Shown(const std::vector<T>& list, const char* what, Json* about) {
  if (list.size() > kMostShown) (*about)["left_out"][what] = list.size() - kMostShown;
  return std::span(list).first(std::min(list.size(), kMostShown));
}

Json DescribeValues(std::span<const onnx::ValueInfo> values) {
  Json list = Json::array();
  for (const onnx::ValueInfo& v : values) {
    list.push_back({{"name", v.name}, {"type", DataTypeName(v.dtype)}, {"declared", DeclaredShape(v.shape)}});
  }
  return list;
}

// What the file says, whether or not it runs.
Json DescribeFile(const std::string& path, const onnx::Outline& outline) {
  Json about;
  about["model"] = path;
  about["ir_version"] = outline.ir_version;
  about["producer"] =
      outline.producer_name + (outline.producer_version.empty() ? "" : " " + outline.producer_version);
  about["opset"] = 0;
  about["opsets"] = Json::object();
  for (const auto& [domain, version] : Shown(outline.opsets, "opsets", &about)) {
    const bool own = domain.empty() || domain == "ai.onnx";
    if (own) about["opset"] = version;
    about["opsets"][own ? "ai.onnx" : domain] = version;
  }
  about["parameters"] = outline.parameters;
  about["metadata"] = Json::object();
  // Of a key that stands there twice, the first: the one that is read.
  for (const auto& [key, value] : Shown(outline.metadata, "metadata", &about)) {
    if (!about["metadata"].contains(key)) about["metadata"][key] = value;
  }
  about["operators"] = Json::object();
  about["missing"] = Json::array();
  const std::set functions(outline.functions.begin(), outline.functions.end());
  for (const onnx::OperatorUse& use : Shown(outline.operators, "operators", &about)) {
    const std::string name = use.domain.empty() ? use.op_type : use.domain + "." + use.op_type;
    about["operators"][name] = use.count;
    if (use.domain.empty() && engine::RunsOperator(use.op_type)) continue;
    if (functions.contains({use.domain, use.op_type})) continue;
    about["missing"].push_back({{"operator", name}, {"count", use.count}, {"first_node", use.first_node}});
  }
  for (const std::string& file : Shown(outline.external_files, "external_files", &about))
    about["external_files"].push_back(file);
  about["inputs"] = DescribeValues(Shown(outline.inputs, "inputs", &about));
  about["outputs"] = DescribeValues(Shown(outline.outputs, "outputs", &about));
  return about;
}

// What --param turns, and the styles that --blend and --style name.
void DescribeControls(const tempera_stylizer* stylizer, Json* about) {
  (*about)["controls"] = Json::array();
  static const char* const kKinds[] = {"number", "integer", "switch", "weights"};
  for (const Control& c : ControlsOf(stylizer)) {
    Json control = {{"name", c.name},         {"kind", kKinds[c.kind]},       {"minimum", c.minimum},
                    {"maximum", c.maximum},   {"default", c.defaults},        {"unit", c.unit},
                    {"elements", c.elements}, {"short_names", c.short_names}, {"line", c.line}};
    (*about)["controls"].push_back(std::move(control));
  }
}

// Whether stylize takes it, and if not, why.
void DescribePainting(const InspectOptions& options, const std::string& path, Json* about) {
  const Expected<Stylizer> opened =
      Stylizer::Open(path, {.precision = TEMPERA_PRECISION_FP32, .metadata = options.said});
  (*about)["paints"] = static_cast<bool>(opened);
  if (!opened) (*about)["paints_not"] = InOptions(opened.error().message, options.said);
  if (opened) DescribeControls(opened->handle(), about);
}

// How pixels meet the network: "0..1 RGB".
std::string PixelsText(const metadata::ValueFormat& format, int64_t channels) {
  const auto numbers = [](const std::array<float, 3>& three) {
    std::string text = NumberToText(three[0]);
    if (three[1] == three[0] && three[2] == three[0]) return text;
    return text + "/" + NumberToText(three[1]) + "/" + NumberToText(three[2]);
  };
  const std::string colours = channels == 1 ? " grey" : format.bgr ? " BGR" : " RGB";
  return numbers(format.low) + ".." + numbers(format.high) + colours + (channels == 4 ? "A" : "");
}

void DescribePixels(const metadata::PictureModel& found, Json* about) {
  if (!found.has_ends || !(*about)["paints"].get<bool>()) return;
  (*about)["pixels"] = {{"in", PixelsText(found.metadata.in, found.in.channels)},
                        {"out", PixelsText(found.metadata.out, found.out.channels)}};
}

// Which classes a mask network tells apart, what its numbers are, and at which size it works.
void DescribeMask(const MaskFacts& facts, Json* about) {
  const metadata::MaskModel& mask = facts.model;
  Json classes = Json::array();
  for (const std::string& name : Shown(facts.classes, "classes", about)) classes.push_back(name);
  const bool named = metadata::FindMetadata(*mask.graph, "tempera.mask.classes") != nullptr;
  const auto known = metadata::KnownClassesOf(static_cast<int64_t>(facts.classes.size()));
  Json notices = Json::array();
  for (const std::string& line : mask.metadata.notices) notices.push_back(line);
  (*about)["mask"] = {{"classes", std::move(classes)},
                      {"class_set", named ? "" : known.set},
                      {"class", facts.own},
                      {"values", metadata::MaskValuesText(mask.meaning)},
                      {"pixels", PixelsText(mask.metadata.in, mask.in.channels)},
                      {"size", facts.size},
                      {"states", mask.metadata.states.size()},
                      {"notices", std::move(notices)}};
}

// The shapes of all inputs that the file has, by name: a model made to take pictures keeps the names, and has
// a shape of its own at the picture's end.
void DescribeInputShapes(const graph::Graph& model, const std::vector<Shape>& shapes,
                         const metadata::PictureModel& found, Json* about) {
  for (size_t i = 0; i < shapes.size(); ++i) {
    const bool turned = found.has_ends && i == found.metadata.picture_input;
    const Shape shape = turned ? metadata::ShapeInFile(found.in, shapes[i]) : shapes[i];
    for (Json& input : (*about)["inputs"]) {
      if (input["name"] == model.value(model.inputs[i]).name) input["shape"] = shape;
    }
  }
}

// The plan at this size into *about. `picture`: where to draw it, or empty.
Status DescribePlan(const InspectOptions& options, const std::string& path, Size size, Json* to) {
  Json& about = *to;
  TEMPERA_ASSIGN_OR_RETURN(engine::ModelPtr model, engine::LoadModelFile(path));
  model = metadata::WithMetadata(std::move(model), options.said);
  about["opset"] = model->opset;
  about["parameters"] = CountParameters(*model);
  about["operators"] = Json::object();
  for (const auto& [name, count] : CountOperators(*model)) about["operators"][name] = count;
  DescribePainting(options, path, &about);
  TEMPERA_ASSIGN_OR_RETURN(engine::SessionOptions engine_options, options.engine.ForSession());
  metadata::PictureModel found;
  const Result<MaskFacts> mask = AsMask(path, model);
  if (mask.ok()) DescribeMask(*mask, &about);
  // At a size that the mask network bears, with states that only names tell.
  const bool by_mask = mask.ok() && !about["paints"].get<bool>();
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<Shape> shapes,
                           by_mask ? ShapesOfMask(*mask, size, &model, &engine_options)
                                   : AsPainted(&model, size, &engine_options, &found));
  DescribePixels(found, &about);
  DescribeInputShapes(*model, shapes, found, &about);
  engine_options.rewrites_inputs = true;  // as stylize and bench run it
  engine_options.measures_precision = true;
  TEMPERA_ASSIGN_OR_RETURN(const std::unique_ptr<engine::Session> session,
                           PlanModel(path, model, shapes, engine_options));
  about["precision"] = session->precision().chosen;
  if (session->precision().psnr_db >= 0) about["psnr_db"] = session->precision().psnr_db;
  for (size_t i = 0; i < session->output_count() && i < about["outputs"].size(); ++i)
    about["outputs"][i]["shape"] = i == 0 && found.has_ends
                                       ? metadata::ShapeInFile(found.out, session->output(i).shape())
                                       : session->output(i).shape();
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
  if (!options.graph.empty()) {
    TEMPERA_RETURN_IF_ERROR(WritePlanPicture(
        options.graph,
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
  return OkStatus();
}

// Everything inspect knows, as JSON, into *about; the text form prints the same object. An error: why it does
// not run. *about is empty where the file is no model at all.
Status Describe(const InspectOptions& options, const std::string& path, Size size, Json* about) {
  {
    TEMPERA_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, onnx::ReadFileBytes(path));
    const Result<onnx::Outline> outline = onnx::ReadOutline(bytes, path);
    if (outline.ok()) *about = DescribeFile(path, *outline);
  }
  if (about->empty()) return engine::LoadModelFile(path).status();
  const Status planned = DescribePlan(options, path, size, about);
  (*about)["runs"] = planned.ok();
  if (planned.ok()) (*about)["missing"] = Json::array();  // they stand where nothing calls them
  if (!planned.ok()) (*about)["runs_not"] = planned.message();
  return planned;
}

std::string ShapeText(const Json& shape) { return ShapeToString(shape.get<Shape>()); }

constexpr size_t kWidth = 100;
constexpr size_t kMostInLine = 200;  // operators
std::string Text(const Json& j) { return Printable(j.get<std::string>(), kWidth); }

// Whole names, as many as a few lines of a terminal hold; JSON has them all.
std::string ClassNames(const Json& classes) {
  constexpr size_t kMost = 400;  // characters
  std::string names;
  size_t left_out = 0;
  for (const Json& one : classes) {
    const std::string name = Printable(one.get<std::string>(), kWidth);
    if (name.empty()) continue;
    const bool fits = left_out == 0 && names.size() + name.size() + 2 <= kMost;
    if (fits) names += (names.empty() ? "" : ", ") + name;
    left_out += !fits;
  }
  return names + (left_out > 0 ? " and " + std::to_string(left_out) + " more (--json has all)" : "");
}

// "mask         21 classes of PASCAL VOC: background, aeroplane, ..., tv; none of them is the mask yet"
void PrintMask(const Json& mask) {
  const Json& classes = mask["classes"];
  const std::string names = ClassNames(classes);
  const std::string set = mask["class_set"].get<std::string>();
  const int own = mask["class"].get<int>();
  std::string is = own < 0 ? "; none of them is said to be the mask" : "";
  if (own >= 0 && classes.size() > 1) {
    const std::string name = classes[static_cast<size_t>(own)].get<std::string>();
    is = "; the mask is " + (name.empty() ? std::to_string(own) : Printable(name, kWidth));
  }
  std::printf("mask         %zu class%s%s%s%s\n", classes.size(), classes.size() == 1 ? "" : "es",
              set.empty() ? "" : (" of " + set).c_str(), names.empty() ? "" : (": " + names).c_str(),
              is.c_str());
  std::printf("mask values  %s, in %s, at %s\n", Text(mask["values"]).c_str(), Text(mask["pixels"]).c_str(),
              Text(mask["size"]).c_str());
  for (const Json& line : mask["notices"])
    std::printf("mask notice  %s\n", Printable(line.get<std::string>()).c_str());
}

// Whether stylize takes it. Why not is a sentence of ours, which is never cut: of a mask network it is what
// the lines below say.
std::string PaintingText(const Json& about) {
  if (about["paints"].get<bool>()) return "stylize takes it";
  if (about.contains("mask")) return "no: it is a mask network, for --mask";
  return "no: " + Printable(about["paints_not"].get<std::string>());
}

void PrintHead(const Json& about) {
  std::printf("model        %s\n", Text(about["model"]).c_str());
  std::printf(
      "opset        %d, IR version %d%s\n", about["opset"].get<int>(), about["ir_version"].get<int>(),
      about["producer"].get<std::string>().empty() ? "" : (", by " + Text(about["producer"])).c_str());
  if (about.contains("paints")) std::printf("painting     %s\n", PaintingText(about).c_str());
  if (about.contains("pixels")) {
    std::printf("pixels       in %s, out %s\n", Text(about["pixels"]["in"]).c_str(),
                Text(about["pixels"]["out"]).c_str());
  }
  if (about.contains("mask")) PrintMask(about["mask"]);
  for (const char* side : {"inputs", "outputs"}) {
    for (const Json& v : about[side]) {
      std::printf("%-12s %s %s", side[0] == 'i' ? "input" : "output", Text(v["name"]).c_str(),
                  Text(v["type"]).c_str());
      if (v.contains("shape")) std::printf(" %s", ShapeText(v["shape"]).c_str());
      std::printf("  declared %s\n", Text(v["declared"]).c_str());
    }
  }
  std::printf("parameters   %lld\n", static_cast<long long>(about["parameters"].get<int64_t>()));
}

// "turned       fine_strength 0..1.5, default 1: Strength of fine strokes"
void PrintControls(const Json& about) {
  if (!about.contains("controls")) return;
  for (const Json& c : about["controls"]) {
    const std::vector<float> defaults = c["default"].get<std::vector<float>>();
    const bool same =
        std::adjacent_find(defaults.begin(), defaults.end(), std::not_equal_to<>()) == defaults.end();
    std::string text = Text(c["name"]);
    if (defaults.size() > 1) text += "[" + std::to_string(defaults.size()) + "]";
    text += " " + NumberToText(c["minimum"].get<float>()) + ".." + NumberToText(c["maximum"].get<float>());
    if (!c["unit"].get<std::string>().empty()) text += " " + Text(c["unit"]);
    if (same) text += ", default " + NumberToText(defaults.front());
    if (c["kind"] != "number") text += ", " + c["kind"].get<std::string>();
    if (!c["line"].get<std::string>().empty()) text += ": " + Text(c["line"]);
    std::printf("turned       %s\n", text.c_str());
  }
  for (const Json& c : about["controls"]) {
    for (size_t i = 0; i < c["short_names"].size(); ++i) {
      const std::string title = i < c["elements"].size() ? "  " + Text(c["elements"][i]) : "";
      std::printf("style        %s%s\n", Text(c["short_names"][i]).c_str(), title.c_str());
    }
  }
}

void PrintPlan(const Json& about) {
  const double mib = 1048576.0;
  std::printf("work         %.3f GMAC at this size\n", about["macs"].get<double>() / 1e9);
  std::printf("memory       %.1f MiB activations, %.2f MiB weights",
              about["activation_bytes"].get<double>() / mib, about["weight_bytes"].get<double>() / mib);
  // Of other inputs and of states.
  if (const double kept = about["kept_bytes"].get<double>(); kept > 0)
    std::printf(", %.2f MiB kept between frames", kept / mib);
  std::printf("\n");
  std::printf("precision    %s", Text(about["precision"]).c_str());
  if (about.contains("psnr_db") && about["precision"] != "fp32") {
    std::printf(", %.1f dB against fp32 on its calibration frames", about["psnr_db"].get<double>());
  }
  std::printf("\n");
}

void PrintText(const Json& about) {
  PrintHead(about);
  PrintControls(about);
  const bool runs = about["runs"].get<bool>();
  if (runs) PrintPlan(about);
  std::string operators;
  size_t shown = 0;
  for (const auto& [name, count] : about["operators"].items()) {
    if (++shown > kMostInLine) {
      operators += ", ... and " + std::to_string(about["operators"].size() - kMostInLine) + " more";
      break;
    }
    operators += (operators.empty() ? "" : ", ") + Printable(name, kWidth) + " " +
                 std::to_string(count.get<int64_t>());
  }
  std::printf("operators    %s\n", Printable(operators).c_str());
  for (const Json& m : about["missing"]) {
    std::printf("missing      %s %lld, first in node %s\n", Text(m["operator"]).c_str(),
                static_cast<long long>(m["count"].get<int64_t>()), Text(m["first_node"]).c_str());
  }
  if (about.contains("external_files")) {
    for (const Json& file : about["external_files"]) std::printf("weights in   %s\n", Text(file).c_str());
  }
  if (about.contains("left_out")) {
    for (const auto& [what, count] : about["left_out"].items())
      std::printf("%-12s ... and %llu more\n", what.c_str(), count.get<unsigned long long>());
  }
  for (const auto& [key, value] : about["metadata"].items()) {
    std::printf("metadata     %s = %s\n", Printable(key, kWidth).c_str(), Text(value).c_str());
  }
  if (!runs) return;
  std::printf("\n%4s  %10s  %-22s  %-34s  %s\n", "STEP", "MMAC", "OUTPUT", "KERNEL", "OPERATORS");
  int step = 0;
  for (const Json& s : about["steps"]) {
    std::printf("%4d  %10.2f  %-22s  %-34s  %s\n", step++, s["macs"].get<double>() / 1e6,
                ShapeText(s["shape"]).c_str(), Text(s["kernel"]).c_str(), Text(s["operators"]).c_str());
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
  options->picture.AddTo(verb);
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
    Result<Metadata> said = options->picture.AsMetadata();
    if (!said.ok()) return FailUsage("inspect", said.status().message());
    options->said = std::move(*said);
    Json about;
    const Status status = Describe(*options, *path, size, &about);
    if (!about.empty() && options->json) {
      std::printf("%s\n", ReadableJson(about).c_str());
    } else if (!about.empty()) {
      PrintText(about);
    }
    if (!status.ok()) return Fail(status);
    return kExitOk;
  };
}

}  // namespace tempera::cli
