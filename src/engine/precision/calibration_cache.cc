#include "src/engine/precision/calibration_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "src/engine/precision/calibration_bytes.h"
#include "src/kernels/dot/dot_kernel.h"

namespace tempera::engine {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffix = ".calibration";
constexpr size_t kMostFiles = 256;
// A hundred times what a style network of 128 channels takes.
constexpr off_t kLargestFile = off_t{1} << 20;

void AddShape(Digester& to, const Shape& shape) {
  to.Add(static_cast<int64_t>(shape.size()));
  for (int64_t dim : shape) to.Add(dim);
}

void AddTensor(Digester& to, const Tensor& tensor) {
  to.Add(static_cast<int64_t>(tensor.dtype()));
  AddShape(to, tensor.shape());
  if (tensor.raw() != nullptr) to.Add({static_cast<const uint8_t*>(tensor.raw()), tensor.size_bytes()});
}

template <typename T>
void AddNumbers(Digester& to, const std::vector<T>& numbers) {
  to.Add({reinterpret_cast<const uint8_t*>(numbers.data()), numbers.size() * sizeof(T)});
}

void AddGraph(Digester& to, const graph::Graph& graph) {
  to.Add(static_cast<int64_t>(graph.opset));
  for (const graph::Value& value : graph.values) {
    to.Add(static_cast<int64_t>(value.info.dtype));
    AddShape(to, value.info.shape);
    if (value.constant) AddTensor(to, *value.constant);
  }
  for (const graph::Node& node : graph.nodes) {
    to.Add(node.name);  // metadata calls nodes by name
    to.Add(node.op_type);
    AddNumbers(to, node.inputs);
    AddNumbers(to, node.outputs);
    for (const onnx::Attribute& a : node.attributes.list()) {
      to.Add(a.name);
      to.Add(static_cast<int64_t>(a.type));
      to.Add(static_cast<double>(a.f));
      to.Add(a.i);
      to.Add(a.s);
      AddTensor(to, a.t);
      AddNumbers(to, a.floats);
      AddNumbers(to, a.ints);
      for (const std::string& s : a.strings) to.Add(s);
    }
  }
  AddNumbers(to, graph.inputs);
  AddNumbers(to, graph.outputs);
  for (const auto& [name, value] : graph.metadata) {
    to.Add(name);
    to.Add(value);
  }
}

// What convolutions read, in node order; -1 where that has no channels.
std::vector<int64_t> InputChannels(const graph::Graph& graph) {
  std::vector<int64_t> channels;
  for (const graph::Node& node : graph.nodes) {
    if (node.op_type != "tempera.Conv") continue;
    const Shape& shape = graph.value(node.inputs[0]).info.shape;
    channels.push_back(shape.size() >= 2 ? shape[1] : -1);
  }
  return channels;
}

// Whatever may stand under that name: a regular file of a sensible size, or nothing. Never waits.
std::optional<std::vector<uint8_t>> ReadSmallFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  std::vector<uint8_t> bytes;
  struct stat st;
  bool whole = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= kLargestFile;
  if (whole) {
    bytes.resize(static_cast<size_t>(st.st_size));
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n = read(fd, bytes.data() + done, bytes.size() - done);
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    whole = done == bytes.size();
    // Used now: the files used longest ago go first.
    if (whole) (void)futimens(fd, nullptr);
  }
  close(fd);
  if (!whole) return std::nullopt;
  return bytes;
}

// Each folder on the way that is missing, for this user alone (as the XDG base directory specification says).
void MakeFolders(const std::string& folder) {
  for (size_t slash = folder.find('/', 1); slash != std::string::npos; slash = folder.find('/', slash + 1)) {
    (void)mkdir(folder.substr(0, slash).c_str(), 0700);
  }
  (void)mkdir(folder.c_str(), 0700);
}

// Removes the files used longest ago, and what killed processes left half written.
void Tidy(const std::string& folder) {
  std::vector<std::pair<fs::file_time_type, fs::path>> ours;
  std::error_code error;
  const auto now = fs::file_time_type::clock::now();
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const size_t at = name.find(kSuffix);
    std::error_code ignored;
    if (at != 32 || !it->is_regular_file(ignored)) continue;
    const auto used = it->last_write_time(ignored);
    if (ignored) continue;
    const bool temporary = name.size() != 32 + std::string_view(kSuffix).size();
    if (!temporary) {
      ours.emplace_back(used, it->path());
    } else if (now - used > std::chrono::hours(1)) {
      fs::remove(it->path(), ignored);
    }
  }
  if (ours.size() <= kMostFiles) return;
  std::sort(ours.begin(), ours.end());
  for (size_t i = 0; i < ours.size() - kMostFiles; ++i) fs::remove(ours[i].second, error);
}

}  // namespace

CalibrationCache::CalibrationCache(const std::string& folder, const graph::Graph& graph,
                                   const Calibration& asked, int64_t highway_bit, bool measured)
    : folder_(folder), graph_(graph) {
  if (folder_.empty()) return;
  Digester key;
  key.Add(int64_t{kCalibrationVersion});
  AddGraph(key, graph);
  key.Add(static_cast<int64_t>(asked.asked));
  key.Add(static_cast<int64_t>(measured));
  key.Add(static_cast<double>(asked.input_range.low));
  key.Add(static_cast<double>(asked.input_range.high));
  key.Add(static_cast<int64_t>(asked.plain_dot_kernels));
  key.Add(asked.target);
  for (const kernels::DotKernel* kernel : kernels::DotKernelsFor(highway_bit))
    key.Add(std::string_view(kernel->name));
  key_ = key.digest();
  path_ = folder_ + "/" + Hex(key_) + kSuffix;
}

bool CalibrationCache::Load(Calibration* asked) const {
  if (folder_.empty()) return false;
  const std::optional<std::vector<uint8_t>> bytes = ReadSmallFile(path_);
  if (!bytes) return false;
  std::optional<Calibration> found = CalibrationFromBytes(*bytes, key_);
  if (!found) return false;
  // None at all: everything in fp32.
  const std::vector<int64_t> channels = InputChannels(graph_);
  if (!found->convs.empty() && found->convs.size() != channels.size()) return false;
  for (size_t i = 0; i < found->convs.size(); ++i) {
    const ChannelRanges& ranges = found->convs[i].ranges;
    if (ranges.known() && static_cast<int64_t>(ranges.low.size()) != channels[i]) return false;
  }
  asked->convs = std::move(found->convs);
  asked->info = std::move(found->info);
  return true;
}

void CalibrationCache::Store(const Calibration& found) const {
  if (folder_.empty()) return;
  const std::vector<uint8_t> bytes = CalibrationToBytes(found, key_);
  if (bytes.size() > static_cast<size_t>(kLargestFile)) return;
  MakeFolders(folder_);
  std::string beside = path_ + ".XXXXXX";
  const int fd = mkostemp(beside.data(), O_CLOEXEC);
  if (fd < 0) return;
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = write(fd, bytes.data() + done, bytes.size() - done);
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  const bool whole = close(fd) == 0 && done == bytes.size();
  if (!whole || std::rename(beside.c_str(), path_.c_str()) != 0) {
    (void)unlink(beside.c_str());
    return;
  }
  Tidy(folder_);
}

}  // namespace tempera::engine
