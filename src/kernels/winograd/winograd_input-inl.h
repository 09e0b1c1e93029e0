// Per-target code: one channel of a task's input, from pixels to points.
#if defined(TEMPERA_KERNELS_WINOGRAD_INPUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_WINOGRAD_INPUT_INL_H_
#undef TEMPERA_KERNELS_WINOGRAD_INPUT_INL_H_
#else
#define TEMPERA_KERNELS_WINOGRAD_INPUT_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "src/kernels/conv/conv_block-inl.h"
#include "src/kernels/conv/conv_scratch-inl.h"
#include "src/kernels/pad_index.h"
#include "src/kernels/winograd/winograd_tile.h"
#include "src/kernels/winograd/winograd_transform-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr int64_t kWidth = hn::MaxLanes(DF());

// Where a thread's scratch holds what; PlanWinograd reserves the room.
struct WinogradWork {
  float* v;       // transformed input
  float* m;       // products
  float* rows;    // one channel's input rows, split into phases and segments
  float* middle;  // one phase of them, transformed along rows: [row][point][column]
  float* linear;  // one row before its split by phases
  float* split;   // the same, before its split into segments
  Run* runs;      // y, x: in tiles of the task
  int64_t num_runs;
  // Of this task: one at the right edge may have fewer columns than the plan's.
  int64_t v_width;  // transformed columns, whole vectors
  int64_t v_pitch;  // from one row of tiles to the next, transformed
  int64_t pitch;    // the same, multiplied
  int64_t vectors;  // of products
};

// dst[segment][i] = src[i * kStep + segment], i < count.
template <int kStep>
HWY_INLINE void SplitRow(const float* src, int64_t count, int64_t segment, float* dst) {
  const DF d;
  for (int64_t i = 0; i < count; i += kWidth) {
    VF a, b, c, e;
    if constexpr (kStep == 3) {
      hn::LoadInterleaved3(d, src + 3 * i, a, b, c);
    } else {
      static_assert(kStep == 4);
      hn::LoadInterleaved4(d, src + 4 * i, a, b, c, e);
      hn::StoreU(e, d, dst + 3 * segment + i);
    }
    hn::StoreU(a, d, dst + i);
    hn::StoreU(b, d, dst + segment + i);
    hn::StoreU(c, d, dst + 2 * segment + i);
  }
}

// The input of one channel, padded and split: rows of [phase][segment][column]. `next` is the plane read
// after this one, or nullptr. For all kinds at once: what depends on the kind is decided once a row.
inline HWY_NOINLINE void CopyRows(const ConvPlan& plan, const InputPlane& plane, const float* next,
                                  const WinogradTile& tile, const WinogradWork& work) {
  const WinogradLayout& w = plan.winograd;
  const int64_t step = w.axis.step, phases = w.in_phases;
  const int64_t phase_width = step * w.segment_width, row_width = phases * phase_width;
  // What the transform reads of a segment, whole vectors.
  const int64_t count = (work.v_width + (w.axis.inputs - 1) / step + kWidth - 1) / kWidth * kWidth;
  const ConvWindow window = WinogradWindow(plan, tile);
  const int64_t height = plan.shape.in_h * plan.read_upsample;
  if (next != nullptr) PrefetchRows(plan, next, plane.row_step, window);
  float* dst = work.rows;
  for (int64_t r = 0; r < window.rows.count; ++r, dst += row_width) {
    const int64_t y = PadIndex(window.rows.first + r, height, plan.pad_mode);
    const float* row = y < 0 ? nullptr : plane.numbers + (y / plan.read_upsample) * plane.row_step;
    FillRow(plan, plane.read, plane.channel, row, window.columns.first, window.columns.count,
            phases * step * count, work.linear);
    const float* from = work.linear;
    if (phases == 2) {
      SplitByStride(from, 2, step * count, work.split);
      from = work.split;
    }
    for (int64_t phase = 0; phase < phases; ++phase) {
      const float* of_phase = from + phase * step * count;
      float* to = dst + phase * phase_width;
      if (step == 3) {
        SplitRow<3>(of_phase, count, w.segment_width, to);
      } else {
        SplitRow<4>(of_phase, count, w.segment_width, to);
      }
    }
  }
}

// One phase along rows: rows of segments to [row][point][column].
template <class Transform, int kInPhases>
HWY_INLINE void TransformRows(const ConvPlan& plan, const WinogradWork& work, int64_t rows, int phase_x) {
  constexpr int kStep = Transform::kStep, kInputs = Transform::kInputs, kPoints = Transform::kPoints;
  const DF d;
  const int64_t segment = plan.winograd.segment_width, width = work.v_width;
  for (int64_t r = 0; r < rows; ++r) {
    const float* HWY_RESTRICT from = work.rows + (r * kInPhases + phase_x) * kStep * segment;
    float* HWY_RESTRICT to = work.middle + r * kPoints * width;
    for (int64_t x = 0; x < width; x += kWidth) {
      VF in[kInputs], out[kPoints];
      for (int i = 0; i < kInputs; ++i) in[i] = hn::LoadU(d, from + (i % kStep) * segment + i / kStep + x);
      Transform::Input(in, out);
      for (int i = 0; i < kPoints; ++i) hn::StoreU(out[i], d, to + i * width + x);
    }
  }
}

// One channel: rows of segments to points; `v` is the channel's first image, images `image_stride` apart.
// Along rows first, since that reads the segments at odd places: done right after they were written, such
// loads wait for the stores to leave the store buffer.
template <class Transform, int kInPhases>
HWY_NOINLINE void TransformInput(const ConvPlan& plan, const WinogradTile& tile, const WinogradWork& work,
                                 float* HWY_RESTRICT v, int64_t image_stride) {
  constexpr int kStep = Transform::kStep, kInputs = Transform::kInputs, kPoints = Transform::kPoints;
  const DF d;
  const WinogradLayout& w = plan.winograd;
  const int64_t width = work.v_width, middle_row = kPoints * width;
  const int64_t tile_rows = tile.rows + w.blocks - 1;
  const int64_t rows = ((tile_rows - 1) * kStep + kInputs) * kInPhases;
  for (int phase_x = 0; phase_x < kInPhases; ++phase_x) {
    TransformRows<Transform, kInPhases>(plan, work, rows, phase_x);
    for (int image = 0; image < kInPhases * kInPhases; ++image) {
      if (kInPhases == 2 && kInputPhases[image][1] != phase_x) continue;
      const int phase_y = kInPhases == 2 ? kInputPhases[image][0] : 0;
      float* HWY_RESTRICT image_v = v + image * image_stride;
      for (int64_t ty = 0; ty < tile_rows; ++ty) {
        for (int px = 0; px < kPoints; ++px) {
          const float* HWY_RESTRICT from =
              work.middle + (ty * kStep * kInPhases + phase_y) * middle_row + px * width;
          float* HWY_RESTRICT to = image_v + px * w.v_point + ty * work.v_pitch;
          for (int64_t x = 0; x < width; x += kWidth) {
            VF in[kInputs], out[kPoints];
            for (int i = 0; i < kInputs; ++i) in[i] = hn::LoadU(d, from + i * kInPhases * middle_row + x);
            Transform::Input(in, out);
            for (int i = 0; i < kPoints; ++i) hn::StoreU(out[i], d, to + i * kPoints * w.v_point + x);
          }
        }
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
