// Through tempera.h with everything at once: bytes are decisions about a random network, its options and its
// frames (tests/door), or, where they begin as an .onnx file does, a model. A model may be refused; what is
// painted is the same with other threads, chains and through tensors, and in fp32 what plain loops paint.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <span>
#include <vector>

#include "src/base/checked_math.h"
#include "src/engine/run/session.h"
#include "src/ops/specialize.h"
#include "tempera/tempera.h"
#include "tests/door/door_case.h"
#include "tests/fuzz/door_input.h"

namespace tempera {
namespace {

// At 64x64, as the door looks at it: values in all, and the products of two, hold at most this.
constexpr int64_t kMostElements = 1 << 18;
constexpr int64_t kMostWork = int64_t{1} << 30;

bool IsSmall(std::span<const uint8_t> bytes) {
  const auto model = engine::LoadModelMemory(bytes);
  if (!model.ok() || (*model)->nodes.size() > 48) return model.ok() ? false : true;
  std::vector<TensorInfo> infos;
  for (size_t i = 0; i < (*model)->inputs.size(); ++i) {
    TensorInfo info{(*model)->value((*model)->inputs[i]).info.dtype, {}};
    for (const onnx::Dim& dim : (*model)->input_dims[i])
      info.shape.push_back(dim.value >= 0 ? dim.value : 64);
    int64_t count = 0;
    if (!CheckedElementCount(info.shape, &count) || count > kMostElements) return false;
    infos.push_back(std::move(info));
  }
  const auto graph = ops::Specialize(**model, infos);
  if (!graph.ok()) return true;  // refused at that size; others are as small
  int64_t all = 0, work = 0;
  for (const graph::Node& node : graph->nodes) {
    int64_t most[2] = {1, 1};
    for (const auto* ids : {&node.inputs, &node.outputs}) {
      for (const graph::ValueId id : *ids) {
        int64_t count = 0;
        if (id == graph::kNoValue) continue;
        if (!CheckedElementCount(graph->value(id).info.shape, &count)) return false;
        int64_t& m = most[ids == &node.outputs];
        m = count > m ? count : m;
        if (!CheckedAdd(all, count, &all)) return false;
      }
    }
    int64_t product = 0;
    if (!CheckedMul(most[0], most[1], &product) || !CheckedAdd(work, product, &work)) return false;
  }
  return all <= kMostElements && work <= kMostWork;
}

// As a mask network too: as its file has it, and with what a --mask-input would say. It may be refused; two
// frames in a row, since some remember, are seen and each named class is found again.
void MeetMasks(std::span<const uint8_t> bytes, uint8_t choice) {
  static const char* const kSaid[][9] = {
      {nullptr},
      {"tempera.mask.class", "1", nullptr},
      {"tempera.mask.class", "person", "tempera.value_range", "0..1", nullptr},
      {"tempera.mask.values", "index", "tempera.mask.class", "0", nullptr},
      {"tempera.mask.output", "1", "tempera.mask.values", "0..1", "tempera.mask.class", "0", nullptr},
      {"tempera.mask.downsample_ratio", "0.5", "tempera.state.y", "x", nullptr},
      {"tempera.mask.classes", "background, person", "tempera.mask.long_side", "48", nullptr},
      {"tempera.layout", "nhwc bgr", "tempera.mean", "0.5", "tempera.std", "0.25", nullptr}};
  tempera_options options = TEMPERA_OPTIONS_INIT;
  options.threads = 1;
  options.precision = TEMPERA_PRECISION_FP32;
  options.metadata = kSaid[choice % std::size(kSaid)];
  tempera_masker* masker = nullptr;
  if (tempera_mask_open_memory(bytes.data(), bytes.size(), &options, &masker) != TEMPERA_OK) {
    if (tempera_error_message()[0] == '\0') std::abort();
    return;
  }
  constexpr int kWidth = 48, kHeight = 33;
  std::vector<uint8_t> pixels(3 * kWidth * kHeight), mask(kWidth * kHeight);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(37 * i);
  tempera_image image = TEMPERA_IMAGE_INIT;
  image.format = TEMPERA_RGB, image.width = kWidth, image.height = kHeight;
  image.planes[0] = pixels.data(), image.stride_bytes[0] = 3 * kWidth;
  for (int frame = 0; frame < 2; ++frame)
    (void)tempera_mask_process(masker, &image, mask.data(), kWidth, kWidth, kHeight);
  for (int32_t i = 0; i < 64 && tempera_mask_class_name(masker, i) != nullptr; ++i) {
    int32_t found = -1;
    const char* name = tempera_mask_class_name(masker, i);
    if (name[0] != '\0' && tempera_mask_find_class(masker, name, &found) != TEMPERA_OK) std::abort();
  }
  tempera_mask_close(masker);
}

}  // namespace
}  // namespace tempera

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const bool is_model = tempera::IsModel(bytes);
  if (is_model && !tempera::IsSmall(bytes)) return -1;
  // What is to be done with a model follows from its last bytes.
  tempera::door::Dice dice(is_model ? bytes.last(size < 16 ? size : 16) : bytes);
  if (is_model) tempera::MeetMasks(bytes, data[size - 1]);
  const auto outcome =
      is_model ? tempera::door::RunModel(bytes, dice) : tempera::door::RunCase(tempera::door::DrawCase(dice));
  static int64_t painted = 0, compared = 0;
  painted += outcome.painted, compared += outcome.compared;
  static const bool counts =
      std::getenv("TEMPERA_DOOR_COUNTS") != nullptr &&
      std::atexit([] {
        std::fprintf(stderr, "door_fuzz: %lld frames painted, %lld of them compared with plain loops\n",
                     static_cast<long long>(painted), static_cast<long long>(compared));
      }) == 0;
  (void)counts;
  if (outcome.failure.empty()) return 0;
  std::fprintf(stderr, "door_fuzz: %s\n %s\n", outcome.failure.c_str(), outcome.recipe.c_str());
  std::abort();
}
