// Dot kernels: the innermost sums of a convolution over interleaved pixels, [h, w, c]. One is a
// few lines of one instruction set (AMX tiles, VNNI, pmaddwd, plain C++); everything around it
// (packing rows, scaling sums, statistics) is shared.
//
// A row of the packed input is bytes (or 16-bit numbers) with the channels of a pixel together, so
// the kernel window of one output covers, in each of its rows, one contiguous stretch. A dot kernel
// multiplies such stretches by a matrix:
//   sums[p][o] = sum over r < kernel_rows, k < row_k of
//                input[r * row_stride + p * pixel_stride + k] * weight[r][k][o]
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tempera::kernels {

// What the packed input and weights are made of. Sums are int32, exact modulo 2^32 (callers of kU8S8 keep
// 255 * 127 * kernel_rows * row_k below 2^31), except with kBf16: fp32.
enum class DotElement {
  kU8S8,  // input uint8, weights int8: VNNI, AMX int8, pmaddubsw
  kS16,   // input and weights int16, no sum of two products reaches 2^31: pmaddwd
  kBf16,  // both bf16
};
inline size_t DotElementSize(DotElement e) { return e == DotElement::kU8S8 ? 1 : 2; }

struct DotArgs {
  const void* input;     // element [row 0][pixel 0][k 0]
  int64_t row_stride;    // elements between kernel rows
  int64_t pixel_stride;  // elements between neighbouring outputs
  int64_t kernel_rows;
  int64_t row_k;        // elements of a kernel row: a multiple of DotKernel::k_step
  const void* weights;  // as DotKernel::pack made them
  int64_t pixels;       // outputs wanted
  int64_t columns;      // a multiple of DotKernel::column_block
  // [RoundUp(pixels, pixel_block)][columns], dense, 64-byte aligned, int32 or (kBf16) fp32. Rows
  // past `pixels` are scribbled on; the input must be readable for them too.
  void* sums;
};

struct DotKernel {
  const char* name;  // "amx_int8", "avx512_vnni", "avx2_s16", "plain_u8s8", ...
  DotElement element;
  int64_t k_step;        // elements
  int64_t column_block;  // columns of weights come in multiples of this
  int64_t pixel_block;
  // Brackets the calls of one thread's task: AMX sets its tiles up and releases them.
  void (*begin)();
  void (*end)();
  void (*run)(const DotArgs& args);
  // weights: [kernel_rows][row_k][columns] of int8 (kU8S8), int16 (kS16) or bf16, row-major, zeros where
  // padded. Returns them in the kernel's own order; at least as many bytes as came in.
  std::vector<uint8_t> (*pack)(const void* weights, int64_t kernel_rows, int64_t row_k, int64_t columns);
  // Products a nanosecond on one core of a usual processor that has it, roughly: for rules (conv_cost.h).
  double speed;
  // The largest weight, either way: sums of kernels that add pairs in 16 bits stay exact up to 64.
  int weight_limit = 127;
};

// The plain loops every other one is compared with. Always there.
const DotKernel& PlainDotKernel(DotElement element);

// Kernels of this processor that a target (src/base/cpu.h) may use, fastest first, the plain ones last.
// A target below AVX-512 never gets a kernel that needs more than it says.
std::vector<const DotKernel*> DotKernelsFor(int64_t highway_bit);

}  // namespace tempera::kernels
