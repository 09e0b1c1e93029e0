#include "tests/door/door_case.h"

#include "tests/door/comparison.h"

namespace tempera::door {
namespace {

constexpr int64_t kNoLimit = int64_t{1} << 40;

StylizerOptions DrawOptions(Dice& dice) {
  StylizerOptions o;
  o.num_threads = 1 + dice.Below(4);
  o.precision = dice.Pick({engine::Precision::kFp32, engine::Precision::kFp32, engine::Precision::kFp32,
                           engine::Precision::kInt8, engine::Precision::kAuto, engine::Precision::kBf16});
  o.norm_statistics = dice.Pick({engine::NormStatistics::kExact, engine::NormStatistics::kCarried,
                                 engine::NormStatistics::kSmoothed, engine::NormStatistics::kExact});
  if (dice.OneIn(10)) o.working = {dice.Pick({0, 16, 29}), dice.Pick({20, 33})};
  if (o.working.height == 0 && dice.OneIn(10)) o.working_short_side = dice.Pick({12, 20, 40});
  return o;
}

StylizerOptions DrawOther(Dice& dice, const StylizerOptions& options) {
  StylizerOptions other = options;
  other.num_threads = 1 + dice.Below(4);
  other.through_tensors = dice.OneIn(2);
  other.chain_bytes = dice.Pick({int64_t{-1}, int64_t{0}, kNoLimit});
  return other;
}

void DrawCompany(Dice& dice, DoorCase* drawn) {
  drawn->shares_host = dice.OneIn(4);
  drawn->has_neighbour = drawn->shares_host && dice.OneIn(2);
  drawn->at_the_same_time = drawn->has_neighbour && dice.OneIn(2);
}

}  // namespace

DoorCase DrawCase(Dice& dice) {
  DoorCase drawn;
  drawn.net = DrawPictureNet(dice);
  drawn.options = DrawOptions(dice);
  drawn.other = DrawOther(dice, drawn.options);
  DrawCompany(dice, &drawn);
  const bool one_after_other =
      drawn.net.has_states() || drawn.options.norm_statistics != engine::NormStatistics::kExact;
  drawn.looks = DrawLooks(dice, 1 + dice.Below(4), drawn.net, one_after_other);
  bool wants_network = false;
  for (const FrameLook& look : drawn.looks) wants_network = wants_network || look.mask_from_network;
  if (wants_network) drawn.mask_net = DrawMaskNet(dice);
  drawn.regions = DrawRegions(dice, wants_network);
  return drawn;
}

Features DoorCase::features(size_t frame) const {
  using engine::NormStatistics;
  using engine::Precision;
  const FrameLook& look = looks[frame];
  Features f = net.features | look.features();
  f.Add(Feature::kInt8, options.precision == Precision::kInt8)
      .Add(Feature::kBf16, options.precision == Precision::kBf16)
      .Add(Feature::kAuto, options.precision == Precision::kAuto)
      .Add(Feature::kSmoothed, options.norm_statistics == NormStatistics::kSmoothed)
      .Add(Feature::kCarried, options.norm_statistics == NormStatistics::kCarried)
      .Add(Feature::kWorkingSize, options.working.height > 0 || options.working_short_side > 0)
      .Add(Feature::kSharedHost, shares_host)
      .Add(Feature::kNeighbour, has_neighbour)
      .Add(Feature::kRegions, !regions.list.empty())
      .Add(Feature::kRegionsByNetwork, !regions.list.empty() && regions.with_network);
  if (frame > 0) {
    const FrameLayout &in = look.in, &before = looks[frame - 1].in;
    f.Add(Feature::kNewSize, in.width != before.width || in.height != before.height);
    f.Add(Feature::kNewFormat, in.format != before.format);
  }
  return f;
}

Outcome RunCase(const DoorCase& drawn) {
  Outcome outcome;
  Comparison(drawn, &outcome).Run();
  return outcome;
}

Outcome RunModel(std::span<const uint8_t> bytes, Dice& dice) {
  Outcome outcome;
  DoorCase drawn;
  drawn.options = DrawOptions(dice);
  drawn.other = DrawOther(dice, drawn.options);
  DrawCompany(dice, &drawn);
  drawn.looks = DrawLooks(dice, 2, drawn.net, false);
  for (FrameLook& look : drawn.looks) look.mask_from_network = false;
  Comparison comparison(drawn, &outcome);
  comparison.RunForeign(bytes);
  return outcome;
}

}  // namespace tempera::door
