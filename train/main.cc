// tempera-train: learns a painter's hand from one painting and a folder of photographs.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "train/run.h"

namespace {

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

// libtorch frees and takes hundreds of MB a step; kept pages save the kernel from clearing them each time.
void KeepPages() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  KeepPages();
  Options o;
  std::string time, every = "3m";
  CLI::App app{"Learn a style from one painting, and write it as an .onnx that tempera paints with."};
  app.name("tempera-train");
  auto duration = CLI::Validator(
      [](std::string& text) { return ParseDuration(text) > 0 ? std::string() : "give a time such as 90s, 40m or 2h"; },
      "TIME");
  app.add_option("--style", o.style, "the painting (a picture file)")->required();
  app.add_option("--content", o.content, "folders of photographs, searched with all below")->required();
  app.add_option("--features", o.features, "vgg19_features.safetensors")->required();
  app.add_option("-o,--output", o.output, "the style to write")->required();
  app.add_option("--net", o.net, "small, tiny or johnson")->capture_default_str();
  auto* steps = app.add_option("--steps", o.steps, "steps to train")->capture_default_str();
  app.add_option("--time", time, "time to train instead, such as 40m")->check(duration)->excludes(steps);
  app.add_option("--size", o.size, "side of the training crops, pixels")->capture_default_str();
  app.add_option("--batch", o.batch, "crops a step")->capture_default_str();
  app.add_option("--seed", o.seed, "same seed, same losses")->capture_default_str();
  app.add_option("--learning-rate", o.learning_rate, "Adam's, at the start")->capture_default_str();
  app.add_option("--style-weight", o.style_weight, "more painting")->capture_default_str();
  app.add_option("--content-weight", o.content_weight, "more photograph")->capture_default_str();
  app.add_option("--grid-weight", o.grid_weight, "against regular weave")->capture_default_str();
  app.add_option("--tv-weight", o.tv_weight, "smoother")->capture_default_str();
  app.add_option("--style-size", o.style_size, "painting's long side, pixels: larger strokes")->capture_default_str();
  app.add_flag("--resume", o.resume, "go on where the same command stopped");
  app.add_option("--init", o.init, "start from the weights of this checkpoint.pt");
  app.add_option("--work", o.work_dir, "folder for checkpoint, losses, preview [OUTPUT.train]");
  app.add_option("--preview-photos", o.preview_photos, "pictures for preview.png [6 of the content]");
  app.add_option("--preview-every", every, "time between previews")->check(duration)->capture_default_str();
  app.add_option("--threads", o.threads, "CPU threads [all]");
  app.add_option("--device", o.device, "auto, cpu or cuda")->capture_default_str();
  app.add_option("--name", o.name, "the style's name, such as starry-night [from OUTPUT]");
  app.add_option("--title", o.title, "of the painting");
  app.add_option("--artist", o.artist, "of the painting");
  app.add_option("--year", o.year, "of the painting");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (!time.empty()) o.time_s = ParseDuration(time);
  o.preview_every_s = ParseDuration(every);
  const std::filesystem::path output(o.output);
  if (o.name.empty()) o.name = output.stem().string();
  if (o.work_dir.empty()) o.work_dir = (output.parent_path() / (output.stem().string() + ".train")).string();

  const tempera::Status status = tempera::train::RunTraining(o);
  if (status.ok()) return 0;
  std::fprintf(stderr, "tempera-train: %s\n", status.message().c_str());
  return status.code() == tempera::StatusCode::kCancelled ? 130 : 1;
}
