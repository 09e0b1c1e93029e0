#include "src/stylize/mask/masker.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "src/base/cpu.h"
#include "src/base/text/number_text.h"
#include "src/stylize/picture_input.h"

namespace tempera::stylize {
namespace {

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
  TEMPERA_ASSIGN_OR_RETURN(m->mask_model_, metadata::ReadMaskModel(std::move(m->model_), m->name_));
  m->model_ = m->mask_model_.graph;
  metadata::ModelMetadata& metadata = m->mask_model_.metadata;
  m->values_ = metadata.in;
  if (m->Metadata("tempera.size_multiple") != nullptr) m->multiple_ = metadata.size_multiple;
  const std::string refusal = m->name_ + " makes no mask of a picture";
  TEMPERA_ASSIGN_OR_RETURN(m->declared_, PictureInput(*m->model_, metadata.picture_input, refusal));
  const bool declares = m->declared_.width > 0 && m->declared_.height > 0;
  Result<metadata::MaskOutput> probe = m->ProbeSize(PaddedSize({64, 64}, m->multiple_));
  if (declares && !probe.ok()) {
    probe = m->ProbeSize(m->declared_);
    m->fixed_size_ = probe.ok();
  }
  m->declares_size_ = declares;
  TEMPERA_ASSIGN_OR_RETURN(const metadata::MaskOutput output, std::move(probe));
  TEMPERA_RETURN_IF_ERROR(m->ReadClasses(output.classes, &metadata.notices));
  TEMPERA_RETURN_IF_ERROR(m->ReadLongSide());
  TEMPERA_ASSIGN_OR_RETURN(const CpuTarget target, ChooseCpuTarget());
  m->kernels_ = &kernels::ChoosePixelKernels(target.highway_bit);
  TEMPERA_ASSIGN_OR_RETURN(m->host_, HostWithPool(options.host, options.num_threads, options.pin_threads));
  for (const std::string& line : metadata.notices) m->host_->Log(LogLevel::kWarning, m->name_ + ": " + line);
  return m;
}

Result<metadata::MaskOutput> Masker::ProbeSize(Size padded) const {
  return metadata::ProbeMask(mask_model_, padded.height, padded.width, name_);
}

Status Masker::ReadClasses(int64_t count, std::vector<std::string>* notices) {
  TEMPERA_ASSIGN_OR_RETURN(classes_, ReadMaskClasses(count, Metadata("tempera.mask.classes"),
                                                     Metadata("tempera.mask.class"), name_));
  if (!classes_.set.empty()) {
    notices->push_back("its " + std::to_string(count) + " channels are taken for the classes of " +
                       classes_.set + "; metadata tempera.mask.classes says otherwise");
  }
  return OkStatus();
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
  if (fixed_size_) return declared_;
  const bool said = options_.working != Size{} || options_.working_short_side > 0;
  // What it was made for, even where its layers would run at any size.
  if (!said && long_side_ == 0 && declares_size_) return declared_;
  if (said || long_side_ == 0) return WorkingSize(frame, options_.working, options_.working_short_side);
  return WorkingSize(frame, frame.width >= frame.height ? Size{long_side_, 0} : Size{0, long_side_});
}

Status Masker::Plan(Size frame) {
  frame_ = {};
  session_.reset();
  to_tensor_.reset();
  TEMPERA_ASSIGN_OR_RETURN(working_, WorkingSizeFor(frame));
  padded_ = working_ == declared_ ? declared_ : PaddedSize(working_, multiple_);
  TEMPERA_ASSIGN_OR_RETURN(metadata::MaskOutput output, ProbeSize(padded_));
  // Channels are read by the number of their class, which was found at another size.
  const bool index = mask_model_.meaning.are == metadata::MaskNumbers::kIndex;
  if (!index && output.classes != static_cast<int64_t>(classes_.names.size())) {
    return Unsupported(name_ + " makes no mask of a picture: its channels change with the picture's size: " +
                       std::to_string(classes_.names.size()) + " and " + std::to_string(output.classes));
  }
  TEMPERA_ASSIGN_OR_RETURN(engine::ModelPtr graph,
                           metadata::GraphFor(mask_model_, padded_.height, padded_.width));
  engine::SessionOptions options;
  options.host = host_;
  options.precision = options_.precision;
  options.input_range = values_.range();
  options.rewrites_inputs = true;
  options.picture_input = mask_model_.metadata.picture_input;
  options.states = mask_model_.metadata.states;
  options.calibration = calibration_;
  options.reference = options_.reference;
  TEMPERA_ASSIGN_OR_RETURN(session_,
                           engine::Session::Create(std::move(graph), std::move(output.inputs), options));
  calibration_ = session_->calibration();
  to_tensor_.emplace(frame, working_, padded_, values_, *kernels_, host_->pool.get());
  output_ = {static_cast<int>(output.shape[3]), static_cast<int>(output.shape[2])};
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
  const metadata::MaskMeaning& meaning = mask_model_.meaning;
  // One plane that says which class is where.
  const bool index = meaning.are == metadata::MaskNumbers::kIndex;
  const float* mine = tensor.data<float>() + (index ? 0 : static_cast<size_t>(channel) * plane);
  const auto wanted = static_cast<float>(channel);
  const float low = meaning.range.low, scale = 1 / (meaning.range.high - meaning.range.low);
  host_->pool->ParallelFor(output_.height, [&](int y, int) {
    const size_t begin = static_cast<size_t>(y) * width;
    for (size_t i = begin; i < begin + width; ++i) {
      if (index) {
        bytes_[i] = mine[i] == wanted ? 255 : 0;
      } else if (meaning.are == metadata::MaskNumbers::kShares) {
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
  to_tensor_->Run(in, session_->input(mask_model_.metadata.picture_input));
  return OkStatus();
}

Status Masker::Run(const Image& in) {
  TEMPERA_RETURN_IF_ERROR(Look(in));
  return Think();
}

void Masker::CopyPicture(float* planes) const {
  const float* const from = session_->input(mask_model_.metadata.picture_input).data<float>();
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
