// tempera-train: learns a painter's hand from one painting and a folder of photographs.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "train/compute/torch_threads.h"
#include "train/encoder/commands.h"
#include "train/evaluate/verb.h"
#include "train/features/setup.h"
#include "train/features/verbs.h"
#include "train/run.h"
#include "train/segment/run_segment.h"

namespace {

using tempera::Status;
using tempera::train::Options;

// "90", "90s", "40m", "2h" in seconds; negative when it is none of these.
double ParseDuration(const std::string& text) {
  double value = 0;
  char unit = 's', rest = 0;
  const int n = std::sscanf(text.c_str(), "%lf%c%c", &value, &unit, &rest);
  if (n < 1 || n > 2 || !(value > 0)) return -1;
  if (unit == 's') return value;
  if (unit == 'm') return value * 60;
  if (unit == 'h') return value * 3600;
  return -1;
}

const CLI::Validator& Duration() {
  static const CLI::Validator kDuration(
      [](std::string& text) {
        return ParseDuration(text) > 0 ? std::string() : "give a time such as 90s, 40m or 2h";
      },
      "TIME");
  return kDuration;
}

// Positive and below any size that makes sense: an option's bounds.
CLI::Range Between(double low, double high) { return CLI::Range(low, high); }

// libtorch frees and takes hundreds of MB a step; kept pages save the kernel from clearing them each time.
void KeepPages() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

void AddSources(CLI::App& app, Options& o) {
  auto* style = app.add_option("--style", o.style, "the painting (a picture file)");
  app.add_option("--gallery", o.gallery, "or many of them (a JSON file)")->excludes(style);
  app.add_option("--paintings", o.paintings, "folders of the gallery's pictures");
  app.add_option("--content", o.content, "folders of photographs, searched with all below [from setup]");
  app.add_option("--features", o.features, "vgg19_features.safetensors [from setup]");
}

void AddMotion(CLI::App& app, Options& o) {
  app.add_option("--temporal-weight", o.temporal_weight, "steadier from frame to frame")
      ->check(Between(0, 1e6))
      ->capture_default_str();
  app.add_option("--temporal-loss", o.temporal_loss,
                 "compound or reconet [reconet for its nets, else compound]")
      ->check(CLI::IsMember({"compound", "reconet"}));
  app.add_option("--feature-temporal-weight", o.feature_temporal_weight, "reconet: the same for its features")
      ->check(Between(0, 1e6))
      ->capture_default_str();
  app.add_option("--unroll", o.unroll, "painter-fed: frames painted one after the other")
      ->check(Between(2, 8))
      ->capture_default_str();
  app.add_option("--ping-pong-weight", o.ping_pong_weight, "painter-fed: the same there and back")
      ->check(Between(0, 1e6))
      ->capture_default_str();
  app.add_option("--temporal-start", o.temporal_start, "share of the run after which that counts")
      ->check(Between(0, 1))
      ->capture_default_str();
  app.add_option("--clips", o.clips, "films to learn steadiness from: folders");
  app.add_option("--truth", o.truth, "the same, of known motion: folders (docs/training.md)");
  app.add_option("--motion-share", o.motion_share, "share of the steps with motion that use them")
      ->check(Between(0, 1))
      ->capture_default_str();
}

// Without a word on the others, --temporal-weight 0 is a network that nothing holds still.
void TakeMotionWeights(const CLI::App& app, Options* o) {
  if (o->temporal_weight > 0) return;
  if (app.count("--feature-temporal-weight") == 0) o->feature_temporal_weight = 0;
  if (app.count("--ping-pong-weight") == 0) o->ping_pong_weight = 0;
}

Status CheckMotion(const CLI::App& app, const Options& o) {
  const bool films = !o.clips.empty() || !o.truth.empty();
  if (!films && app.count("--motion-share") > 0)
    return tempera::InvalidArgument("--motion-share goes with --clips or --truth");
  if (films && !UsesMotion(o))
    return tempera::InvalidArgument(
        "--clips and --truth teach nothing at --temporal-weight 0: leave that out");
  if (app.count("--feature-temporal-weight") > 0 && !UsesReconetLoss(o))
    return tempera::InvalidArgument("--feature-temporal-weight goes with --temporal-loss reconet");
  for (const char* name : {"--unroll", "--ping-pong-weight"}) {
    if (app.count(name) > 0 && o.net != "painter-fed")
      return tempera::InvalidArgument(std::string(name) + " goes with --net painter-fed");
  }
  if (o.net == "painter-fed" && o.temporal_loss == "reconet")
    return tempera::InvalidArgument("painter-fed learns with --temporal-loss compound: leave reconet out");
  return tempera::OkStatus();
}

void AddNames(CLI::App& app, Options& o) {
  app.add_option("--name", o.name, "such as starry-night [from OUTPUT]");
  app.add_option("--title", o.title, "the painting's title");
  app.add_option("--artist", o.artist, "the painter");
  app.add_option("--year", o.year, "when it was painted");
  app.add_option("--license", o.license, "of the style file");
}

void AddMachine(CLI::App& app, Options& o) {
  app.add_option("--threads", o.threads, "CPU threads [all]")->check(Between(1, 1024));
  app.add_option("--device", o.device, "auto, cpu or cuda")->capture_default_str();
  app.add_option("--precision", o.precision, "of convolutions: auto, fp32, bf16")
      ->check(CLI::IsMember({"auto", "fp32", "bf16"}))
      ->capture_default_str();
}

// One line an option: "--size INT  side of the crops, pixels [256]", so that the whole help fits a screen.
class ShortHelp : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return "";
    const std::string type = option->get_type_name();  // "INT:FLOAT in [1 - 256]"
    return " " + type.substr(0, type.find(':'));
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    const std::string preset = option->get_default_str();
    return option->get_description() + (preset.empty() ? "" : " [" + preset + "]");
  }
};

