#include "train/evaluate/verb.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "src/base/atomic_file.h"
#include "src/base/text/one_line.h"
#include "train/evaluate/evaluate.h"
#include "train/evaluate/losses/judge.h"
#include "train/evaluate/subjects.h"
#include "train/motion/frames.h"

namespace tempera::evaluate {
namespace {

using train::FitShortSide;

int Fail(const Status& status) {
  ShowProgress("");
  std::fprintf(stderr, "tempera-train: %s\n", OneLine(status.message()).c_str());
  return status.code() == StatusCode::kCancelled ? 130 : 1;
}

int FailUsage(const std::string& message) {
  std::fprintf(stderr, "tempera-train evaluate: %s\n", message.c_str());
  return 2;
}

// "name=0.5" or "name=0.2,0.8".
bool ParseParameter(const std::string& text, ParameterValues* parameters) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return false;
  std::vector<float> values;
  const char* at = text.c_str() + equals + 1;
  for (;;) {
    char* end = nullptr;
    values.push_back(std::strtof(at, &end));
    if (end == at) return false;
    if (*end == '\0') break;
    if (*end != ',') return false;
    at = end + 1;
  }
  parameters->emplace_back(text.substr(0, equals), std::move(values));
  return true;
}

struct CommandLine {
  EvaluateOptions options;
  std::vector<std::string> parameters, only, skip;
  std::string report;
  bool json = false;
};

void AddOptions(CLI::App* app, CommandLine* line) {
  EvaluateOptions& o = line->options;
  app->add_option("MODEL", o.models, "styles to measure (.onnx)")->required();
  app->add_option("--content", o.content, "photographs: files, or folders searched with all below");
  app->add_option("--clips", o.clips, "films: files or folders");
  app->add_option("--truth", o.truth, "films whose motion is known: folders (docs/evaluation.md)");
  app->add_option("--style", o.style, "the painting; NAME=PICTURE for a style; a folder of NAME.jpg");
  app->add_option("--styles", o.only_styles, "measure only these styles of a model")->delimiter(',');
  app->add_option("--features", o.features, "VGG-19 features, for the losses");
  app->add_option("--teacher", o.teacher, "a model whose paintings are wanted");
  app->add_option("--anchors", o.anchors, "folder of optimised pictures, PAINTING/PHOTOGRAPH.png");
  app->add_option("--gatys", o.gatys_steps, "make those that are missing, so many steps each")
      ->check(CLI::Range(0, 100000));
  app->add_option("--anchor-photos", o.anchor_photos, "photographs that are optimised")
      ->check(CLI::Range(1, 1000));
  app->add_option("--param", line->parameters, "NAME=VALUE[,VALUE...] for every model that has it");
  app->add_option("--only", line->only, "groups to measure")->delimiter(',');
  app->add_option("--skip", line->skip, "groups to leave out")->delimiter(',');
  app->add_option("--photos", o.photos, "photographs, at even places of those found")
      ->check(CLI::Range(1, 10000));
  app->add_option("--frames", o.frames, "frames of each clip")->check(CLI::Range(2, 10000));
  app->add_option("--pairs", o.pairs, "pairs of frames that are compared, of each distance")
      ->check(CLI::Range(1, 10000));
  app->add_option("--loop", o.loop_s, "seconds of the loop, 25 frames each; 600 = ten minutes")
      ->check(CLI::Range(0, 86400));
  app->add_option("--threads", o.threads, "CPU threads")->check(CLI::Range(1, 1024));
  app->add_option("--device", o.device, "of the losses: auto, cpu or cuda");
  app->add_option("--seed", o.seed, "of scenes and noise");
  app->add_flag("--quick", o.quick, "small and few of everything: to see that it runs");
  app->add_flag("--json", line->json, "figures as JSON on standard output");
  app->add_option("--report", line->report, "one page with pictures and all figures")->type_name("FILE.html");
}

// "" or what is wrong with the command line.
std::string Settle(CommandLine* line, const CLI::App& app) {
  EvaluateOptions& o = line->options;
  for (const auto& [list, set] : {std::pair{&line->only, &o.only}, std::pair{&line->skip, &o.skip}}) {
    for (const std::string& group : *list) {
      if (std::find(Groups().begin(), Groups().end(), group) == Groups().end()) {
        std::string known;
        for (const std::string& g : Groups()) known += " " + g;
        return "unknown group '" + group + "': there are" + known;
      }
      set->insert(group);
    }
  }
  for (const std::string& p : line->parameters) {
    if (!ParseParameter(p, &o.parameters)) return "--param '" + p + "': write NAME=VALUE";
  }
  if (o.quick) {
    if (app.count("--photos") == 0) o.photos = 4;
    if (app.count("--frames") == 0) o.frames = 14;
    if (app.count("--pairs") == 0) o.pairs = 4;
    if (app.count("--loop") == 0) o.loop_s = 2;
  }
  return "";
}

}  // namespace

