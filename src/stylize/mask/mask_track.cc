#include "src/stylize/mask/mask_track.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tempera::stylize {
namespace {

size_t PixelsOf(Size size) { return static_cast<size_t>(size.width) * static_cast<size_t>(size.height); }

// The longer side of the size at which edges are fitted, unless the network's own masks are larger. Fits are
// seven pixels wide: at 256 to 384 that is as far as a network's edge is off, and quick.
constexpr int kFitSide = 384;

// The longer side of the luma on which motion is found: the patches there are as wide, against the picture,
// as the same network's at a size that is usual, and finding it costs no more.
constexpr int kMotionSide = 320;

// What moves uncovers less of a picture, and turns away less of itself, from one frame to the next; where
// more is new, what is moved along is the mask of another scene.
constexpr float kMostNew = 0.3f, kMostNewInMask = 0.5f;

}  // namespace

MaskTrack::MaskTrack(Masker* masker, int64_t highway_bit, ThreadPool* pool)
    : masker_(masker),
      kernels_(&kernels::ChoosePixelKernels(highway_bit)),
      motion_kernels_(&kernels::ChooseMotionKernels(highway_bit)),
      pool_(pool),
      edges_(*kernels_, kernels::ChooseEdgeKernels(highway_bit), pool),
      enlarged_(*kernels_, pool) {}

void MaskTrack::Reset() {
  follows_ = field_follows_ = false;
  masker_->Reset();
}

void MaskTrack::Translate(const std::vector<uint8_t>& table, Size size, const uint8_t* from,
                          uint8_t* to) const {
  pool_->ParallelFor(size.height, [&](int y, int) {
    const ptrdiff_t at = static_cast<ptrdiff_t>(y) * size.width;
    for (int x = 0; x < size.width; ++x) to[at + x] = table[from[at + x]];
  });
}

Size MaskTrack::SmallSize(Size frame) const {
  const Size working = masker_->working(), grid = masker_->grid();
  // A fit is to be wider than what of the edge the network's mask leaves open.
  const int coarse = std::max(grid.width, grid.height);
  const int most = std::min(std::max(kFitSide, coarse), 2 * coarse);
  const double scale = std::min(1.0, static_cast<double>(most) / std::max(working.width, working.height));
  const auto scaled = [scale](int n, int frame_side) {
    return std::clamp(static_cast<int>(std::lround(n * scale)), 1, frame_side);
  };
  return {scaled(working.width, frame.width), scaled(working.height, frame.height)};
}

Status MaskTrack::EnlargePlainly(const Image& in, std::span<const int> channels) {
  TEMPERA_RETURN_IF_ERROR(masker_->Think());
  const Size size = in.size();
  const MaskParams& params = masker_->params;
  const std::vector<uint8_t> table = ShareTable(params.threshold, !params.plain_edges);
  for (size_t i = 0; i < channels.size(); ++i) {
    masks_[i].pixels.resize(PixelsOf(size));
    uint8_t* const pixels = masks_[i].pixels.data();
    masker_->Read(channels[i], {pixels, size.width, size});
    if (params.plain_edges && params.threshold == 0.5f) continue;
    Translate(table, size, pixels, pixels);
    if (!params.plain_edges) specks_.Run(size, pixels);
  }
  return OkStatus();
}

