#include "src/stylize/mask/masker.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "src/base/cpu.h"
#include "src/base/text/number_text.h"
#include "src/engine/facts/operators.h"
#include "src/engine/facts/ranges.h"
#include "src/metadata/picture_model.h"
#include "src/ops/specialize.h"
#include "src/stylize/picture_input.h"

namespace tempera::stylize {
namespace {

const graph::Node* ProducerOf(const graph::Graph& model, graph::ValueId value) {
  for (const graph::Node& node : model.nodes) {
    if (std::find(node.outputs.begin(), node.outputs.end(), value) != node.outputs.end()) return &node;
  }
  return nullptr;
}

// A bound of a Clip: an input from opset 11 on, an attribute before.
float BoundOf(const graph::Graph& model, const graph::Node& clip, size_t input, const char* attribute,
              float none) {
  if (clip.inputs.size() <= input || clip.inputs[input] == graph::kNoValue)
    return clip.attributes.Float(attribute, none);
  const auto& bound = model.value(clip.inputs[input]).constant;
  const bool known = bound && bound->dtype() == DataType::kFloat32 && bound->element_count() == 1;
  return known ? bound->data<float>()[0] : none;
}

// Whether a graph ends in what makes shares of a whole, however they are cut, turned and enlarged behind it:
// the numbers are then no logits.
bool EndsInShares(const graph::Graph& model) {
  graph::ValueId value = model.outputs[0];
  // As many steps as there are nodes: a graph has no circle.
  for (size_t i = 0; i < model.nodes.size(); ++i) {
    const graph::Node* node = ProducerOf(model, value);
    if (node == nullptr) return false;
    const engine::Shares shares = engine::FactsOf(node->op_type).shares;
    if (shares == engine::Shares::kAlways) return true;
    if (node->op_type == "Clip") {
      constexpr float kNone = std::numeric_limits<float>::infinity();
      return BoundOf(model, *node, 1, "min", -kNone) >= 0 && BoundOf(model, *node, 2, "max", kNone) <= 1;
    }
    if (shares != engine::Shares::kKept || node->inputs.empty()) return false;
    value = node->inputs[0];
  }
  return false;
}

uint8_t ToByte(float share) {
  share = share > 0 ? share : 0;  // false for NaN
  return static_cast<uint8_t>(255 * (share < 1 ? share : 1) + 0.5f);
}

}  // namespace

Result<std::unique_ptr<Masker>> Masker::Create(engine::ModelPtr model, std::string name,
                                               const StylizerOptions& options) {
  std::unique_ptr<Masker> m(new Masker(std::move(model), std::move(name), options));
  TEMPERA_ASSIGN_OR_RETURN(
      m->model_, metadata::WithoutHalves(metadata::WithMetadata(std::move(m->model_), options.metadata)));
  TEMPERA_ASSIGN_OR_RETURN(metadata::ModelMetadata metadata,
                           metadata::ReadModelMetadata(*m->model_, m->name_));
  const bool of_shares = EndsInShares(*m->model_);
  TEMPERA_ASSIGN_OR_RETURN(
      metadata::PictureModel with_ends,
      metadata::WithPictureEnds({m->model_, std::move(metadata)}, metadata::Makes::kPlanes, m->name_));
  m->model_ = std::move(with_ends.graph);
  metadata = std::move(with_ends.metadata);
  m->values_ = metadata.in;
  if (m->Metadata("tempera.size_multiple") != nullptr) m->multiple_ = metadata.size_multiple;
  const std::string refusal = m->name_ + " makes no mask of a picture";
  if (m->model_->inputs.size() != 1) {
    return Unsupported(refusal + ": it has " + std::to_string(m->model_->inputs.size()) + " inputs");
  }
  TEMPERA_ASSIGN_OR_RETURN(m->declared_, PictureInput(*m->model_, metadata.picture_input, refusal));
  Result<Shape> probe = m->ProbeSize(PaddedSize({64, 64}, m->multiple_));
  if (!probe.ok() && m->declared_.width > 0 && m->declared_.height > 0) {
    probe = m->ProbeSize(m->declared_);
    m->fixed_size_ = probe.ok();
  }
  TEMPERA_ASSIGN_OR_RETURN(const Shape output, std::move(probe));
  TEMPERA_RETURN_IF_ERROR(m->ChooseMeaning(output[1], of_shares));
  TEMPERA_ASSIGN_OR_RETURN(const CpuTarget target, ChooseCpuTarget());
  m->kernels_ = &kernels::ChoosePixelKernels(target.highway_bit);
  TEMPERA_ASSIGN_OR_RETURN(m->host_, HostWithPool(options.host, options.num_threads, options.pin_threads));
  for (const std::string& line : metadata.notices) m->host_->Log(LogLevel::kWarning, m->name_ + ": " + line);
  return m;
}

Result<Shape> Masker::ProbeSize(Size padded) const {
  const TensorInfo input = {DataType::kFloat32, {1, 3, padded.height, padded.width}};
  const Result<graph::Graph> specialized = ops::Specialize(*model_, {&input, 1});
  if (!specialized.ok())
    return Status(specialized.status().code(), name_ + ": " + specialized.status().message());
  const graph::Graph& graph = *specialized;
  const TensorInfo& output = graph.value(graph.outputs[0]).info;
  const Shape& shape = output.shape;
  // Masks are often made at an eighth or a sixteenth of the size, but they grow with it.
  const auto follows = [](int64_t n, int extent) { return n >= extent / 32 && n <= 8 * int64_t{extent}; };
  if (output.dtype != DataType::kFloat32 || shape.size() != 4 || shape[0] != 1 || shape[1] < 1 ||
      !follows(shape[2], padded.height) || !follows(shape[3], padded.width)) {
    return Unsupported(name_ + " makes no mask of a picture: its output '" +
                       graph.value(graph.outputs[0]).name + "' is " + DataTypeName(output.dtype) + " " +
                       ShapeToString(shape) + " (needed: float32 [1, channels, H, W])");
  }
  return shape;
}

Status Masker::ChooseMeaning(int64_t channels, bool of_shares) {
  TEMPERA_ASSIGN_OR_RETURN(classes_, ReadMaskClasses(channels, Metadata("tempera.mask.classes"),
                                                     Metadata("tempera.mask.class"), name_));
  meaning_.logits = !of_shares;
  if (const std::string* text = Metadata("tempera.mask.values")) {
    meaning_.logits = *text == "logits";
    if (!meaning_.logits && !engine::ParseValueRange(*text, &meaning_.range)) {
      return CorruptModel(name_ + ": metadata tempera.mask.values is '" + *text +
                          "', neither logits nor two numbers like 0..1");
    }
  }
  return ReadLongSide();
}

Status Masker::ReadLongSide() {
  const std::string* text = Metadata("tempera.mask.long_side");
  if (text == nullptr) return OkStatus();
  int64_t number = 0;
  if (!ParseNumber(*text, &number) || number < 1 || number > kMaxExtent) {
    return CorruptModel(name_ + ": metadata tempera.mask.long_side is '" + *text + "', not 1 to 16384");
  }
  long_side_ = static_cast<int>(number);
  return OkStatus();
}

Result<Size> Masker::WorkingSizeFor(Size frame) const {
  const bool said = options_.working != Size{} || options_.working_short_side > 0;
  if (said || long_side_ == 0) return WorkingSize(frame, options_.working, options_.working_short_side);
  return WorkingSize(frame, frame.width >= frame.height ? Size{long_side_, 0} : Size{0, long_side_});
}

Status Masker::Plan(Size frame) {
  frame_ = {};
  session_.reset();
  to_tensor_.reset();
  TEMPERA_ASSIGN_OR_RETURN(working_, WorkingSizeFor(frame));
  if (fixed_size_) working_ = declared_;
  padded_ = fixed_size_ ? declared_ : PaddedSize(working_, multiple_);
  TEMPERA_ASSIGN_OR_RETURN(const Shape output, ProbeSize(padded_));
  engine::SessionOptions options;
  options.host = host_;
  options.precision = options_.precision;
  options.input_range = values_.range();
  options.rewrites_inputs = true;
  options.calibration = calibration_;
  options.reference = options_.reference;
  TEMPERA_ASSIGN_OR_RETURN(session_,
                           engine::Session::Create(model_, {{1, 3, padded_.height, padded_.width}}, options));
  calibration_ = session_->calibration();
  to_tensor_.emplace(frame, working_, padded_, values_, *kernels_, host_->pool.get());
  output_ = {static_cast<int>(output[3]), static_cast<int>(output[2])};
  const auto shown = [](int count, int working, int padded) {
    return std::clamp(static_cast<int>(std::lround(static_cast<double>(count) * working / padded)), 1,
                      kMaxExtent);
  };
  grid_ = {shown(output_.width, working_.width, padded_.width),
           shown(output_.height, working_.height, padded_.height)};
  bytes_.resize(static_cast<size_t>(output_.width) * static_cast<size_t>(output_.height));
  mask_ = {};
  frame_ = frame;
  return OkStatus();
}

void Masker::MeasureOutput(Size mask) {
  if (mask == mask_) return;
  mask_ = {};  // until all is made: memory may run out on the way
  // The margin is cropped in the output's own pixels, wherever its edge falls.
  const auto axis = [](int source, int working, int padded, int count) {
    const double extent = static_cast<double>(source) * working / padded;
    return MakeMaskAxis(source, extent, count, std::max(1.0, extent / count));
  };
  x_ = axis(output_.width, working_.width, padded_.width, mask.width);
  y_ = axis(output_.height, working_.height, padded_.height, mask.height);
  scratch_.resize(static_cast<size_t>(host_->pool->num_threads()));
  for (Scratch& s : scratch_) {
    s.sums.resize(static_cast<size_t>(output_.width));
    s.row.resize(static_cast<size_t>(output_.width));
    s.wide.resize(static_cast<size_t>(mask.width));
  }
  mask_ = mask;
}

void Masker::ReadOutput(int channel) {
  const Tensor& tensor = session_->output(0);
  const auto channels = static_cast<size_t>(tensor.shape()[1]);
  const size_t plane = bytes_.size(), width = static_cast<size_t>(output_.width);
  const float* mine = tensor.data<float>() + static_cast<size_t>(channel) * plane;
  const float low = meaning_.range.low, scale = 1 / (meaning_.range.high - meaning_.range.low);
  host_->pool->ParallelFor(output_.height, [&](int y, int) {
    const size_t begin = static_cast<size_t>(y) * width;
    for (size_t i = begin; i < begin + width; ++i) {
      if (!meaning_.logits) {
        bytes_[i] = ToByte((mine[i] - low) * scale);
      } else if (channels == 1) {
        bytes_[i] = ToByte(1 / (1 + std::exp(-mine[i])));
      } else {
        float sum = 0;
        for (size_t c = 0; c < channels; ++c) sum += std::exp(tensor.data<float>()[c * plane + i] - mine[i]);
        bytes_[i] = ToByte(1 / sum);
      }
    }
  });
}

Status Masker::Process(const Image& in, const MaskTarget& out) {
  if (classes_.own < 0) return classes_.NoneIsTheMask(name_);
  TEMPERA_RETURN_IF_ERROR(Run(in));
  Read(classes_.own, out);
  return OkStatus();
}

Status Masker::Look(const Image& in) {
  TEMPERA_RETURN_IF_ERROR(Prepare(in.size()));
  to_tensor_->Run(in, session_->input(0));
  return OkStatus();
}

Status Masker::Run(const Image& in) {
  TEMPERA_RETURN_IF_ERROR(Look(in));
  return Think();
}

void Masker::CopyPicture(float* planes) const {
  const float* const from = session_->input(0).data<float>();
  const auto width = static_cast<size_t>(working_.width), height = static_cast<size_t>(working_.height);
  const auto row = static_cast<size_t>(padded_.width), plane = row * static_cast<size_t>(padded_.height);
  host_->pool->ParallelFor(working_.height, [&](int task, int) {
    const auto y = static_cast<size_t>(task);
    for (size_t colour = 0; colour < 3; ++colour) {
      const size_t lies = values_.bgr ? 2 - colour : colour;
      kernels_->affine_clamp(from + lies * plane + y * row, working_.width, 1 / values_.scale(colour),
                             values_.low[colour], planes + (colour * height + y) * width);
    }
  });
}

void Masker::Read(int channel, const MaskTarget& out) {
  MeasureOutput(out.size);
  ReadOutput(channel);
  host_->pool->ParallelFor(out.size.height, [&](int y, int thread) {
    Scratch& s = scratch_[static_cast<size_t>(thread)];
    const int first = y_.first[static_cast<size_t>(y)];
    const uint16_t* weights = &y_.weights[static_cast<size_t>(y) * static_cast<size_t>(y_.taps)];
    for (int k = 0; k < y_.taps; ++k) {
      kernels_->accumulate_mask(&bytes_[static_cast<size_t>(first + k) * static_cast<size_t>(output_.width)],
                                output_.width, weights[k], k == 0, s.sums.data());
    }
    kernels_->close_mask(s.sums.data(), output_.width, s.row.data());
    kernels_->gather_mask(s.row.data(), x_.first.data(), x_.by_tap.data(), x_.taps, out.size.width,
                          s.wide.data());
    uint8_t* row = out.pixels + y * out.stride_bytes;
    for (int x = 0; x < out.size.width; ++x) {
      row[x] = static_cast<uint8_t>((s.wide[static_cast<size_t>(x)] * 255u + kernels::kFullMask / 2) /
                                    kernels::kFullMask);
    }
  });
}

}  // namespace tempera::stylize
