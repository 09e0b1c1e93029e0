// One task of a planned convolution over interleaved pixels: rows are packed as they are needed, multiplied
// and stored.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "src/base/checked_math.h"
#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/nhwc/conv_nhwc_task.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "src/kernels/nhwc/epilogue-inl.h"
#include "src/kernels/nhwc/pack_rows-inl.h"
#include "src/kernels/nhwc/shifted-inl.h"
#include "src/kernels/nhwc/tile-inl.h"
#include "src/kernels/nhwc/winograd_s16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {

template <typename T, typename Sum>
void RunTaskAs(const ConvNhwcPlan& plan, const ConvNhwcArgs& args, int64_t task, uint8_t* scratch) {
  const ConvGeometry& g = plan;
  TaskWork<T> work(plan, args, task, scratch);
  RowRing<T> ring(work.packer, work.tile, (work.tile.columns - 1) * g.read_stride_w + g.window_w,
                  reinterpret_cast<T*>(scratch + plan.scratch.rows));
  DotArgs dot;
  dot.row_stride = plan.row_stride;
  dot.pixel_stride = g.read_stride_w * plan.packed_channels;
  dot.columns = plan.dot_columns;
  dot.sums = scratch + plan.scratch.sums;
  const bool shifted = StoresShifted(plan, args);
  const bool added = plan.shifts > 1 && !shifted;
  work.out.sums = added ? scratch + plan.scratch.added : dot.sums;

  plan.dot->begin();
  for (int64_t y = 0; y < work.tile.rows; ++y) {
    const T* window = ring.Window(y * g.read_stride_h, g.window_h);
    for (size_t i = 0; i < plan.phases.size(); ++i) {
      const ConvNhwcPlan::Phase& phase = plan.phases[i];
      const T* input = window + phase.first_row * plan.row_stride + phase.first_column * plan.packed_channels;
      dot.kernel_rows = phase.kernel_rows;
      dot.row_k = phase.row_k;
      dot.weights = phase.weights.data();
      work.out.scale = phase.scale.data();
      work.out.bias = phase.bias.data();
      for (int64_t x = 0; x < work.tile.columns; x += plan.chunk_pixels) {
        const int64_t pixels = std::min(plan.chunk_pixels, work.tile.columns - x);
        dot.input = input + x * dot.pixel_stride;
        dot.pixels = pixels + (plan.shifts - 1) * plan.shift_step;
        const auto index = static_cast<int64_t>(i);
        if (index % g.scale == 0) work.Expect(y, index / g.scale, x, pixels);
        plan.dot->run(dot);
        if (shifted) {
          work.StoreBy(y, index / g.scale, index % g.scale, x, pixels,
                       [&plan](const EpilogueArgs& a) { StoreShifted<Sum>(plan, a); });
          continue;
        }
        if (added) {
          AddShifted(plan, static_cast<const Sum*>(dot.sums), pixels, static_cast<Sum*>(work.out.sums));
        }
        work.Store(y, index / g.scale, index % g.scale, x, pixels);
      }
    }
  }
  plan.dot->end();
  work.Finish();
}

void RunConvNhwcTask(const ConvNhwcPlan& plan, const ConvNhwcArgs& args, int64_t task, uint8_t* scratch) {
  switch (plan.dot->element) {
    case DotElement::kU8S8:
      return RunTaskAs<uint8_t, int32_t>(plan, args, task, scratch);
    case DotElement::kS16:
      if (plan.winograd.tiles > 0) return RunWinogradTask(plan, args, task, scratch);
      return RunTaskAs<int16_t, int32_t>(plan, args, task, scratch);
    case DotElement::kBf16:
#if !HWY_ARCH_WASM  // which has no such products: plans ask for none
      RunTaskAs<uint16_t, float>(plan, args, task, scratch);
#endif
      return;
  }
}

const ConvNhwcTarget* GetConvNhwcTarget() {
  static constexpr ConvNhwcTarget target = {&RunConvNhwcTask};
  return &target;
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(const ConvNhwcTarget*, ChooseConvNhwcTarget, GetConvNhwcTarget);

TaskRegion ConvNhwcPlan::ReadRegion(int64_t task) const {
  ConvTile tile = TileAt(task % tiles);
  tile.rows = RoundUp(tile.rows, unit()), tile.columns = RoundUp(tile.columns, unit());
  return ShownBy(WindowOf(tile), task / tiles);
}

TaskRegion ConvNhwcPlan::WrittenRegion(int64_t task) const {
  return WrittenBy(TileAt(task % tiles), task / tiles);
}

void ConvNhwcPlan::RunTask(const ConvNhwcArgs& args, int64_t task, void* scratch_memory) const {
  target->run_task(*this, args, task, static_cast<uint8_t*>(scratch_memory));
}
}  // namespace tempera::kernels
#endif  // HWY_ONCE
