#include "src/stylize/stylizer.h"

#include <algorithm>
#include <cmath>

#include "src/base/checked_math.h"
#include "src/base/cpu.h"
#include "src/engine/run/memory_bound.h"
#include "src/engine/run/states.h"
#include "src/metadata/adjust_tail.h"
#include "src/metadata/picture_model.h"
#include "src/ops/specialize.h"
#include "src/stylize/memory.h"
#include "src/stylize/picture_input.h"

namespace tempera::stylize {
namespace {

// What a size takes at least where one tensor alone is too large.
constexpr auto kLargeBytes = static_cast<double>(kMostTensorBytes);

}  // namespace

Result<std::unique_ptr<Stylizer>> Stylizer::Create(engine::ModelPtr model, std::string name,
                                                   const StylizerOptions& options) {
  std::unique_ptr<Stylizer> s(new Stylizer(std::move(model), std::move(name), options));
  TEMPERA_RETURN_IF_ERROR(s->ReadModel());
  s->parameters_.emplace(s->metadata_.parameters);
  TEMPERA_ASSIGN_OR_RETURN(const CpuTarget target, ChooseCpuTarget());
  s->kernels_ = &kernels::ChoosePixelKernels(target.highway_bit);
  TEMPERA_ASSIGN_OR_RETURN(s->host_, HostWithPool(options.host, options.num_threads, options.pin_threads));
  s->motion_ = &kernels::ChooseMotionKernels(target.highway_bit);
  s->blender_.emplace(*s->kernels_);
  s->mask_.emplace(*s->kernels_, s->host_->pool.get());
  for (const std::string& line : s->metadata_.notices) s->Notice(line);
  return s;
}

Status Stylizer::ReadModel() {
  TEMPERA_ASSIGN_OR_RETURN(
      model_, metadata::WithoutHalves(metadata::WithMetadata(std::move(model_), options_.metadata)));
  TEMPERA_ASSIGN_OR_RETURN(metadata_, metadata::ReadModelMetadata(*model_, name_));
  TEMPERA_RETURN_IF_ERROR(metadata::CheckPaints(*model_, name_));
  metadata::SettlePainting(*model_, &metadata_);
  metadata::TakeOutAdjustTail(&model_, &metadata_);
  multiple_ = metadata_.size_multiple;
  const Status as_it_is = CheckPictureModel();
  if (as_it_is.code() == StatusCode::kCancelled) return as_it_is;
  const bool last = metadata_.said.channels_in == metadata::Channels::kLast ||
                    metadata_.said.channels_out == metadata::Channels::kLast;
  if (as_it_is.ok() && !last) return as_it_is;
  TEMPERA_ASSIGN_OR_RETURN(metadata::PictureModel with_ends,
                           metadata::WithPictureEnds({model_, metadata_}, metadata::Makes::kPainting, name_));
  if (with_ends.graph == model_ && !with_ends.gives_instead.empty() && !as_it_is.ok()) {
    return Unsupported(name_ + " does not turn a picture into a picture: " + with_ends.gives_instead +
                       " (needed: a picture of 1, 3 or 4 channels)");
  }
  if (with_ends.graph == model_) return as_it_is;
  model_ = std::move(with_ends.graph);
  metadata_ = std::move(with_ends.metadata);
  return CheckPictureModel();
}

void Stylizer::Notice(const std::string& line) {
  notices_.push_back(name_ + ": " + line);
  host_->Log(LogLevel::kWarning, notices_.back());
}

PaintingLook* Stylizer::BeginLook(const Image& in) {
  if (looked_) return nullptr;
  // A few pixels have no contrast whatever their numbers mean.
  constexpr int kLeastSide = 16;
  const Result<Size> working = WorkingSize(in.size(), options_.working, options_.working_short_side);
  if (!working.ok() || std::min(working->width, working->height) < kLeastSide) return nullptr;
  source_levels_ = LevelsOf(*kernels_, in);
  if (!source_levels_.ShowSomething()) return nullptr;
  look_.emplace(metadata_.out);
  if (sink_) sink_->LookWith(&*look_);
  return &*look_;
}

void Stylizer::EndLook(const PaintingLook& look) {
  looked_ = true;
  if (const auto wrong = look.Wrong(source_levels_))
    Notice(*wrong + "; say what its numbers are with metadata tempera.value_range");
}

Status Stylizer::CheckPictureModel() {
  TEMPERA_ASSIGN_OR_RETURN(declared_, PictureInput(*model_, metadata_.picture_input,
                                                   name_ + " does not turn a picture into a picture"));
  // A size every fully convolutional network takes, then the one the file names.
  const Size usual = PaddedSize({64, 64}, multiple_);
  Result<Probe> probe = ProbeSize(usual, host_.get());
  if (!probe.ok() && probe.status().code() != StatusCode::kCancelled && declared_.width > 0 &&
      declared_.height > 0) {
    probe = ProbeSize(declared_, host_.get());
    fixed_size_ = probe.ok();
  }
  return probe.status();
}

Result<std::vector<Shape>> Stylizer::InputShapes(Size padded, const Host* host) const {
  return engine::InputShapesFor(*model_, {1, 3, padded.height, padded.width}, metadata_.picture_input,
                                metadata_.states, host);
}

Result<Stylizer::Probe> Stylizer::ProbeSize(Size padded, const Host* host) const {
  const auto named = [this](const Status& why) { return Status(why.code(), name_ + ": " + why.message()); };
  const Result<std::vector<Shape>> found = InputShapes(padded, host);
  if (!found.ok()) return named(found.status());
  const std::vector<Shape>& shapes = *found;
  std::vector<TensorInfo> inputs;
  for (size_t i = 0; i < shapes.size(); ++i) {
    inputs.push_back({model_->value(model_->inputs[i]).info.dtype, shapes[i]});
  }
  const Result<graph::Graph> specialized = ops::Specialize(*model_, inputs);
  if (!specialized.ok()) return named(specialized.status());
  const graph::Graph& graph = *specialized;
  // What the file says of them, the caller cannot change.
  const Status states = engine::CheckStates(graph, metadata_.states, metadata_.picture_input);
  if (!states.ok()) return named(Unsupported(states.message()));
  const TensorInfo& output = graph.value(graph.outputs[0]).info;
  const Shape& shape = output.shape;
  // A painting may be smaller or larger than its source, but it grows with it: a row of scores does not.
  const auto follows = [](int64_t n, int padded_extent) {
    return n >= padded_extent / 8 && n <= 8 * int64_t{padded_extent};
  };
  if (output.dtype != DataType::kFloat32 || shape.size() != 4 || shape[0] != 1 || shape[1] != 3 ||
      !follows(shape[2], padded.height) || !follows(shape[3], padded.width)) {
    return Unsupported(name_ + " does not turn a picture into a picture: its output '" +
                       graph.value(graph.outputs[0]).name + "' is " + DataTypeName(output.dtype) + " " +
                       ShapeToString(shape) + " (needed: a picture of 1, 3 or 4 channels)");
  }
  return Probe{{static_cast<int>(shape[3]), static_cast<int>(shape[2])}, PeakActivationBytes(graph)};
}

Result<Stylizer::Placement> Stylizer::Place(Size frame, const Host* host) const {
  TEMPERA_ASSIGN_OR_RETURN(const Size working,
                           WorkingSize(frame, options_.working, options_.working_short_side));
  Placement declared = {declared_, declared_, Probe{}, true};
  if (fixed_size_) {
    declared.probe = ProbeSize(declared_, host);
    return declared;
  }
  const Size padded = PaddedSize(working, multiple_);
  Placement place = {working, padded, ProbeSize(padded, host)};
  if (place.probe.ok()) return place;
  // What was not looked at to the end is not known not to fit.
  if (place.probe.status().code() == StatusCode::kCancelled) return place.probe.status();
  // Foreign files do not say what divides their sizes; 32 satisfies five halvings.
  if (multiple_ < 32) {
    Placement wider = {working, PaddedSize(working, 32), Probe{}};
    wider.probe = ProbeSize(wider.padded, host);
    if (wider.probe.ok()) return wider;
  }
  if (declared_.width > 0 && declared_.height > 0) {
    declared.probe = ProbeSize(declared_, host);
    if (declared.probe.ok()) return declared;
  }
  return place;
}

Result<Size> Stylizer::WorkingSizeFor(Size frame) const {
  TEMPERA_ASSIGN_OR_RETURN(const Placement place, Place(frame, nullptr));
  return place.working;
}

Status Stylizer::TooLarge(const Placement& place, const Status& reason, double bytes) const {
  const Size working = place.working;
  const std::string said = reason.message().substr(0, reason.message().find(';'));
  const std::string what =
      name_ + ": painting at " + SizeToString(working) + " needs too much memory: " + said;
  if (place.only_size) return OutOfMemory(what + "; the network runs at no other size");
  const int height = HeightThatFits(working.height, bytes, static_cast<double>(host_->AvailableBytes()));
  if (height >= working.height) return OutOfMemory(what);
  return OutOfMemory(what + "; use a smaller working height, such as " + std::to_string(height));
}

Status Stylizer::PlanAt(Size frame, const Placement& place) {
  const Size working = place.working, padded = place.padded;
  if (!place.probe.ok()) {
    const Status& why = place.probe.status();
    if (why.code() == StatusCode::kOutOfMemory) return TooLarge(place, why, kLargeBytes);
    return Status(why.code(), why.message() + ", for frames of " + SizeToString(frame));
  }
  const Probe& probe = *place.probe;
  engine::SessionOptions options;
  options.host = host_;
  options.precision = options_.precision;
  options.input_range = metadata_.in.range();
  options.rewrites_inputs = true;
  options.picture_input = metadata_.picture_input;
  options.input_values = metadata::InputValuesOf(*model_, metadata_);
  options.states = metadata_.states;
  options.calibration = calibration_;
  options.norm_statistics = options_.norm_statistics;
  options.reference = options_.reference;
  options.chain_bytes = options_.chain_bytes;
  source_.reset();
  sink_.reset();
  const bool same_size = frame == working && !options_.through_tensors;
  if (same_size) options.source = &source_.emplace(frame, metadata_.in, *kernels_).picture();
  if (same_size && probe.painted == padded && !metadata_.alpha_output) {
    options.sink = &sink_.emplace(frame, metadata_.out, any_format_, *kernels_, *blender_).picture();
  }
  TEMPERA_ASSIGN_OR_RETURN(std::vector<Shape> shapes, InputShapes(padded, host_.get()));
  auto session = engine::Session::Create(model_, std::move(shapes), options);
  if (session.status().code() == StatusCode::kOutOfMemory)
    return TooLarge(place, session.status(), static_cast<double>(probe.bytes));
  TEMPERA_ASSIGN_OR_RETURN(session_, std::move(session));
  calibration_ = session_->calibration();
  for (const metadata::Parameter& p : metadata_.parameters) {
    if (p.input < 0) continue;
    const int64_t count = session_->input(static_cast<size_t>(p.input)).element_count();
    if (count == static_cast<int64_t>(p.defaults.size())) continue;
    session_.reset();
    return Unsupported(name_ + ": parameter " + p.name + " takes " + std::to_string(p.defaults.size()) +
                       " numbers, the network " + std::to_string(count));
  }
  if (!session_->reads_source()) {
    to_tensor_.emplace(frame, working, padded, metadata_.in, *kernels_, host_->pool.get());
  }
  if (!session_->writes_sink()) {
    from_tensor_.emplace(probe.painted, padded, working, frame, metadata_.out, *kernels_, host_->pool.get());
  }
  if (metadata_.alpha_output) {
    alpha_from_tensor_.emplace(probe.painted, padded, working, frame, metadata_.alpha, *kernels_,
                               host_->pool.get());
  }
  return OkStatus();
}

Status Stylizer::Plan(Size frame, bool subsampled) {
  ++plans_made_;
  // The old plan goes first: two would need twice the memory.
  frame_ = {};
  session_.reset();
  steadier_.reset();
  to_tensor_.reset();
  from_tensor_.reset();
  alpha_from_tensor_.reset();
  // Tiles of odd sizes are used where they can be. Statistics and states that are carried on would not
  // survive another plan for another format.
  any_format_ =
      subsampled || options_.norm_statistics != engine::NormStatistics::kExact || !metadata_.states.empty();
  TEMPERA_ASSIGN_OR_RETURN(const Placement place, Place(frame, host_.get()));
  TEMPERA_RETURN_IF_ERROR(PlanAt(frame, place));
  if (place.only_size && frame != declared_) {
    host_->Log(LogLevel::kWarning, name_ + " runs at " + SizeToString(declared_) + " only: frames of " +
                                       SizeToString(frame) + " are scaled to it and back");
  }
  frame_ = frame;
  return OkStatus();
}

Status Stylizer::PrepareSize(Size frame, bool subsampled) {
  TEMPERA_RETURN_IF_ERROR(host_->CheckCancelled());
  const bool serves = session_ && frame == frame_ && (!subsampled || any_format_ || !writes_frame());
  return serves ? OkStatus() : Plan(frame, subsampled);
}

Status Stylizer::Prepare(Size frame, bool subsampled) {
  TEMPERA_RETURN_IF_ERROR(PrepareSize(frame, subsampled));
  TakeParameters();
  return MakeSteadier(frame);
}

Status Stylizer::MakeSteadier(Size frame) {
  if (steadiness_ == 0 || steadier_) return OkStatus();
  engine::MemoryInfo needed = memory();
  needed.kept_bytes += Steadier::BytesFor(frame);
  TEMPERA_RETURN_IF_ERROR(engine::CheckMemory(needed, *host_));
  TEMPERA_ASSIGN_OR_RETURN(steadier_, Steadier::Create(frame, *kernels_, *motion_, host_->pool.get()));
  return OkStatus();
}

engine::MemoryInfo Stylizer::memory() const {
  engine::MemoryInfo memory = session_ ? session_->memory() : engine::MemoryInfo{};
  if (steadier_) memory.kept_bytes += Steadier::BytesFor(frame_);
  return memory;
}

void Stylizer::TakeParameters() {
  parameters_->Snapshot(&turned_);
  // One that the file declares is the network's business, except that strength 0 is the source.
  const auto value = [&](const char* name, float declared) {
    const auto index = static_cast<size_t>(parameters_->Find(name));
    const float turned = turned_[parameters_->begin(index)];
    return (*parameters_)[index].input < 0 ? turned : declared;
  };
  keep_colors_ = value(metadata::kKeepColors, 0) != 0;
  // A network that knows neither the light nor the contrast of its picture, as norms take them away, does not
  // come near it by itself: between the source and what a tenth of its strength paints, whose edges are the
  // source's still, frames are mixed, so that strength can be turned to 0 without a jump.
  constexpr float kNearSource = 0.1f;
  const auto strength = static_cast<size_t>(parameters_->Find(metadata::kStrength));
  const float turned = turned_[parameters_->begin(strength)];
  strength_ = value(metadata::kStrength, std::min(std::abs(turned) / kNearSource, 1.0f));
  steadiness_ = value(metadata::kSteadiness, 0);
  brightness_ = value(metadata::kBrightness, 0);
  contrast_ = value(metadata::kContrast, 1);
}

void Stylizer::GiveParameters() {
  for (size_t i = 0; i < parameters_->size(); ++i) {
    const metadata::Parameter& p = (*parameters_)[i];
    if (p.input < 0) continue;
    float* const given = session_->input(static_cast<size_t>(p.input)).data<float>();
    metadata::GiveValues(p, {turned_.data() + parameters_->begin(i), p.defaults.size()}, given);
  }
}

float Stylizer::LikeBefore() {
  // What an animation of ten seconds changes from frame to frame is a hundredth of that.
  constexpr float kAnother = 0.05f;
  float furthest = 0;
  // What the network is given: of styles their shares, whatever their sum.
  given_.assign(turned_.begin(), turned_.end());
  for (size_t i = 0; i < parameters_->size(); ++i) {
    const metadata::Parameter& p = (*parameters_)[i];
    if (p.input < 0) continue;
    const size_t begin = parameters_->begin(i);
    metadata::GiveValues(p, {turned_.data() + begin, p.defaults.size()}, given_.data() + begin);
    const float range = p.kind == TEMPERA_PARAMETER_WEIGHTS ? 1 : p.maximum - p.minimum;
    for (size_t k = begin; k < begin + p.defaults.size() && given_before_.size() == given_.size(); ++k) {
      const float gone = std::abs(given_[k] - given_before_[k]);
      if (gone > 0) furthest = std::max(furthest, range > 0 ? gone / range : 1);
    }
  }
  given_before_.swap(given_);
  return std::max(0.0f, 1 - furthest / kAnother);
}

void Stylizer::Reset() {
  if (steadier_) steadier_->Reset();
  if (!session_) return;
  session_->ResetStatistics();
  session_->ResetState();
}

Image Stylizer::Kept(const Image& image, const Image& out, std::vector<uint8_t>* bytes) const {
  if (!session_->mixes_ends() || SharingOf(image, out) == Sharing::kNone) return image;
  const Image kept = CompactImage(image, bytes);
  CopyImage(*kernels_, image, kept);
  return kept;
}

Status Stylizer::CheckFrame(const Image& in, const Image& under, const Image& out) {
  const auto check = [&out](const Image& image, const std::string& name) {
    if (image.size() != out.size()) {
      return InvalidArgument(name + " is " + SizeToString(image.size()) + ", the output image " +
                             SizeToString(out.size()) + "; they must have one size");
    }
    if (image.primaries != out.primaries && image.primaries != 0 && out.primaries != 0) {
      return InvalidArgument(name + "'s primaries are " + std::to_string(image.primaries) +
                             ", the output image's " + std::to_string(out.primaries) +
                             "; they are not converted");
    }
    if (SharingOf(image, out) == Sharing::kPart) {
      return InvalidArgument(name +
                             " and the output image share pixels, but not all of their planes, strides and "
                             "format");
    }
    return OkStatus();
  };
  TEMPERA_RETURN_IF_ERROR(check(in, "the input image"));
  return check(under, "the picture under the painting");
}

const uint8_t* Stylizer::PaintedAlpha(const Image& out) {
  if (!alpha_from_tensor_) return nullptr;
  if (!HasAlpha(out.format)) {
    if (!told_of_alpha_) Notice("its painting's transparency is left out: these frames have none");
    told_of_alpha_ = true;
    return nullptr;
  }
  // Through a picture of its own, whose three colours are the same.
  const auto pixels = static_cast<size_t>(out.width) * static_cast<size_t>(out.height);
  alpha_pixels_.resize(3 * pixels);
  alpha_.resize(pixels);
  Image grey;
  grey.format = PixelFormat::kRgb;
  grey.width = out.width, grey.height = out.height;
  grey.planes[0] = alpha_pixels_.data();
  grey.stride_bytes[0] = 3 * static_cast<ptrdiff_t>(out.width);
  Blending whole;
  whole.source = whole.under = whole.out = grey;
  FrameBlender blender(*kernels_);
  blender.Show(whole);
  alpha_from_tensor_->Run(session_->output(*metadata_.alpha_output), blender);
  for (size_t i = 0; i < pixels; ++i) alpha_[i] = alpha_pixels_[3 * i];
  return alpha_.data();
}

Status Stylizer::ShowUnder(const Blending& blending) {
  if (!blending.adjusts()) {
    CopyImage(*kernels_, blending.under, blending.out);
    return OkStatus();
  }
  // Its painting is what lies under.
  Blending shown = blending;
  shown.source = shown.under;
  FrameBlender blender(*kernels_);
  blender.Show(shown);
  const auto width = static_cast<size_t>(shown.out.width);
  shown_rows_.resize(6 * width * static_cast<size_t>(host_->pool->num_threads()));
  host_->pool->ParallelFor((shown.out.height + 1) / 2, [&](int pair, int thread) {
    float* p = shown_rows_.data() + 6 * width * static_cast<size_t>(thread);
    const RgbRow rows[2] = {{p, p + width, p + 2 * width}, {p + 3 * width, p + 4 * width, p + 5 * width}};
    const int y = 2 * pair;
    const int count = std::min(2, shown.out.height - y);
    for (int i = 0; i < count; ++i) ReadRow(*kernels_, shown.under, y + i, rows[i]);
    blender.Write(y, count, 0, shown.out.width, rows);
  });
  return OkStatus();
}

Status Stylizer::Process(const Image& in, const Image& out, const FrameParams& params) {
  const Status painted = Paint(in, out, params);
  // Wherever it was: the frame that was not painted is missing in what the network remembers.
  if (!painted.ok() && steadier_) steadier_->Reset();
  if (painted.code() == StatusCode::kCancelled) Reset();
  return painted;
}

Status Stylizer::Paint(const Image& in, const Image& out, const FrameParams& params) {
  Blending blending;
  blending.source = in, blending.out = out, blending.under = params.under.value_or(in);
  TEMPERA_RETURN_IF_ERROR(CheckFrame(in, blending.under, out));
  if (params.cut || params.timestamp_us < last_us_) Reset();
  last_us_ = params.timestamp_us;
  TakeParameters();
  blending.brightness = brightness_, blending.contrast = contrast_;
  if (strength_ <= 0) {
    TEMPERA_RETURN_IF_ERROR(host_->CheckCancelled());
    // The network does not see this frame: what it remembers would be old when it is next asked.
    Reset();
    return ShowUnder(blending);
  }
  blending.under_is_source =
      SharingOf(in, blending.under) == Sharing::kSame && SameCoding(in, blending.under);
  blending.strength = strength_;
  blending.keep_colors = keep_colors_;
  const bool subsampled =
      IsSubsampled(in.format) || IsSubsampled(out.format) || IsSubsampled(blending.under.format);
  TEMPERA_RETURN_IF_ERROR(PrepareSize(in.size(), subsampled));
  TEMPERA_RETURN_IF_ERROR(MakeSteadier(in.size()));
  if (params.mask) {
    mask_->Show(*params.mask, in.size());
    blending.mask = &*mask_;
  }
  blending.source = Kept(in, out, &kept_source_);
  blending.under = blending.under_is_source ? blending.source : Kept(blending.under, out, &kept_under_);
  const float like_before = LikeBefore();
  if (steadiness_ > 0) {
    blending.steadier = &*steadier_;
    steadier_->Begin(blending.source, steadiness_, like_before);
  } else if (steadier_) {
    steadier_->Reset();
  }
  blender_->Show(blending);
  if (source_) source_->Show(blending.source);
  if (to_tensor_) to_tensor_->Run(blending.source, session_->input(metadata_.picture_input));
  GiveParameters();
  PaintingLook* const look = BeginLook(in);
  const Status ran = session_->Run();
  if (sink_) sink_->LookWith(nullptr);
  TEMPERA_RETURN_IF_ERROR(ran);
  if (look != nullptr && from_tensor_) look->AddAll(session_->output(0));
  if (look != nullptr) EndLook(*look);
  std::optional<TransparencyOfRows> transparency;
  if (const uint8_t* alpha = PaintedAlpha(out)) {
    blending.alpha = alpha;
    blender_->Show(blending);
    transparency = {&session_->output(*metadata_.alpha_output), metadata_.alpha, alpha};
  }
  if (from_tensor_)
    from_tensor_->Run(session_->output(0), *blender_, transparency ? &*transparency : nullptr);
  if (blending.steadier != nullptr) {
    blending.steadier = nullptr;
    blender_->Show(blending);
    steadier_->End(*blender_);
  }
  return OkStatus();
}

}  // namespace tempera::stylize
