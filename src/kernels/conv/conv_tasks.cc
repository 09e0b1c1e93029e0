#include "src/kernels/conv/conv_tasks.h"

#include "src/kernels/winograd/winograd_strip.h"
#include "src/kernels/winograd/winograd_tile.h"

namespace tempera::kernels {
namespace {

bool HasWinogradTiles(const ConvPlan& plan) {
  return plan.winograd.kind != WinogradKind::kNone && !IsStrip(plan.winograd.kind);
}

}  // namespace

TaskRegion ConvPlan::ReadRegion(int64_t task) const {
  const ConvTask t = TaskOf(*this, task);
  ConvWindow window;
  if (HasWinogradTiles(*this)) {
    window = WinogradWindow(*this, WinogradTileOf(*this, task));
  } else {
    window = WindowOf(IsStrip(winograd.kind) ? StripTileOf(*this, t.index) : TileAt(t.index));
  }
  TaskRegion r = ShownBy(window, t.image);
  r.channel = shape.in_channels / shape.group * t.first_group;
  r.channels = shape.in_channels / shape.group * (t.last_group - t.first_group);
  return r;
}

TaskRegion ConvPlan::WrittenRegion(int64_t task) const {
  const ConvTask t = TaskOf(*this, task);
  TaskRegion r = HasWinogradTiles(*this) ? WinogradWritten(*this, WinogradTileOf(*this, task))
                                         : WrittenBy(TileAt(t.index), t.image);
  if (shape.shuffle > 1) return r;  // of all channels
  const Block& last = blocks[static_cast<size_t>(t.last_block - 1)];
  r.channel = blocks[static_cast<size_t>(t.first_block)].first_channel;
  r.channels = last.first_channel + last.channels - r.channel;
  return r;
}

}  // namespace tempera::kernels
