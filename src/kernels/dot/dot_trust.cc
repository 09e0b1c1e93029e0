#include "src/kernels/dot/dot_trust.h"

#include <cstring>
#include <map>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/checked_math.h"
#include "src/base/half.h"
#include "src/base/lock.h"

namespace tempera::kernels {
namespace {

// 5 tiles of 16 pixels and 3 of 16 columns: all shapes of register block that AMX and AVX-512 use for wide
// layers. 84 bytes (or bf16) of a kernel row are steps of AMX that overlap.
constexpr int64_t kPixels = 5 * 16 - 3, kColumns = 48, kKernelRows = 2, kRowK = 84, kPixelStride = 12;

// Numbers without a pattern that a wrong order could repeat. Weights within -8..7 let bf16 hold products'
// sums exactly: 255 * 8 * 168 < 2^24. Bytes go to the kernel's limit, where pairs of products meet the bounds
// of 16 bits.
int Input(int64_t i) { return static_cast<int>(i * i * 7 + i * 13) & 255; }
int Weight(int64_t i) { return static_cast<int>((i * i * 5 + i * 3) >> 2) % 16 - 8; }

template <typename T>
T Number(int x) {
  if constexpr (sizeof(T) == 2 && std::is_unsigned_v<T>) return FloatToBfloat(static_cast<float>(x));
  return static_cast<T>(x);
}

// Sums of kPixels x kColumns, empty when memory is short.
template <typename InputT, typename WeightT>
std::vector<int32_t> Sums(const DotKernel& kernel, int weight_limit) {
  DotArgs a;
  a.kernel_rows = kKernelRows;
  a.row_k = RoundUp(kRowK, kernel.k_step);
  a.pixel_stride = kPixelStride;
  const int64_t pixels = RoundUp(kPixels, kernel.pixel_block);
  a.row_stride = (pixels - 1) * kPixelStride + a.row_k;
  a.pixels = kPixels;
  a.columns = RoundUp(kColumns, kernel.column_block);
  std::vector<InputT> input(static_cast<size_t>(kKernelRows * a.row_stride));
  for (size_t i = 0; i < input.size(); ++i) {
    // By place in the row, for rows differ in length with the kernel's pixel_block.
    const auto place = static_cast<int64_t>(i);
    input[i] = Number<InputT>(Input(place / a.row_stride * 1009 + place % a.row_stride));
  }
  const int scale = std::is_same_v<WeightT, int8_t> ? weight_limit / 8 : 1;
  std::vector<WeightT> weights(static_cast<size_t>(kKernelRows * a.row_k * a.columns));
  for (int64_t r = 0; r < kKernelRows; ++r) {
    for (int64_t k = 0; k < kRowK; ++k) {
      for (int64_t o = 0; o < kColumns; ++o) {
        weights[static_cast<size_t>((r * a.row_k + k) * a.columns + o)] =
            Number<WeightT>(scale * Weight((r * kRowK + k) * kColumns + o));
      }
    }
  }
  const std::vector<uint8_t> bytes = kernel.pack(weights.data(), a.kernel_rows, a.row_k, a.columns);
  auto packed = AlignedBuffer::Allocate(bytes.size());
  auto sums = AlignedBuffer::Allocate(static_cast<size_t>(pixels * a.columns) * sizeof(int32_t));
  if (!packed.ok() || !sums.ok()) return {};
  std::memcpy(packed->data(), bytes.data(), bytes.size());
  std::memset(sums->data(), 0xA5, sums->size_bytes());
  a.input = input.data();
  a.weights = packed->data();
  a.sums = sums->data();
  kernel.begin();
  kernel.run(a);
  kernel.end();
  std::vector<int32_t> wanted(static_cast<size_t>(kPixels * kColumns));
  for (int64_t p = 0; p < kPixels; ++p) {
    std::memcpy(wanted.data() + p * kColumns, sums->data() + p * a.columns * 4, kColumns * 4);
  }
  return wanted;
}

template <typename InputT, typename WeightT>
bool Agrees(const DotKernel& kernel) {
  const std::vector<int32_t> want =
      Sums<InputT, WeightT>(PlainDotKernel(kernel.element), kernel.weight_limit);
  return !want.empty() && want == Sums<InputT, WeightT>(kernel, kernel.weight_limit);
}

}  // namespace

bool DotAgreesWithPlain(const DotKernel& kernel) {
  switch (kernel.element) {
    case DotElement::kU8S8:
      return Agrees<uint8_t, int8_t>(kernel);
    case DotElement::kS16:
      return Agrees<int16_t, int16_t>(kernel);
    case DotElement::kBf16:
      return Agrees<uint16_t, uint16_t>(kernel);
  }
  return false;
}

bool TrustDot(const DotKernel& kernel) {
  static Mutex mutex;
  static std::map<const DotKernel*, bool>* answers = new std::map<const DotKernel*, bool>();
  const Locked lock(mutex);
  const auto found = answers->find(&kernel);
  if (found != answers->end()) return found->second;
  return (*answers)[&kernel] = DotAgreesWithPlain(kernel);
}

}  // namespace tempera::kernels
