// tempera-train segment: teaches a mask network.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "train/encoder/commands.h"
#include "train/segment/run_segment.h"
#include "train/segment/segment_words.h"

namespace tempera::train {
namespace {

void AddRecipe(CLI::App& app, SegmentOptions& o) {
  app.add_option("--size", o.size, "long side of the crops, pixels")
      ->check(CLI::Range(64, 1024))
      ->capture_default_str();
  app.add_option("--batch", o.batch, "crops a step")->check(CLI::Range(2, 256))->capture_default_str();
  app.add_option("--learning-rate", o.learning_rate, "AdamW's, at its most")
      ->check(CLI::Range(1e-7, 1.0))
      ->capture_default_str();
  app.add_option("--encoder-rate", o.encoder_rate, "times that, for the encoder")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  app.add_option("--weight-decay", o.weight_decay, "AdamW's")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--cross-entropy-weight", o.weights.cross_entropy)
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--dice-weight", o.weights.dice)->check(CLI::Range(0.0, 1e6))->capture_default_str();
  app.add_option("--boundary-weight", o.weights.boundary, "more for pixels beside edges")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--hard-share", o.weights.hard_share, "only so many of the pixels, the hardest, count")
      ->check(CLI::Range(0.01, 1.0))
      ->capture_default_str();
  app.add_option("--class-balance", o.class_balance, "rare classes count more: 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--temporal-weight", o.weights.temporal, "masks of moved pictures agree")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--temporal-start", o.temporal_start, "share of the run after which that counts")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--int8-start", o.quantize_start, "share after which weights are rounded to 8 bits")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_flag("!--no-int8", o.int8, "the file in float32");
  app.add_option("--least-scale", o.least_scale, "of the picture in a crop")
      ->check(CLI::Range(0.2, 1.0))
      ->capture_default_str();
  app.add_option("--most-scale", o.most_scale)->check(CLI::Range(1.0, 8.0))->capture_default_str();
  app.add_option("--turn", o.turn, "degrees that half the crops are turned by at most")
      ->check(CLI::Range(0.0, 180.0))
      ->capture_default_str();
  app.add_option("--background-share", o.background_share, "of pictures with another background")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--crowd-share", o.crowd_share, "of pictures with somebody of another one laid upon them")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--colour", o.colour, "how far light and colours vary")
      ->check(CLI::Range(0.0, 2.0))
      ->capture_default_str();
}

}  // namespace

int SegmentCommand(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "evaluate") return SegmentEvaluateCommand(argc - 1, argv + 1);
  SegmentOptions o;
  std::string time, every = "2m", classes = "person", file_size;
  std::vector<std::string> images, masks;
  CLI::App app{
      "Teach a mask network: where in a picture something is. Also: tempera-train segment evaluate --help\n"
      "NAME.jpg of a folder of --images goes with NAME.png or NAME_mask.png of its folder of --masks."};
  app.name("tempera-train segment");
  app.add_option("--images", images, "folders of pictures")->required();
  app.add_option("--masks", masks, "and of masks, one for each; DIR:15 takes 15 in maps of classes")
      ->required();
  app.add_option("--classes", classes, "person (one: masks are shares), names with commas, or a file of them")
      ->capture_default_str();
  app.add_option("--backgrounds", o.backgrounds, "folders of pictures without it");
  app.add_option("-o,--output", o.output, "the .onnx to write")->required();
  app.add_option("--net", o.net, "person, street, fast-scnn")->capture_default_str();
  app.add_option("--width", o.width, "times its channels")
      ->check(CLI::Range(0.25, 4.0))
      ->capture_default_str();
  app.add_option("--encoder", o.encoder, "a pretrained MobileNetV3-small (.safetensors)");
  auto* steps = app.add_option("--steps", o.steps, "steps to train")
                    ->check(CLI::Range(1.0, 1e9))
                    ->capture_default_str();
  app.add_option("--time", time, "train this long instead, such as 40m")
      ->check(DurationValidator())
      ->excludes(steps);
  AddRecipe(app, o);
  app.add_option("--seed", o.seed, "same seed, same losses")->capture_default_str();
  app.add_flag("--resume", o.resume, "go on where the same command stopped");
  app.add_option("--init", o.init, "start from the weights of this checkpoint.pt");
  app.add_option("--work", o.work_dir, "checkpoint, preview [OUTPUT.train]");
  app.add_option("--held-out", o.held_out, "pictures to judge by, never trained on")
      ->check(CLI::Range(0, 10000))
      ->capture_default_str();
  app.add_option("--preview-every", every, "time between previews")
      ->check(DurationValidator())
      ->capture_default_str();
  app.add_option("--file-size", file_size, "WxH that the file is for [open; fast-scnn: SIZExSIZE]");
  app.add_option("--threads", o.threads, "CPU threads [all]")->check(CLI::Range(1, 1024));
  app.add_option("--name", o.name, "such as person [from OUTPUT]");
  app.add_option("--title", o.title, "for menus");
  app.add_option("--license", o.license, "of the file");
  app.add_option("--trained-on", o.trained_on, "one line for the file");
  int exit_code = 0;
  if (!ParseArguments(app, argc, argv, &exit_code)) return exit_code;
  if (!time.empty()) o.time_s = Seconds(time);
  o.preview_every_s = Seconds(every);
  if (Status s = TakeClasses(classes, &o.classes); !s.ok()) return ExitCode(s);
  if (Status s = TakeFolders(images, masks, &o.folders); !s.ok()) return ExitCode(s);
  if (o.size % 32 != 0) return ExitCode(InvalidArgument("--size must be a multiple of 32"));
  if (!o.encoder.empty() && (o.width != 1 || o.net == "fast-scnn"))
    return ExitCode(InvalidArgument("--encoder goes with --net person or street at --width 1"));
  char rest = 0;
  if (!file_size.empty() &&
      (std::sscanf(file_size.c_str(), "%dx%d%c", &o.file_width, &o.file_height, &rest) != 2 ||
       o.file_width < 32 || o.file_height < 32 || o.file_width > 4096 || o.file_height > 4096 ||
       o.file_width % 32 != 0 || o.file_height % 32 != 0))
    return ExitCode(InvalidArgument("--file-size is WxH in multiples of 32, such as 480x384"));
  if (file_size.empty() && o.net == "fast-scnn") o.file_width = o.file_height = o.size;
  const std::filesystem::path output(o.output);
  if (o.name.empty()) o.name = output.stem().string();
  if (o.work_dir.empty()) o.work_dir = (output.parent_path() / (output.stem().string() + ".train")).string();
  return ExitCode(RunSegment(o));
}

}  // namespace tempera::train
