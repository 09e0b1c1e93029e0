// Rows of pixels: every target against plain loops.
#include <string>

#include "src/kernels/pixels/pixels.h"
#include "src/kernels/pixels/plain_pixels_for_test.h"
#include "src/kernels/twin/twin.h"

namespace tempera::kernels {
namespace {

// BT.709, limited range.
constexpr YuvToRgb kToRgb = {16, 1.1644f, 1.7927f, -0.2132f, -0.5329f, 2.1124f};
constexpr RgbToYuv kToYuv = {0.2126f, 0.7152f, 0.0722f, 0.8588f, 16, 0.4734f, 0.5578f};

// What a function of PixelKernels may read and write.
struct PixelRows {
  const uint8_t* bytes;
  RgbRow in;
  RgbRow out;
  uint8_t* out_bytes;
  const int* first;      // of gather_sum
  const float* weights;  // of gather_sum, three a number
};

// Rows of ten bits, which differ by a step at most where that is a sixty-fourth of the code or less, as it is
// from black on.
Twin TenBitRows(const char* name, void (*call)(const PixelKernels& f, int n, RgbRow in, uint8_t* out)) {
  return {std::string("pixels ") + name, AwkwardLengths(), 1920, [=](TwinProblem& p, int64_t n) {
            const auto in_plane = [&] { return const_cast<float*>(p.In(n + 2, -60, 320)); };
            const RgbRow in = {in_plane(), in_plane(), in_plane()};
            auto& out = p.InOut(std::vector<uint16_t>(static_cast<size_t>(n + 2), 64), 1.0 / 64);
            p.work = static_cast<double>(n);
            p.fast = [=, &out](const CpuTarget& target, const std::string&) {
              call(ChoosePixelKernels(target.highway_bit), static_cast<int>(n), in,
                   reinterpret_cast<uint8_t*>(out.fast.data()));
            };
            p.plain = [=, &out](const CpuTarget&) {
              call(plain::Kernels(), static_cast<int>(n), in, reinterpret_cast<uint8_t*>(out.plain.data()));
            };
          }};
}

// Sums of whole numbers: the same to the bit. In front of `apart` starts lie side by side, behind it they
// jump.
Twin GatherMask(const char* name, int taps, int64_t apart) {
  return {std::string("pixels ") + name, AwkwardLengths(), 1920, [=](TwinProblem& p, int64_t n) {
            std::vector<uint16_t> numbers, by_tap(static_cast<size_t>(taps * n));
            for (const float x : p.Random(n + taps, 0, kFullMask + 0.9f))
              numbers.push_back(static_cast<uint16_t>(x));
            for (int64_t i = 0; i < n; ++i) {
              int left = kFullMask;
              for (int k = 0; k < taps; ++k) {
                const int weight =
                    k + 1 == taps ? left : static_cast<int>((i * 7919 + k * 104729) % (left + 1));
                by_tap[static_cast<size_t>(k * n + i)] = static_cast<uint16_t>(weight);
                left -= weight;
              }
            }
            std::vector<int> first;
            for (int64_t i = 0; i < n; ++i) first.push_back(static_cast<int>(i < apart ? i : i / 2));
            const uint16_t* in = p.In(numbers);
            const uint16_t* weights = p.In(by_tap);
            const int* from = p.In(first);
            auto& out = p.InOut(std::vector<uint16_t>(static_cast<size_t>(n), 7));
            p.work = static_cast<double>(n * taps);
            p.fast = [=, &out](const CpuTarget& target, const std::string&) {
              ChoosePixelKernels(target.highway_bit)
                  .gather_mask(in, from, weights, taps, static_cast<int>(n), out.fast.data());
            };
            p.plain = [=, &out](const CpuTarget&) {
              plain::Kernels().gather_mask(in, from, weights, taps, static_cast<int>(n), out.plain.data());
            };
          }};
}

// Codes differ by 1 at most: fused multiply-adds round once where plain code rounds twice.
Twin Pixels(const char* name, void (*call)(const PixelKernels& f, int n, const PixelRows& rows)) {
  return {std::string("pixels ") + name, AwkwardLengths(), 1920, [call](TwinProblem& p, int64_t n) {
            std::vector<uint8_t> bytes;
            for (const float x : p.Random(4 * n + 8, 0, 256)) bytes.push_back(static_cast<uint8_t>(x));
            std::vector<int> first;
            for (int64_t i = 0; i < n; ++i) first.push_back(static_cast<int>(i * 5 % n));
            const uint8_t* in_bytes = p.In(bytes);
            const int* in_first = p.In(first);
            const float* weights = p.In(3 * n);
            const auto in_plane = [&] { return const_cast<float*>(p.In(n + 2, -60, 320)); };
            const RgbRow in = {in_plane(), in_plane(), in_plane()};
            auto& r = p.InOut(p.Random(n, 0, 255), 1e-4);
            auto& g = p.InOut(p.Random(n, 0, 255), 1e-4);
            auto& b = p.InOut(p.Random(n, 0, 255), 1e-4);
            auto& out_bytes = p.InOut(std::vector<uint8_t>(static_cast<size_t>(4 * n + 8), 7), 1);
            p.work = static_cast<double>(n);
            p.fast = [=, &r, &g, &b, &out_bytes](const CpuTarget& target, const std::string&) {
              call(ChoosePixelKernels(target.highway_bit), static_cast<int>(n),
                   {in_bytes,
                    in,
                    {r.fast.data(), g.fast.data(), b.fast.data()},
                    out_bytes.fast.data(),
                    in_first,
                    weights});
            };
            p.plain = [=, &r, &g, &b, &out_bytes](const CpuTarget&) {
              call(plain::Kernels(), static_cast<int>(n),
                   {in_bytes,
                    in,
                    {r.plain.data(), g.plain.data(), b.plain.data()},
                    out_bytes.plain.data(),
                    in_first,
                    weights});
            };
          }};
}
const bool kPixels[] = {
    AddTwin(Pixels("read rgba", [](const PixelKernels& f, int n,
                                   const PixelRows& r) { f.read_interleaved[0](r.bytes, n, r.out); })),
    AddTwin(Pixels("read bgra", [](const PixelKernels& f, int n,
                                   const PixelRows& r) { f.read_interleaved[1](r.bytes, n, r.out); })),
    AddTwin(Pixels("read rgb", [](const PixelKernels& f, int n,
                                  const PixelRows& r) { f.read_interleaved[2](r.bytes, n, r.out); })),
    AddTwin(Pixels("write rgba", [](const PixelKernels& f, int n,
                                    const PixelRows& r) { f.write_interleaved[0](r.in, n, r.out_bytes); })),
    AddTwin(Pixels("write rgb", [](const PixelKernels& f, int n,
                                   const PixelRows& r) { f.write_interleaved[2](r.in, n, r.out_bytes); })),
    AddTwin(Pixels("read yuv",
                   [](const PixelKernels& f, int n, const PixelRows& r) {
                     f.read_yuv[0](r.bytes, r.bytes + n, r.bytes + 2 * n, 1, n, kToRgb, r.out);
                   })),
    AddTwin(Pixels("write luma", [](const PixelKernels& f, int n,
                                    const PixelRows& r) { f.write_luma[0](r.in, n, kToYuv, r.out_bytes); })),
    AddTwin(Pixels("write chroma",
                   [](const PixelKernels& f, int n, const PixelRows& r) {
                     f.write_chroma[0](r.in, r.in, n, kToYuv, r.out_bytes, r.out_bytes + n + 1, 1);
                   })),
    AddTwin(
        Pixels("clamp affine", [](const PixelKernels& f, int n,
                                  const PixelRows& r) { f.clamp_affine(r.in.r, n, 0.01f, -1, r.out.r); })),
    AddTwin(Pixels("affine clamp", [](const PixelKernels& f, int n,
                                      const PixelRows& r) { f.affine_clamp(r.in.r, n, 0.5f, 10, r.out.r); })),
    AddTwin(Pixels("accumulate", [](const PixelKernels& f, int n,
                                    const PixelRows& r) { f.accumulate(r.in.r, n, -0.7f, false, r.out.r); })),
    AddTwin(Pixels("gather sum",
                   [](const PixelKernels& f, int n, const PixelRows& r) {
                     f.gather_sum(r.in.r, r.first, r.weights, 3, n, r.out.r);
                   })),
    AddTwin(Pixels("blend", [](const PixelKernels& f, int n,
                               const PixelRows& r) { f.blend(r.out.r, r.in.r, 0.4f, n); })),
    AddTwin(Pixels("keep colours", [](const PixelKernels& f, int n,
                                      const PixelRows& r) { f.keep_colors(r.out, r.in, kToYuv, n); })),
    AddTwin(Pixels(
        "blend by weights",
        [](const PixelKernels& f, int n, const PixelRows& r) { f.blend_by(r.out.r, r.in.r, r.weights, n); })),
    AddTwin(Pixels("accumulate mask",
                   [](const PixelKernels& f, int n, const PixelRows& r) {
                     f.accumulate_mask(r.bytes, n, 77, true, reinterpret_cast<uint32_t*>(r.out_bytes));
                   })),
    AddTwin(Pixels("close mask",
                   [](const PixelKernels& f, int n, const PixelRows& r) {
                     f.close_mask(reinterpret_cast<const uint32_t*>(r.bytes), n,
                                  reinterpret_cast<uint16_t*>(r.out_bytes));
                   })),
    AddTwin(Pixels("read yuv of ten low bits",
                   [](const PixelKernels& f, int n, const PixelRows& r) {
                     f.read_yuv[1](r.bytes, r.bytes, r.bytes + 2, 2, n, kToRgb, r.out);
                   })),
    AddTwin(Pixels("read yuv of ten high bits",
                   [](const PixelKernels& f, int n, const PixelRows& r) {
                     f.read_yuv[2](r.bytes, r.bytes, r.bytes + 2, 2, n, kToRgb, r.out);
                   })),
    AddTwin(Pixels("mask weights",
                   [](const PixelKernels& f, int n, const PixelRows& r) {
                     const auto* mask = reinterpret_cast<const uint16_t*>(r.bytes);
                     f.mask_weights(mask, mask + n, 0.3f, 1e-4f, n, r.out.r);
                   })),
    AddTwin(TenBitRows(
        "write luma of ten low bits",
        [](const PixelKernels& f, int n, RgbRow in, uint8_t* out) { f.write_luma[1](in, n, kToYuv, out); })),
    AddTwin(TenBitRows(
        "write luma of ten high bits",
        [](const PixelKernels& f, int n, RgbRow in, uint8_t* out) { f.write_luma[2](in, n, kToYuv, out); })),
    AddTwin(TenBitRows("write chroma of ten high bits",
                       [](const PixelKernels& f, int n, RgbRow in, uint8_t* out) {
                         f.write_chroma[2](in, in, n, kToYuv, out, out + 2, 2);
                       })),
    AddTwin(GatherMask("gather mask by two", 2, 0)),
    AddTwin(GatherMask("gather mask by five", 5, 1 << 20)),
    AddTwin(GatherMask("gather mask by eight", 8, 40)),
};

}  // namespace
}  // namespace tempera::kernels
