// Transforms a kernel: which of its taps go into which product, along each axis, and the products of both.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "src/kernels/conv/conv_geometry.h"
#include "src/kernels/winograd/winograd.h"
#include "src/kernels/winograd/winograd_points.h"

namespace tempera::kernels {
namespace {

// The finite points, and infinity after them.
std::span<const double> PointsOf(WinogradKind kind) {
  static constexpr std::array k42 = {0.0, kF42A, -kF42A, kF42B};
  static constexpr std::array k43 = {0.0, kF43A, -kF43A, kF43B, -kF43B};
  static constexpr std::array k44 = {kF44A, -kF44A, kF44B, -kF44B, kF44C, -kF44C};
  static constexpr std::array k33 = {0.0, 1.0, -1.0, kF33H};
  if (kind == WinogradKind::kF42) return k42;
  if (kind == WinogradKind::kF43) return k43;
  if (kind == WinogradKind::kF44) return k44;
  if (kind == WinogradKind::kF33) return k33;
  return {};
}

// Where a tap stands: in which phase of the input, which block, which place of it.
struct TapPlace {
  int64_t out_phase, in_phase, block, tap;
  const std::vector<int64_t>* kernels;  // indices whose weights are summed there
};

// One axis: how much of each of the kernel's numbers goes into a product.
class AxisProducts {
 public:
  AxisProducts(const ConvPlan& p, bool vertical) : w_(p.winograd) {
    kernel_ = vertical ? p.shape.kernel_h : p.shape.kernel_w;
    const WinogradOrigin& origin = vertical ? w_.origin_y : w_.origin_x;
    const int64_t before = vertical ? p.window_top : p.window_left;
    shares_.resize(static_cast<size_t>(w_.out_phases * w_.in_phases * w_.blocks * w_.axis.points * kernel_));
    for (int64_t phase = 0; phase < w_.out_phases; ++phase) {
      // Output `phase` of a tile is number 2 * i + out of the image, for a whole i.
      const int64_t place = phase + origin.output;
      const int64_t out = w_.out_phases == 1 ? 0 : (place + 2) % 2, ahead = place < 0 ? -1 : 0;
      for (const AxisTap& tap : vertical ? TapsH(p, out) : TapsW(p, out)) {
        // Counted from what the tile reads first.
        const int64_t offset = tap.offset - before + ahead - origin.input;
        Add({phase, offset % w_.in_phases, offset / w_.in_phases / w_.axis.taps,
             offset / w_.in_phases % w_.axis.taps, &tap.kernels});
      }
    }
  }

  // [kernel]
  const double* shares(int64_t out_phase, int64_t in_phase, int64_t block, int64_t point) const {
    return shares_.data() + At(out_phase, in_phase, block, point);
  }
  bool used(int64_t out_phase, int64_t in_phase, int64_t block, int64_t point) const {
    const double* s = shares(out_phase, in_phase, block, point);
    return std::any_of(s, s + kernel_, [](double x) { return x != 0; });
  }

 private:
  int64_t At(int64_t out_phase, int64_t in_phase, int64_t block, int64_t point) const {
    return (((out_phase * w_.in_phases + in_phase) * w_.blocks + block) * w_.axis.points + point) * kernel_;
  }
  void Add(const TapPlace& t) {
    const std::span<const double> finite = PointsOf(w_.kind);
    for (int64_t point = 0; point < w_.axis.points; ++point) {
      const double share = InterpolationWeight(finite, static_cast<size_t>(point), static_cast<size_t>(t.tap),
                                               static_cast<size_t>(w_.axis.taps));
      for (int64_t k : *t.kernels) {
        shares_[static_cast<size_t>(At(t.out_phase, t.in_phase, t.block, point) + k)] += share;
      }
    }
  }

  const WinogradLayout& w_;
  int64_t kernel_ = 0;
  std::vector<double> shares_;
};

double Weigh(const float* kernel, int64_t kernel_h, int64_t kernel_w, const double* y, const double* x) {
  double sum = 0;
  for (int64_t i = 0; i < kernel_h; ++i) {
    if (y[i] == 0) continue;
    double row = 0;
    for (int64_t j = 0; j < kernel_w; ++j) row += x[j] * kernel[i * kernel_w + j];
    sum += y[i] * row;
  }
  return sum;
}

// An input image or a tap block, by its number along each axis.
struct Pair {
  int64_t y, x;
};

Pair InputImage(int64_t images, int64_t i) {
  return images == 1 ? Pair{0, 0} : Pair{kInputPhases[i][0], kInputPhases[i][1]};
}

// The weights at one point; packed gets what no output phase can do without.
class PointPacker {
 public:
  PointPacker(const ConvPlan& p, const AxisProducts& products_y, const AxisProducts& products_x,
              int64_t point)
      : p_(p),
        w_(p.winograd),
        products_y_(products_y),
        products_x_(products_x),
        py_(point / w_.axis.points),
        px_(point % w_.axis.points),
        group_in_(p.shape.in_channels / p.shape.group),
        images_(w_.in_phases * w_.in_phases) {}

