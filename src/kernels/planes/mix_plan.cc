// Plans a 1x1 convolution: cuts its pixels into tiles and panels, packs the weights.
#include <algorithm>

#include "src/base/checked_math.h"
#include "src/kernels/planes/mix_f32.h"
#include "src/kernels/task_share.h"

namespace tempera::kernels {
namespace {

// A group of pixels passes under all blocks of output channels and should stay in the L1 meanwhile: 24 KiB of
// its 32 with the weights that stream by.
constexpr int64_t kGroupNumbers = 6 * 1024;
// A panel should stay in the L2 (192 KiB of at least 512), beside the weights of a pass (the same again).
constexpr int64_t kPanelNumbers = 48 * 1024;
constexpr int64_t kPassNumbers = 48 * 1024;
// Pixels of a panel: stretches of 768 bytes of each plane, a multiple of every target's group.
constexpr int64_t kPanelPixels = 192;
// Groups that make it worth while to have a panel in the L1.
constexpr int64_t kNearGroups = 4;
// What a task writes should still be in the L2 when its moments are gathered.
constexpr int64_t kTileNumbers = 48 * 1024;
// Blocks that make up for copying the panel once more.
constexpr int64_t kBlocksAPart = 4;
// Read where they are: streams that the L1's ways take when planes are a power of two apart; where all output
// channels are one block, pixels are read only once anyway.
constexpr int64_t kDirectChannels = 8;

void PlanTiles(MixPlan& p, bool pending) {
  const int64_t in = p.shape.in_channels, out = p.shape.out_channels, n = p.shape.n;
  const auto blocks = static_cast<int64_t>(p.first_channels.size()) - 1;
  const int64_t widest = CeilDiv(out / p.shape.group, blocks / p.shape.group);
  p.group = p.target->max_vectors[widest] * p.target->lanes;
  p.chunk = std::min(p.in_a_group(), std::max<int64_t>(1, kGroupNumbers / p.group));
  p.blocks_a_pass = std::max<int64_t>(1, kPassNumbers / (p.chunk * p.target->max_channels));
  p.panel = RoundUp(std::clamp<int64_t>(kPanelNumbers / in, 1, kPanelPixels), p.group);
  // Of few input channels all of a panel's groups stay in the L1 while a block passes over them: it then
  // writes its planes in long stretches, instead of a line and a half of all planes in turn.
  const int64_t near = kGroupNumbers / p.in_a_group() / p.group * p.group;
  if (near >= kNearGroups * p.group) {
    p.panel = std::min(p.panel, near);
    p.blocks_a_pass = 1;
  }
  p.panel = std::min(p.panel, RoundUp(p.pixels, p.group));
  p.tile = std::clamp<int64_t>(kTileNumbers / out, 1, CeilDiv(p.pixels, CeilDiv(kWantedTasks, n)));
  // An enlargement takes its panel from the scratch to the output once its moments are known.
  p.tile = p.enlarged() || p.tile <= p.panel ? std::min(p.panel, RoundUp(p.tile, p.group))
                                             : RoundUp(p.tile, p.panel);
  p.panel = std::min(p.panel, p.tile);
  p.tiles = CeilDiv(p.pixels, p.tile);
  // Of a shuffle a task has all channels.
  const int64_t most_parts = p.shape.shuffle > 1 ? 1 : std::max<int64_t>(1, blocks / kBlocksAPart);
  p.parts = std::clamp<int64_t>(kWantedTasks / (n * p.tiles), 1, most_parts);
  // The last tile of a picture that is read directly has at least a vector.
  const int64_t last = p.pixels - (p.tiles - 1) * p.tile;
  p.direct = !pending && !p.enlarged() && p.shape.stride_h == 1 && p.shape.stride_w == 1 &&
             (p.in_a_group() <= kDirectChannels || blocks == p.shape.group) && last >= p.target->lanes;
}

}  // namespace

bool MixServes(const ConvShape& s) {
  constexpr int64_t kMostStride = int64_t{1} << 14;
  if (s.stride_h > kMostStride || s.stride_w > kMostStride) return false;
  const bool strided = s.stride_h != 1 || s.stride_w != 1;
  const bool enlarges = s.upsample == 2 && !strided && s.out_h == 2 * s.in_h && s.out_w == 2 * s.in_w;
  // Without a stride rows are one line only where no pixel is left over.
  const bool lines = s.upsample == 1 && !strided && s.out_h == s.in_h && s.out_w == s.in_w;
  const bool gathers = s.upsample == 1 && strided && (s.out_h - 1) * s.stride_h < s.in_h &&
                       (s.out_w - 1) * s.stride_w < s.in_w;
  const bool groups = s.group == 1 || (s.in_channels > s.group && s.out_channels > s.group);
  return s.kernel_h == 1 && s.kernel_w == 1 && groups && s.pad_top == 0 && s.pad_left == 0 && !s.transposed &&
         s.in_channels <= 64 * 1024 && (lines || gathers || enlarges);
}

Result<MixPlan> PlanMix(const ConvShape& shape, std::span<const float> weights, std::span<const float> bias,
                        bool pending, int64_t highway_bit) {
  TEMPERA_RETURN_IF_ERROR(CheckConvShape(shape));
  if (!MixServes(shape)) return InvalidArgument("convolution is not of single pixels");
  const int64_t in = shape.in_channels, out = shape.out_channels;
  const int64_t in_a_group = in / shape.group, out_a_group = out / shape.group;
  if (weights.size() != static_cast<size_t>(in_a_group * out) ||
      (!bias.empty() && bias.size() != static_cast<size_t>(out))) {
    return InvalidArgument("convolution weights or bias do not match its shape");
  }
  MixPlan p;
  p.shape = shape;
  p.pixels = shape.upsample == 1 ? shape.out_h * shape.out_w : shape.in_h * shape.in_w;
  p.target = ChooseMixTarget(highway_bit);
  p.bias.assign(static_cast<size_t>(out), 0.0f);
  std::copy(bias.begin(), bias.end(), p.bias.begin());
  // Dealt evenly: 6 channels in blocks of at most 4 are 3 + 3.
  const int64_t blocks = CeilDiv(out_a_group, p.target->max_channels);
  for (int64_t first = 0; first < out; first += out_a_group) {
    for (int64_t b = 0; b < blocks; ++b) {
      p.first_channels.push_back(static_cast<int32_t>(first + out_a_group * b / blocks));
    }
  }
  p.first_channels.push_back(static_cast<int32_t>(out));
  TEMPERA_ASSIGN_OR_RETURN(p.weights, AlignedBuffer::Allocate(weights.size() * sizeof(float)));
  auto* packed = reinterpret_cast<float*>(p.weights.data());
  for (size_t b = 0; b + 1 < p.first_channels.size(); ++b) {
    for (int64_t i = 0; i < in_a_group; ++i) {
      for (int64_t c = p.first_channels[b]; c < p.first_channels[b + 1]; ++c) {
        *packed++ = weights[static_cast<size_t>(c * in_a_group + i)];
      }
    }
  }
  PlanTiles(p, pending);
  if (!CheckedMul(shape.n * p.parts, p.tiles, &p.tasks) || p.tasks > (int64_t{1} << 30)) {
    return InvalidArgument("convolution has too many tiles; use a smaller picture");
  }
  // The panel; behind it a line of strided pixels, or the results of one before they are enlarged.
  const bool strided = shape.stride_h != 1 || shape.stride_w != 1;
  const int64_t lines = in + (p.enlarged() ? out : strided ? 1 : 0);
  p.shuffle_start = p.direct ? 0 : RoundUp(lines * p.panel, 16);
  const int64_t shuffled = shape.shuffle > 1 ? RoundUp(out * p.tile, 16) : 0;
  p.scratch_bytes = static_cast<uint64_t>((p.shuffle_start + shuffled) * 4);
  return p;
}

}  // namespace tempera::kernels
