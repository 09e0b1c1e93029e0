// The register block of a dot kernel that has a multiply-add of 32-bit groups (pmaddwd: two 16-bit numbers,
// vpdpbusd: four bytes): kVectors vectors of columns x kPixels pixels of sums stay in registers, a group
// of the input is broadcast, multiplied with the weights of kVectors vectors of columns, and added.
//
// Included by one file per instruction set, which first defines TEMPERA_DOT_ATTR as the function attribute
// of that set, and instantiates DotBlocks<Isa> with
//   using Vector; static Vector Zero(), Load(const uint8_t*), Broadcast(const uint8_t* four bytes),
//   Dot(Vector sums, Vector input, Vector weights); static void Store(Vector, int32_t*);
//   kLanes (columns of a vector), kGroup (numbers of a 32-bit group), kPixels1, kPixels2 (the tallest
//   blocks of one and of two vectors: what registers allow), kSpeed and kWeightLimit (DotKernel).
// Everything is in an unnamed namespace, or the linker might keep another instruction set's copy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "src/kernels/dot/dot_kernel.h"

#ifndef TEMPERA_DOT_ATTR
#define TEMPERA_DOT_ATTR
#endif

namespace tempera::kernels {
namespace {

template <class Isa>
class DotBlocks {
 public:
  // Columns in blocks of two vectors, a single one last; pixels dealt evenly: 7 in blocks of at most 6 are
  // 4 + 3.
  TEMPERA_DOT_ATTR static void Run(const DotArgs& a) {
    const auto* weights = static_cast<const uint8_t*>(a.weights);
    for (int64_t column = 0; column < a.columns;) {
      const bool pair = a.columns - column >= 2 * Isa::kLanes;
      const auto most = static_cast<int64_t>(pair ? Isa::kPixels2 : Isa::kPixels1);
      const int64_t blocks = (a.pixels + most - 1) / most;
      for (int64_t b = 0; b < blocks; ++b) {
        const int64_t from = a.pixels * b / blocks;
        const auto count = static_cast<size_t>(a.pixels * (b + 1) / blocks - from);
        (pair ? kPairs[count] : kSingles[count])(a, weights, from, column);
      }
      const int64_t width = pair ? 2 * Isa::kLanes : Isa::kLanes;
      weights += a.kernel_rows * (a.row_k / Isa::kGroup) * width * 4;
      column += width;
    }
  }

  // [block of columns][kernel_rows][row_k / kGroup][columns of the block][kGroup]
  static std::vector<uint8_t> Pack(const void* weights, int64_t kernel_rows, int64_t row_k, int64_t columns) {
    constexpr int64_t kSize = 4 / Isa::kGroup;
    const auto* from = static_cast<const uint8_t*>(weights);
    std::vector<uint8_t> packed(static_cast<size_t>(kernel_rows * row_k * columns * kSize));
    uint8_t* to = packed.data();
    for (int64_t column = 0; column < columns;) {
      const int64_t width = columns - column >= 2 * Isa::kLanes ? 2 * Isa::kLanes : Isa::kLanes;
      for (int64_t k = 0; k < kernel_rows * row_k; k += Isa::kGroup) {
        for (int64_t o = 0; o < width; ++o) {
          for (int64_t i = 0; i < Isa::kGroup; ++i, to += kSize) {
            std::memcpy(to, from + ((k + i) * columns + column + o) * kSize, kSize);
          }
        }
      }
      column += width;
    }
    return packed;
  }

 private:
  using Block = void (*)(const DotArgs&, const uint8_t* weights, int64_t pixel, int64_t column);

  template <int kVectors, int kPixels>
  TEMPERA_DOT_ATTR static void RunBlock(const DotArgs& a, const uint8_t* w, int64_t pixel, int64_t column) {
    using Vector = typename Isa::Vector;
    constexpr int64_t kSize = 4 / Isa::kGroup;
    constexpr int64_t kBytes = 4 * Isa::kLanes;
    const auto* input = static_cast<const uint8_t*>(a.input) + pixel * a.pixel_stride * kSize;
    const int64_t row_bytes = a.row_k * kSize;
    Vector sums[kPixels][kVectors];
    for (int p = 0; p < kPixels; ++p) {
      for (int v = 0; v < kVectors; ++v) sums[p][v] = Isa::Zero();
    }
    for (int64_t r = 0; r < a.kernel_rows; ++r, input += a.row_stride * kSize) {
      const uint8_t* x[kPixels];
      for (int p = 0; p < kPixels; ++p) {
        x[p] = input + p * a.pixel_stride * kSize;
        // Opaque, or clang computes these pointers anew in each round: a quarter of its instructions.
        asm("" : "+r"(x[p]));
      }
      for (int64_t k = 0; k < row_bytes; k += 4, w += kVectors * kBytes) {
        Vector weights[kVectors];
        for (int v = 0; v < kVectors; ++v) weights[v] = Isa::Load(w + v * kBytes);
        for (int p = 0; p < kPixels; ++p) {
          const Vector group = Isa::Broadcast(x[p] + k);
          for (int v = 0; v < kVectors; ++v) sums[p][v] = Isa::Dot(sums[p][v], group, weights[v]);
        }
      }
    }
    auto* to = static_cast<int32_t*>(a.sums) + pixel * a.columns + column;
    for (int p = 0; p < kPixels; ++p, to += a.columns) {
      for (int v = 0; v < kVectors; ++v) Isa::Store(sums[p][v], to + v * Isa::kLanes);
    }
  }

  template <int kVectors, size_t... kCounts>
  static constexpr std::array<Block, sizeof...(kCounts) + 1> Table(std::index_sequence<kCounts...>) {
    return {nullptr, &RunBlock<kVectors, static_cast<int>(kCounts) + 1>...};
  }
  static constexpr auto kSingles = Table<1>(std::make_index_sequence<Isa::kPixels1>());
  static constexpr auto kPairs = Table<2>(std::make_index_sequence<Isa::kPixels2>());
};

[[maybe_unused]] inline void NothingToSetUp() {}

// The table line of DotBlocks<Isa>.
template <class Isa>
constexpr DotKernel BlockDotKernel(const char* name, DotElement element) {
  return {name,
          element,
          Isa::kGroup,
          Isa::kLanes,
          1,
          &NothingToSetUp,
          &NothingToSetUp,
          &DotBlocks<Isa>::Run,
          &DotBlocks<Isa>::Pack,
          Isa::kSpeed,
          Isa::kWeightLimit};
}

}  // namespace
}  // namespace tempera::kernels
