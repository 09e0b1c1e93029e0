// Per-target code: the transforms of winograd_s16.h, and a task made of them.
#if defined(TEMPERA_KERNELS_NHWC_WINOGRAD_S16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_NHWC_WINOGRAD_S16_INL_H_
#undef TEMPERA_KERNELS_NHWC_WINOGRAD_S16_INL_H_
#else
#define TEMPERA_KERNELS_NHWC_WINOGRAD_S16_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/nhwc/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// out = B in: six numbers to six.
template <class V>
HWY_INLINE void TransformInput(const V (&in)[6], V (&out)[6]) {
  const V e4c = hn::Sub(in[4], hn::ShiftLeft<2>(in[2]));
  const V d4b = hn::Sub(in[3], hn::ShiftLeft<2>(in[1]));
  const V ec = hn::Sub(in[4], in[2]);
  const V db = hn::Sub(in[3], in[1]);
  const V db2 = hn::Add(db, db);
  out[0] = hn::Add(hn::ShiftLeft<2>(hn::Sub(in[0], in[2])), ec);
  out[1] = hn::Add(e4c, d4b);
  out[2] = hn::Sub(e4c, d4b);
  out[3] = hn::Add(ec, db2);
  out[4] = hn::Sub(ec, db2);
  out[5] = hn::Sub(hn::Sub(in[5], in[3]), hn::Add(db2, db2));
}

// out = A in, the rows times 24, 12, 6 and 6.
template <class V>
HWY_INLINE void TransformOutput(const V (&in)[6], V (&out)[4]) {
  const V s1 = hn::Add(in[1], in[2]), d1 = hn::Sub(in[1], in[2]);
  const V s2 = hn::Add(in[3], in[4]), d2 = hn::Sub(in[3], in[4]);
  out[0] = hn::Add(in[0], hn::Sub(s2, hn::ShiftLeft<2>(s1)));
  out[1] = hn::Sub(d2, hn::Add(d1, d1));
  out[2] = hn::Sub(s2, s1);
  out[3] = hn::Add(in[5], hn::Sub(hn::Add(d2, d2), d1));
}

// rows: six scratch rows, from the first of `tiles` tiles on. vertical: room for six rows of input_part
// tiles. out: [36][input_step], each [tile][channel].
template <class D>
HWY_NOINLINE void TransformInputs(D d, const ConvNhwcPlan& plan, const int16_t* rows, int64_t tiles,
                                  int16_t* vertical, int16_t* out) {
  using V = hn::Vec<D>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), channels = plan.packed_channels;
  const int64_t part = plan.winograd.input_part, step = plan.winograd.input_step;
  const int64_t width = (4 * part + 2) * channels;
  for (int64_t start = 0; start < tiles; start += part) {
    const int64_t count = std::min(part, tiles - start);
    const int16_t* from = rows + 4 * start * channels;
    for (int64_t x = 0; x < (4 * count + 2) * channels; x += lanes) {
      V in[6], t[6];
      for (int i = 0; i < 6; ++i) in[i] = hn::LoadU(d, from + i * plan.row_stride + x);
      TransformInput(in, t);
      for (int i = 0; i < 6; ++i) hn::StoreU(t[i], d, vertical + i * width + x);
    }
    for (int64_t tile = 0; tile < count; ++tile) {
      for (int i = 0; i < 6; ++i) {
        const int16_t* line = vertical + i * width + 4 * tile * channels;
        int16_t* to = out + 6 * i * step + (start + tile) * channels;
        for (int64_t c = 0; c < channels; c += lanes) {
          V in[6], t[6];
          for (int j = 0; j < 6; ++j) in[j] = hn::LoadU(d, line + j * channels + c);
          TransformInput(in, t);
          for (int j = 0; j < 6; ++j) hn::StoreU(t[j], d, to + j * step + c);
        }
      }
    }
  }
}

