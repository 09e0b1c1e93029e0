#include "src/metadata/picture_model.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "src/base/checked_math.h"
#include "src/engine/precision/input_shapes.h"
#include "src/metadata/picture_ends.h"
#include "src/metadata/recognise_values.h"
#include "src/onnx/quote.h"
#include "src/ops/specialize.h"

namespace tempera::metadata {
namespace {

using graph::Graph;

bool ServesAsPicture(DataType dtype, Makes makes = Makes::kPainting) {
  if (dtype == DataType::kBool) return makes == Makes::kPlanes;
  constexpr DataType kTypes[] = {
      DataType::kFloat32, DataType::kFloat16, DataType::kBfloat16, DataType::kFloat64, DataType::kUint8,
      DataType::kInt8,    DataType::kUint16,  DataType::kInt16,    DataType::kInt32,   DataType::kInt64};
  return std::find(std::begin(kTypes), std::end(kTypes), dtype) != std::end(kTypes);
}

struct Extent {
  int64_t height, width;
};

// Of a tensor of this form.
Shape ShapeOf(const PictureForm& form, const Extent& extent) {
  Shape shape = {extent.height, extent.width};
  if (form.rank > 2) shape.insert(form.at == Channels::kFirst ? shape.begin() : shape.end(), form.channels);
  if (form.rank > 3) shape.insert(shape.begin(), 1);
  return shape;
}

// Which forms a declared input may have, the likeliest first: what the file says of the channels goes before
// what it leaves open, three of them before one and four, channels first before channels last.
std::vector<PictureForm> FormsOf(const std::vector<onnx::Dim>& dims, DataType dtype,
                                 const SaidOfPicture& said) {
  std::vector<PictureForm> declared, open;
  const size_t rank = dims.empty() ? 4 : dims.size();
  if (rank < 3 || rank > 4 || !ServesAsPicture(dtype)) return {};
  if (rank == 4 && !dims.empty() && dims[0].value > 1) return {};
  for (const int64_t channels : {3, 1, 4}) {
    for (const Channels at : {Channels::kFirst, Channels::kLast}) {
      if (said.channels_in && *said.channels_in != at) continue;
      const int64_t there = dims.empty() ? -1 : dims[at == Channels::kFirst ? rank - 3 : rank - 1].value;
      if (there >= 0 && there != channels) continue;
      (there < 0 ? open : declared).push_back({at, channels, rank, dtype});
    }
  }
  declared.insert(declared.end(), open.begin(), open.end());
  return declared;
}

// Nobody makes networks for pictures that small; with so many channels they do.
constexpr int64_t kLeastExtent = 8;
// As frames have it.
constexpr int64_t kMostExtent = 16384;

// The size that is tried: what the file declares, else one that five halvings divide, wider than high, so
// that height and width are told apart.
Extent ExtentOf(const PictureForm& form, const std::vector<onnx::Dim>& dims, int multiple) {
  Extent extent = {RoundUp(int64_t{64}, int64_t{multiple}), 0};
  extent.width = extent.height + RoundUp(int64_t{32}, int64_t{multiple});
  if (dims.size() != form.rank) return extent;
  const size_t height = form.rank - 2 - (form.at == Channels::kLast ? 1 : 0);
  if (dims[height].value > 0) extent.height = dims[height].value;
  if (dims[height + 1].value > 0) extent.width = dims[height + 1].value;
  return extent;
}

// The form of an output where it is a picture of about this size.
std::optional<PictureForm> FormOfOutput(const TensorInfo& info, const Extent& in, Makes makes,
                                        const SaidOfPicture& said) {
  const Shape& shape = info.shape;
  if (!ServesAsPicture(info.dtype, makes) || shape.size() < 2 || shape.size() > 4) return std::nullopt;
  if (shape.size() == 4 && shape[0] != 1) return std::nullopt;
  const auto follows = [&](int64_t height, int64_t width) {
    if (makes == Makes::kPlanes) return FollowsAsMask(height, width, in.height, in.width);
    // As Stylizer has it.
    const auto near = [](int64_t n, int64_t extent) { return n >= extent / 8 && n <= 8 * extent; };
    return near(height, in.height) && near(width, in.width);
  };
  std::vector<PictureForm> forms;
  for (const Channels at : {Channels::kFirst, Channels::kLast}) {
    if (said.channels_out && *said.channels_out != at && shape.size() > 2) continue;
    const size_t height = shape.size() - 2 - (at == Channels::kLast && shape.size() > 2 ? 1 : 0);
    const int64_t channels =
        shape.size() == 2 ? 1 : shape[at == Channels::kFirst ? shape.size() - 3 : shape.size() - 1];
    if (makes == Makes::kPainting && channels != 1 && channels != 3 && channels != 4) continue;
    if (!follows(shape[height], shape[height + 1])) continue;
    forms.push_back({at, channels, shape.size(), info.dtype});
    // A picture of its input's proportions is that and nothing else.
    if (shape[height] * in.width == shape[height + 1] * in.height) return forms.back();
  }
  return forms.empty() ? std::nullopt : std::optional<PictureForm>(forms.front());
}

class EndFinder {
 public:
  EndFinder(const PictureModel& model, Makes makes) : model_(model), makes_(makes) {}

