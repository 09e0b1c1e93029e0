// Products of matrices in fp32: fully connected layers, attention.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tempera::kernels {

// c[m, n] = a[m, k] * b[k, n]. Strides in numbers; c is dense. Every size at least 1.
struct MatrixShape {
  int64_t m = 1, n = 1, k = 1;
  int64_t a_row = 1, a_column = 1, b_row = 1, b_column = 1;
};

// What one task computes: kMatrixRows x kMatrixColumns numbers of c, fewer at the ends. Each is summed in an
// order that depends on the shape alone.
inline constexpr int64_t kMatrixRows = 64, kMatrixColumns = 32;
// Of k, summed in registers at once: 32 KiB of b.
inline constexpr int64_t kMatrixChunk = 256;
int64_t MatrixTasks(const MatrixShape& shape);
// Per thread, 64-byte aligned.
size_t MatrixScratchBytes();

using MatrixTaskF32 = void (*)(const MatrixShape& shape, int64_t task, const float* a, const float* b,
                               float* c, void* scratch);
MatrixTaskF32 ChooseMatrixTaskF32(int64_t highway_bit);

}  // namespace tempera::kernels