Status MaskTrack::TakePicture(Size frame) {
  const Size small = SmallSize(frame), seen = masker_->working();
  if (small != small_ || frame != frame_ || seen != seen_size_) {
    follows_ = field_follows_ = false;
    small_ = frame_ = {};  // until all is made: memory may run out on the way
    field_.reset(), resampler_.reset();
    seen_.resize(3 * PixelsOf(seen));
    picture_.resize(3 * PixelsOf(small)), picture_before_.resize(picture_.size());
    luma_.resize(PixelsOf(small));
    if (small != seen) {
      x_ = MakeResampleAxis(seen.width, 0, seen.width, small.width);
      y_ = MakeResampleAxis(seen.height, 0, seen.height, small.height);
      resampler_.emplace(x_, y_, *kernels_);
    }
    small_ = small, frame_ = frame, seen_size_ = seen;
  }
  picture_.swap(picture_before_);
  if (!resampler_) {
    masker_->CopyPicture(picture_.data());
  } else {
    masker_->CopyPicture(seen_.data());
    resampler_->Reset();
    const auto fetch = [&](int row, RgbRow to) {
      float* const out[] = {to.r, to.g, to.b};
      for (size_t c = 0; c < 3; ++c) {
        const float* from = seen_.data() + c * PixelsOf(seen) + static_cast<ptrdiff_t>(row) * seen.width;
        std::copy(from, from + seen.width, out[c]);
      }
    };
    for (int y = 0; y < small.height; ++y) {
      float* const p = picture_.data() + static_cast<ptrdiff_t>(y) * small.width;
      const size_t plane = PixelsOf(small);
      resampler_->Row(y, fetch, {p, p + plane, p + 2 * plane});
    }
  }
  const float *r = picture_.data(), *g = r + PixelsOf(small), *b = g + PixelsOf(small);
  pool_->ParallelFor(small.height, [&](int y, int) {
    const auto width = static_cast<size_t>(small.width), begin = static_cast<size_t>(y) * width;
    for (size_t i = begin; i < begin + width; ++i) luma_[i] = 0.25f * (r[i] + 2 * g[i] + b[i]);
  });
  return OkStatus();
}

// A row of the mean of squares; at the far sides they are cut off.
void MaskTrack::ShrinkLuma(int row, int count, float* out) const {
  const int bottom = std::min(small_.height, (row + 1) * field_shrunk_);
  for (int i = 0; i < count; ++i) {
    const int left = i * field_shrunk_, right = std::min(small_.width, left + field_shrunk_);
    float sum = 0;
    for (int y = row * field_shrunk_; y < bottom; ++y) {
      for (int x = left; x < right; ++x) sum += luma_[static_cast<size_t>(y * small_.width + x)];
    }
    out[i] = sum / static_cast<float>((bottom - row * field_shrunk_) * (right - left));
  }
}

Status MaskTrack::FindMotion() {
  if (masker_->params.interval == 1 && masker_->params.hold == 0) {
    field_.reset();
    field_follows_ = false;
    return OkStatus();
  }
  const int shrunk = (std::max(small_.width, small_.height) + kMotionSide - 1) / kMotionSide;
  const Size half = {(small_.width + shrunk - 1) / shrunk, (small_.height + shrunk - 1) / shrunk};
  if (!field_) {
    TEMPERA_ASSIGN_OR_RETURN(field_,
                             MotionField::Create({2 * half.width, 2 * half.height}, *motion_kernels_, pool_));
    field_shrunk_ = shrunk;
    field_follows_ = false;
  }
  pool_->ParallelFor(half.height, [&](int y, int) { ShrinkLuma(y, half.width, field_->HalfRow(y)); });
  field_->Advance(field_follows_);
  field_follows_ = true;
  return OkStatus();
}

bool MaskTrack::FindMovers() {
  mover_.FindMotion(*field_, field_shrunk_, small_, picture_before_.data(), picture_.data(), pool_);
  const bool known = mover_.Unexplained() <= kMostNew;
  for (ClassMask& mask : masks_) mask.explained = known && mover_.Unexplained(mask.shares) <= kMostNewInMask;
  return std::all_of(masks_.begin(), masks_.end(), [](const ClassMask& mask) { return mask.explained; });
}

void MaskTrack::Hold(std::span<const int> channels, float hold) {
  for (size_t i = 0; i < channels.size(); ++i) {
    ClassMask& mask = masks_[i];
    work_.resize(PixelsOf(small_));
    masker_->Read(channels[i], {work_.data(), small_.width, small_});
    if (hold > 0 && mask.explained) {
      mover_.Hold(hold, luma_.data(), &mask.luma_then, mask.shares, work_.data());
    } else if (field_) {  // else the next frame cannot be held to this one
      mask.luma_then = luma_;
    }
    mask.shares.swap(work_);
  }
}

