#include "src/kernels/planes/matrix_f32.h"

#include <algorithm>

#include "src/base/checked_math.h"
#include "src/kernels/target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/kernels/planes/matrix_f32.cc"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tempera::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Numbers that a dot product sums in fp32 before it goes on in double.
constexpr int64_t kRun = 4096;

// kRows rows of c, all columns of the panel [k][kMatrixColumns]: c += a * panel, or c = that where `first`.
template <int64_t kRows>
HWY_INLINE void RowsTimesPanel(const float* a, int64_t a_row, int64_t a_column, const float* panel, int64_t k,
                               bool first, float* c, int64_t c_row, int64_t columns) {
  const hn::CappedTag<float, 16> d;  // half of kMatrixColumns, or a part of that
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t x = 0; x < columns; x += 2 * lanes) {
    V low[kRows], high[kRows];
    for (int64_t r = 0; r < kRows; ++r) low[r] = high[r] = hn::Zero(d);
    for (int64_t l = 0; l < k; ++l) {
      const V b0 = hn::LoadU(d, panel + l * kMatrixColumns + x);
      const V b1 = hn::LoadU(d, panel + l * kMatrixColumns + x + lanes);
      for (int64_t r = 0; r < kRows; ++r) {
        const V broadcast = hn::Set(d, a[r * a_row + l * a_column]);
        low[r] = hn::MulAdd(broadcast, b0, low[r]);
        high[r] = hn::MulAdd(broadcast, b1, high[r]);
      }
    }
    const int64_t count = std::min(2 * lanes, columns - x);
    for (int64_t r = 0; r < kRows; ++r) {
      float* to = c + r * c_row + x;
      if (count == 2 * lanes) {
        const V before0 = first ? hn::Zero(d) : hn::LoadU(d, to);
        const V before1 = first ? hn::Zero(d) : hn::LoadU(d, to + lanes);
        hn::StoreU(hn::Add(before0, low[r]), d, to);
        hn::StoreU(hn::Add(before1, high[r]), d, to + lanes);
        continue;
      }
      HWY_ALIGN float sums[kMatrixColumns];
      hn::Store(low[r], d, sums);
      hn::Store(high[r], d, sums + lanes);
      for (int64_t i = 0; i < count; ++i) to[i] = (first ? 0 : to[i]) + sums[i];
    }
  }
}

// Both contiguous along k.
HWY_INLINE float Dot(const float* a, const float* b, int64_t k) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  double total = 0;
  for (int64_t start = 0; start < k; start += kRun) {
    const int64_t end = std::min(k, start + kRun);
    auto sum0 = hn::Zero(d), sum1 = hn::Zero(d), sum2 = hn::Zero(d), sum3 = hn::Zero(d);
    int64_t l = start;
    for (; l + 4 * lanes <= end; l += 4 * lanes) {
      sum0 = hn::MulAdd(hn::LoadU(d, a + l), hn::LoadU(d, b + l), sum0);
      sum1 = hn::MulAdd(hn::LoadU(d, a + l + lanes), hn::LoadU(d, b + l + lanes), sum1);
      sum2 = hn::MulAdd(hn::LoadU(d, a + l + 2 * lanes), hn::LoadU(d, b + l + 2 * lanes), sum2);
      sum3 = hn::MulAdd(hn::LoadU(d, a + l + 3 * lanes), hn::LoadU(d, b + l + 3 * lanes), sum3);
    }
    const auto sums = hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3));
    float sum = hn::GetLane(hn::SumOfLanes(d, sums));
    for (; l < end; ++l) sum += a[l] * b[l];
    total += sum;
  }
  return static_cast<float>(total);
}

void MatrixTask(const MatrixShape& s, int64_t task, const float* a, const float* b, float* c, void* scratch) {
  const int64_t across = CeilDiv(s.n, kMatrixColumns);
  const int64_t row = task / across * kMatrixRows, column = task % across * kMatrixColumns;
  const int64_t rows = std::min(kMatrixRows, s.m - row), columns = std::min(kMatrixColumns, s.n - column);
  a += row * s.a_row;
  b += column * s.b_column;
  c += row * s.n + column;
  // Few rows do not pay for a panel.
  if (s.m <= 4 && s.a_column == 1 && s.b_row == 1) {
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < columns; ++j) c[i * s.n + j] = Dot(a + i * s.a_row, b + j * s.b_column, s.k);
    }
    return;
  }
  auto* panel = static_cast<float*>(scratch);
  for (int64_t start = 0; start < s.k; start += kMatrixChunk) {
    const int64_t k = std::min(kMatrixChunk, s.k - start);
    const float* corner = b + start * s.b_row;
    if (s.b_row == 1) {  // along what lies together
      for (int64_t j = 0; j < columns; ++j) {
        for (int64_t l = 0; l < k; ++l) panel[l * kMatrixColumns + j] = corner[l + j * s.b_column];
      }
    } else {
      for (int64_t l = 0; l < k; ++l) {
        for (int64_t j = 0; j < columns; ++j) {
          panel[l * kMatrixColumns + j] = corner[l * s.b_row + j * s.b_column];
        }
      }
    }
    for (int64_t l = 0; l < k && columns < kMatrixColumns; ++l) {
      std::fill(panel + l * kMatrixColumns + columns, panel + (l + 1) * kMatrixColumns, 0.0f);
    }
    const float* from = a + start * s.a_column;
    int64_t i = 0;
    for (; i + 4 <= rows; i += 4) {
      RowsTimesPanel<4>(from + i * s.a_row, s.a_row, s.a_column, panel, k, start == 0, c + i * s.n, s.n,
                        columns);
    }
    for (; i < rows; ++i) {
      RowsTimesPanel<1>(from + i * s.a_row, s.a_row, s.a_column, panel, k, start == 0, c + i * s.n, s.n,
                        columns);
    }
  }
}

MatrixTaskF32 GetMatrixTask() { return &MatrixTask; }

}  // namespace HWY_NAMESPACE
}  // namespace tempera::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tempera::kernels {
TEMPERA_CHOOSE_BY_TARGET(MatrixTaskF32, ChooseMatrixTaskF32, GetMatrixTask);
int64_t MatrixTasks(const MatrixShape& shape) {
  return CeilDiv(shape.m, kMatrixRows) * CeilDiv(shape.n, kMatrixColumns);
}
size_t MatrixScratchBytes() { return static_cast<size_t>(kMatrixChunk * kMatrixColumns) * sizeof(float); }
}  // namespace tempera::kernels
#endif  // HWY_ONCE
