// Transposes that turn rows into columns, by squares: each is read row by row and written row by row, so that
// no line of memory is fetched more than once, however far apart rows lie.
#include "src/engine/plan/steps/transpose_step.h"

#include <algorithm>
#include <utility>

#include "src/base/checked_math.h"

namespace tempera::engine {
namespace {

constexpr int64_t kSquare = 32;  // 4 KiB on the stack
constexpr int64_t kLeast = 8;    // rows or columns below which plain copies serve as well
constexpr int64_t kSquaresATask = 16;

// A dimension of the result: its size, and the steps in numbers along it.
struct Dim {
  int64_t size = 1, in_step = 0, out_step = 0;
};

class TransposeStep final : public Step {
 public:
  // rows: neighbours in the input; columns: neighbours in the output.
  TransposeStep(std::vector<Dim> others, const Dim& rows, const Dim& columns, StorageId from, StorageId to)
      : others_(std::move(others)), rows_(rows), columns_(columns), from_(from), to_(to) {
    info.kernel = "transpose_f32";
    for (const Dim& d : others_) matrices_ *= d.size;
    tasks_ = matrices_ * CeilDiv(rows_.size, kSquare) * parts();
  }

  void Bind(const Memory& memory) override {
    input_ = memory.floats(from_);
    output_ = memory.floats(to_);
  }

  Status Run(const RunContext& context) override {
    const int64_t bands = CeilDiv(rows_.size, kSquare);
    context.pool.ParallelFor(static_cast<int>(tasks_), [&](int task, int) {
      const int64_t part = task % parts(), row = task / parts() % bands * kSquare;
      int64_t rest = task / parts() / bands, in = 0, out = 0;
      for (size_t d = others_.size(); d-- > 0; rest /= others_[d].size) {
        in += rest % others_[d].size * others_[d].in_step;
        out += rest % others_[d].size * others_[d].out_step;
      }
      const int64_t end = std::min(columns_.size, (part + 1) * kSquaresATask * kSquare);
      for (int64_t column = part * kSquaresATask * kSquare; column < end; column += kSquare) {
        Turn(input_ + in, output_ + out, row, column);
      }
    });
    return OkStatus();
  }

 private:
  int64_t parts() const { return CeilDiv(columns_.size, kSquaresATask * kSquare); }

  void Turn(const float* from, float* to, int64_t row, int64_t column) const {
    float square[kSquare][kSquare + 1];  // one more, so that columns do not share a set of the cache
    const int64_t rows = std::min(kSquare, rows_.size - row),
                  columns = std::min(kSquare, columns_.size - column);
    for (int64_t j = 0; j < columns; ++j)
      std::copy_n(from + row + (column + j) * columns_.in_step, rows, square[j]);
    for (int64_t i = 0; i < rows; ++i) {
      float* line = to + (row + i) * rows_.out_step + column;
      for (int64_t j = 0; j < columns; ++j) line[j] = square[j][i];
    }
  }

  std::vector<Dim> others_;
  Dim rows_, columns_;
  StorageId from_, to_;
  int64_t matrices_ = 1, tasks_ = 0;
  const float* input_ = nullptr;
  float* output_ = nullptr;
};

// Dimensions of the result that follow each other in both memories become one.
std::vector<Dim> JoinedDims(const Move& move) {
  std::vector<Dim> dims;
  for (size_t d = 0; d < move.shape.size(); ++d) {
    if (move.shape[d] == 1) continue;
    const Dim dim = {move.shape[d], move.in_strides[d], move.out_strides[d]};
    if (!dims.empty() && dims.back().in_step == dim.in_step * dim.size &&
        dims.back().out_step == dim.out_step * dim.size) {
      dims.back() = {dims.back().size * dim.size, dim.in_step, dim.out_step};
    } else {
      dims.push_back(dim);
    }
  }
  return dims;
}

}  // namespace

std::unique_ptr<Step> MakeTransposeStep(const Move& move, StorageId from, StorageId to) {
  int64_t count = 0;
  if (move.in_offset != 0 || move.out_offset != 0 || !CheckedElementCount(move.shape, &count) || count == 0)
    return nullptr;
  std::vector<Dim> dims = JoinedDims(move);
  const auto rows =
      std::find_if(dims.begin(), dims.end(), [](const Dim& d) { return d.in_step == 1 && d.out_step != 1; });
  if (rows == dims.end()) return nullptr;
  const Dim row = *rows, column = dims.back();
  if (column.out_step != 1 || row.size < kLeast || column.size < kLeast || count > (int64_t{1} << 34))
    return nullptr;
  dims.pop_back();
  dims.erase(rows);
  return std::make_unique<TransposeStep>(std::move(dims), row, column, from, to);
}

}  // namespace tempera::engine
