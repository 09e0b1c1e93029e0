// tempera annotate: what a model's file says of itself, changed; everything else of it stays, byte for byte.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/cli.h"
#include "cli/network/picture_options.h"
#include "cli/style_library.h"
#include "src/base/atomic_file.h"
#include "src/engine/run/load.h"
#include "src/engine/run/session.h"
#include "src/metadata/model_metadata.h"
#include "src/metadata/picture_model.h"
#include "src/onnx/annotate.h"
#include "src/onnx/file_bytes.h"
#include "src/onnx/outline.h"
#include "src/onnx/quote.h"
#include "src/onnx/reader.h"

namespace tempera::cli {
namespace {

// An option that is a key's value.
struct KeyOption {
  const char* name;
  const char* key;
  const char* does;
  const char* type;
  std::string text = {};
  const CLI::Option* option = nullptr;
};

constexpr std::string_view kStyleKey = "tempera.style";

struct AnnotateOptions {
  std::string model, output;
  PictureOptions picture;
  std::array<KeyOption, 5> keys = {
      KeyOption{"--name", "tempera.style", "Its name on the command line", "NAME"},
      {"--title", "tempera.title", "The picture it was learnt from", "TEXT"},
      {"--artist", "tempera.artist", "Who made that", "TEXT"},
      {"--year", "tempera.year", "When", "TEXT"},
      {"--license", "tempera.license", "Of the weights, e.g. CC0-1.0", "TEXT"}};
  int size_multiple = 0;
  std::vector<std::string> set, remove;
};

// Keys that mean something (docs/model-format.md), and what longer ones of theirs begin with.
constexpr const char* kKeys[] = {"style",
                                 "title",
                                 "artist",
                                 "year",
                                 "license",
                                 "mean",
                                 "std",
                                 "layout",
                                 "net",
                                 "value_range",
                                 "trained_on",
                                 "seed",
                                 "steps",
                                 "settings",
                                 "size_multiple",
                                 "thumbnail",
                                 "mask.class",
                                 "mask.values",
                                 "mask.classes",
                                 "mask.output",
                                 "mask.long_side",
                                 "mask.downsample_ratio"};
constexpr const char* kPrefixes[] = {"range.", "param.", "state."};
// Those that change what is painted: without tempera. nobody would read them, and whoever wrote them meant to
// be. Others are anybody's words.
constexpr const char* kOfPixels[] = {
    "mean",        "std",          "layout",      "value_range",    "size_multiple",        "mask.class",
    "mask.values", "mask.classes", "mask.output", "mask.long_side", "mask.downsample_ratio"};

std::string InSmallLetters(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool IsIn(std::span<const char* const> list, const std::string& key) {
  return std::find(list.begin(), list.end(), key) != list.end();
}

// One that nobody would read although it looks like ours: without tempera., in capitals, or unknown.
Status CheckKey(const std::string& key) {
  constexpr std::string_view kOurs = "tempera.";
  const std::string small = InSmallLetters(key);
  const bool ours = small.starts_with(kOurs);
  const size_t rest_at = ours ? kOurs.size() : 0;
  const std::string rest = small.substr(rest_at);
  const auto* prefix = std::find_if(std::begin(kPrefixes), std::end(kPrefixes),
                                    [&](const char* p) { return rest.starts_with(p) && rest != p; });
  std::string right;  // as it would be read
  if (prefix != std::end(kPrefixes)) {
    // Names of the network's keep their capitals.
    right = std::string(kOurs) + *prefix + key.substr(rest_at + std::strlen(*prefix));
  } else if (IsIn(kKeys, rest) && (ours || IsIn(kOfPixels, rest))) {
    right = std::string(kOurs) + rest;
  }
  if (right.empty() && !ours) return OkStatus();
  if (right.empty())
    return InvalidArgument("--set " + key +
                           " is no key that Tempera knows (docs/model-format.md); keys of your own "
                           "do not begin with tempera.");
  if (key == right) return OkStatus();
  return InvalidArgument("--set " + key + " means nothing: write " + right);
}

// What --style is given: a word, and no path. `said`: how it was written on the command line.
Status CheckStyleName(const std::string& name, const std::string& said) {
  const bool word = std::all_of(name.begin(), name.end(),
                                [](unsigned char c) { return c > ' ' && c != '/' && c != '\\' && c != 127; });
  if (word && !name.empty() && !name.starts_with('.') && !name.starts_with('-')) return OkStatus();
  return InvalidArgument(said + " is no style's name: write a word like great-wave");
}

// A key is said once.
Status CheckKeys(const onnx::Annotations& annotations) {
  std::set<std::string> seen;
  const auto add = [&](const std::string& key) {
    return seen.insert(key).second ? OkStatus()
                                   : InvalidArgument("metadata " + key + " is said twice: say it once");
  };
  for (const auto& [key, value] : annotations.set) TEMPERA_RETURN_IF_ERROR(add(key));
  for (const std::string& key : annotations.remove) TEMPERA_RETURN_IF_ERROR(add(key));
  if (seen.empty())
    return InvalidArgument(
        "nothing to say and nothing to remove: give --value-range, --set KEY=VALUE, --remove KEY...");
  return OkStatus();
}

Result<onnx::Annotations> ReadAnnotations(const AnnotateOptions& options) {
  onnx::Annotations annotations;
  TEMPERA_ASSIGN_OR_RETURN(annotations.set, options.picture.AsMetadata());
  for (const KeyOption& o : options.keys) {
    if (o.option->count() == 0) continue;
    if (o.text.empty())
      return InvalidArgument(std::string(o.name) + " is empty: --remove " + o.key + " takes it out");
    if (o.key == kStyleKey)
      TEMPERA_RETURN_IF_ERROR(CheckStyleName(o.text, std::string(o.name) + " '" + o.text + "'"));
    annotations.set.emplace_back(o.key, o.text);
  }
  if (options.size_multiple > 0)
    annotations.set.emplace_back("tempera.size_multiple", std::to_string(options.size_multiple));
  for (const std::string& entry : options.set) {
    const size_t equals = entry.find('=');
    if (equals == 0 || equals == std::string::npos)
      return InvalidArgument("--set " + entry + " is not KEY=VALUE");
    const std::string key = entry.substr(0, equals), value = entry.substr(equals + 1);
    TEMPERA_RETURN_IF_ERROR(CheckKey(key));
    const bool is_option = std::any_of(options.keys.begin(), options.keys.end(),
                                       [&key](const KeyOption& o) { return o.key == key; });
    if (is_option && value.empty())
      return InvalidArgument("--set " + key + "= is empty: --remove " + key + " takes it out");
    if (key == kStyleKey) TEMPERA_RETURN_IF_ERROR(CheckStyleName(value, "--set " + entry));
    annotations.set.emplace_back(key, value);
  }
  annotations.remove = options.remove;
  TEMPERA_RETURN_IF_ERROR(CheckKeys(annotations));
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

// What is said is right by itself, and, where the model can be read, names what it has: of the graph that
// the file will be, in which an initializer may have become a parameter's default.
Status CheckWhatIsSaid(const engine::ModelPtr& after, const onnx::Annotations& annotations,
                       const std::string& name) {
  graph::Graph told;
  if (after != nullptr) told = *after;
  told.metadata.clear();
  for (const auto& entry : annotations.set) {
    const bool of_graph =
        entry.first.starts_with("tempera.param.") || entry.first.starts_with("tempera.state.");
    if (after != nullptr || !of_graph) told.metadata.push_back(entry);
  }
  return metadata::CheckMetadata(told, name);
}

// Whether somebody can open it, where the network is one that turns pictures into something.
Status CheckEnds(const engine::ModelPtr& after, const metadata::ModelMetadata& read,
                 const std::string& name) {
  const Status painting = metadata::WithPictureEnds({after, read}, metadata::Makes::kPainting, name).status();
  const Status mask = metadata::WithPictureEnds({after, read}, metadata::Makes::kPlanes, name).status();
  return mask.ok() ? mask : painting;
}

// The model as it will be: `annotated`, at -o.
Status CheckAnnotated(const AnnotateOptions& options, const onnx::Annotations& annotations,
                      std::span<const uint8_t> before, std::span<const uint8_t> annotated, bool has_files) {
  // Beside another name, links may lead elsewhere.
  if (has_files && onnx::ReadModelAt(before, options.model).ok())
    TEMPERA_RETURN_IF_ERROR(onnx::ReadModelAt(annotated, options.output).status());
  const Result<engine::ModelPtr> after = engine::LoadModelAt(annotated, options.output);
  TEMPERA_RETURN_IF_ERROR(CheckWhatIsSaid(after.ok() ? *after : nullptr, annotations, options.model));
  if (!after.ok()) return OkStatus();  // for whoever can run it
  const Result<engine::ModelPtr> was = engine::LoadModelAt(before, options.model);
  const bool was_right = was.ok() && metadata::ReadModelMetadata(**was, options.model).ok();
  const auto read = metadata::ReadModelMetadata(**after, options.model);
  if (read.ok()) return CheckEnds(*after, *read, options.model);
  // What else was wrong before is no reason: keys are said one after the other.
  return was_right ? read.status() : OkStatus();
}

bool SameFile(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code error;
  return std::filesystem::equivalent(a, b, error) && !error;
}

Status CheckOutput(const AnnotateOptions& options, const onnx::Outline& outline) {
  for (const std::string& file : outline.external_files) {
    if (!SameFile(std::filesystem::path(options.model).parent_path() / file, options.output)) continue;
    return InvalidArgument("'" + options.output + "' holds the weights of " + options.model +
                           ": give -o another name");
  }
  if (outline.external_files.empty() || SameFolder(options.model, options.output)) return OkStatus();
  return InvalidArgument("the weights of " + options.model + " lie in " +
                         onnx::Quote(outline.external_files.front()) + " beside it, where " + options.output +
                         " would not find them: give -o a name in the same folder");
}

Status WriteAnnotated(const AnnotateOptions& options, onnx::Annotations annotations) {
  std::error_code error;
  if (SameFile(options.model, options.output))
    return InvalidArgument("'" + options.output + "' is the input itself: give -o another name");
  if (std::filesystem::is_directory(options.output, error))
    return InvalidArgument("'" + options.output + "' is a directory: name a file in it");
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, onnx::ReadFileBytes(options.model));
  TEMPERA_ASSIGN_OR_RETURN(onnx::Outline outline, onnx::ReadOutline(bytes, options.model));
  TEMPERA_RETURN_IF_ERROR(CheckOutput(options, outline));
  std::erase_if(outline.metadata, [&](const auto& entry) {
    return std::find(annotations.remove.begin(), annotations.remove.end(), entry.first) !=
           annotations.remove.end();
  });
  annotations.set = metadata::SaidBefore(outline.metadata, annotations.set);
  TEMPERA_ASSIGN_OR_RETURN(const std::string annotated, onnx::Annotate(bytes, annotations, options.model));
  const std::span<const uint8_t> written(reinterpret_cast<const uint8_t*>(annotated.data()),
                                         annotated.size());
  const Status status = CheckAnnotated(options, annotations, bytes, written, !outline.external_files.empty());
  if (!status.ok()) {
    TEMPERA_ASSIGN_OR_RETURN(const Metadata as_options,
                             options.picture.AsMetadata());  // --set keeps its words
    return Status(status.code(), InOptions(status.message(), as_options));
  }
  return WriteWholeFile(options.output, annotated);
}

}  // namespace

Run SetUpAnnotate(CLI::App& verb) {
  auto options = std::make_shared<AnnotateOptions>();
  verb.add_option("MODEL", options->model, "A .onnx file or a bundled style; it is only read")
      ->required()
      ->type_name("");
  verb.add_option("-o,--output", options->output, "The same model, with what is said here")
      ->required()
      ->type_name("FILE.onnx");
  options->picture.AddTo(verb);
  for (KeyOption& o : options->keys) o.option = verb.add_option(o.name, o.text, o.does)->type_name(o.type);
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
    std::error_code ignored;
    // A pipe is read once, by whoever wants all of it.
    const bool is_pipe = std::filesystem::is_fifo(options->model, ignored);
    const Result<std::string> model = is_pipe ? options->model : FindModel(options->model);
    if (!model.ok()) return Fail(model.status());
    options->model = *model;
    const Status status = WriteAnnotated(*options, *annotations);
    return status.ok() ? kExitOk : Fail(status);
  };
}

}  // namespace tempera::cli
