// Per-target code: one row of an input plane as a window kernel wants it: padded, its pending Pointwise
// applied, columns split by stride.
#if defined(TEMPERA_KERNELS_PLANES_WINDOW_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TEMPERA_KERNELS_PLANES_WINDOW_ROW_INL_H_
#undef TEMPERA_KERNELS_PLANES_WINDOW_ROW_INL_H_
#else
#define TEMPERA_KERNELS_PLANES_WINDOW_ROW_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/pad_index.h"
#include "src/kernels/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Which part of a row a window needs, and where its numbers go: number i shows the (padded) input column
// first + i and is kept at Place(i).
struct WindowRow {
  int64_t width = 0;    // of the input row, repeated pixels counted
  int64_t first = 0;    // may be negative
  int64_t need = 0;     // numbers
  int64_t stride = 1;   // columns are split by it: one segment per remainder
  int64_t segment = 0;  // length of a segment
  int64_t repeat = 1;   // 2: each pixel of the row counts twice, as of an enlarged picture; stride is 1 then
  PadMode pad_mode = PadMode::kConstant;
  float pad_value = 0;

  int64_t begin() const { return std::clamp<int64_t>(-first, 0, need); }  // the first number inside
  int64_t end() const { return std::clamp<int64_t>(width - first, begin(), need); }  // one past the last
  int64_t Place(int64_t i) const { return stride == 1 ? i : i % stride * segment + i / stride; }
};

// What is pending on one channel, in registers.
class RowPointwise {
 public:
  RowPointwise(DF d, const Pointwise& p, int64_t channel)
      : constants_(LoadPointwise(d, p, channel)),
        kind_(p.is_identity()                      ? Kind::kNothing
              : p.activation == Activation::kSlope ? Kind::kSlope
                                                   : Kind::kClamp) {}

  // Without scale and shift these are 1 and 0, without a clamp its ends are infinite: the number stays.
  HWY_INLINE VF operator()(DF d, VF x) const {
    if (kind_ == Kind::kNothing) return x;
    x = hn::MulAdd(x, constants_.scale, constants_.shift);
    return kind_ == Kind::kClamp ? Activate<Activation::kClamp>(d, x, constants_)
                                 : Activate<Activation::kSlope>(d, x, constants_);
  }
  // body(f), f(d, x) being the above without its choice: for loops.
  template <typename Body>
  HWY_INLINE void Use(const Body& body) const {
    const ChannelPointwise& c = constants_;
    if (kind_ == Kind::kNothing) return body([](DF, VF x) HWY_ATTR { return x; });
    if (kind_ == Kind::kSlope) {
      return body([&c](DF d, VF x) HWY_ATTR {
        return Activate<Activation::kSlope>(d, hn::MulAdd(x, c.scale, c.shift), c);
      });
    }
    body([&c](DF d, VF x)
             HWY_ATTR { return Activate<Activation::kClamp>(d, hn::MulAdd(x, c.scale, c.shift), c); });
  }
  HWY_INLINE float One(DF d, float x) const { return hn::GetLane((*this)(d, hn::Set(d, x))); }

 private:
  enum class Kind { kNothing, kClamp, kSlope };
  ChannelPointwise constants_;
  Kind kind_;
};

// Before rows are filled into dst for the first time: what FillWindowRow does not write afterwards. Constant
// padding stands where it stands in every row. Lanes past the last number are computed with and thrown away;
// zeros keep them from being denormal or NaN, which some processors handle slowly.
HWY_INLINE void PrepareWindowRow(const WindowRow& w, float* dst) {
  std::fill(dst, dst + w.stride * w.segment, 0.0f);
  if (w.pad_value == 0) return;
  for (int64_t i = 0; i < w.begin(); ++i) dst[w.Place(i)] = w.pad_value;
  for (int64_t i = w.end(); i < w.need; ++i) dst[w.Place(i)] = w.pad_value;
}

