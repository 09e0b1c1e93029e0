// tempera-train encoder: teaches the style encoder of a network of many styles, and judges it.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>

#include "train/encoder/commands.h"
#include "train/encoder/encoder_trainer.h"
#include "train/features/setup.h"

namespace tempera::train {

int EncoderCommand(int argc, char** argv) {
  EncoderOptions o;
  std::string time;
  CLI::App app{
      "Teach a style encoder: which rows of a network of many styles paint in the hand of any picture.\n"
      "At the end, and with --check, it is judged on 10 paintings that were kept out."};
  app.name("tempera-train encoder");
  app.add_option("--base", o.base, "the .onnx or checkpoint.pt of many styles")->required();
  app.add_option("--paintings", o.paintings, "folders of paintings")->required();
  app.add_option("--gallery", o.gallery, "which of them are styles of the base (a JSON file)");
  app.add_option("--content", o.content, "folders of photographs, searched with all below [from setup]");
  app.add_option("--features", o.features, "vgg19_features.safetensors [from setup]");
  app.add_option("--deep-features", o.deep_features, "SqueezeNet's, in place of VGG's deep layers: faster");
  app.add_option("-o,--output", o.output, "the encoder to write, or with --check to judge")->required();
  auto* steps = app.add_option("--steps", o.steps, "steps to train")
                    ->check(CLI::Range(1.0, 1e9))
                    ->capture_default_str();
  app.add_option("--time", time, "train this long instead, such as 30m")
      ->check(DurationValidator())
      ->excludes(steps);
  app.add_option("--size", o.size, "side of the crops, pixels")
      ->check(CLI::Range(64, 1024))
      ->capture_default_str();
  app.add_option("--view", o.view, "... cut from squares of this side [size]")->check(CLI::Range(64, 2048));
  app.add_option("--batch", o.batch, "crops a step")->check(CLI::Range(1, 256))->capture_default_str();
  app.add_option("--seed", o.seed, "same seed, same losses")->capture_default_str();
  app.add_option("--learning-rate", o.learning_rate, "Adam's, at the start")
      ->check(CLI::Range(1e-7, 1.0))
      ->capture_default_str();
  app.add_option("--style-weight", o.training.style_weight, "as the base was trained")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--grid-weight", o.training.grid_weight, "likewise")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--tone-weight", o.training.tone_weight, "likewise")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--style-size", o.fine_size, "painting's long side, fine strokes")
      ->check(CLI::Range(64, 4096))
      ->capture_default_str();
  app.add_option("--bold-size", o.bold_size, "the same, bold strokes")
      ->check(CLI::Range(64, 4096))
      ->capture_default_str();
  app.add_option("--init", o.init, "start from this encoder of another base");
  app.add_flag("--check", o.check, "only judge what is at OUTPUT");
  app.add_flag("--prepare", o.prepare, "only look at the paintings, which training else does as it goes");
  app.add_flag("--resume", o.resume, "go on where the same command stopped");
  app.add_option("--work", o.work_dir, "checkpoint and targets [OUTPUT.train]");
  app.add_option("--license", o.license, "of the file");
  app.add_option("--threads", o.training.threads, "CPU threads [all]")->check(CLI::Range(1, 1024));
  int exit_code = 0;
  if (!ParseArguments(app, argc, argv, &exit_code)) return exit_code;
  if (Status told = FillFromSetup(&o.content, &o.features); !told.ok()) return ExitCode(told);
  if (!time.empty()) o.time_s = Seconds(time);
  if (o.size % 8 != 0) return ExitCode(InvalidArgument("--size must be a multiple of 8"));
  if (o.work_dir.empty()) {
    const std::filesystem::path output(o.output);
    o.work_dir = (output.parent_path() / (output.stem().string() + ".train")).string();
  }
  return ExitCode(RunEncoder(o));
}

}  // namespace tempera::train