void MaskTrack::Finish(const Image& in, ClassMask* mask) {
  mask->pixels.resize(PixelsOf(in.size()));
  work_.resize(PixelsOf(small_));
  const MaskParams& params = masker_->params;
  Translate(ShareTable(params.threshold, !params.plain_edges), small_, mask->shares.data(), work_.data());
  if (!params.plain_edges) {
    specks_.Run(small_, work_.data());
    edges_.Draw(in, small_, picture_.data(), work_.data(), mask->pixels.data());
    return;
  }
  enlarged_.Show({work_.data(), small_.width, small_, 0}, in.size());
  rows_.resize(static_cast<size_t>(pool_->num_threads()));
  for (std::vector<float>& row : rows_) row.resize(static_cast<size_t>(in.width));
  pool_->ParallelFor(in.height, [&](int y, int thread) {
    float* const numbers = rows_[static_cast<size_t>(thread)].data();
    enlarged_.Weights(y, 0, in.width, 255.0f, numbers);
    uint8_t* const row = mask->pixels.data() + static_cast<ptrdiff_t>(y) * in.width;
    for (int x = 0; x < in.width; ++x) row[x] = static_cast<uint8_t>(numbers[x] + 0.5f);
  });
}

Status MaskTrack::Follow(const Image& in, std::span<const int> channels) {
  const MaskParams& params = masker_->params;
  TEMPERA_RETURN_IF_ERROR(masker_->Look(in));
  // A network whose masks are nearly as large as the frame draws edges itself.
  const Size grid = masker_->grid(), frame = in.size();
  const bool fine = 3 * grid.width > 2 * frame.width && 3 * grid.height > 2 * frame.height;
  const bool alone = params.hold == 0 && params.interval == 1;
  if (alone && (params.plain_edges || (fine && std::max(grid.width, grid.height) > kFitSide))) {
    follows_ = field_follows_ = false;
    return EnlargePlainly(in, channels);
  }
  TEMPERA_RETURN_IF_ERROR(TakePicture(frame));
  const bool knows_before = field_follows_;  // the field does: another interval makes it anew
  TEMPERA_RETURN_IF_ERROR(FindMotion());
  const bool knows_all = follows_ && knows_before;
  const bool sees = !knows_all || age_ + 1 >= params.interval;
  const bool moves = knows_all && (params.hold > 0 || !sees);
  const bool explained = moves && FindMovers();
  if (sees || !explained) {
    TEMPERA_RETURN_IF_ERROR(masker_->Think());
    Hold(channels, moves ? params.hold : 0);
    age_ = 0;
  } else {
    for (size_t i = 0; i < channels.size(); ++i) {
      work_.resize(PixelsOf(small_));
      mover_.Run(masks_[i].shares, work_.data());
      masks_[i].shares.swap(work_);
      masks_[i].luma_then = luma_;
    }
    ++age_;
  }
  for (size_t i = 0; i < channels.size(); ++i) Finish(in, &masks_[i]);
  follows_ = true;
  return OkStatus();
}

Status MaskTrack::Make(const Image& in, bool cut, std::span<const int> channels) {
  if (cut || in.size() != size_before_ ||
      !std::equal(channels.begin(), channels.end(), channels_.begin(), channels_.end())) {
    Reset();
    size_before_ = {};
    masks_.resize(channels.size());
    channels_.assign(channels.begin(), channels.end());
    size_before_ = in.size();
  }
  // Whatever ends it half-way, memory that runs out too: no frame follows from it.
  struct Undone {
    MaskTrack* track;
    ~Undone() {
      if (track != nullptr) track->Reset();
    }
  } undone{this};
  const Status made = Follow(in, channels);
  if (made.ok()) undone.track = nullptr;
  return made;
}

}  // namespace tempera::stylize
