// Copies of a value: with its pending normalisation and activation applied, or as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "src/engine/plan/plan_builder.h"
#include "src/kernels/planes/unary_f32.h"

namespace tempera::engine {

// What is pending on `from` applied.
std::unique_ptr<Step> MakePointwiseStep(const Reading& from, StorageId to, const Planes& planes,
                                        int64_t highway_bit);
// What is pending on `from` applied, then `function`.
std::unique_ptr<Step> MakeUnaryStep(const kernels::UnaryFunction& function, const Reading& from, StorageId to,
                                    const Planes& planes, int64_t highway_bit);
// What is pending on `from`, an interleaved picture, applied, into planes of fp32.
std::unique_ptr<Step> MakeToPlanarStep(const Reading& from, StorageId to, const Planes& planes,
                                       int64_t highway_bit);
std::unique_ptr<Step> MakeCopyStep(StorageId from, StorageId to, size_t bytes);

}  // namespace tempera::engine
