// Runs lists of strided copies, and the two kinds of them that have kernels of their own.
#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/step_maker.h"
#include "src/engine/plan/steps/transpose_step.h"
#include "src/engine/plan/walk.h"
#include "src/kernels/planes/shuffle_f32.h"
#include "src/kernels/task_share.h"

namespace tempera::engine {
namespace {

// One input's way into the output.
struct Piece {
  StorageId from = -1;
  const float* constant = nullptr;  // instead of a storage
  int64_t in_offset = 0, out_offset = 0;
  Walk<2> walk;  // input, output
};

class MoveStep final : public Step {
 public:
  MoveStep(std::vector<Piece> pieces, StorageId to) : pieces_(std::move(pieces)), to_(to) {
    for (const Piece& p : pieces_) {
      first_task_.push_back(tasks_);
      tasks_ += p.walk.tasks();
    }
    inputs_.resize(pieces_.size());
    info.kernel = "move_f32";
  }

  void Bind(const Memory& memory) override {
    for (size_t i = 0; i < pieces_.size(); ++i) {
      inputs_[i] = pieces_[i].constant != nullptr ? pieces_[i].constant : memory.floats(pieces_[i].from);
    }
    output_ = memory.floats(to_);
  }

  Status Run(const RunContext& context) override {
    context.pool.ParallelFor(static_cast<int>(tasks_), [&](int task, int) {
      size_t i = pieces_.size() - 1;
      while (first_task_[i] > task) --i;
      const Piece& piece = pieces_[i];
      const int64_t in_step = piece.walk.step(0), out_step = piece.walk.step(1);
      piece.walk.RunTask(task - first_task_[i], [&](const std::array<int64_t, 2>& at, int64_t count) {
        const float* from = inputs_[i] + piece.in_offset + at[0];
        float* to = output_ + piece.out_offset + at[1];
        if (in_step == 1 && out_step == 1) {
          std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
        } else {
          for (int64_t k = 0; k < count; ++k) to[k * out_step] = from[k * in_step];
        }
      });
    });
    return OkStatus();
  }

 private:
  std::vector<Piece> pieces_;
  std::vector<int64_t> first_task_;  // of each piece
  int64_t tasks_ = 0;
  StorageId to_;
  std::vector<const float*> inputs_;
  float* output_ = nullptr;
};

// DepthToSpace: each row of the output is one of `block` planes, interleaved.
class SpreadStep final : public Step {
 public:
  struct Deep {
    int64_t n, channels, block, h, w;            // channels of the output; pixels of the input
    int64_t step_channel, step_row, step_pixel;  // from one channel, row and pixel of a block to the next
  };
  SpreadStep(const Deep& deep, StorageId from, StorageId to, int64_t highway_bit)
      : deep_(deep), from_(from), to_(to), interleave_(kernels::ChooseInterleaveF32(highway_bit)) {
    info.kernel = "depth_to_space_f32";
  }

  void Bind(const Memory& memory) override {
    input_ = memory.floats(from_);
    output_ = memory.floats(to_);
  }

  Status Run(const RunContext& context) override {
    const int64_t block = deep_.block, width = deep_.w * block;
    const int64_t rows = deep_.n * deep_.channels * deep_.h * block;
    const int64_t each = kernels::TaskLines(width);
    context.pool.ParallelFor(static_cast<int>(CeilDiv(rows, each)), [&](int task, int) {
      for (int64_t row = task * each; row < std::min(rows, (task + 1) * each); ++row) {
        const int64_t plane = row / block / deep_.h, y = row / block % deep_.h;
        const int64_t image = plane / deep_.channels, channel = plane % deep_.channels;
        const float* from = input_ + image * deep_.channels * block * block * deep_.h * deep_.w +
                            channel * deep_.step_channel + row % block * deep_.step_row + y * deep_.w;
        interleave_(from, deep_.step_pixel, block, deep_.w, output_ + row * width);
      }
    });
    return OkStatus();
  }

 private:
  Deep deep_;
  StorageId from_, to_;
  kernels::InterleaveF32 interleave_;
  const float* input_ = nullptr;
  float* output_ = nullptr;
};

// Whether a move is a DepthToSpace, by the strides that one has.
std::optional<SpreadStep::Deep> DeepOf(const Move& move) {
  const Shape &s = move.shape, &in = move.in_strides;
  if (s.size() != 6 || move.in_offset != 0 || move.out_offset != 0 || s[2] != s[4]) return std::nullopt;
  const int64_t n = s[0], channels = s[1], b = s[2], h = s[3], w = s[5], plane = h * w;
  const Shape wide = {channels * plane * b * b, plane * b * b, w * b, w * b * b, 1, b};
  if (move.out_strides != wide || in[0] != channels * b * b * plane || in[3] != w || in[5] != 1)
    return std::nullopt;
  return SpreadStep::Deep{n, channels, b, h, w, in[1], in[2], in[4]};
}

}  // namespace

MadeStep MakeStep(const MoveWork& work, StepMaker& maker) {
  const StorageId to = maker.node().writes[0];
  if (work.moves.size() == 1 && work.moves[0].from.read >= 0) {
    const StorageId from = maker.read().storage;
    if (const auto deep = DeepOf(work.moves[0])) {
      return NewStep<SpreadStep>(*deep, from, to, maker.highway_bit());
    }
    if (auto turned = MakeTransposeStep(work.moves[0], from, to)) return turned;
  }
  std::vector<Piece> pieces;
  for (const Move& move : work.moves) {
    pieces.push_back({maker.StorageOf(move.from), maker.KeepFloats(move.from), move.in_offset,
                      move.out_offset, Walk<2>(move.shape, {move.in_strides, move.out_strides})});
  }
  return NewStep<MoveStep>(std::move(pieces), to);
}

}  // namespace tempera::engine