// to[i] = read(from[i]); the last vector overlaps the one before it where n is no multiple. No overlap of
// from and to.
HWY_INLINE void ReadRow(const RowPointwise& read, const float* HWY_RESTRICT from, float* HWY_RESTRICT to,
                        int64_t n) {
  const DF d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  if (n < lanes) {
    for (int64_t i = 0; i < n; ++i) to[i] = read.One(d, from[i]);
    return;
  }
  read.Use([=](const auto& one) HWY_ATTR {
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes) hn::StoreU(one(d, hn::LoadU(d, from + i)), d, to + i);
    if (i != n) hn::StoreU(one(d, hn::LoadU(d, from + n - lanes)), d, to + n - lanes);
  });
}

// The same, from[2 * i] to even[i] and from[2 * i + 1] to odd[i].
HWY_INLINE void ReadRowPairs(const RowPointwise& read, const float* HWY_RESTRICT from,
                             float* HWY_RESTRICT even, float* HWY_RESTRICT odd, int64_t n) {
  const DF d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  if (n < lanes) {
    for (int64_t i = 0; i < n; ++i) {
      even[i] = read.One(d, from[2 * i]);
      odd[i] = read.One(d, from[2 * i + 1]);
    }
    return;
  }
  read.Use([=](const auto& one) HWY_ATTR {
    for (int64_t i = 0; i < n; i += lanes) {
      i = std::min(i, n - lanes);
      VF a, b;
      hn::LoadInterleaved2(d, from + 2 * i, a, b);
      hn::StoreU(one(d, a), d, even + i);
      hn::StoreU(one(d, b), d, odd + i);
    }
  });
}

// to[i] = read(from[i / 2]).
HWY_INLINE void ReadRowTwice(const RowPointwise& read, const float* HWY_RESTRICT from, float* HWY_RESTRICT to,
                             int64_t n) {
  const DF d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const VF v = read(d, hn::LoadU(d, from + i / 2));
    hn::StoreInterleaved2(v, v, d, to + i);
  }
  for (; i < n; ++i) to[i] = read.One(d, from[i / 2]);
}

// Numbers [begin, end) to their places by any stride: a segment at a time, without a division for each
// number.
HWY_INLINE void ReadRowStrided(const WindowRow& w, const RowPointwise& read, const float* HWY_RESTRICT from,
                               int64_t begin, int64_t end, float* HWY_RESTRICT dst) {
  const DF d;
  constexpr int64_t kLanes = hn::MaxLanes(DF());
  HWY_ALIGN float line[kLanes];
  for (int64_t first = begin; first < std::min(end, begin + w.stride); ++first) {
    float* to = dst + w.Place(first);
    int64_t i = first;
    for (; i + (kLanes - 1) * w.stride < end; i += kLanes * w.stride, to += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) line[lane] = from[i + lane * w.stride];
      hn::StoreU(read(d, hn::Load(d, line)), d, to);
    }
    for (; i < end; i += w.stride) *to++ = read.One(d, from[i]);
  }
}

// row: the input row, or nullptr for one of constant padding. dst: stride * segment numbers, prepared.
HWY_INLINE void FillWindowRow(const WindowRow& w, const RowPointwise& read, const float* row, float* dst) {
  const DF d;
  const int64_t begin = w.begin(), end = w.end();
  if (row == nullptr) {
    for (int64_t i = begin; i < std::min(end, begin + w.stride); ++i) {
      float* const to = dst + w.Place(i);
      std::fill(to, to + (end - i + w.stride - 1) / w.stride, w.pad_value);
    }
    return;
  }
  const float* from = row + w.first;
  if (w.repeat == 2) {
    int64_t i = begin;
    if (i < end && (w.first + i) % 2 == 1) {
      dst[i] = read.One(d, row[(w.first + i) / 2]);
      ++i;
    }
    ReadRowTwice(read, row + (w.first + i) / 2, dst + i, end - i);
  } else if (w.stride == 1) {
    ReadRow(read, from + begin, dst + begin, end - begin);
  } else if (w.stride == 2) {
    int64_t i = begin;
    if (i % 2 == 1 && i < end) {
      dst[w.Place(i)] = read.One(d, from[i]);
      ++i;
    }
    ReadRowPairs(read, from + i, dst + i / 2, dst + w.segment + i / 2, (end - i) / 2);
    if ((end - i) % 2 == 1) dst[w.Place(end - 1)] = read.One(d, from[end - 1]);
  } else {
    ReadRowStrided(w, read, from, begin, end, dst);
  }
  if (w.pad_mode == PadMode::kConstant) return;
  const auto outside = [&](int64_t i) HWY_ATTR {
    const int64_t column = PadIndex(w.first + i, w.width, w.pad_mode);
    dst[w.Place(i)] = read.One(d, row[column / w.repeat]);
  };
  for (int64_t i = 0; i < begin; ++i) outside(i);
  for (int64_t i = end; i < w.need; ++i) outside(i);
}

