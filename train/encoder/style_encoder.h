// The style encoder as a libtorch module.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>
#include <string>

#include "media/image.h"
#include "src/base/status.h"
#include "train/encoder/encoder_file.h"
#include "train/network.h"

namespace tempera::train {

// Rows of styles stand in scale to one another: what comes out is first said in units of how far the bundled
// rows spread about their mean, and then put into the last layer (Fold), which is what the file holds.
class StyleEncoder : public torch::nn::Module {
 public:
  // Weights drawn with libtorch's generator. middle, spread: [numbers]. `ways` [k, numbers], in units of
  // spread: what the first k numbers of the code stand for at the start.
  StyleEncoder(const torch::Tensor& middle, const torch::Tensor& spread, const torch::Tensor& ways);
  // As a file has it.
  explicit StyleEncoder(const EncoderFile& file);

  // [n, 3, h, w] RGB 0..255, sides at least kEncoderShortSide -> [n, numbers].
  torch::Tensor forward(const torch::Tensor& pictures) { return Rows(Code(pictures)); }
  torch::Tensor Code(const torch::Tensor& pictures) const;
  torch::Tensor Rows(const torch::Tensor& code) const;

  // Takes a file's weights, of whatever body; the rows it gives stay what they were. kInvalidArgument where
  // it gives another number of them.
  Status StartFrom(const EncoderFile& file);
  EncoderFile ToFile(const std::string& body) const;

 private:
  void Register(int64_t numbers);
  torch::Tensor Of(const std::string& name) const { return named_parameters()[name]; }
  torch::Tensor middle_, spread_;
};

// [1, 3, h, w]: the picture at the size at which the encoder looks at it.
Result<torch::Tensor> EncoderPicture(const media::RgbImage& picture);

// The rows that `encoder` gives a picture, [kStrokeSizes, RowLength].
Result<torch::Tensor> PredictRows(StyleEncoder& encoder, const media::RgbImage& picture);

}  // namespace tempera::train
