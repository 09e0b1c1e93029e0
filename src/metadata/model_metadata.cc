#include "src/metadata/model_metadata.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "src/base/text/number_text.h"
#include "src/metadata/recognise_values.h"
#include "src/metadata/style_names.h"
#include "src/onnx/quote.h"

namespace tempera::metadata {
namespace {

using graph::Graph;

constexpr std::string_view kParameterPrefix = "tempera.param.", kStatePrefix = "tempera.state.";

std::optional<size_t> Find(const Graph& model, const std::vector<graph::ValueId>& ids,
                           std::string_view name) {
  for (size_t i = 0; i < ids.size(); ++i) {
    if (model.value(ids[i]).name == name) return i;
  }
  return std::nullopt;
}

bool SameRange(const engine::ValueRange& a, const engine::ValueRange& b) {
  return a.low == b.low && a.high == b.high;
}

// What Windows ML and its converters write beside a picture's description.
Status ReadStandardMetadata(const Graph& model, const std::string& name, SaidOfPicture* said,
                            std::vector<std::string>* notices) {
  if (const std::string* text = FindMetadata(model, "Image.NominalPixelRange")) {
    constexpr std::pair<std::string_view, engine::ValueRange> kRanges[] = {
        {"NominalRange_0_255", {0, 255}},
        {"Normalized_0_1", {0, 1}},
        {"Normalized_1_1", {-1, 1}},
        {"NominalRange_16_235", {16, 235}}};
    const auto found = std::find_if(std::begin(kRanges), std::end(kRanges),
                                    [&](const auto& range) { return range.first == *text; });
    // What is not known does not matter where tempera's own key goes before it.
    if (found == std::end(kRanges) && FindMetadata(model, "tempera.value_range") == nullptr) {
      return Unsupported(name + ": metadata Image.NominalPixelRange is " + onnx::Quote(*text) +
                         ", which is not known; say it with metadata tempera.value_range");
    }
    if (found != std::end(kRanges)) said->in = said->out = found->second;
  }
  if (const std::string* text = FindMetadata(model, "Image.BitmapPixelFormat")) {
    constexpr std::string_view kKnown[] = {"Bgr8", "Bgra8", "Rgb8", "Rgba8", "Gray8"};
    const bool known = std::find(std::begin(kKnown), std::end(kKnown), *text) != std::end(kKnown);
    if (!known && FindMetadata(model, "tempera.layout") == nullptr) {
      return Unsupported(name + ": metadata Image.BitmapPixelFormat is " + onnx::Quote(*text) +
                         ", which is not known; say it with metadata tempera.layout");
    }
    said->bgr_in = said->bgr_out = text->starts_with("Bgr");
  }
  const std::string* gamma = FindMetadata(model, "Image.ColorSpaceGamma");
  if (gamma != nullptr && *gamma == "Linear") {
    notices->push_back(
        "it asks for linear light (Image.ColorSpaceGamma): it is given the picture's own values");
  }
  return OkStatus();
}

Status ReadMeanAndDeviation(const Graph& model, const std::string& name, SaidOfPicture* said) {
  for (const auto& [key, to] : {std::pair{"tempera.mean", &said->mean}, {"tempera.std", &said->deviation}}) {
    const std::string* text = FindMetadata(model, key);
    if (text == nullptr) continue;
    *to = ParseThreeNumbers(*text);
    const bool above_zero = *to && std::all_of((*to)->begin(), (*to)->end(), [](float x) { return x > 0; });
    if (*to && (above_zero || to == &said->mean)) continue;
    return CorruptModel(name + ": metadata " + key + " is " + onnx::Quote(*text) +
                        (to == &said->mean ? ", not one number or three like 0.485, 0.456, 0.406"
                                           : ", not one number above 0 or three like 0.229, 0.224, 0.225"));
  }
  return OkStatus();
}

Status ReadPictureFormat(const Graph& model, const std::string& name, ModelMetadata* out) {
  SaidOfPicture& said = out->said;
  TEMPERA_RETURN_IF_ERROR(ReadStandardMetadata(model, name, &said, &out->notices));
  if (const std::string* text = FindMetadata(model, "tempera.value_range")) {
    if (!ParseValueRanges(*text, &said)) {
      return CorruptModel(name + ": metadata tempera.value_range is " + onnx::Quote(*text) +
                          ", not two numbers like 0..255, or 0..1, -1..1 where the painting's differ");
    }
  }
  TEMPERA_RETURN_IF_ERROR(ReadMeanAndDeviation(model, name, &said));
  if (said.mean || said.deviation) {
    const engine::ValueRange base = BaseOfMean(said);
    if (said.in && !SameRange(*said.in, base) && FindMetadata(model, "tempera.value_range") == nullptr) {
      out->notices.push_back("its mean and deviation are of pictures of " + RangeText(base) +
                             ", whatever Image.NominalPixelRange says; metadata tempera.value_range says "
                             "otherwise, like " +
                             RangeText(*said.in));
      said.in = base;
    }
    if (!said.in) said.in = base;
  }
  if (const std::string* layout = FindMetadata(model, "tempera.layout")) {
    if (!ParseLayout(*layout, &said)) {
      return Unsupported(name + ": metadata tempera.layout is " + onnx::Quote(*layout) +
                         "; known are NCHW or NHWC, and RGB or BGR, like 'NHWC RGB'");
    }
  }
  if (const std::string* text = FindMetadata(model, "tempera.size_multiple")) {
    int64_t number = 0;
    if (!ParseNumber(*text, &number) || number < 1 || number > 256) {
      return CorruptModel(name + ": metadata tempera.size_multiple is " + onnx::Quote(*text) +
                          ", not 1 to 256");
    }
    out->size_multiple = static_cast<int>(number);
  }
  return OkStatus();
}

// How many numbers an input takes, as declared: a batch may be open, all else is said.
Result<size_t> ElementsOf(const Graph& model, size_t input) {
  const graph::Value& value = model.value(model.inputs[input]);
  const auto refuse = [&](const std::string& why) {
    return Unsupported("input " + onnx::Quote(value.name) + ", a parameter, " + why +
                       " (needed: float32 of 1 to " + std::to_string(kMostElements) + " numbers)");
  };
  if (value.info.dtype != DataType::kFloat32)
    return refuse(std::string("is ") + DataTypeName(value.info.dtype));
  int64_t count = 1;
  for (size_t i = 0; i < model.input_dims[input].size(); ++i) {
    const int64_t dim = model.input_dims[input][i].value;
    if (dim < 0 && i == 0 && model.input_dims[input].size() > 1) continue;
    if (dim < 1 || dim > static_cast<int64_t>(kMostElements))
      return refuse("has no size that is said and serves");
    count *= dim;
    if (count > static_cast<int64_t>(kMostElements)) return refuse("has too many numbers");
  }
  return static_cast<size_t>(count);
}

Status ReadParameter(const Graph& model, const std::string& input, const std::string& text,
                     ModelMetadata* out) {
  const std::optional<size_t> index = Find(model, model.inputs, input);
  if (!index) {
    return CorruptModel("metadata tempera.param." + onnx::Quote(input) + " names no input of the graph");
  }
  TEMPERA_ASSIGN_OR_RETURN(const size_t elements, ElementsOf(model, *index));
  std::vector<float> given;
  const auto& tensor = model.value(model.inputs[*index]).constant;
  if (tensor && tensor->dtype() == DataType::kFloat32) {
    given.assign(tensor->data<float>(), tensor->data<float>() + tensor->element_count());
  }
  TEMPERA_ASSIGN_OR_RETURN(Parameter parameter, ParseParameter(input, text, elements, given));
  parameter.input = static_cast<int>(*index);
  const auto same = std::find_if(out->parameters.begin(), out->parameters.end(),
                                 [&](const Parameter& p) { return p.name == parameter.name; });
  const bool built_in = same != out->parameters.end() && same->input < 0;
  if (same != out->parameters.end() && !built_in) {
    return CorruptModel("metadata tempera.param." + onnx::Quote(input) + " stands there twice");
  }
  if (built_in) {
    if (elements != 1) return Unsupported("parameter " + onnx::Quote(input) + " must be one number");
    *same = std::move(parameter);
    return OkStatus();
  }
  if (out->parameters.size() == kMostParameters) {
    return Unsupported("more than 64 parameters of its own");
  }
  out->parameters.push_back(std::move(parameter));
  return OkStatus();
}

Status ReadState(const Graph& model, const std::string& output, const std::string& input,
                 ModelMetadata* out) {
  const std::optional<size_t> from = Find(model, model.outputs, output),
                              to = Find(model, model.inputs, input);
  if (!from || !to) {
    return CorruptModel("metadata tempera.state." + onnx::Quote(output) + " = " + onnx::Quote(input) +
                        " does not name an output and an input of the graph");
  }
  for (const engine::StateLink& other : out->states) {
    if (other.output != *from && other.input != *to) continue;
    return CorruptModel("metadata tempera.state." + onnx::Quote(output) + " names what another state has");
  }
  out->states.push_back({*from, *to});
  return OkStatus();
}

// The one input that nothing else names.
Result<size_t> FindPictureInput(const Graph& model, const std::string& name, const ModelMetadata& metadata) {
  std::vector<bool> named(model.inputs.size());
  for (const Parameter& p : metadata.parameters) {
    if (p.input >= 0) named[static_cast<size_t>(p.input)] = true;
  }
  for (const engine::StateLink& s : metadata.states) {
    if (named[s.input]) {
      return CorruptModel(name + ": metadata names input " +
                          onnx::Quote(model.value(model.inputs[s.input]).name) +
                          " as a parameter and as a state");
    }
    named[s.input] = true;
  }
  const auto left = std::count(named.begin(), named.end(), false);
  if (left != 1) {
    return Unsupported(
        name + ": it has " + std::to_string(left) +
        " inputs that no metadata tempera.param. or tempera.state. names; exactly one, the picture, "
        "is left unnamed");
  }
  return static_cast<size_t>(std::find(named.begin(), named.end(), false) - named.begin());
}

}  // namespace

std::vector<std::optional<engine::InputValues>> InputValuesOf(const Graph& model,
                                                              const ModelMetadata& metadata) {
  std::vector<std::optional<engine::InputValues>> all(model.inputs.size());
  for (const Parameter& p : metadata.parameters) {
    if (p.input < 0) continue;
    engine::InputValues& values = all[static_cast<size_t>(p.input)].emplace();
    values.shares = p.kind == TEMPERA_PARAMETER_WEIGHTS;
    values.low = values.shares ? 0 : p.minimum;
    values.high = values.shares ? 1 : p.maximum;
    values.initial.resize(p.defaults.size());
    GiveValues(p, p.defaults, values.initial.data());
  }
  return all;
}

const std::string* FindMetadata(const Graph& model, std::string_view key) {
  for (const auto& [name, value] : model.metadata) {
    if (name == key) return &value;
  }
  return nullptr;
}

namespace {

// All but which input is the picture.
Result<ModelMetadata> ReadAllKeys(const Graph& model, const std::string& name) {
  ModelMetadata metadata;
  metadata.parameters = BuiltInParameters();
  TEMPERA_RETURN_IF_ERROR(ReadPictureFormat(model, name, &metadata));
  for (const auto& [key, value] : model.metadata) {
    Status status;
    if (key.starts_with(kParameterPrefix)) {
      status = ReadParameter(model, key.substr(kParameterPrefix.size()), value, &metadata);
    } else if (key.starts_with(kStatePrefix)) {
      status = ReadState(model, key.substr(kStatePrefix.size()), value, &metadata);
    }
    if (!status.ok()) return Status(status.code(), name + ": " + status.message());
  }
  if (const std::string* styles = FindMetadata(model, "tempera.styles")) {
    const Status status = GiveShortNames(*styles, &metadata.parameters);
    if (!status.ok()) return Status(status.code(), name + ": " + status.message());
  }
  return metadata;
}

void SetInput(const engine::ValueRange& base, ModelMetadata* metadata) {
  metadata->in = InputFormat(metadata->said, base);
  metadata->opaque = base.high;
}

}  // namespace

Result<ModelMetadata> ReadModelMetadata(const Graph& model, const std::string& name) {
  TEMPERA_ASSIGN_OR_RETURN(ModelMetadata metadata, ReadAllKeys(model, name));
  TEMPERA_ASSIGN_OR_RETURN(metadata.picture_input, FindPictureInput(model, name, metadata));
  const SaidOfPicture& said = metadata.said;
  const auto told = said.in ? said.in : RecogniseInput(model, metadata.picture_input).range;
  SetInput(told.value_or(engine::ValueRange{}), &metadata);
  metadata.out.bgr = said.bgr_out.value_or(false);
  return metadata;
}

Status CheckMetadata(const Graph& model, const std::string& name) {
  return ReadAllKeys(model, name).status();
}

MetadataList SaidBefore(const MetadataList& old, const MetadataList& said) {
  const auto find = [](const MetadataList& list, std::string_view key) -> const std::string* {
    const auto at = std::find_if(list.begin(), list.end(), [&](const auto& e) { return e.first == key; });
    return at == list.end() ? nullptr : &at->second;
  };
  MetadataList result = said;
  const std::string* layout = find(old, "tempera.layout");
  for (auto& [key, value] : result) {
    if (key == "tempera.layout" && layout != nullptr) value = LayoutOver(value, *layout);
  }
  const std::string *mean = find(said, "tempera.mean"), *deviation = find(said, "tempera.std"),
                    *range = find(old, "tempera.value_range");
  const bool alone = find(old, "tempera.mean") == nullptr && find(old, "tempera.std") == nullptr;
  SaidOfPicture read;
  if ((mean == nullptr && deviation == nullptr) || range == nullptr || !alone ||
      find(said, "tempera.value_range") != nullptr || !ParseValueRanges(*range, &read))
    return result;
  if (mean != nullptr) read.mean = ParseThreeNumbers(*mean);
  if (deviation != nullptr) read.deviation = ParseThreeNumbers(*deviation);
  const engine::ValueRange base = BaseOfMean(read);
  if (!SameRange(base, *read.in))
    result.emplace_back("tempera.value_range", RangeText(base) + ", " + RangeText(*read.out));
  return result;
}

std::shared_ptr<const Graph> WithMetadata(std::shared_ptr<const Graph> model, const MetadataList& said) {
  if (said.empty()) return model;
  auto told = std::make_shared<Graph>(*model);
  for (const auto& entry : SaidBefore(model->metadata, said)) {
    std::erase_if(told->metadata, [&](const auto& old) { return old.first == entry.first; });
    told->metadata.push_back(entry);
  }
  return told;
}

namespace {

// Whether numbers that cannot leave `bounds` fill black to white as `said`.
bool Fills(const engine::ValueRange& bounds, const engine::ValueRange& said) {
  const float tolerance = 0.15f * (said.high - said.low);
  return std::abs(bounds.low - said.low) <= tolerance && std::abs(bounds.high - said.high) <= tolerance;
}

bool IsUsual(const engine::ValueRange& range) { return SameRange(range, engine::ValueRange{}); }

// What was guessed of the two ends.
void TellOfGuesses(const RecognisedValues& takes, const RecognisedValues& makes, const engine::ValueRange& in,
                   const engine::ValueRange& out, std::vector<std::string>* notices) {
  const auto cure = [](const engine::ValueRange& a, const engine::ValueRange& b) {
    return "; metadata tempera.value_range says otherwise, like " + RangeText(a) + "," + RangeText(b);
  };
  const engine::ValueRange usual, unit = {0, 1};
  const auto other = [&](const engine::ValueRange& range) { return IsUsual(range) ? unit : usual; };
  if (takes.by_type)
    notices->push_back("it is given pictures of " + RangeText(in) + " (" + takes.why + ")" +
                       cure(other(in), out));
  if (makes.by_type) {
    notices->push_back("its painting is " + RangeText(out) + " (" + makes.why + ")" + cure(in, other(out)));
  } else if (!takes.range && makes.range && !IsUsual(in)) {
    notices->push_back("its painting is " + RangeText(out) + " (" + makes.why +
                       "), so it is given pictures of " + RangeText(in) + cure(other(in), out));
  } else if (takes.range && !takes.by_type && !makes.range && !IsUsual(out)) {
    notices->push_back("it takes pictures of " + RangeText(in) + ", so its painting is read as " +
                       RangeText(out) + cure(in, other(out)));
  }
}

}  // namespace

void SettlePainting(const Graph& model, ModelMetadata* metadata) {
  const SaidOfPicture& said = metadata->said;
  const RecognisedValues takes =
      said.in ? RecognisedValues{said.in, ""} : RecogniseInput(model, metadata->picture_input);
  RecognisedValues makes = RecogniseOutput(model);
  const bool yields =
      said.out && !said.out_alone && makes.range && makes.bounds && !Fills(*makes.bounds, *said.out);
  if (yields) {
    metadata->notices.push_back("its painting is " + RangeText(*makes.range) + " (" + makes.why + "), not " +
                                RangeText(*said.out) +
                                "; metadata tempera.value_range says otherwise, like " + RangeText(*said.in) +
                                "," + RangeText(*said.out));
    makes.by_type = false;  // told already
  } else if (said.out) {
    makes = {said.out, ""};
  }
  // What a type can hold says nothing of the other end.
  const auto tells = [](const RecognisedValues& end) { return end.range && !end.by_type; };
  const engine::ValueRange usual,
      in = takes.range    ? *takes.range
           : tells(makes) ? *makes.range
                          : usual,
      out = makes.range    ? *makes.range
            : tells(takes) ? *takes.range
                           : usual;
  TellOfGuesses(takes, makes, in, out, &metadata->notices);
  SetInput(in, metadata);
  metadata->out.low.fill(out.low);
  metadata->out.high.fill(out.high);
  const engine::ValueRange alpha = RecogniseAlpha(model).range.value_or(out);
  metadata->alpha.low.fill(alpha.low);
  metadata->alpha.high.fill(alpha.high);
}

}  // namespace tempera::metadata
