// A step: one kernel call of a plan, everything looked up beforehand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/engine/ends/picture_ends.h"
#include "src/engine/plan_data/plan_data.h"
#include "src/engine/types/step_info.h"

namespace tempera::engine {

// Where every storage lies, once memory is there.
class Memory {
 public:
  explicit Memory(std::vector<void*> pointers) : pointers_(std::move(pointers)) {}
  void* at(StorageId id) const { return pointers_[static_cast<size_t>(id)]; }
  float* floats(StorageId id) const { return static_cast<float*>(at(id)); }
  void Move(StorageId id, void* to) { pointers_[static_cast<size_t>(id)] = to; }

 private:
  std::vector<void*> pointers_;
};

struct RunContext {
  ThreadPool& pool;
  uint8_t* scratch;  // one stretch per thread
  size_t scratch_bytes_a_thread;
  void* ScratchOf(int thread) const { return scratch + static_cast<size_t>(thread) * scratch_bytes_a_thread; }
};

class Step {
 public:
  virtual ~Step() = default;
  // Turns storages into pointers. Called before the first Run, and again wherever storages come to lie
  // elsewhere: nothing of an earlier call may be left.
  virtual void Bind(const Memory& memory) = 0;
  // No allocation where the kernel is a fast one. Called from one thread at a time.
  virtual Status Run(const RunContext& context) = 0;

  // From now on its one input picture comes from `source`, its output picture goes to `sink`
  // (src/engine/ends), which outlive the step, and the storages are left alone; scratch_bytes may grow.
  // False: it cannot, and nothing changed. Before Bind, and only where the step sees in the storage what the
  // end shows (SamePicture).
  virtual bool TakeSource(const PictureSource* /*source*/) { return false; }
  virtual bool TakeSink(const PictureSink* /*sink*/) { return false; }

  // Those of its node, which the memory plan keeps alive while the step runs.
  std::vector<StorageId> reads, writes;
  uint64_t scratch_bytes = 0;  // per thread
  size_t weight_bytes = 0;     // all that it reads besides
  size_t constant_bytes = 0;   // of them, those that are the graph's constants as they lie
  StepInfo info;
};

}  // namespace tempera::engine
