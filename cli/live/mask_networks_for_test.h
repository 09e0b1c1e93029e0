// Small networks for tests of masks: what is bright is the person; styles that paint one grey.
#pragma once

#include <fstream>
#include <string>

#include "src/onnx/model_builder.h"
#include "src/onnx/writer.h"

namespace tempera::cli {

inline void WriteModel(const std::string& path, const onnx::ModelBuilder& model) {
  std::ofstream(path, std::ios::binary) << onnx::WriteModel(model.model()).value();
}

inline void WriteBrightMask(const std::string& path) {
  onnx::ModelBuilder m(17);
  m.Input("input", {1, 3, -1, -1});
  m.Output("output");
  constexpr float kThird = 1.0f / (3 * 255);
  m.Constant("w", {1, 3, 1, 1}, std::vector<float>{kThird, kThird, kThird});
  m.NamedNode("output", "Conv", {"input", "w"});
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
