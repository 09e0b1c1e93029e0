#include "src/metadata/mask_model.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "src/base/text/number_text.h"
#include "src/engine/precision/input_shapes.h"
#include "src/graph/rewrite.h"
#include "src/metadata/public_masks.h"
#include "src/metadata/recognise_values.h"
#include "src/onnx/quote.h"
#include "src/ops/specialize.h"

namespace tempera::metadata {
namespace {

using graph::Graph;
using graph::ValueId;

// Open vocabularies have some thousands; each is given a name.
constexpr int64_t kMostClasses = 4096;

constexpr std::string_view kState = "tempera.state.";

std::string Refusal(const std::string& name) { return name + " makes no mask of a picture"; }

std::string Listed(const Graph& model, const std::vector<ValueId>& values) {
  constexpr size_t kMost = 8;
  std::string text;
  for (size_t i = 0; i < values.size() && i < kMost; ++i)
    text += (i > 0 ? ", " : "") + onnx::Quote(model.value(values[i]).name);
  return text + (values.size() > kMost ? " and " + std::to_string(values.size() - kMost) + " more" : "");
}

std::optional<size_t> Find(const Graph& model, const std::vector<ValueId>& values, std::string_view name) {
  const auto at =
      std::find_if(values.begin(), values.end(), [&](ValueId v) { return model.value(v).name == name; });
  if (at == values.end()) return std::nullopt;
  return static_cast<size_t>(at - values.begin());
}

// Whether metadata tempera.state. names the output as where a state comes from, or the input as where to.
bool IsSource(const Graph& model, const std::string& output) {
  return FindMetadata(model, std::string(kState) + output) != nullptr;
}
bool IsTarget(const Graph& model, std::string_view input) {
  return std::any_of(model.metadata.begin(), model.metadata.end(), [&](const auto& entry) {
    return entry.first.starts_with(kState) && entry.second == input;
  });
}

// r1o comes back as r1i, an "out" as its "in": where names say so, metadata does not have to.
std::optional<std::string> SourceByName(const Graph& model, std::string_view input) {
  constexpr std::pair<std::string_view, std::string_view> kEnds[] = {{"in", "out"}, {"i", "o"}};
  for (const auto& [in, out] : kEnds) {
    if (input.size() <= in.size() || !input.ends_with(in)) continue;
    const std::string output = std::string(input.substr(0, input.size() - in.size())) + std::string(out);
    if (Find(model, model.outputs, output) && !IsSource(model, output)) return output;
  }
  return std::nullopt;
}

void LinkStates(Graph* model, std::vector<std::string>* notices) {
  if (model->inputs.size() < 2) return;
  std::string linked;
  for (const ValueId input : model->inputs) {
    const std::string& name = model->value(input).name;
    if (model->value(input).constant || IsTarget(*model, name)) continue;
    const auto source = SourceByName(*model, name);
    if (!source) continue;
    linked += (linked.empty() ? "" : ", ") + onnx::Quote(*source) + " as " + onnx::Quote(name);
    model->metadata.emplace_back(std::string(kState) + *source, name);
  }
  if (!linked.empty()) notices->push_back("by their names, states come back: " + linked);
}

constexpr const char* kRatioInput = "downsample_ratio";
constexpr const char* kRatioKey = "tempera.mask.downsample_ratio";

// One number that sizes follow from: no input of a plan, but a constant of it.
Status TakeRatio(const std::string& name, Graph* model, MaskModel* out) {
  const auto input = Find(*model, model->inputs, kRatioInput);
  const std::string* told = FindMetadata(*model, kRatioKey);
  if (!input && told == nullptr) return OkStatus();
  if (!input)
    return Unsupported(name + ": metadata " + kRatioKey + " is of an input " + kRatioInput +
                       ", which it has not");
  if (told != nullptr) {
    float ratio = 0;
    if (!ParseNumber(*told, &ratio) || !(ratio > 0 && ratio <= 1))
      return CorruptModel(name + ": metadata " + kRatioKey + " is " + onnx::Quote(*told) +
                          ", not above 0 and up to 1");
    out->told_ratio = ratio;
  }
  const ValueId value = model->inputs[*input];
  const std::vector<onnx::Dim>& dims = model->input_dims[*input];
  const bool one = dims.size() <= 1 && (dims.empty() || dims[0].value <= 1);
  if (!one || model->value(value).info.dtype != DataType::kFloat32)
    return Unsupported(Refusal(name) + ": input " + onnx::Quote(kRatioInput) + " is not one float32");
  // A scalar that the file gives a default stays one; what sizes follow from is concatenated, so that one
  // without a rank is taken for a list.
  const auto& given = model->value(value).constant;
  TEMPERA_ASSIGN_OR_RETURN(Tensor number,
                           Tensor::Create(DataType::kFloat32, given ? given->shape() : Shape{1}));
  *number.data<float>() = 1;
  model->value(value).constant = std::move(number);
  model->inputs.erase(model->inputs.begin() + static_cast<ptrdiff_t>(*input));
  model->input_dims.erase(model->input_dims.begin() + static_cast<ptrdiff_t>(*input));
  out->ratio = value;
  return OkStatus();
}

// The mask first, then what states come from; nothing else is computed.
Status ChooseOutput(const std::string& name, Graph* model) {
  if (model->outputs.empty()) return Unsupported(Refusal(name) + ": it has no output");
  std::optional<size_t> chosen;
  if (const std::string* told = FindMetadata(*model, "tempera.mask.output")) {
    chosen = Find(*model, model->outputs, *told);
    int64_t number = 0;
    if (!chosen && ParseNumber(*told, &number) && number >= 0 &&
        number < static_cast<int64_t>(model->outputs.size()))
      chosen = static_cast<size_t>(number);
    if (!chosen) {
      return CorruptModel(name + ": metadata tempera.mask.output is " + onnx::Quote(*told) +
                          "; its outputs are " + Listed(*model, model->outputs));
    }
  }
  // Matting networks give the colours of what is in front as well, mostly first.
  for (const char* usual : {"pha", "alpha", "matte"}) {
    if (!chosen) chosen = Find(*model, model->outputs, usual);
  }
  for (size_t i = 0; i < model->outputs.size() && !chosen; ++i) {
    if (!IsSource(*model, model->value(model->outputs[i]).name)) chosen = i;
  }
  std::vector<ValueId> kept = {model->outputs[chosen.value_or(0)]};
  for (const ValueId v : model->outputs) {
    if (v != kept[0] && IsSource(*model, model->value(v).name)) kept.push_back(v);
  }
  model->outputs = std::move(kept);
  graph::RemoveDeadNodes(*model);
  return OkStatus();
}

Status CheckInputs(const Graph& model, const std::string& name) {
  std::vector<ValueId> left;
  for (const ValueId input : model.inputs) {
    const std::string& of = model.value(input).name;
    if (FindMetadata(model, "tempera.param." + of) != nullptr)
      return Unsupported(Refusal(name) + ": its input " + onnx::Quote(of) + " is a parameter");
    if (!IsTarget(model, of)) left.push_back(input);
  }
  if (left.size() == 1) return OkStatus();
  return Unsupported(Refusal(name) + ": it has " + std::to_string(left.size()) + " inputs" +
                     (left.empty() ? "" : ", " + Listed(model, left)) +
                     "; one, the picture, is needed, beside states that metadata tempera.state. names");
}

bool ClassesAreTold(const Graph& model) {
  return FindMetadata(model, "tempera.mask.class") != nullptr ||
         FindMetadata(model, "tempera.mask.classes") != nullptr;
}

// What paints gives three channels or four, and nothing says that they are classes.
Status CheckIsNoPicture(const PictureModel& found, const std::string& name) {
  const int64_t channels = found.out.channels;
  if (!found.has_ends || (channels != 3 && channels != 4)) return OkStatus();
  if (ClassesAreTold(*found.graph) || EndsInClasses(*found.graph)) return OkStatus();
  return Unsupported(Refusal(name) + ": its output " +
                     onnx::Quote(found.graph->value(found.graph->outputs[0]).name) + " has " +
                     std::to_string(channels) +
                     " channels, as pictures have; where these are classes, metadata tempera.mask.classes "
                     "or tempera.mask.class says so");
}

Status ReadMeaning(const Graph& as_in_file, const std::string& name, MaskModel* out) {
  RecognisedMeaning found = RecogniseMaskMeaning(as_in_file, out->out.dtype, out->out.channels);
  out->meaning = found.meaning;
  if (const std::string* text = FindMetadata(as_in_file, "tempera.mask.values")) {
    if (!ParseMaskValues(*text, &out->meaning)) {
      return CorruptModel(name + ": metadata tempera.mask.values is " + onnx::Quote(*text) +
                          ", not logits, index or two numbers like 0..1");
    }
  } else if (!found.guess.empty()) {
    out->metadata.notices.push_back(found.guess + "; metadata tempera.mask.values says otherwise");
  }
  const bool index = out->meaning.are == MaskNumbers::kIndex;
  if (index && out->out.channels != 1) {
    return Unsupported(Refusal(name) + ": numbers of classes come in one channel, and it has " +
                       std::to_string(out->out.channels));
  }
  return OkStatus();
}

}  // namespace

Result<MaskModel> ReadMaskModel(std::shared_ptr<const Graph> model, const std::string& name) {
  MaskModel out;
  auto graph = std::make_shared<Graph>(*model);
  std::vector<std::string> notices;
  LinkStates(graph.get(), &notices);
  TEMPERA_RETURN_IF_ERROR(TakeRatio(name, graph.get(), &out));
  const size_t outputs = model->outputs.size();
  TEMPERA_RETURN_IF_ERROR(ChooseOutput(name, graph.get()));
  TEMPERA_RETURN_IF_ERROR(CheckInputs(*graph, name));
  TEMPERA_ASSIGN_OR_RETURN(ModelMetadata metadata, ReadModelMetadata(*graph, name));
  const size_t picture = metadata.picture_input;
  TEMPERA_ASSIGN_OR_RETURN(PictureModel found, WithPictureEnds({graph, metadata}, Makes::kPlanes, name));
  if (!found.has_ends && !found.gives_instead.empty())
    return Unsupported(Refusal(name) + ": " + found.gives_instead);
  const bool told = metadata.said.in || RecogniseInput(*graph, picture).range;
  if (found.has_ends && !told) {
    const size_t masks = outputs - (graph->outputs.size() - 1);
    const MaskInput input = RecogniseMaskInput(*graph, picture, masks, found.in, found.out);
    for (const auto& entry : input.said) graph->metadata.push_back(entry);
    TEMPERA_ASSIGN_OR_RETURN(metadata, ReadModelMetadata(*graph, name));
    TEMPERA_ASSIGN_OR_RETURN(found, WithPictureEnds({graph, metadata}, Makes::kPlanes, name));
    if (!input.notice.empty()) notices.push_back(input.notice);
  }
  out.in = found.in, out.out = found.out, out.has_ends = found.has_ends;
  out.metadata = std::move(found.metadata);
  out.metadata.notices.insert(out.metadata.notices.end(), notices.begin(), notices.end());
  TEMPERA_RETURN_IF_ERROR(CheckIsNoPicture(found, name));
  TEMPERA_RETURN_IF_ERROR(ReadMeaning(*graph, name, &out));
  out.graph = std::move(found.graph);
  return out;
}

Result<std::shared_ptr<const Graph>> GraphFor(const MaskModel& model, int64_t height, int64_t width) {
  if (!model.ratio) return model.graph;
  // What the first stage sees is at most so large, as robust video matting's own command has it.
  constexpr float kLongSide = 512;
  const auto side = static_cast<float>(std::max<int64_t>(std::max(height, width), 1));
  auto graph = std::make_shared<Graph>(*model.graph);
  graph::Value& value = graph->value(*model.ratio);
  TEMPERA_ASSIGN_OR_RETURN(Tensor number, Tensor::Create(DataType::kFloat32, value.constant->shape()));
  *number.data<float>() = model.told_ratio.value_or(std::min(1.0f, kLongSide / side));
  value.constant = std::move(number);
  return std::shared_ptr<const Graph>(std::move(graph));
}

Result<MaskOutput> ProbeMask(const MaskModel& model, int64_t height, int64_t width, const std::string& name) {
  const auto named = [&](const Status& why) { return Status(why.code(), name + ": " + why.message()); };
  auto made = GraphFor(model, height, width);
  if (!made.ok()) return named(made.status());
  const Graph& graph = **made;
  auto shapes = engine::InputShapesFor(graph, {1, 3, height, width}, model.metadata.picture_input,
                                       model.metadata.states);
  if (!shapes.ok()) return named(shapes.status());
  std::vector<TensorInfo> inputs;
  for (size_t i = 0; i < shapes->size(); ++i)
    inputs.push_back({graph.value(graph.inputs[i]).info.dtype, (*shapes)[i]});
  const Result<Graph> specialized = ops::Specialize(graph, inputs);
  if (!specialized.ok()) return named(specialized.status());
  const graph::Value& output = specialized->value(specialized->outputs[0]);
  const Shape& shape = output.info.shape;
  if (output.info.dtype != DataType::kFloat32 || shape.size() != 4 || shape[0] != 1 || shape[1] < 1 ||
      !FollowsAsMask(shape[2], shape[3], height, width)) {
    return Unsupported(Refusal(name) + ": its output " + onnx::Quote(output.name) + " is " +
                       DataTypeName(output.info.dtype) + " " + ShapeToString(shape) +
                       " (needed: float32 [1, channels, H, W])");
  }
  MaskOutput out = {std::move(*shapes), shape, shape[1]};
  if (model.meaning.are == MaskNumbers::kIndex) out.classes = ClassesBehindArgMax(*specialized);
  if (out.classes > kMostClasses) {
    return Unsupported(name + " tells " + std::to_string(out.classes) + " classes apart; at most " +
                       std::to_string(kMostClasses) + " are taken");
  }
  return out;
}

}  // namespace tempera::metadata