  // The forms of both ends with which the graph runs; false: none were found.
  bool Find() {
    const Graph& graph = *model_.graph;
    const size_t picture = model_.metadata.picture_input;
    const std::vector<onnx::Dim>& dims = graph.input_dims[picture];
    const DataType dtype = graph.value(graph.inputs[picture]).info.dtype;
    for (const PictureForm& form : FormsOf(dims, dtype, model_.metadata.said)) {
      const Extent extent = ExtentOf(form, dims, model_.metadata.size_multiple);
      // Channels would pass for a picture three pixels wide.
      if (std::min(extent.height, extent.width) < kLeastExtent) continue;
      if (std::max(extent.height, extent.width) > kMostExtent) continue;
      const auto output = OutputFor(ShapeOf(form, extent));
      if (!output.ok()) continue;
      const auto made = FormOfOutput(*output, extent, makes_, model_.metadata.said);
      if (!made) {
        if (gives_instead_.empty() && form != PictureForm{}) {
          gives_instead_ = "its output " + onnx::Quote(graph.value(graph.outputs[0]).name) + " is " +
                           DataTypeName(output->dtype) + " " + ShapeToString(output->shape);
        }
        continue;
      }
      in_ = form, out_ = *made;
      return true;
    }
    return false;
  }
  const PictureForm& in() const { return in_; }
  const PictureForm& out() const { return out_; }
  const std::string& gives_instead() const { return gives_instead_; }

 private:
  Result<TensorInfo> OutputFor(const Shape& picture) const {
    const Graph& graph = *model_.graph;
    TEMPERA_ASSIGN_OR_RETURN(
        const std::vector<Shape> shapes,
        engine::InputShapesFor(graph, picture, model_.metadata.picture_input, model_.metadata.states));
    std::vector<TensorInfo> inputs;
    for (size_t i = 0; i < shapes.size(); ++i)
      inputs.push_back({graph.value(graph.inputs[i]).info.dtype, shapes[i]});
    TEMPERA_ASSIGN_OR_RETURN(const Graph concrete, ops::Specialize(graph, inputs));
    return concrete.value(concrete.outputs[0]).info;
  }

