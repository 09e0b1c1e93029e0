// For tests: an exported file through the project's own engine (C++20, so apart from libtorch).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::train {

// planes: [3, height, width] RGB. parameters: of a conditional network, by input; the file's defaults
// of those left out. Returns the model's first output, as it comes, every node run as it is written.
Result<std::vector<float>> RunInEngine(const std::string& path, const std::vector<float>& planes,
                                       int64_t height, int64_t width,
                                       const std::map<std::string, std::vector<float>>& parameters = {});

// What a film's frames become through tempera.h, in fp32: each [3, height, width] RGB, whole levels of
// 0..255, as are the paintings. Before the frame `reset` (-1: none) the film begins anew.
Result<std::vector<std::vector<float>>> PaintFilm(const std::string& path,
                                                  const std::vector<std::vector<float>>& frames, int height,
                                                  int width, int reset);

// The metadata_props of an .onnx file.
Result<std::map<std::string, std::string>> ReadMetadata(const std::string& path);

}  // namespace tempera::train