// Runs the parser; true when the program should go on, otherwise *exit_code is set.
bool Parse(CLI::App& app, int argc, char** argv, int* exit_code) {
  app.formatter(std::make_shared<ShortHelp>());
  app.get_formatter()->column_width(25);
  try {
    app.parse(argc, argv);
    return true;
  } catch (const CLI::ParseError& e) {
    *exit_code = app.exit(e) == 0 ? 0 : 2;
    return false;
  }
}

std::string Stem(const std::string& output) { return std::filesystem::path(output).stem().string(); }

// The paintings that the options come to.
Status TakeStyles(Options* o) {
  if (!o->gallery.empty()) {
    auto styles = tempera::train::ReadGallery(o->gallery, o->paintings);
    if (!styles.ok()) return styles.status();
    o->styles = std::move(styles).value();
    return tempera::OkStatus();
  }
  if (o->style.empty())
    return tempera::InvalidArgument("no painting to learn: give one with --style, or several with --gallery");
  tempera::train::StyleSource style;
  style.name = tempera::train::IsStyleName(o->name) ? o->name : "style";
  style.picture = o->style;
  style.title = o->title.empty() ? o->name : o->title;
  style.artist = o->artist;
  style.year = o->year;
  style.fine_size = o->style_size;
  style.bold_size = o->bold_size;
  if (o->net.rfind("painter", 0) == 0 && !tempera::train::IsTitle(style.title)) {
    return tempera::InvalidArgument(
        "a title is one line of 1 to 64 bytes without | and ;: give another with --title");
  }
  o->styles = {style};
  return tempera::OkStatus();
}

int Finish(const Status& status) {
  if (status.ok()) return 0;
  std::fprintf(stderr, "tempera-train: %s\n", status.message().c_str());
  return status.code() == tempera::StatusCode::kCancelled ? 130 : 1;
}

