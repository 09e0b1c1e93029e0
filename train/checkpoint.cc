#include "train/checkpoint.h"

#include <torch/serialize.h>
#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <utility>

#include "src/base/atomic_file.h"

namespace tempera::train {
namespace {

std::string FirstLine(const char* text) {
  const std::string s(text);
  return s.substr(0, s.find('\n'));
}

}  // namespace

Status SaveCheckpoint(const std::string& path, const TrainingState& state, const TransformerNet& net,
                      torch::optim::Adam* optimizer) {
  TEMPERA_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  try {
    torch::serialize::OutputArchive archive, weights;
    net.save(weights);
    archive.write("net", c10::IValue(state.net));
    std::string styles;
    for (const std::string& style : state.styles) styles += style + "\n";
    archive.write("styles", c10::IValue(styles));
    archive.write("recipe", c10::IValue(state.recipe));
    archive.write("step", c10::IValue(state.step));
    archive.write("elapsed_s", c10::IValue(state.elapsed_s));
    torch::Tensor random = torch::empty({4}, torch::kLong);
    for (int i = 0; i < 4; ++i) random.data_ptr<int64_t>()[i] = static_cast<int64_t>(state.random[i]);
    archive.write("random", random, /*is_buffer=*/true);
    archive.write("weights", weights);
    if (optimizer != nullptr) {
      torch::serialize::OutputArchive adam;
      optimizer->save(adam);
      archive.write("optimizer", adam);
    }
    archive.save_to(file.write_path());
  } catch (const std::exception& e) {
    return IoError("cannot write the checkpoint '" + path + "': " + FirstLine(e.what()));
  }
  return file.Commit();
}

Result<LoadedCheckpoint> LoadCheckpoint(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return NotFound("no checkpoint at '" + path + "'");
  try {
    torch::serialize::InputArchive archive, weights;
    archive.load_from(path, torch::kCPU);
    LoadedCheckpoint loaded;
    c10::IValue value;
    archive.read("net", value);
    loaded.state.net = value.toStringRef();
    if (archive.try_read("styles", value)) {
      std::istringstream lines(value.toStringRef());
      for (std::string line; std::getline(lines, line);) loaded.state.styles.push_back(line);
    }
    archive.read("recipe", value);
    loaded.state.recipe = value.toStringRef();
    archive.read("step", value);
    loaded.state.step = value.toInt();
    archive.read("elapsed_s", value);
    loaded.state.elapsed_s = value.toDouble();
    torch::Tensor random;
    archive.read("random", random, /*is_buffer=*/true);
    if (random.numel() != 4) return CorruptModel("'" + path + "' is not a checkpoint of tempera-train");
    for (int i = 0; i < 4; ++i) loaded.state.random[i] = static_cast<uint64_t>(random.data_ptr<int64_t>()[i]);
    TEMPERA_ASSIGN_OR_RETURN(NetConfig config, MakeNetConfig(loaded.state.net, loaded.state.styles));
    loaded.net = std::make_shared<TransformerNet>(config);
    // libtorch takes tensors of any shape in place of these.
    std::map<std::string, std::vector<int64_t>> shapes;
    for (const auto& item : loaded.net->named_parameters()) shapes[item.key()] = item.value().sizes().vec();
    archive.read("weights", weights);
    loaded.net->load(weights);
    for (const auto& item : loaded.net->named_parameters()) {
      if (item.value().sizes().vec() != shapes[item.key()]) {
        return CorruptModel("'" + path + "': its '" + item.key() + "' is not of a '" + loaded.state.net +
                            "' network");
      }
    }
    return loaded;
  } catch (const std::exception& e) {
    return CorruptModel("'" + path + "' is not a checkpoint of tempera-train: " + FirstLine(e.what()));
  }
}

Status LoadOptimizer(const std::string& path, torch::Device device, torch::optim::Adam* optimizer) {
  try {
    torch::serialize::InputArchive archive, adam;
    archive.load_from(path, device);
    if (!archive.try_read("optimizer", adam)) {
      return InvalidArgument("'" + path +
                             "' holds weights only; start from it with --init instead of --resume");
    }
    optimizer->load(adam);
  } catch (const std::exception& e) {
    return CorruptModel("'" + path + "' is not a checkpoint of tempera-train: " + FirstLine(e.what()));
  }
  return OkStatus();
}

}  // namespace tempera::train
