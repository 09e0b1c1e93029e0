// Copies of a value: with its pending normalisation and activation applied, or as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "src/engine/plan_builder.h"

namespace tempera::engine {

std::unique_ptr<Step> MakePointwiseStep(int64_t highway_bit, const Reading& from, StorageId to,
                                        Planes planes);
std::unique_ptr<Step> MakeCopyStep(StorageId from, StorageId to, size_t bytes);

}  // namespace tempera::engine
