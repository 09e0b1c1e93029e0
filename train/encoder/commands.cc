#include "train/encoder/commands.h"

#include <CLI/CLI.hpp>

#include "train/features/setup.h"

namespace tempera::train {

namespace {
// Rows bear large steps: 90 steps from the mean of the base's rows, of two crops of 96, left a style loss
// of 1.28 at 0.02 a step, 0.78 at 0.06 and 0.72, with less of the content, at 0.15.
constexpr double kBaseTime = 20 * 60, kBasePreview = 20, kBaseRate = 1e-3, kBaseRowRate = 80;
// As the bundled base was trained: less would move a predicted row back towards the photograph.
constexpr double kBaseStyleWeight = 2.5, kBaseGridWeight = 4;
constexpr double kBaseTemporalStart = 0.5;
constexpr int kBaseSize = 192, kBaseView = 256;
}  // namespace

void AddBaseOptions(CLI::App& app, Options& o) {
  app.add_option("--base", o.base, "start from this .onnx or checkpoint.pt of many styles");
  app.add_option("--encoder", o.encoder, "the base's style encoder [style-encoder.onnx beside it]");
  app.add_option("--train-layers", o.train_layers, "with --base: rows, last, all")
      ->check(CLI::IsMember({"rows", "last", "all"}))
      ->capture_default_str();
}

Status CheckBaseOptions(const CLI::App& app, const std::string& time, Options* o) {
  auto given = [&](const char* name) { return app.get_option(name)->count() > 0; };
  const bool no_time = time == "0";
  if (o->base.empty()) {
    for (const char* name : {"--encoder", "--train-layers"}) {
      if (given(name)) return InvalidArgument(std::string(name) + " goes with --base");
    }
    if (no_time) return InvalidArgument("--time 0 trains nothing: it goes with --base");
    return OkStatus();
  }
  if (given("--gallery")) return InvalidArgument("--base takes one painting: give it with --style");
  if (given("--init")) return InvalidArgument("--base and --init exclude one another");
  if (o->net != "painter") return InvalidArgument("--base decides the network: leave out --net " + o->net);
  const bool asked = given("--time") || given("--steps") || given("--content") || given("--features");
  const Status told = no_time ? OkStatus() : FillFromSetup(&o->content, &o->features);
  if (!told.ok() && asked) return told;
  o->predict_only = no_time || !told.ok();
  if (o->predict_only && o->resume)
    return InvalidArgument("--resume trains on: give --content and --features, and a time");
  if (!given("--time") && !given("--steps")) o->time_s = kBaseTime;
  if (!given("--preview-every")) o->preview_every_s = kBasePreview;
  if (!given("--learning-rate")) o->learning_rate = kBaseRate;
  if (!given("--temporal-start")) o->temporal_start = kBaseTemporalStart;
  if (!given("--size") && !given("--view")) {
    o->size = kBaseSize;
    o->view = kBaseView;
  }
  if (!given("--row-rate")) o->row_rate = kBaseRowRate;
  if (!given("--style-weight")) o->style_weight = kBaseStyleWeight;
  if (!given("--grid-weight")) o->grid_weight = kBaseGridWeight;
  return OkStatus();
}

}  // namespace tempera::train
