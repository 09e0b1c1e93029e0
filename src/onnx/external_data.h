// Tensors that keep their values in files beside the model ("external data"): what exporters write for models
// that do not fit into 2 GiB, and PyTorch since 2.9 for all.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "src/base/status.h"
#include "src/base/tensor.h"

namespace tempera::onnx {

// What a tensor says of where its values are.
struct ExternalPlace {
  std::string location;  // a file, from the model's folder
  int64_t offset = 0;
  int64_t length = -1;  // -1: what the shape says
};

// The files of one model. A file that lies outside the model's folder is never opened, whatever names and
// symbolic links say: a model is not to read what its folder does not hold. (Where the model itself is a
// link, the folder in which it really lies serves as well: that is how the caches of model hubs are laid
// out.)
class ExternalData {
 public:
  explicit ExternalData(std::string model_path);

  // The whole of `to`. `what` opens messages: "model.onnx: tensor 'w'".
  // kUnsupported: the place is outside the folder. kNotFound, kIo: the file is not there, or cannot be read.
  // kCorruptModel: it ends before the tensor does, or says another length. kUnsupported too: all tensors
  // together are larger than a model may be, so that many that share one stretch of a file are no bomb.
  Status Read(const ExternalPlace& place, const std::string& what, Tensor* to);
  // Whether so many bytes are there, before memory is taken for them.
  Status Check(const ExternalPlace& place, const std::string& what, int64_t bytes);

 private:
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  // The file of `location` is then open_, and size_ its size.
  Status Open(const std::string& location, const std::string& what);

  std::string model_path_;
  int64_t read_ = 0;  // so far, of all tensors
  // One at a time: old exporters write a file for each tensor.
  std::unique_ptr<std::FILE, Close> open_;
  std::string open_location_;
  int64_t size_ = 0;
};

}  // namespace tempera::onnx
