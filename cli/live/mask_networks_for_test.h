// Small networks for tests of masks: what is bright is the person; styles that paint one grey.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "src/onnx/model_builder.h"
#include "src/onnx/writer.h"

namespace tempera::cli {

inline void WriteModel(const std::string& path, const onnx::ModelBuilder& model) {
  std::ofstream(path, std::ios::binary) << onnx::WriteModel(model.model()).value();
}

// height: of the only pictures that it bears, though it does not say so; 0: any.
inline void WriteBrightMask(const std::string& path, int64_t height = 0) {
  onnx::ModelBuilder m(17);
  m.Input("input", {1, 3, -1, -1});
  m.Output("output");
  constexpr float kThird = 1.0f / (3 * 255);
  m.Constant("w", {1, 3, 1, 1}, std::vector<float>{kThird, kThird, kThird});
  if (height > 0) {
    m.Constant("zero", {1, 1, height, 1}, std::vector<float>(static_cast<size_t>(height)));
    m.NamedNode("mask", "Conv", {"input", "w"});
    m.NamedNode("output", "Add", {"mask", "zero"});
  } else {
    m.NamedNode("output", "Conv", {"input", "w"});
  }
  m.Metadata("tempera.mask.values", "0..1");
  m.Metadata("tempera.mask.classes", "person");
  WriteModel(path, m);
}

inline void WriteGreyStyle(const std::string& path, float level) {
  onnx::ModelBuilder m(17);
  m.Input("input", {1, 3, -1, -1});
  m.Output("output");
  m.Constant("gain", {1}, std::vector<float>{0});
  m.Constant("offset", {1}, std::vector<float>{level});
  m.NamedNode("scaled", "Mul", {"input", "gain"});
  m.NamedNode("output", "Add", {"scaled", "offset"});
  WriteModel(path, m);
}

}  // namespace tempera::cli