int EvaluateVerb(int argc, char** argv) {
  CommandLine line;
  CLI::App app{
      "Measure styles: losses, the hand, steadiness, cost. What each figure means: docs/evaluation.md."};
  app.name("tempera-train evaluate");
  app.get_formatter()->column_width(30);
  AddOptions(&app, &line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  const std::string wrong = Settle(&line, app);
  if (!wrong.empty()) return FailUsage(wrong);
  // Before minutes are spent: whether the report can be written.
  if (!line.report.empty()) {
    const Result<AtomicFile> probe = AtomicFile::Create(line.report);
    if (!probe.ok()) return Fail(probe.status());
  }
  const Result<Findings> findings = Evaluate(line.options);
  if (!findings.ok()) return Fail(findings.status());
  if (!line.report.empty()) {
    const Result<std::string> page = HtmlReport(*findings);
    if (!page.ok()) return Fail(page.status());
    const Status written = WriteWholeFile(line.report, *page);
    if (!written.ok()) return Fail(written);
  }
  const std::string text = line.json ? JsonText(*findings) : TextTable(*findings);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    return Fail(IoError("cannot write the figures to standard output"));
  }
  return 0;
}

namespace {

bool ShowStep(int step, double style, double content) {
  char text[96];
  std::snprintf(text, sizeof text, "evaluation %d: style %.4f, content %.3f", step, style, content);
  if (step % 10 == 0) ShowProgress(text);
  return true;
}

struct GatysOptions {
  std::string content, style, features, output, device = "auto";
  int size = 400, threads = 0;
  Judge::Recipe recipe;
};

Status RunGatys(const GatysOptions& o) {
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage content, media::ReadImage(o.content));
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage style, media::ReadImage(o.style));
  TEMPERA_ASSIGN_OR_RETURN(const std::unique_ptr<Judge> judge, Judge::Open(o.features, o.threads, o.device));
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage photo, FitShortSide(content, o.size, 8 * o.size / 5));
  TEMPERA_ASSIGN_OR_RETURN(const auto painting, judge->StudyPainting(style));
  TEMPERA_ASSIGN_OR_RETURN(const auto studied, judge->StudyPhoto(photo));
  ContentScale scale;
  scale.Add(*studied);
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage painted,
                           judge->Optimise(photo, *painting, scale.value(), o.recipe, &ShowStep));
  ShowProgress("");
  TEMPERA_ASSIGN_OR_RETURN(const Judged judged, judge->Look(painted, *studied, painting.get()));
  TEMPERA_RETURN_IF_ERROR(media::WriteImage(o.output, painted));
  std::printf("style %.4f (the photograph: 1), content %.3f\n",
              StyleLoss({judged.style}, {judge->StyleOf(*studied, *painting)}),
              judged.content / std::max(scale.value(), 1e-12));
  return OkStatus();
}

}  // namespace

int GatysVerb(int argc, char** argv) {
  GatysOptions o;
  CLI::App app{
      "Paint one picture by optimising its pixels (Gatys et al., 2015): slow, and as near as it gets."};
  app.name("tempera-train gatys");
  app.get_formatter()->column_width(30);
  app.add_option("CONTENT", o.content, "the photograph")->required();
  app.add_option("--style", o.style, "the painting")->required();
  app.add_option("--features", o.features, "VGG-19 features")->required();
  app.add_option("-o,--output", o.output, "the picture to write")->required();
  app.add_option("--steps", o.recipe.steps, "of L-BFGS")->check(CLI::Range(1, 100000))->capture_default_str();
  app.add_option("--size", o.size, "short side, pixels")->check(CLI::Range(64, 2048))->capture_default_str();
  app.add_option("--style-weight", o.recipe.style_weight, "more painting")->capture_default_str();
  app.add_option("--tv-weight", o.recipe.tv_weight, "smoother")->capture_default_str();
  app.add_option("--threads", o.threads, "CPU threads")->check(CLI::Range(1, 1024));
  app.add_option("--device", o.device, "auto, cpu or cuda")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  const Status status = RunGatys(o);
  return status.ok() ? 0 : Fail(status);
}

}  // namespace tempera::evaluate
