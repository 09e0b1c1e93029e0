// Outputs that come back as inputs of the next run (SessionOptions::states): two tensors each, which change
// places after every run, so that nothing is copied and a run that is repeated reads the same old numbers.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "src/engine/plan/plan.h"
#include "src/engine/run/session.h"

namespace tempera::engine {

// Every link's shapes and types agree, and nothing is in two of them. `graph` is specialised.
Status CheckStates(const graph::Graph& graph, std::span<const StateLink> links, size_t picture_input);

class States {
 public:
  void Init(const Plan& plan, const SessionOptions& options);
  // Zero-filled.
  Status MakeTensors();

  bool HasInput(size_t index) const;
  bool HasOutput(size_t index) const;
  bool Has(const Storage& storage) const;

  // nullptr where that input or output is no state. Both are the tensor that the next run reads.
  Tensor* OfInput(size_t index);
  const Tensor* OfOutput(size_t index) const;
  // Where the next run finds and leaves numbers; nullptr for storages that are no state's.
  void* PlaceOf(const Storage& storage);

  void Reset();
  // What was written is what the next run reads.
  void Advance();
  bool any() const { return !states_.empty(); }
  // Of all tensors, made or not.
  uint64_t bytes() const;

 private:
  struct State {
    StateLink link;
    TensorInfo info;
    Tensor tensors[2];
    size_t now = 0;  // the one read
    // The output is known without running.
    const Tensor* constant = nullptr;
  };
  std::vector<State> states_;
};

}  // namespace tempera::engine
