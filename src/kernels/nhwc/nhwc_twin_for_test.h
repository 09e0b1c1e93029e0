// A convolution over interleaved pixels beside ConvReference, for tests: makes the numbers, runs every dot
// kernel on every target, compares outputs, moments and canaries.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/nhwc/conv_nhwc.h"

namespace tempera::kernels {

struct TwinCase {
  ConvShape shape;
  PictureLayout input = PictureLayout::kNhwcF16, output = PictureLayout::kNhwcF16;
  bool affine = false;
  Activation read = Activation::kNone, write = Activation::kNone;
  // Inputs and weights lie where quantisation changes nothing, so that the result must equal the reference
  // but for rounding to fp16. Not with an enlargement (weights are summed) nor Activation::kSlope on read.
  bool exact = false;
};

// Output size from symmetric padding.
ConvShape TwinShape(int64_t in_channels, int64_t h, int64_t w, int64_t out_channels, int64_t kernel,
                    int64_t stride, int64_t pad, PadMode mode = PadMode::kConstant, int64_t upsample = 1);

class NhwcTwin {
 public:
  explicit NhwcTwin(const TwinCase& c);

  // Every kInt8 kernel: the plain one against the reference, all others bit by bit against the plain one.
  void RunInt8(const CpuTarget& target);
  // Every kBf16 kernel against the reference.
  void RunBf16(const CpuTarget& target);

 private:
  struct Outcome {
    std::vector<float> numbers;  // planar
    std::vector<uint8_t> bytes;  // as stored
    std::vector<Moments> moments;
    int64_t tiles = 0;
  };
  std::string Text() const;
  // Where the output has channel o of the convolution at its pixel p.
  size_t At(int64_t n, size_t o, size_t p) const;
  void MakeExactNumbers();
  void MakeRandomNumbers();
  Outcome Run(const CpuTarget& target, const DotKernel& dot, ConvPrecision precision);
  void CheckInt8(const Outcome& got) const;
  void CheckBf16(const Outcome& got) const;
  void CheckMoments(const Outcome& got) const;

  TwinCase c_;
  ConvShape s_;
  std::vector<float> input_, weights_, bias_, scale_, shift_, read_slope_, write_slope_, low_, high_;
  std::vector<float> expected_;
  std::vector<double> magnitude_;  // per output channel: sum of |weight| * step
  std::vector<uint8_t> stored_input_;
  Pointwise read_, write_;
};

}  // namespace tempera::kernels
