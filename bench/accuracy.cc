// PSNR of each precision on each target of this machine against the plain fp32 loops, on real frames, as
// JSON.
//   bench_accuracy PROJECT_ROOT TEST_DATA
// Models: PROJECT_ROOT/models/*.onnx on models/sample.jpg and on a photograph of the test data where it is
// there; public style networks of TEST_DATA/models/onnx. Outputs are clamped to 0..255 first, as they are
// painted.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/precision_name.h"
#include "media/image.h"
#include "src/base/cpu.h"
#include "src/engine/run/session.h"

namespace tempera::bench {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

// The painting of a frame, NCHW.
Result<std::vector<float>> Paint(const engine::ModelPtr& model, const media::RgbImage& frame,
                                 const engine::SessionOptions& options, std::string* chosen) {
  TEMPERA_ASSIGN_OR_RETURN(const auto session,
                           engine::Session::Create(model, {{1, 3, frame.height, frame.width}}, options));
  float* input = session->input(0).data<float>();
  const size_t plane = static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height);
  for (size_t i = 0; i < plane; ++i) {
    for (size_t c = 0; c < 3; ++c) input[c * plane + i] = frame.pixels[3 * i + c];
  }
  TEMPERA_RETURN_IF_ERROR(session->Run());
  *chosen = session->precision().chosen;
  const Tensor& output = session->output(0);
  return std::vector<float>(output.data<float>(), output.data<float>() + output.element_count());
}

double PsnrDb(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double d = std::clamp(a[i], 0.0f, 255.0f) - std::clamp(b[i], 0.0f, 255.0f);
    sum += d * d;
  }
  return sum == 0 ? 200 : 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.size()) / sum);
}

struct Task {
  fs::path model, frame;
  int width = 320, height = 240;
};

std::vector<Task> FindTasks(const fs::path& root, const fs::path& data) {
  std::vector<fs::path> frames = {root / "models/sample.jpg"};
  std::error_code ignored;
  std::vector<fs::path> photographs;
  for (const auto& entry : fs::directory_iterator(data / "photos/coco", ignored))
    photographs.push_back(entry.path());
  std::sort(photographs.begin(), photographs.end());
  if (!photographs.empty()) frames.push_back(photographs.front());
  std::vector<Task> tasks;
  std::vector<fs::path> models;
  for (const auto& entry : fs::directory_iterator(root / "models", ignored)) {
    if (entry.path().extension() == ".onnx") models.push_back(entry.path());
  }
  std::sort(models.begin(), models.end());
  for (const fs::path& model : models) {
    for (const fs::path& frame : frames) tasks.push_back({model, frame});
  }
  for (const char* name : {"candy_nc16_256x256", "mosaic_nc16_256x256", "rain-princess_nc16_256x256"}) {
    const fs::path model = data / "models/onnx" / (std::string(name) + ".onnx");
    if (fs::exists(model, ignored)) tasks.push_back({model, frames.back(), 256, 256});
  }
  return tasks;
}

Status Measure(const Task& task, Json& rows) {
  TEMPERA_ASSIGN_OR_RETURN(const engine::ModelPtr model, engine::LoadModelFile(task.model.string()));
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage picture, media::ReadImage(task.frame.string()));
  TEMPERA_ASSIGN_OR_RETURN(const media::RgbImage frame, media::ResizeImage(picture, task.width, task.height));
  std::string chosen;
  engine::SessionOptions options;
  options.reference = true;
  options.precision = engine::Precision::kFp32;
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<float> truth, Paint(model, frame, options, &chosen));
  options.reference = false;
  for (const CpuTarget& target : AvailableCpuTargets()) {
    for (const engine::Precision precision : kPrecisions) {
      options.cpu = target.name;
      options.precision = precision;
      const auto painted = Paint(model, frame, options, &chosen);
      if (!painted.ok()) continue;  // this target has no such precision
      rows.push_back({{"model", task.model.stem().string()},
                      {"frame", task.frame.filename().string()},
                      {"size", std::to_string(task.width) + "x" + std::to_string(task.height)},
                      {"target", target.name},
                      {"precision", engine::PrecisionName(precision)},
                      {"chosen", chosen},
                      {"psnr_db", PsnrDb(*painted, truth)}});
    }
  }
  return OkStatus();
}

int Main(const fs::path& root, const fs::path& data) {
  Json rows = Json::array();
  for (const Task& task : FindTasks(root, data)) {
    const Status status = Measure(task, rows);
    if (!status.ok()) std::fprintf(stderr, "bench_accuracy: %s\n", status.message().c_str());
  }
  std::printf("%s\n", rows.dump(1).c_str());
  return rows.empty() ? 1 : 0;
}

}  // namespace
}  // namespace tempera::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_accuracy PROJECT_ROOT TEST_DATA\n");
    return 2;
  }
  return tempera::bench::Main(argv[1], argv[2]);
}