int Train(int argc, char** argv) {
  Options o;
  std::string time, every = "3m";
  CLI::App app{
      "Learn a style from one painting and write it as an .onnx that tempera paints with.\n"
      "Also: tempera-train evaluate | gatys | encoder | segment | export | features | setup, each with "
      "--help"};
  app.name("tempera-train");
  AddSources(app, o);
  tempera::train::AddBaseOptions(app, o);
  app.add_option("--deep-features", o.deep_features, "SqueezeNet's, in place of VGG's deep layers: faster");
  app.add_option("-o,--output", o.output, "the style to write")->required();
  app.add_option("--net", o.net, "painter, painter-fed, small, tiny, johnson, reconet, reconet-edge")
      ->capture_default_str();
  auto* steps =
      app.add_option("--steps", o.steps, "steps to train")->check(Between(1, 1e9))->capture_default_str();
  app.add_option("--time", time, "train this long instead, such as 40m")
      ->check(Duration() | CLI::IsMember({"0"}))
      ->excludes(steps);
  app.add_option("--size", o.size, "side of the crops, pixels")
      ->check(Between(64, 1024))
      ->capture_default_str();
  app.add_option("--view", o.view, "... cut from squares of this side, 70-100 % of a photograph [size]")
      ->check(Between(64, 1024));
  app.add_option("--batch", o.batch, "crops a step")->check(Between(1, 256))->capture_default_str();
  app.add_option("--seed", o.seed, "same seed, same losses")->capture_default_str();
  app.add_option("--learning-rate", o.learning_rate, "Adam's, at the start")
      ->check(Between(1e-7, 1))
      ->capture_default_str();
  app.add_option("--row-rate", o.row_rate, "times the rate, for each style's own rows")
      ->check(Between(0.01, 100))
      ->capture_default_str();
  app.add_option("--style-weight", o.style_weight, "more painting")
      ->check(Between(0, 1e6))
      ->capture_default_str();
  app.add_option("--content-weight", o.content_weight, "more photograph")
      ->check(Between(0, 1e6))
      ->capture_default_str();
  app.add_option("--tv-weight", o.tv_weight, "smoother")->check(Between(0, 1e6))->capture_default_str();
  app.add_option("--grid-weight", o.grid_weight, "against a regular weave")
      ->check(Between(0, 1e6))
      ->capture_default_str();
  app.add_option("--colour-weight", o.colour_weight, "more of the painting's palette")
      ->check(Between(0, 1e6))
      ->capture_default_str();
  app.add_option("--direction-weight", o.direction_weight, "strokes along edges")
      ->check(Between(0, 1e6))
      ->capture_default_str();
  app.add_option("--tone-weight", o.tone_weight, "light and dark where the photograph has them")
      ->check(Between(0, 1e6))
      ->capture_default_str();
  app.add_option("--identity-weight", o.identity_weight, "strength 0 nearer to the photograph")
      ->check(Between(0, 1e6))
      ->capture_default_str();
  AddMotion(app, o);
  app.add_option("--style-size", o.style_size, "painting's long side, fine strokes")
      ->check(Between(64, 4096))
      ->capture_default_str();
  app.add_option("--bold-size", o.bold_size, "the same, bold strokes")
      ->check(Between(64, 4096))
      ->capture_default_str();
  app.add_flag("--resume", o.resume, "go on where the same command stopped");
  app.add_option("--init", o.init, "start from the weights of this checkpoint.pt");
  app.add_option("--work", o.work_dir, "checkpoint, losses, preview [OUTPUT.train]");
  app.add_option("--preview-photos", o.preview_photos, "for preview.png [6 of the content]");
  app.add_option("--preview-every", every, "time between previews")->check(Duration())->capture_default_str();
  AddMachine(app, o);
  AddNames(app, o);
  int exit_code = 0;
  if (!Parse(app, argc, argv, &exit_code)) return exit_code;
  if (!time.empty()) o.time_s = ParseDuration(time);
  o.preview_every_s = ParseDuration(every);
  if (Status status = tempera::train::CheckBaseOptions(app, time, &o); !status.ok()) return Finish(status);
  for (const char* name : {"--style-size", "--bold-size"}) {
    if (!o.gallery.empty() && app.count(name) > 0) {
      return Finish(tempera::InvalidArgument(
          std::string(name) + " goes with --style: a gallery says fine_size and bold_size of each style"));
    }
  }
  TakeMotionWeights(app, &o);
  if (Status status = CheckMotion(app, o); !status.ok()) return Finish(status);
  if (o.gallery.empty() && !o.paintings.empty())
    return Finish(tempera::InvalidArgument("--paintings goes with --gallery"));
  if (o.size % 8 != 0) return Finish(tempera::InvalidArgument("--size must be a multiple of 8"));
  if (o.name.empty()) o.name = Stem(o.output);
  if (Status status = TakeStyles(&o); !status.ok()) return Finish(status);
  if (o.work_dir.empty()) {
    o.work_dir = (std::filesystem::path(o.output).parent_path() / (Stem(o.output) + ".train")).string();
  }
  const Status told =
      o.predict_only ? tempera::OkStatus() : tempera::train::FillFromSetup(&o.content, &o.features);
  return Finish(told.ok() ? tempera::train::RunTraining(o) : told);
}