// products: [36][product_step], each [tile][width]. sums: [4][4 * tiles][width], direct sums.
HWY_NOINLINE void TransformOutputs(const ConvNhwcPlan& plan, const uint32_t* products, int64_t tiles,
                                   int64_t width, int32_t* sums) {
  const hn::CappedTag<uint32_t, 8> d;
  const hn::RebindToSigned<decltype(d)> di;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), step = plan.winograd.product_step;
  const V ninth = hn::Set(d, 0x38E38E39u);  // 9 * 0x38E38E39 = 2 * 2^32 + 1
  for (int64_t tile = 0; tile < tiles; ++tile) {
    for (int64_t c = 0; c < width; c += lanes) {
      const uint32_t* from = products + tile * width + c;
      V half[4][6];
      for (int j = 0; j < 6; ++j) {
        V in[6], t[4];
        for (int i = 0; i < 6; ++i) in[i] = hn::LoadU(d, from + (6 * i + j) * step);
        TransformOutput(in, t);
        for (int i = 0; i < 4; ++i) half[i][j] = t[i];
      }
      const auto store = [&](int i, int j, auto sum) HWY_ATTR {
        hn::StoreU(sum, di, sums + ((i * tiles + tile) * 4 + j) * width + c);
      };
      const auto row = [&]<int kShift>(int i) HWY_ATTR {
        V t[4];
        TransformOutput(half[i], t);
        for (V& x : t) x = hn::Mul(x, ninth);
        store(i, 0, hn::ShiftRight<kShift + 3>(hn::BitCast(di, t[0])));
        store(i, 1, hn::ShiftRight<kShift + 2>(hn::BitCast(di, t[1])));
        store(i, 2, hn::ShiftRight<kShift + 1>(hn::BitCast(di, t[2])));
        store(i, 3, hn::ShiftRight<kShift + 1>(hn::BitCast(di, t[3])));
      };
      row.template operator()<3>(0);
      row.template operator()<2>(1);
      row.template operator()<1>(2);
      row.template operator()<1>(3);
    }
  }
}

void RunWinogradTask(const ConvNhwcPlan& plan, const ConvNhwcArgs& args, int64_t task, uint8_t* scratch) {
  const ConvNhwcPlan::Winograd& w = plan.winograd;
  const ConvNhwcPlan::Phase& phase = plan.phases.front();
  const int64_t channels = plan.packed_channels;
  TaskWork<int16_t> work(plan, args, task, scratch);
  work.out.scale = phase.scale.data();
  work.out.bias = phase.bias.data();
  auto* vertical = reinterpret_cast<int16_t*>(scratch + w.vertical);
  auto* input = reinterpret_cast<int16_t*>(scratch + w.input);
  auto* products = reinterpret_cast<uint32_t*>(scratch + w.products);
  auto* sums = reinterpret_cast<int32_t*>(scratch + plan.scratch.sums);
  const int64_t across = (work.tile.columns + 3) / 4;
  RowRing<int16_t> ring(work.packer, work.tile, 4 * across + 2,
                        reinterpret_cast<int16_t*>(scratch + plan.scratch.rows));
  DotArgs dot;
  dot.row_stride = 0;
  dot.pixel_stride = dot.row_k = channels;
  dot.kernel_rows = 1;
  plan.dot->begin();
  for (int64_t y = 0; y < work.tile.rows; y += 4) {
    const int16_t* rows = ring.Window(y, 6);
    for (int64_t start = 0; start < across; start += w.tiles) {
      const int64_t tiles = std::min(w.tiles, across - start);
      const int16_t* from = rows + 4 * start * channels;
      if (channels % 16 == 0) {
        TransformInputs(hn::CappedTag<int16_t, 16>(), plan, from, tiles, vertical, input);
      } else {
        TransformInputs(hn::CappedTag<int16_t, 8>(), plan, from, tiles, vertical, input);
      }
      for (int64_t r = 0; r < std::min<int64_t>(4, work.tile.rows - y); ++r) {
        work.Expect(y + r, 0, 4 * start, 4 * tiles);
      }
      const uint8_t* weights = phase.weights.data();
      for (int64_t column = 0; column < plan.dot_columns; column += w.block_columns) {
        const int64_t width = std::min(w.block_columns, plan.dot_columns - column);
        dot.columns = width;
        dot.pixels = tiles;
        for (int64_t i = 0; i < 36; ++i, weights += channels * width * 2) {
          dot.input = input + i * w.input_step;
          dot.weights = weights;
          dot.sums = products + i * w.product_step;
          plan.dot->run(dot);
        }
        work.out.columns = width;
        work.out.first_column = column;
        for (int64_t t = 0; t < tiles; t += w.output_part) {
          const int64_t part = std::min(w.output_part, tiles - t);
          TransformOutputs(plan, products + t * width, part, width, sums);
          for (int64_t r = 0; r < std::min<int64_t>(4, work.tile.rows - y); ++r) {
            work.out.sums = sums + r * 4 * part * width;
            work.Store(y + r, 0, 0, 4 * (start + t), 4 * part);
          }
        }
      }
    }
  }
  plan.dot->end();
  work.Finish();
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