  const PictureModel& model_;
  Makes makes_;
  PictureForm in_, out_;
  std::string gives_instead_;
};

bool HasHalves(const Graph& graph) {
  return std::any_of(graph.values.begin(), graph.values.end(), [](const graph::Value& value) {
    const DataType dtype = value.constant ? value.constant->dtype() : value.info.dtype;
    return dtype == DataType::kFloat16 || dtype == DataType::kBfloat16;
  });
}

}  // namespace

Result<std::shared_ptr<const Graph>> WithoutHalves(std::shared_ptr<const Graph> model) {
  if (!HasHalves(*model)) return model;
  auto wide = std::make_shared<Graph>(*model);
  TEMPERA_RETURN_IF_ERROR(WidenHalves(wide.get()));
  return std::shared_ptr<const Graph>(std::move(wide));
}

namespace {

// Where the layout that was said is what keeps the ends from being found.
Status CheckLayout(PictureModel model, Makes makes, const std::string& name) {
  SaidOfPicture& said = model.metadata.said;
  if (!said.channels_in && !said.channels_out) return OkStatus();
  const bool asks_last = said.channels_in == Channels::kLast || said.channels_out == Channels::kLast;
  const bool asks_both = said.channels_in != said.channels_out;
  said.channels_in = said.channels_out = std::nullopt;
  if (!asks_last && !EndFinder(model, makes).Find()) return OkStatus();
  return Unsupported(name + ": it takes and gives no pictures whose channels are " +
                     (asks_both   ? "first and last in turns"
                      : asks_last ? "last"
                                  : "first") +
                     ", as metadata tempera.layout says");
}

void TellOfChannels(const PictureForm& in, const PictureForm& out, PictureModel* model) {
  const std::string* standard = FindMetadata(*model->graph, "Image.BitmapPixelFormat");
  const auto says = [&](const char* text) { return standard != nullptr && *standard == text; };
  if (out.channels == 1 && in.channels != 1 && !says("Gray8"))
    model->metadata.notices.push_back("one channel comes out: it is painted grey");
  if (out.channels == 4 && in.channels != 4 && !says("Rgba8") && !says("Bgra8"))
    model->metadata.notices.push_back("four channels come out: the fourth is taken for transparency");
}

}  // namespace

Result<PictureModel> WithPictureEnds(PictureModel model, Makes makes, const std::string& name) {
  if (model.graph->outputs.empty()) return model;
  EndFinder ends(model, makes);
  if (!ends.Find()) {
    TEMPERA_RETURN_IF_ERROR(CheckLayout(model, makes, name));
    model.gives_instead = ends.gives_instead();
    return model;
  }
  model.has_ends = true;
  const PictureForm in = ends.in(), out = ends.out();
  model.in = in, model.out = out;
  const bool planes = makes == Makes::kPlanes;
  if (!planes) TellOfChannels(in, out, &model);
  const bool gives_as_it_is =
      planes ? out.at == Channels::kFirst && out.rank == 4 && out.dtype == DataType::kFloat32
             : out == PictureForm{};
  if (in == PictureForm{} && gives_as_it_is) return model;
  auto graph = std::make_shared<Graph>(*model.graph);
  if (!gives_as_it_is) TEMPERA_RETURN_IF_ERROR(GivePicture(out, planes, &model.metadata, graph.get()));
  TEMPERA_RETURN_IF_ERROR(TakePicture(in, model.metadata, graph.get()));
  model.graph = std::move(graph);
  return model;
}

bool FollowsAsMask(int64_t height, int64_t width, int64_t of_height, int64_t of_width) {
  const auto near = [](int64_t n, int64_t extent) { return n >= extent / 32 && n <= 8 * extent; };
  if (!near(height, of_height) || !near(width, of_width)) return false;
  // What is rounded from a few pixels is off by up to half; a row of boxes by far more.
  const double along = static_cast<double>(height) * static_cast<double>(of_width),
               across = static_cast<double>(width) * static_cast<double>(of_height);
  return along <= 2 * across && across <= 2 * along;
}

Shape ShapeInFile(const PictureForm& form, const Shape& as_painted) {
  if (as_painted.size() != 4) return as_painted;
  return ShapeOf(form, {as_painted[2], as_painted[3]});
}

Status CheckPaints(const Graph& model, const std::string& name) {
  constexpr const char* kCure = "; open it as a mask network (tempera_mask_open_file)";
  for (const auto& [key, value] : model.metadata) {
    if (key.starts_with("tempera.mask."))
      return Unsupported(name + " is a mask network, metadata " + onnx::Quote(key) +
                         " says, and paints nothing" + kCure);
  }
  const auto classes = EndsInClasses(model);
  if (!classes) return OkStatus();
  return Unsupported(name + " does not turn a picture into a picture: it ends in " + *classes +
                     ", classes and no colours" + kCure);
}

}  // namespace tempera::metadata
