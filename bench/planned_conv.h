// One convolution as a network runs it: a pending scale, shift and ReLU on what it reads, statistics of what
// it writes; random weights and numbers.
#pragma once

#include <memory>
#include <string>

#include "bench/conv_layers.h"
#include "src/base/cpu.h"
#include "src/base/status.h"

namespace tempera::bench {

enum class ConvKind { kFp32, kInt8, kBf16 };
const char* ConvKindName(ConvKind kind);

class PlannedConv {
 public:
  virtual ~PlannedConv() = default;
  virtual void Run() = 0;                  // on the calling thread
  virtual std::string kernel() const = 0;  // as UnitPeak names the unit it works with
  virtual double bytes() const = 0;        // activations read and written once each, and weights
};

// kUnsupported where no fast kernel of `target` serves. Two of one layer hold the same numbers.
Result<std::unique_ptr<PlannedConv>> PlanLayer(const ConvLayer& layer, ConvKind kind,
                                               const CpuTarget& target);

// The plain loops on the same numbers (fp32).
std::unique_ptr<PlannedConv> PlainLayer(const ConvLayer& layer);

}  // namespace tempera::bench
