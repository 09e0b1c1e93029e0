// tempera-train segment evaluate: mask networks against what people drew, and how still they hold.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "src/base/atomic_file.h"
#include "train/encoder/commands.h"
#include "train/segment/judge_masks.h"
#include "train/segment/run_segment.h"
#include "train/segment/segment_words.h"

namespace tempera::train {
namespace {

void Print(const JudgeReport& report, const JudgeOptions& o) {
  const bool one = o.classes.size() == 1;
  for (const MaskFigures& f : report.masks) {
    std::printf("%s on %s: %d pictures, IoU %.4f", f.model.c_str(), f.folder.c_str(), f.pictures, f.iou);
    if (one) {
      std::printf(" (pooled %.4f), outline F %.4f\n", f.iou_pooled, f.boundary);
      continue;
    }
    std::printf(", accuracy %.4f\n", f.accuracy);
    for (size_t c = 0; c < f.class_iou.size(); ++c)
      std::printf("  %-16s %.4f\n", o.classes[c].c_str(), f.class_iou[c]);
  }
  for (const FlickerFigures& f : report.films) {
    std::printf("%s on %s: %d pairs of frames, flicker %.4f, change %.5f\n", f.model.c_str(), f.clip.c_str(),
                f.pairs, f.flicker, f.change);
  }
}

Status WriteJson(const JudgeReport& report, const std::string& path) {
  nlohmann::json json;
  for (const MaskFigures& f : report.masks) {
    json["masks"].push_back({{"model", f.model},
                             {"folder", f.folder},
                             {"pictures", f.pictures},
                             {"iou", f.iou},
                             {"iou_pooled", f.iou_pooled},
                             {"outline_f", f.boundary},
                             {"accuracy", f.accuracy},
                             {"class_iou", f.class_iou}});
  }
  for (const FlickerFigures& f : report.films) {
    json["films"].push_back({{"model", f.model},
                             {"clip", f.clip},
                             {"pairs", f.pairs},
                             {"flicker", f.flicker},
                             {"change", f.change}});
  }
  const std::string text = json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  TEMPERA_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  std::ofstream out(file.write_path(), std::ios::binary);
  out << text;
  out.close();
  if (!out) return IoError("cannot write '" + path + "'");
  return file.Commit();
}

}  // namespace

int SegmentEvaluateCommand(int argc, char** argv) {
  JudgeOptions o;
  std::string classes = "person", json;
  std::vector<std::string> images, masks;
  CLI::App app{
      "Judge mask networks (.onnx): IoU and outlines against masks that people drew, flicker on films.\n"
      "With --write, masks of pictures: several models' mean, to teach another network with."};
  app.name("tempera-train segment evaluate");
  app.add_option("MODEL", o.models, "FILE.onnx, or FILE.onnx:CLASS")->required();
  app.add_option("--images", images, "folders of pictures");
  app.add_option("--masks", masks, "and of masks, one for each; DIR:15 takes 15 in maps of classes");
  app.add_option("--classes", classes, "person, names with commas, or a file of them")->capture_default_str();
  app.add_option("--clips", o.clips, "films, or folders of them");
  app.add_option("--frames", o.frames, "of each film")->check(CLI::Range(2, 100000))->capture_default_str();
  app.add_option("--long-side", o.long_side, "give pictures at that size [the model's own]")
      ->check(CLI::Range(32, 4096));
  auto* edges = app.add_flag("--edges", o.edges, "masks as frames are painted by: drawn along edges");
  app.add_option("--hold", o.hold, "... and held still in films")->check(CLI::Range(0.0, 1.0))->needs(edges);
  app.add_option("--write", o.write, "folders of pictures");
  app.add_option("--to", o.write_folder, "where their masks go");
  app.add_option("--at-least", o.at_least,
                 "... where the first model finds that share of the picture; where it finds nothing, empty")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--json", json, "the figures as a file");
  app.add_option("--threads", o.threads, "CPU threads [all]")->check(CLI::Range(1, 1024));
  int exit_code = 0;
  if (!ParseArguments(app, argc, argv, &exit_code)) return exit_code;
  if (Status s = TakeClasses(classes, &o.classes); !s.ok()) return ExitCode(s);
  if (Status s = TakeFolders(images, masks, &o.folders); !s.ok()) return ExitCode(s);
  if (o.write.empty() != o.write_folder.empty())
    return ExitCode(InvalidArgument("--write and --to go together"));
  if (o.folders.empty() && o.clips.empty() && o.write.empty())
    return ExitCode(InvalidArgument("nothing to judge by: give --images and --masks, --clips, or --write"));
  const Result<JudgeReport> report = JudgeMasks(o);
  if (!report.ok()) return ExitCode(report.status());
  Print(*report, o);
  return ExitCode(json.empty() ? OkStatus() : WriteJson(*report, json));
}

}  // namespace tempera::train