int Export(int argc, char** argv) {
  Options o;
  CLI::App app{"Write the network of a checkpoint as an .onnx."};
  app.name("tempera-train export");
  app.add_option("--checkpoint", o.checkpoint, "checkpoint.pt of the style")->required();
  app.add_option("-o,--output", o.output, "the style to write")->required();
  app.add_option("--gallery", o.gallery, "titles and painters of a network of many styles");
  app.add_option("--paintings", o.paintings, "folders of the gallery's pictures");
  app.add_option("--trained-on", o.trained_on, "one line for the file's metadata");
  app.add_option("--stroke-period", o.stroke_period, "FINE,BOLD: pixels, of the paintings at their sizes")
      ->check([](const std::string& text) {
        double fine = 0, bold = 0;
        char more = 0;
        return std::sscanf(text.c_str(), "%lf,%lf%c", &fine, &bold, &more) == 2 && fine >= 1 &&
                       bold >= fine && bold <= 1000
                   ? std::string()
                   : "write the pixels of fine and of bold strokes, such as 5.2,10.8";
      });
  app.add_option("--seed", o.seed, "as in training, for the metadata")->capture_default_str();
  AddNames(app, o);
  int exit_code = 0;
  if (!Parse(app, argc, argv, &exit_code)) return exit_code;
  if (o.name.empty()) o.name = Stem(o.output);
  if (!o.gallery.empty()) {
    if (Status status = TakeStyles(&o); !status.ok()) return Finish(status);
  }
  return Finish(tempera::train::RunExport(o));
}

}  // namespace

namespace tempera::train {

bool ParseArguments(CLI::App& app, int argc, char** argv, int* exit_code) {
  return Parse(app, argc, argv, exit_code);
}
double Seconds(const std::string& duration) { return ParseDuration(duration); }
const CLI::Validator& DurationValidator() { return Duration(); }
int ExitCode(const Status& status) { return Finish(status); }

}  // namespace tempera::train

int main(int argc, char** argv) {
  tempera::train::SetUpLibraries(argv);
  KeepPages();
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "evaluate") return tempera::evaluate::EvaluateVerb(argc - 1, argv + 1);
  if (verb == "gatys") return tempera::evaluate::GatysVerb(argc - 1, argv + 1);
  if (verb == "features") return tempera::train::FeaturesVerb(argc - 1, argv + 1);
  if (verb == "setup") return tempera::train::SetupVerb(argc - 1, argv + 1);
  if (verb == "encoder") return tempera::train::EncoderCommand(argc - 1, argv + 1);
  if (verb == "segment") return tempera::train::SegmentCommand(argc - 1, argv + 1);
  if (verb == "export") return Export(argc - 1, argv + 1);
  return Train(argc, argv);
}
