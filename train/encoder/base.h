// `--base`: a new style that starts from a network of many styles.
#pragma once

#include <torch/types.h>

#include <memory>
#include <string>

#include "media/image.h"
#include "src/base/status.h"
#include "train/network.h"
#include "train/options.h"

namespace tempera::train {

struct Base {
  std::shared_ptr<TransformerNet> net;
  std::string body;                       // BodyHash
  std::string trained_on, stroke_period;  // what its file says of itself
};

// An .onnx that tempera-train wrote, or a checkpoint.pt; of many styles. Else one line says what it is
// instead.
Result<Base> LoadBase(const std::string& path);

// A network of the one style `name`: the base's convolutions and identity row, `rows` [kStrokeSizes,
// RowLength] for the style.
Result<std::shared_ptr<TransformerNet>> NetWithRows(const TransformerNet& base, const std::string& name,
                                                    const torch::Tensor& rows);

// The mean of the styles' rows, fine and bold: [kStrokeSizes, RowLength].
torch::Tensor MiddleRows(const TransformerNet& base);

struct FirstStyle {
  std::shared_ptr<TransformerNet> net;
  Base base;
  bool predicted = false;  // by an encoder; otherwise the mean of the base's styles
};

// Where options.style begins: what the encoder (options.encoder, or style-encoder.onnx beside the base, or in
// the folder `train` there) says of it.
// kInvalidArgument when the encoder was made for another network.
Result<FirstStyle> BeginFromBase(const Options& options, const media::RgbImage& painting);

// BeginFromBase, and writes options.output and preview.png in the work folder: no photographs and no
// features needed. Says on standard output what it did.
Result<FirstStyle> WriteFirstStyle(const Options& options, const media::RgbImage& painting);

}  // namespace tempera::train
