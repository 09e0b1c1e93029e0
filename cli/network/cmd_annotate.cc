// tempera annotate: what a model's file says of itself, changed; everything else of it stays, byte for byte.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/network/picture_options.h"
#include "src/base/atomic_file.h"
#include "src/engine/run/session.h"
#include "src/metadata/model_metadata.h"
#include "src/metadata/picture_model.h"
#include "src/onnx/annotate.h"
#include "src/onnx/file_bytes.h"
#include "src/onnx/outline.h"

namespace tempera::cli {
namespace {

struct AnnotateOptions {
  std::string model, output;
  PictureOptions picture;
  std::string style, title, artist, year, license;
  int size_multiple = 0;
  std::vector<std::string> set, remove;
};

Result<onnx::Annotations> ReadAnnotations(const AnnotateOptions& options) {
  onnx::Annotations annotations;
  TEMPERA_ASSIGN_OR_RETURN(annotations.set, options.picture.AsMetadata());
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) annotations.set.emplace_back(key, value);
  };
  add("tempera.style", options.style);
  add("tempera.title", options.title);
  add("tempera.artist", options.artist);
  add("tempera.year", options.year);
  add("tempera.license", options.license);
  if (options.size_multiple > 0) add("tempera.size_multiple", std::to_string(options.size_multiple));
  for (const std::string& entry : options.set) {
    const size_t equals = entry.find('=');
    if (equals == 0 || equals == std::string::npos)
      return InvalidArgument("--set " + entry + " is not KEY=VALUE");
    annotations.set.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  annotations.remove = options.remove;
  if (annotations.set.empty() && annotations.remove.empty())
    return InvalidArgument(
        "nothing to say and nothing to remove: give --value-range, --set KEY=VALUE, --remove KEY...");
  return annotations;
}

bool SameFolder(const std::string& a, const std::string& b) {
  const auto folder = [](const std::string& path) {
    const auto parent = std::filesystem::path(path).parent_path();
    return parent.empty() ? std::filesystem::path(".") : parent;
  };
  std::error_code error;
  return std::filesystem::equivalent(folder(a), folder(b), error) && !error;
}

// What says how pixels meet the network is checked against it, where it can be read at all.
Status CheckAgainstGraph(const std::string& path, const onnx::Annotations& annotations) {
  const Result<engine::ModelPtr> model = engine::LoadModelFile(path);
  if (!model.ok()) return OkStatus();
  const auto before = metadata::ReadModelMetadata(**model, path);
  graph::Graph after = **model;
  std::erase_if(after.metadata, [&](const auto& entry) {
    return std::find(annotations.remove.begin(), annotations.remove.end(), entry.first) !=
           annotations.remove.end();
  });
  const auto told =
      metadata::WithMetadata(std::make_shared<const graph::Graph>(std::move(after)), annotations.set);
  const auto read = metadata::ReadModelMetadata(*told, path);
  if (read.ok()) {
    const Status painting =
        metadata::WithPictureEnds({told, *read}, metadata::Makes::kPainting, path).status();
    const Status mask = metadata::WithPictureEnds({told, *read}, metadata::Makes::kPlanes, path).status();
    if (!painting.ok() && !mask.ok()) return Status(painting.code(), InOptions(painting.message()));
  }
  // What was wrong before is not made worse.
  return before.ok() ? read.status() : OkStatus();
}

Status WriteAnnotated(const AnnotateOptions& options, const onnx::Annotations& annotations) {
  std::error_code error;
  if (std::filesystem::equivalent(options.model, options.output, error) && !error)
    return InvalidArgument("'" + options.output + "' is the input itself: give -o another name");
  if (std::filesystem::is_directory(options.output, error))
    return InvalidArgument("'" + options.output + "' is a directory: name a file in it");
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, onnx::ReadFileBytes(options.model));
  TEMPERA_ASSIGN_OR_RETURN(const onnx::Outline outline, onnx::ReadOutline(bytes, options.model));
  if (!outline.external_files.empty() && !SameFolder(options.model, options.output)) {
    return InvalidArgument("the weights of " + options.model + " lie in '" + outline.external_files.front() +
                           "' beside it, where " + options.output +
                           " would not find them: give -o a name in the same folder");
  }
  TEMPERA_RETURN_IF_ERROR(CheckAgainstGraph(options.model, annotations));
  TEMPERA_ASSIGN_OR_RETURN(const std::string annotated, onnx::Annotate(bytes, annotations, options.model));
  return WriteWholeFile(options.output, annotated);
}

}  // namespace

Run SetUpAnnotate(CLI::App& verb) {
  auto options = std::make_shared<AnnotateOptions>();
  verb.add_option("MODEL", options->model, "A .onnx file; it is only read")->required()->type_name("");
  verb.add_option("-o,--output", options->output, "The same model, with what is said here")
      ->required()
      ->type_name("FILE.onnx");
  options->picture.AddTo(verb);
  verb.add_option("--name", options->style, "Its name on the command line")->type_name("NAME");
  verb.add_option("--title", options->title, "The picture it was learnt from")->type_name("TEXT");
  verb.add_option("--artist", options->artist, "Who made that")->type_name("TEXT");
  verb.add_option("--year", options->year, "When")->type_name("TEXT");
  verb.add_option("--license", options->license, "Of the weights, e.g. CC0-1.0")->type_name("TEXT");
  verb.add_option("--size-multiple", options->size_multiple, "What width and height must be divisible by")
      ->type_name("N")
      ->check(CLI::Range(1, 256).description(""));
  verb.add_option("--set", options->set, "Any other key of docs/model-format.md; may stand several times")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  verb.add_option("--remove", options->remove, "A key to take out; may stand several times")
      ->type_name("KEY")
      ->allow_extra_args(false);
  verb.footer(
      "Operators, weights and unknown fields stay as they are. tempera inspect shows what a file says.");
  return [options] {
    const Result<onnx::Annotations> annotations = ReadAnnotations(*options);
    if (!annotations.ok()) return FailUsage("annotate", annotations.status().message());
    const Status status = WriteAnnotated(*options, *annotations);
    return status.ok() ? kExitOk : Fail(status);
  };
}

}  // namespace tempera::cli
