// What a session takes, before it takes it.
#pragma once

#include <cstdint>

#include "src/base/host.h"
#include "src/base/status.h"
#include "src/base/tensor.h"
#include "src/engine/plan/plan.h"
#include "src/engine/run/session.h"

namespace tempera::engine {

// Of a tensor of a specialised graph.
uint64_t BytesOf(const TensorInfo& info);

// What its steps have packed, and the constants that it keeps, each once.
uint64_t WeightBytes(const Plan& plan);

// kOutOfMemory where that is more than the host allows.
Status CheckMemory(const MemoryInfo& memory, const Host& host);

}  // namespace tempera::engine
