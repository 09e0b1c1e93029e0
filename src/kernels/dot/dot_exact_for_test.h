// Any dot kernel against the plain one on numbers whose sums are exact in every order: whole numbers, small
// enough that bf16 holds the factors and fp32 the sums.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "src/base/checked_math.h"
#include "src/base/half.h"
#include "src/kernels/dot/dot_kernel.h"

#if !defined(__wasm__)
#include <sys/mman.h>
#endif

namespace tempera::kernels {

// Memory whose first byte too many, on either side, ends the test: pages nobody may touch lie around it.
class GuardedPages {
 public:
  // Ends at a forbidden page. Before the first byte lie up to a page of 0xA5, then another forbidden page.
  explicit GuardedPages(size_t size_bytes) : size_(size_bytes) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    middle_ = (size_bytes + page - 1) / page * page;
    whole_ = middle_ + 2 * page;
#if defined(__wasm__)  // no page of it can be forbidden
    void* mapped = nullptr;
    if (posix_memalign(&mapped, 64, whole_) != 0) return;
    base_ = static_cast<uint8_t*>(mapped);
    first_ = base_ + page;
#else
    void* mapped = mmap(nullptr, whole_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return;
    base_ = static_cast<uint8_t*>(mapped);
    first_ = base_ + page;
    if (middle_ != 0 && mprotect(first_, middle_, PROT_READ | PROT_WRITE) != 0) return;
#endif
    for (size_t i = 0; i < middle_; ++i) first_[i] = 0xA5;
    data_ = first_ + middle_ - size_;
  }
  ~GuardedPages() {
#if defined(__wasm__)
    std::free(base_);
#else
    if (base_ != nullptr) munmap(base_, whole_);
#endif
  }
  GuardedPages(const GuardedPages&) = delete;
  GuardedPages& operator=(const GuardedPages&) = delete;

  // nullptr where the system gave no memory.
  void* data() const { return data_; }
  bool BeforeIsIntact() const {
    for (const uint8_t* at = first_; at != data_; ++at) {
      if (*at != 0xA5) return false;
    }
    return true;
  }

 private:
  size_t size_, middle_ = 0, whole_ = 0;
  uint8_t *base_ = nullptr, *first_ = nullptr, *data_ = nullptr;
};

// As DotArgs; row_k and columns are rounded up as the kernel wants.
struct ExactShape {
  int64_t kernel_rows, row_k, columns, pixels, pixel_stride;
};

namespace exact {

template <typename T>
T Number(int x) {
  if constexpr (std::is_same_v<T, uint16_t>) return FloatToBfloat(static_cast<float>(x));
  return static_cast<T>(x);
}

// All inputs, weights and sums end at forbidden pages.
template <typename Input, typename Weight>
void Compare(const DotKernel& dot, const ExactShape& s) {
  DotArgs a;
  a.kernel_rows = s.kernel_rows;
  a.row_k = RoundUp(s.row_k, dot.k_step);
  a.columns = RoundUp(s.columns, dot.column_block);
  a.pixels = s.pixels;
  a.pixel_stride = s.pixel_stride;
  const int64_t rounded = RoundUp(s.pixels, dot.pixel_block);
  a.row_stride = (rounded - 1) * s.pixel_stride + a.row_k + 3;
  const int64_t inputs = (a.kernel_rows - 1) * a.row_stride + (rounded - 1) * a.pixel_stride + a.row_k;
  const int64_t sums = rounded * a.columns;

  std::mt19937 engine(static_cast<uint32_t>(s.pixels * 31 + s.row_k));
  GuardedPages input(static_cast<size_t>(inputs) * sizeof(Input));
  ASSERT_NE(input.data(), nullptr);
  for (int64_t i = 0; i < inputs; ++i) {
    static_cast<Input*>(input.data())[i] = Number<Input>(static_cast<int>(engine() & 255));
  }
  // bf16: 255 * 7 * (kernel_rows * row_k) stays below 2^24 up to 9398 products.
  const int most = dot.element == DotElement::kU8S8 ? dot.weight_limit : 7;
  std::vector<Weight> weights(static_cast<size_t>(a.kernel_rows * a.row_k * a.columns));
  for (Weight& w : weights) {
    w = Number<Weight>(static_cast<int>(engine() % static_cast<uint32_t>(2 * most + 1)) - most);
  }
  a.input = input.data();

  const auto run = [&](const DotKernel& kernel, const GuardedPages& out) {
    const std::vector<uint8_t> bytes = kernel.pack(weights.data(), a.kernel_rows, a.row_k, a.columns);
    GuardedPages packed(bytes.size());
    ASSERT_TRUE(packed.data() != nullptr && out.data() != nullptr);
    std::memcpy(packed.data(), bytes.data(), bytes.size());
    a.weights = packed.data();
    a.sums = out.data();
    kernel.begin();
    kernel.run(a);
    kernel.end();
    EXPECT_TRUE(out.BeforeIsIntact());
  };
  GuardedPages want(static_cast<size_t>(sums) * 4), got(static_cast<size_t>(sums) * 4);
  run(PlainDotKernel(dot.element), want);
  run(dot, got);
  for (int64_t i = 0; i < s.pixels * a.columns; ++i) {
    ASSERT_EQ(static_cast<int32_t*>(got.data())[i], static_cast<int32_t*>(want.data())[i])
        << "pixel " << i / a.columns << " column " << i % a.columns;
  }
}

}  // namespace exact

inline void CompareExactly(const DotKernel& dot, const ExactShape& s) {
  SCOPED_TRACE(std::string(dot.name) + " rows " + std::to_string(s.kernel_rows) + " k " +
               std::to_string(s.row_k) + " columns " + std::to_string(s.columns) + " pixels " +
               std::to_string(s.pixels) + " stride " + std::to_string(s.pixel_stride));
  switch (dot.element) {
    case DotElement::kU8S8:
      return exact::Compare<uint8_t, int8_t>(dot, s);
    case DotElement::kS16:
      return exact::Compare<int16_t, int16_t>(dot, s);
    case DotElement::kBf16:
      return exact::Compare<uint16_t, uint16_t>(dot, s);
  }
}

// Every number of pixels up to 70, every length of row up to five steps of a tile, every number of columns
// up to 128, 1 to 9 kernel rows, neighbouring pixels that overlap, touch or lie apart.
inline void CompareAwkwardShapes(const DotKernel& dot) {
  std::vector<ExactShape> shapes;
  for (int64_t pixels = 1; pixels <= 70; ++pixels) shapes.push_back({1, 20, 48, pixels, 8});
  for (int64_t pixels : {80, 96, 112, 113, 129, 144}) shapes.push_back({2, 12, 48, pixels, 4});
  for (int64_t k = 1; k <= 330; k += k < 140 ? 1 : 7) shapes.push_back({2, k, 16, 18, k % 40 + 1});
  for (int64_t columns = 16; columns <= 128; columns += 16) shapes.push_back({2, 72, columns, 37, 24});
  for (int64_t rows = 1; rows <= 9; ++rows) shapes.push_back({rows, 36, 32, 33, 4});
  shapes.push_back({3, 384, 128, 35, 128});  // 3x3, 128 channels
  shapes.push_back({9, 288, 16, 20, 32});    // 9x9, 32 channels
  shapes.push_back({3, 48, 16, 70, 32});     // 3x3, 16 channels, stride 2
  for (const ExactShape& s : shapes) {
    CompareExactly(dot, s);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace tempera::kernels
