#include "src/stylize/model_metadata.h"

#include <cstdint>

#include "src/base/number_text.h"
#include "src/engine/facts/ranges.h"

namespace tempera::stylize {

const std::string* FindMetadata(const graph::Graph& model, std::string_view key) {
  for (const auto& [name, value] : model.metadata) {
    if (name == key) return &value;
  }
  return nullptr;
}

Result<ModelMetadata> ReadModelMetadata(const graph::Graph& model, const std::string& name) {
  ModelMetadata metadata;
  if (const std::string* text = FindMetadata(model, "tempera.value_range")) {
    engine::ValueRange range;
    if (!engine::ParseValueRange(*text, &range)) {
      return CorruptModel(name + ": metadata tempera.value_range is '" + *text +
                          "', not two numbers like 0..255");
    }
    metadata.values.low = range.low;
    metadata.values.high = range.high;
  }
  if (const std::string* layout = FindMetadata(model, "tempera.layout")) {
    if (*layout != "NCHW RGB" && *layout != "NCHW BGR") {
      return Unsupported(name + ": metadata tempera.layout is '" + *layout +
                         "'; known are 'NCHW RGB' and 'NCHW BGR'");
    }
    metadata.values.bgr = *layout == "NCHW BGR";
  }
  if (const std::string* multiple = FindMetadata(model, "tempera.size_multiple")) {
    int64_t number = 0;
    if (!ParseNumber(*multiple, &number) || number < 1 || number > 256) {
      return CorruptModel(name + ": metadata tempera.size_multiple is '" + *multiple + "', not 1 to 256");
    }
    metadata.size_multiple = static_cast<int>(number);
  }
  return metadata;
}

}  // namespace tempera::stylize