// A row of at least one number, columns unsplit or in pairs; the same as above, but for what is outside the
// row. `room`: how many numbers may be read from `from` on.
template <bool kPairs, typename One>
HWY_INLINE void CopyWindowRow(const One& one, const float* HWY_RESTRICT from, int64_t n, int64_t room, VF pad,
                              float* HWY_RESTRICT to, float* HWY_RESTRICT odd) {
  const DF d;
  constexpr int64_t kLanes = hn::MaxLanes(DF()), kEach = kPairs ? 2 : 1;
  const auto copy = [&](int64_t i, const auto& write) HWY_ATTR __attribute__((always_inline)) {
    if constexpr (kPairs) {
      VF a, b;
      hn::LoadInterleaved2(d, from + 2 * i, a, b);
      hn::StoreU(write(one(d, a)), d, to + i);
      hn::StoreU(write(one(d, b)), d, odd + i);
    } else {
      hn::StoreU(write(one(d, hn::LoadU(d, from + i))), d, to + i);
    }
  };
  if (n >= kLanes) {
    const auto whole = [](VF x) HWY_ATTR { return x; };
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) copy(i, whole);
    if (i != n) copy(n - kLanes, whole);
  } else if (room >= kEach * kLanes) {
    // What is read behind the row becomes padding, which stands there anyway.
    const auto mask = hn::FirstN(d, static_cast<size_t>(n));
    copy(0, [&](VF x) HWY_ATTR { return hn::IfThenElse(mask, x, pad); });
  } else {
    for (int64_t i = 0; i < n; ++i) {
      to[i] = hn::GetLane(one(d, hn::Set(d, from[kEach * i])));
      if constexpr (kPairs) odd[i] = hn::GetLane(one(d, hn::Set(d, from[2 * i + 1])));
    }
  }
}

// `count` rows of a plane that follow each other, none of them padding, to dst, row_width apart; strides 1
// and 2, not enlarged. `end`: up to where numbers may be read.
HWY_INLINE void FillWindowRows(const WindowRow& w, const RowPointwise& read, const float* row, int64_t count,
                               const float* end, float* dst, int64_t row_width) {
  const DF d;
  const int64_t begin = w.begin(), last = w.end();
  const bool simple = w.pad_mode == PadMode::kConstant && last > begin;
  // Pairs begin at an even column of the window, whose first one is inside where the padding is even.
  const bool odd_first = w.stride == 2 && begin % 2 == 1;
  const int64_t pairs_from = begin + (odd_first ? 1 : 0), pairs = (last - pairs_from) / 2;
  const bool odd_last = (last - pairs_from) % 2 == 1;
  if (!simple || (w.stride == 2 && pairs < 1)) {
    for (int64_t r = 0; r < count; ++r) FillWindowRow(w, read, row + r * w.width, dst + r * row_width);
    return;
  }
  const VF pad = hn::Set(d, w.pad_value);
  const float* from = row + w.first;
  read.Use([&](const auto& one) HWY_ATTR {
    for (int64_t r = 0; r < count; ++r, from += w.width, dst += row_width) {
      if (w.stride == 1) {
        CopyWindowRow<false>(one, from + begin, last - begin, end - (from + begin), pad, dst + begin,
                             nullptr);
        continue;
      }
      CopyWindowRow<true>(one, from + pairs_from, pairs, end - (from + pairs_from), pad, dst + pairs_from / 2,
                          dst + w.segment + pairs_from / 2);
      if (odd_first) dst[w.Place(begin)] = hn::GetLane(one(d, hn::Set(d, from[begin])));
      if (odd_last) dst[w.Place(last - 1)] = hn::GetLane(one(d, hn::Set(d, from[last - 1])));
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
