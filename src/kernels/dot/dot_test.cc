// Every dot kernel against the plain one, and the register blocks of instruction sets that this processor
// may lack against it too, over emulated vectors.
#include <gtest/gtest.h>

#include <random>

#include "src/base/aligned_buffer.h"
#include "src/base/checked_math.h"
#include "src/base/cpu.h"
#include "src/base/half.h"
#include "src/kernels/dot/dot_block.h"

namespace tempera::kernels {
namespace {

// What Avx512Vnni, AvxVnni and Avx2S16 do, in plain C++.
template <int64_t kLanesOf, int64_t kGroupOf, int kPixels1Of, int kPixels2Of>
struct Emulated {
  struct Vector {
    int32_t lanes[kLanesOf];
  };
  static constexpr int64_t kLanes = kLanesOf, kGroup = kGroupOf;
  static constexpr int kPixels1 = kPixels1Of, kPixels2 = kPixels2Of;
  static constexpr double kSpeed = 1;
  static constexpr int kWeightLimit = 127;
  static Vector Zero() { return {}; }
  static Vector Load(const uint8_t* from) {
    Vector v;
    std::memcpy(&v, from, sizeof(v));
    return v;
  }
  static Vector Broadcast(const uint8_t* from) {
    Vector v;
    for (int32_t& lane : v.lanes) std::memcpy(&lane, from, 4);
    return v;
  }
  static Vector Dot(Vector sums, Vector input, Vector weights) {
    for (int64_t i = 0; i < kLanes; ++i) {
      if constexpr (kGroup == 4) {
        uint8_t x[4];
        int8_t w[4];
        std::memcpy(x, &input.lanes[i], 4);
        std::memcpy(w, &weights.lanes[i], 4);
        for (int j = 0; j < 4; ++j) sums.lanes[i] += x[j] * w[j];
      } else {
        int16_t x[2], w[2];
        std::memcpy(x, &input.lanes[i], 4);
        std::memcpy(w, &weights.lanes[i], 4);
        for (int j = 0; j < 2; ++j) sums.lanes[i] += x[j] * w[j];
      }
    }
    return sums;
  }
  static void Store(Vector v, int32_t* to) { std::memcpy(to, &v, sizeof(v)); }
};

struct DotShape {
  int64_t kernel_rows, row_k, columns, pixels, pixel_stride;
};

// Random numbers, or the largest ones that the element may hold.
template <typename T>
void Fill(T* numbers, size_t count, int low, int high, bool extreme) {
  std::mt19937 engine(static_cast<uint32_t>(count));
  std::uniform_int_distribution<int> uniform(low, high);
  for (size_t i = 0; i < count; ++i) {
    const int x = extreme ? high : uniform(engine);
    if constexpr (std::is_same_v<T, uint16_t>) {
      numbers[i] = FloatToBfloat(static_cast<float>(x) / 16);
    } else {
      numbers[i] = static_cast<T>(x);
    }
  }
}

template <typename Input, typename Weight>
void CompareAs(const DotKernel& dot, const DotShape& s, bool extreme) {
  const DotKernel& plain = PlainDotKernel(dot.element);
  DotArgs a;
  a.row_k = RoundUp(s.row_k, dot.k_step);
  a.columns = RoundUp(s.columns, dot.column_block);
  a.kernel_rows = s.kernel_rows;
  a.pixels = s.pixels;
  a.pixel_stride = s.pixel_stride;
  const int64_t rounded = RoundUp(s.pixels, dot.pixel_block);
  a.row_stride = (rounded - 1) * s.pixel_stride + a.row_k + 5;
  // Ends where the last number that may be read ends.
  std::vector<Input> input(
      static_cast<size_t>((s.kernel_rows - 1) * a.row_stride + (rounded - 1) * s.pixel_stride + a.row_k));
  std::vector<Weight> weights(static_cast<size_t>(a.kernel_rows * a.row_k * a.columns));
  Fill(input.data(), input.size(), 0, 255, extreme);
  Fill(weights.data(), weights.size(), -dot.weight_limit, dot.weight_limit, extreme);
  a.input = input.data();
  const auto count = static_cast<size_t>(rounded * a.columns);
  auto want = AlignedBuffer::Allocate(count * 4), got = AlignedBuffer::Allocate(count * 4 + 64);
  ASSERT_TRUE(want.ok() && got.ok());
  std::fill(got->data(), got->data() + got->size_bytes(), uint8_t{0xA5});
  const auto run = [&](const DotKernel& kernel, void* sums) {
    const std::vector<uint8_t> bytes = kernel.pack(weights.data(), a.kernel_rows, a.row_k, a.columns);
    ASSERT_GE(bytes.size(), weights.size() * sizeof(Weight));
    auto packed = AlignedBuffer::Allocate(bytes.size());
    ASSERT_TRUE(packed.ok());
    std::memcpy(packed->data(), bytes.data(), bytes.size());
    a.weights = packed->data();
    a.sums = sums;
    kernel.begin();
    kernel.run(a);
    kernel.end();
  };
  run(plain, want->data());
  run(dot, got->data());
  for (int64_t i = 0; i < s.pixels * a.columns; ++i) {
    if (dot.element == DotElement::kBf16) {
      const float x = reinterpret_cast<float*>(got->data())[i], y = reinterpret_cast<float*>(want->data())[i];
      // Products are exact in fp32 when both factors are bf16; only the order of additions may differ.
      ASSERT_NEAR(x, y, 3e-5 * static_cast<double>(a.kernel_rows * a.row_k) * 16 * 8) << i;
    } else {
      const int32_t x = reinterpret_cast<int32_t*>(got->data())[i];
      ASSERT_EQ(x, reinterpret_cast<int32_t*>(want->data())[i]) << i;
    }
  }
  for (int i = 0; i < 64; ++i) ASSERT_EQ(got->data()[count * 4 + static_cast<size_t>(i)], 0xA5);
}

void Compare(const DotKernel& dot) {
  for (const DotShape& s :
       {DotShape{1, 1, 1, 1, 1}, DotShape{3, 24, 8, 37, 8}, DotShape{3, 48, 16, 12, 16},
        DotShape{2, 32, 24, 13, 16}, DotShape{9, 27, 32, 25, 3}, DotShape{1, 130, 40, 7, 130},
        DotShape{3, 96, 72, 96, 64}, DotShape{5, 15, 3, 18, 3}, DotShape{3, 1152, 128, 5, 9},
        DotShape{1, 64, 16, 50, 64}, DotShape{3, 70, 48, 31, 7}}) {
    SCOPED_TRACE(std::string(dot.name) + " rows " + std::to_string(s.kernel_rows) + " k " +
                 std::to_string(s.row_k) + " columns " + std::to_string(s.columns) + " pixels " +
                 std::to_string(s.pixels));
    for (bool extreme : {false, true}) {
      if (dot.element == DotElement::kU8S8) CompareAs<uint8_t, int8_t>(dot, s, extreme);
      if (dot.element == DotElement::kS16) CompareAs<int16_t, int16_t>(dot, s, extreme);
      if (dot.element == DotElement::kBf16) CompareAs<uint16_t, uint16_t>(dot, s, extreme);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(Dot, KernelsAgreeWithThePlainOne) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    for (const DotKernel* dot : DotKernelsFor(target.highway_bit)) Compare(*dot);
  }
}

TEST(Dot, BlocksOfAbsentInstructionSetsAgreeToo) {
  Compare(BlockDotKernel<Emulated<16, 4, 12, 12>>("avx512_vnni emulated", DotElement::kU8S8));
  Compare(BlockDotKernel<Emulated<8, 4, 12, 6>>("avx_vnni emulated", DotElement::kU8S8));
  Compare(BlockDotKernel<Emulated<16, 2, 12, 12>>("avx512 16-bit emulated", DotElement::kS16));
  Compare(BlockDotKernel<Emulated<8, 2, 12, 6>>("avx2_s16 emulated", DotElement::kS16));
}

TEST(Dot, PlainKernelsCloseEveryList) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const std::vector<const DotKernel*> kernels = DotKernelsFor(target.highway_bit);
    ASSERT_GE(kernels.size(), 3u);
    for (DotElement element : {DotElement::kU8S8, DotElement::kS16, DotElement::kBf16}) {
      EXPECT_NE(std::find(kernels.begin(), kernels.end(), &PlainDotKernel(element)), kernels.end());
    }
    EXPECT_STREQ(kernels.back()->name, "plain_bf16");
  }
}

}  // namespace
}  // namespace tempera::kernels
