// Tensors as NumPy's .npy files (format versions 1 to 3, little-endian, C order):
// numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>

#include "src/base/status.h"
#include "src/base/tensor.h"

namespace tempera::cli {

// Bytes of a .npy file. Untrusted: sizes are checked against the bytes that are there before
// anything is allocated; bytes beyond the array are refused. Booleans become 0 or 1.
Result<Tensor> ParseNpy(std::span<const uint8_t> bytes);

// Messages name the path.
Result<Tensor> ReadNpy(const std::string& path);

// The bytes of a version 1 file. NumPy has no bfloat16: it is widened to float32.
Result<std::string> FormatNpy(const Tensor& tensor);

// Writes beside `path`, then renames.
Status WriteNpy(const std::string& path, const Tensor& tensor);

// A file name (without folder and suffix) for a graph output: letters, digits, '.', '_' and '-'
// stay, anything else becomes '_'; never hidden, empty, over 200 bytes, or one in `taken`, to which
// it is added.
std::string FileNameFor(const std::string& output_name, std::set<std::string>* taken);

}  // namespace tempera::cli
