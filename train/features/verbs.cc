#include "train/features/verbs.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "train/features/convert.h"
#include "train/features/setup.h"

namespace tempera::train {
namespace {

int Finish(const Status& status) {
  if (status.ok()) return 0;
  std::fprintf(stderr, "tempera-train: %s\n", status.message().c_str());
  return 1;
}

}  // namespace

int FeaturesVerb(int argc, char** argv) {
  std::string path, output = "vgg19_features.safetensors", input;
  CLI::App app{"Convert VGG-19's weights, as others publish them, to what training looks through.\n" +
               FeatureSources()};
  app.name("tempera-train features");
  app.add_option("file", path, "a .pth, .h5, .onnx or .safetensors of VGG-19");
  app.add_option("-o,--output", output, "the file to write")->capture_default_str();
  app.add_option("--input", input, "what it was trained on: rgb255, bgr255, torchvision [found out]")
      ->check(CLI::IsMember({"rgb255", "bgr255", "torchvision"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (path.empty()) {
    std::fputs(FeatureSources().c_str(), stdout);
    return 0;
  }
  return Finish(RunFeatures(path, input, output));
}

int SetupVerb(int argc, char** argv) {
  Setup given;
  CLI::App app{"Tell once where photographs and features are; alone, show what was told."};
  app.name("tempera-train setup");
  app.add_option("--content", given.content, "folders of photographs");
  app.add_option("--features", given.features, "vgg19_features.safetensors");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return Finish(RunSetup(given));
}

}  // namespace tempera::train
