// Walks several operands along one shape, row by row, cut into tasks: what broadcasting arithmetic and copies
// between layouts have in common.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "src/base/checked_math.h"
#include "src/base/tensor.h"
#include "src/kernels/task_share.h"

namespace tempera::engine {

template <size_t kOperands>
class Walk {
 public:
  // Strides in elements, one list per operand, as long as the shape; 0 repeats. Dimensions that follow each
  // other in memory for every operand become one. No dimension may be 0.
  Walk(std::span<const int64_t> shape, const std::array<Shape, kOperands>& strides) {
    for (size_t d = 0; d < shape.size(); ++d) {
      if (shape[d] == 1) continue;
      bool joins = !dims_.empty();
      for (size_t k = 0; k < kOperands; ++k) {
        joins = joins && strides_[k].back() == strides[k][d] * shape[d];
      }
      if (joins) {
        dims_.back() *= shape[d];
        for (size_t k = 0; k < kOperands; ++k) strides_[k].back() = strides[k][d];
      } else {
        dims_.push_back(shape[d]);
        for (size_t k = 0; k < kOperands; ++k) strides_[k].push_back(strides[k][d]);
      }
    }
    if (!dims_.empty()) {
      width_ = dims_.back();
      dims_.pop_back();
      for (size_t k = 0; k < kOperands; ++k) {
        steps_[k] = strides_[k].back();
        strides_[k].pop_back();
      }
    }
    CutTasks();
  }
  // All operands dense, and rows of `width` numbers that are not joined.
  Walk(int64_t rows, int64_t width) : dims_{rows}, width_(width) {
    strides_.fill({width});
    steps_.fill(1);
    CutTasks();
  }

  int64_t width() const { return width_; }
  // Between neighbours in a row.
  int64_t step(size_t operand) const { return steps_[operand]; }
  int64_t tasks() const { return CeilDiv(rows_, rows_per_task_) * parts_; }

  // Where a dense operand's numbers of a task begin and end.
  std::pair<int64_t, int64_t> Range(int64_t task) const {
    const int64_t first = task / parts_ * rows_per_task_, last = std::min(rows_, first + rows_per_task_);
    const int64_t begin = task % parts_ * kernels::kTaskNumbers;
    return {first * width_ + begin,
            parts_ > 1 ? std::min((first + 1) * width_, first * width_ + begin + kernels::kTaskNumbers)
                       : last * width_};
  }

  // f(offsets, count): `count` numbers of a row, each operand's from its offset on.
  template <typename F>
  void RunTask(int64_t task, const F& f) const {
    const int64_t first = task / parts_ * rows_per_task_, last = std::min(rows_, first + rows_per_task_);
    const int64_t begin = task % parts_ * kernels::kTaskNumbers;
    const int64_t count = parts_ > 1 ? std::min(kernels::kTaskNumbers, width_ - begin) : width_;
    for (int64_t row = first; row < last; ++row) {
      std::array<int64_t, kOperands> offsets;
      for (size_t k = 0; k < kOperands; ++k) offsets[k] = begin * steps_[k];
      int64_t rest = row;
      for (size_t d = dims_.size(); d-- > 0;) {
        const int64_t i = rest % dims_[d];
        rest /= dims_[d];
        for (size_t k = 0; k < kOperands; ++k) offsets[k] += i * strides_[k][d];
      }
      f(offsets, count);
    }
  }

 private:
  void CutTasks() {
    for (int64_t d : dims_) rows_ *= d;
    parts_ = CeilDiv(width_, kernels::kTaskNumbers);
    rows_per_task_ = parts_ > 1 ? 1 : kernels::TaskLines(width_);
  }

  std::vector<int64_t> dims_;  // without the last, which is the row
  std::array<std::vector<int64_t>, kOperands> strides_;
  int64_t width_ = 1;
  std::array<int64_t, kOperands> steps_{};
  int64_t rows_ = 1, parts_ = 1, rows_per_task_ = 1;
};

}  // namespace tempera::engine
