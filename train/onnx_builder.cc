#include "train/onnx_builder.h"

#include "src/base/half.h"
#include "src/onnx/attributes.h"

namespace tempera::train {

Result<std::string> OnnxBuilder::Half(const std::string& name, const Shape& shape,
                                      const std::vector<float>& values) {
  std::vector<uint16_t> halves(values.size());
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = FloatToHalf(values[i]);
  TEMPERA_ASSIGN_OR_RETURN(const std::string stored,
                           Constant(name + "_16", DataType::kFloat16, shape, halves));
  return Node(name, "Cast", {stored}, {onnx::IntAttribute("to", 1)});
}

}  // namespace tempera::train
