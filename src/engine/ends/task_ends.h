// A convolution's tasks between a picture's source and its sink: what a task reads is made in the thread's
// scratch just before, what it writes is handed on from there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "src/base/checked_math.h"
#include "src/engine/ends/task_region.h"
#include "src/kernels/conv/conv_f32.h"

namespace tempera::engine {

// Args: kernels::ConvArgs with ConvPlan, kernels::ConvNhwcArgs with ConvNhwcPlan. One image; both ends in
// planes.
class TaskEnds {
 public:
  // Bytes of every thread's scratch. A tall tile of a large frame needs more; it would come from beyond the
  // L2 as the tensor does, and with many threads take as much memory: then a picture has none of these ends.
  static constexpr int64_t kMostRoom = int64_t{2} << 20;

  // False, and nothing changed, when tasks cannot read from a source. It must outlive this.
  template <class Plan>
  bool TakeSource(const Plan& plan, const PictureSource* source) {
    if (plan.shape.n != 1 || plan.shape.in_channels != source->channels ||
        source->channels > kMostSourceChannels)
      return false;
    std::vector<Region> regions;
    for (int64_t task = 0; task < plan.tasks; ++task) regions.push_back(ReadRegion(plan, task));
    return Take(std::move(regions), plan.shape.in_channels, source, &source_, &read_, &source_room_);
  }

  // False, and nothing changed, when tiles do not keep to the sink's step, or only some
  // of a pixel's channels are a task's.
  template <class Plan>
  bool TakeSink(const Plan& plan, const PictureSink* sink) {
    const int64_t channels = plan.shape.out_channels / plan.shape.pixels_a_channel();
    if (plan.shape.n != 1 || plan.tasks != plan.tiles || channels != sink->channels) return false;
    std::vector<Region> regions;
    for (int64_t task = 0; task < plan.tasks; ++task) {
      const Region r = WrittenRegion(plan, task);
      const auto splits = [sink](int64_t at, int64_t size) { return at % sink->step != 0 && at != size; };
      const kernels::ConvShape& s = plan.shape;
      if (splits(r.y, -1) || splits(r.x, -1) || splits(r.y + r.rows, s.out_h * s.shuffle) ||
          splits(r.x + r.columns, s.out_w * s.shuffle))
        return false;
      regions.push_back(r);
    }
    return Take(std::move(regions), channels, sink, &sink_, &written_, &sink_room_);
  }

  // What a thread's scratch must hold behind the kernel's own (`bytes`, which it begins with).
  uint64_t ScratchBytes(uint64_t bytes) const {
    return RoundUp(bytes) + static_cast<uint64_t>(source_room_ + sink_room_) * sizeof(float);
  }

  template <class Plan, class Args>
  void RunTask(const Plan& plan, const Args& args, int64_t task, void* scratch) const {
    if (source_ == nullptr && sink_ == nullptr) return plan.RunTask(args, task, scratch);
    Args own = args;
    auto* room = reinterpret_cast<float*>(static_cast<uint8_t*>(scratch) + RoundUp(plan.scratch_bytes));
    if (source_ != nullptr) {
      const Region& r = read_[static_cast<size_t>(task)];
      const kernels::PlaneSteps steps = StepsOf(r);
      if (r.rows > 0 && r.columns > 0) source_->read(source_->context, r, steps.row, steps.plane, room);
      own.input = Origin(room, r, steps);
      own.input_steps = steps;
      room += source_room_;
    }
    if (sink_ == nullptr) return plan.RunTask(own, task, scratch);
    const Region& r = written_[static_cast<size_t>(task)];
    const kernels::PlaneSteps steps = StepsOf(r);
    own.output = Origin(room, r, steps);
    own.output_steps = steps;
    plan.RunTask(own, task, scratch);
    if (r.rows > 0 && r.columns > 0) sink_->write(sink_->context, r, steps.row, steps.plane, room);
  }

 private:
  static uint64_t RoundUp(uint64_t bytes) { return (bytes + 63) / 64 * 64; }

  // Rows of whole cache lines.
  static kernels::PlaneSteps StepsOf(const Region& r) {
    const int64_t row = tempera::RoundUp(std::max<int64_t>(r.columns, 1), 16);
    return {row, std::max<int64_t>(r.rows, 1) * row};
  }

  // Where the picture's first number would lie, were it all there.
  static float* Origin(float* room, const Region& r, const kernels::PlaneSteps& steps) {
    return room - (r.y * steps.row + r.x);
  }

  template <class End>
  static bool Take(std::vector<Region> regions, int64_t channels, const End* end, const End** to,
                   std::vector<Region>* kept, int64_t* room) {
    int64_t most = 0;
    for (const Region& r : regions) most = std::max(most, channels * StepsOf(r).plane);
    if (most * static_cast<int64_t>(sizeof(float)) > kMostRoom) return false;
    *to = end;
    *kept = std::move(regions);
    *room = most;
    return true;
  }

  const PictureSource* source_ = nullptr;
  const PictureSink* sink_ = nullptr;
  std::vector<Region> read_, written_;       // by task
  int64_t source_room_ = 0, sink_room_ = 0;  // floats
};

}  // namespace tempera::engine