  WinogradPoint Pack(std::span<const float> weights, std::vector<float>& packed) {
    FindBlocks();
    for (int64_t o = 0; o < w_.out_phases * w_.out_phases; ++o) {
      const Pair out = {o / w_.out_phases, o % w_.out_phases};
      for (const ConvPlan::Block& block : p_.blocks) {
        const size_t start = packed.size();
        const bool any = PackBlock(weights, out, block, packed);
        to_.block_weights.push_back(any ? static_cast<int64_t>(start) : -1);
        if (!any) packed.resize(start);
      }
    }
    return std::move(to_);
  }

 private:
  bool Used(Pair out, Pair in, Pair block) const {
    return products_y_.used(out.y, in.y, block.y, py_) && products_x_.used(out.x, in.x, block.x, px_);
  }

  // Tap blocks and input images that any output phase uses.
  void FindBlocks() {
    int64_t first_image = images_, last_image = 0;
    for (int64_t b = 0; b < w_.blocks * w_.blocks; ++b) {
      const Pair block = {b / w_.blocks, b % w_.blocks};
      bool any = false;
      for (int64_t o = 0; o < w_.out_phases * w_.out_phases; ++o) {
        for (int64_t i = 0; i < images_; ++i) {
          if (!Used({o / w_.out_phases, o % w_.out_phases}, InputImage(images_, i), block)) continue;
          any = true;
          first_image = std::min(first_image, i), last_image = std::max(last_image, i);
        }
      }
      if (!any) continue;
      blocks_.push_back(block);
      to_.tap_offsets.push_back(static_cast<int32_t>(block.y * w_.v_pitch + block.x));
    }
    to_.first_input = std::min(first_image, last_image) * group_in_;
    to_.inputs = (last_image + 1) * group_in_ - to_.first_input;
  }

  // False when all of them are zeros.
  bool PackBlock(std::span<const float> weights, Pair out, const ConvPlan::Block& block,
                 std::vector<float>& packed) const {
    const ConvShape& s = p_.shape;
    bool any = false;
    for (int64_t input = to_.first_input; input < to_.first_input + to_.inputs; ++input) {
      const int64_t channel = input % group_in_;
      const Pair in = InputImage(images_, input / group_in_);
      for (const Pair& b : blocks_) {
        const bool wanted = Used(out, in, b);
        any |= wanted;
        for (int64_t c = block.first_channel; c < block.first_channel + block.channels; ++c) {
          const float* kernel = weights.data() + (c * group_in_ + channel) * s.kernel_h * s.kernel_w;
          packed.push_back(!wanted ? 0.0f
                                   : static_cast<float>(Weigh(kernel, s.kernel_h, s.kernel_w,
                                                              products_y_.shares(out.y, in.y, b.y, py_),
                                                              products_x_.shares(out.x, in.x, b.x, px_))));
        }
      }
    }
    return any;
  }

  const ConvPlan& p_;
  const WinogradLayout& w_;
  const AxisProducts &products_y_, &products_x_;
  int64_t py_, px_, group_in_, images_;
  std::vector<Pair> blocks_;
  WinogradPoint to_;
};

}  // namespace

Status TransformWeights(ConvPlan& p, std::span<const float> weights) {
  const AxisProducts products_y(p, true), products_x(p, false);
  std::vector<float> packed;
  std::vector<WinogradPoint> points;
  for (int64_t point = 0; point < p.winograd.axis.points * p.winograd.axis.points; ++point) {
    points.push_back(PointPacker(p, products_y, products_x, point).Pack(weights, packed));
  }
  p.winograd.points = std::move(points);
  TEMPERA_ASSIGN_OR_RETURN(p.weights, AlignedBuffer::Allocate(packed.size() * sizeof(float)));
  std::memcpy(p.weights.data(), packed.data(), packed.size() * sizeof(float));
  return OkStatus();
}

}  // namespace tempera::kernels
