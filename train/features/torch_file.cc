#include "train/features/torch_file.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "src/base/half.h"
#include "train/features/pickle.h"

namespace tempera::train {
namespace {

using Kind = PickleValue::Kind;

// The largest convolution of VGG-19 has 512 x 512 x 3 x 3 weights.
constexpr int64_t kMaxElements = int64_t{512} * 512 * 9;

uint64_t Number(std::string_view bytes, size_t at, int width) {
  uint64_t value = 0;
  for (int i = width - 1; i >= 0; --i)
    value = value << 8 | static_cast<uint8_t>(bytes[at + static_cast<size_t>(i)]);
  return value;
}

Status BrokenZip() { return CorruptModel("its zip archive is cut off or contradicts itself"); }

// Members of a zip archive by name. torch.save stores them as they are.
Result<std::map<std::string, std::string_view>> ReadZip(std::string_view bytes) {
  // The end record: 22 bytes and a comment of at most 65,535.
  const size_t least = bytes.size() > 22 + 65535 ? bytes.size() - 22 - 65535 : 0;
  const size_t end = bytes.rfind(std::string_view("PK\5\6", 4));
  if (end == std::string_view::npos || end < least || bytes.size() - end < 22) return BrokenZip();
  const uint64_t count = Number(bytes, end + 10, 2);
  size_t at = Number(bytes, end + 16, 4);
  std::map<std::string, std::string_view> members;
  for (uint64_t i = 0; i < count; ++i) {
    if (at > bytes.size() || bytes.size() - at < 46 || bytes.substr(at, 4) != std::string_view("PK\1\2", 4)) {
      return BrokenZip();
    }
    const uint64_t flags = Number(bytes, at + 8, 2), method = Number(bytes, at + 10, 2);
    const uint64_t packed = Number(bytes, at + 20, 4), size = Number(bytes, at + 24, 4);
    const uint64_t name_size = Number(bytes, at + 28, 2),
                   more = Number(bytes, at + 30, 2) + Number(bytes, at + 32, 2);
    const uint64_t local = Number(bytes, at + 42, 4);
    if (bytes.size() - at - 46 < name_size + more) return BrokenZip();
    const std::string name(bytes.substr(at + 46, name_size));
    at += 46 + name_size + more;
    if (size == 0xffffffff || local == 0xffffffff) return Unsupported("it is larger than 4 GiB");
    if (method != 0 || (flags & 1) != 0) {
      return Unsupported(
          "its zip archive is packed or encrypted, which torch.save does not do: unpack it, or "
          "save it again with torch.save");
    }
    if (local > bytes.size() || bytes.size() - local < 30 || packed != size) return BrokenZip();
    const uint64_t data = local + 30 + Number(bytes, local + 26, 2) + Number(bytes, local + 28, 2);
    if (data > bytes.size() || size > bytes.size() - data) return BrokenZip();
    if (!members.emplace(name, bytes.substr(data, size)).second) return BrokenZip();
  }
  return members;
}

int Width(const std::string& storage) {
  if (storage == "FloatStorage") return 4;
  if (storage == "HalfStorage" || storage == "BFloat16Storage") return 2;
  if (storage == "DoubleStorage") return 8;
  return 0;
}

// Bytes a storage of the legacy form takes in the file; 0: unknown type.
int FileWidth(const std::string& storage) {
  if (const int width = Width(storage)) return width;
  if (storage == "LongStorage") return 8;
  if (storage == "IntStorage") return 4;
  if (storage == "ShortStorage") return 2;
  return 1;  // Char, Byte, Bool: pickle.cc knows no others
}

float Element(std::string_view data, const std::string& storage, int64_t i) {
  const char* from = data.data() + i * Width(storage);
  if (storage == "FloatStorage") {
    float v;
    std::memcpy(&v, from, 4);
    return v;
  }
  if (storage == "DoubleStorage") {
    double v;
    std::memcpy(&v, from, 8);
    return static_cast<float>(v);
  }
  uint16_t raw;
  std::memcpy(&raw, from, 2);
  return storage == "HalfStorage" ? HalfToFloat(raw) : BfloatToFloat(raw);
}

using FindStorage = std::function<std::optional<std::string_view>(const PickleValue& storage)>;

Result<FloatArray> Materialise(const Pickle& pickle, const PickleValue& tensor, const std::string& name,
                               const FindStorage& find) {
  const PickleValue& storage = pickle.values[static_cast<size_t>(tensor.storage)];
  const int width = Width(storage.text);
  if (width == 0) return Unsupported("tensor '" + name + "' holds no floating-point numbers");
  const Status bad =
      CorruptModel("tensor '" + name + "' claims a shape or a place that the file does not have");
  const std::optional<std::string_view> data = find(storage);
  if (!data) return bad;
  const int64_t there = static_cast<int64_t>(data->size()) / width;
  if (storage.view_offset > there || tensor.number > there - storage.view_offset) return bad;
  const int64_t first = storage.view_offset + tensor.number;
  int64_t count = 1, last = 0;
  for (size_t d = 0; d < tensor.shape.size(); ++d) {
    const int64_t size = tensor.shape[d], stride = tensor.strides[d];
    if (size == 0 || size > kMaxElements || (count *= size) > kMaxElements) return bad;
    if (stride > there || (last += (size - 1) * stride) > there) return bad;
  }
  if (last >= there - first) return bad;
  FloatArray array{tensor.shape, std::vector<float>(static_cast<size_t>(count))};
  std::vector<int64_t> index(tensor.shape.size());
  for (int64_t i = 0; i < count; ++i) {
    int64_t at = first;
    for (size_t d = 0; d < index.size(); ++d) at += index[d] * tensor.strides[d];
    array.values[static_cast<size_t>(i)] = Element(*data, storage.text, at);
    for (size_t d = index.size(); d > 0; --d) {
      if (++index[d - 1] < tensor.shape[d - 1]) break;
      index[d - 1] = 0;
    }
  }
  return array;
}

// The dictionary that holds the tensors.
const PickleValue* StateDict(const Pickle& pickle) {
  const PickleValue* dict = &pickle.values[static_cast<size_t>(pickle.root)];
  if (dict->kind != Kind::kDict) return nullptr;
  for (size_t i = 0; i + 1 < dict->items.size(); i += 2) {
    const PickleValue& key = pickle.values[static_cast<size_t>(dict->items[i])];
    const PickleValue& value = pickle.values[static_cast<size_t>(dict->items[i + 1])];
    if (value.kind == Kind::kDict && (key.text == "state_dict" || key.text == "model")) return &value;
  }
  return dict;
}

Result<Safetensors> Collect(const Pickle& pickle, const WantsTensor& wants, const FindStorage& find,
                            std::vector<std::string>* names) {
  const PickleValue* dict = StateDict(pickle);
  if (dict == nullptr) return CorruptModel("it holds no tensors by name: save the model's state_dict()");
  Safetensors result;
  for (size_t i = 0; i + 1 < dict->items.size(); i += 2) {
    const PickleValue& key = pickle.values[static_cast<size_t>(dict->items[i])];
    const PickleValue& value = pickle.values[static_cast<size_t>(dict->items[i + 1])];
    if (key.kind != Kind::kText || value.kind != Kind::kTensor) continue;
    names->push_back(key.text);
    if (!wants(key.text)) continue;
    if (result.arrays.size() >= 64) return Unsupported("it holds more than one VGG-19");
    TEMPERA_ASSIGN_OR_RETURN(FloatArray array, Materialise(pickle, value, key.text, find));
    result.arrays[key.text] = std::move(array);
  }
  return result;
}

Result<Safetensors> ParseZipped(std::string_view bytes, const WantsTensor& wants,
                                std::vector<std::string>* names) {
  TEMPERA_ASSIGN_OR_RETURN(auto members, ReadZip(bytes));
  for (const auto& [name, data] : members) {
    static constexpr std::string_view kPickle = "/data.pkl";
    if (name.size() < kPickle.size() || name.substr(name.size() - kPickle.size()) != kPickle) continue;
    const std::string folder = name.substr(0, name.size() - kPickle.size() + 1);
    auto order = members.find(folder + "byteorder");
    if (order != members.end() && order->second != "little") {
      return Unsupported("its numbers are big-endian: save it again on another machine");
    }
    size_t at = 0;
    TEMPERA_ASSIGN_OR_RETURN(Pickle pickle, ReadPickle(data, &at));
    return Collect(
        pickle, wants,
        [&](const PickleValue& storage) -> std::optional<std::string_view> {
          auto it = members.find(folder + "data/" + storage.key);
          if (it == members.end()) return std::nullopt;
          return it->second;
        },
        names);
  }
  return CorruptModel("it is a zip archive, but none of torch.save: it has no data.pkl");
}

// 0x1950a86a20f9469cfc6c as pickle writes it: protocol 2, a long of ten bytes.
constexpr std::string_view kLegacyMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);

Status CheckSystem(const Pickle& system) {
  const PickleValue& dict = system.values[static_cast<size_t>(system.root)];
  for (size_t i = 0; dict.kind == Kind::kDict && i + 1 < dict.items.size(); i += 2) {
    if (system.values[static_cast<size_t>(dict.items[i])].text != "little_endian") continue;
    if (system.values[static_cast<size_t>(dict.items[i + 1])].number == 1) return OkStatus();
    return Unsupported("its numbers are big-endian: save it again on another machine");
  }
  return CorruptModel("it does not say how its numbers are stored");
}

Result<Safetensors> ParseLegacy(std::string_view bytes, const WantsTensor& wants,
                                std::vector<std::string>* names) {
  size_t at = kLegacyMagic.size();
  TEMPERA_ASSIGN_OR_RETURN(Pickle version, ReadPickle(bytes, &at));
  if (version.values[static_cast<size_t>(version.root)].number != 1001) {
    return Unsupported("it is of another version of torch.save's old form than 1001");
  }
  TEMPERA_ASSIGN_OR_RETURN(Pickle system, ReadPickle(bytes, &at));
  TEMPERA_RETURN_IF_ERROR(CheckSystem(system));
  TEMPERA_ASSIGN_OR_RETURN(Pickle pickle, ReadPickle(bytes, &at));
  TEMPERA_ASSIGN_OR_RETURN(Pickle keys, ReadPickle(bytes, &at));

  std::map<std::string, std::string> types;
  for (const PickleValue& v : pickle.values) {
    if (v.kind == Kind::kStorage) types[v.key] = v.text;
  }
  std::map<std::string, std::string_view> storages;
  const PickleValue& list = keys.values[static_cast<size_t>(keys.root)];
  if (list.kind != Kind::kList) return CorruptModel("its list of storages is no list");
  for (int item : list.items) {
    const std::string& key = keys.values[static_cast<size_t>(item)].text;
    auto type = types.find(key);
    if (type == types.end() || bytes.size() - at < 8) return CorruptModel("its storages are cut off");
    const uint64_t elements = Number(bytes, at, 8), width = static_cast<uint64_t>(FileWidth(type->second));
    at += 8;
    if (elements > (bytes.size() - at) / width) return CorruptModel("its storages are cut off");
    storages[key] = bytes.substr(at, elements * width);
    at += elements * width;
  }
  return Collect(
      pickle, wants,
      [&](const PickleValue& storage) -> std::optional<std::string_view> {
        auto it = storages.find(storage.key);
        // One key of two types would be read past its end.
        if (it == storages.end() || types[storage.key] != storage.text) return std::nullopt;
        return it->second;
      },
      names);
}

bool IsZip(std::string_view bytes) { return bytes.substr(0, 4) == std::string_view("PK\3\4", 4); }

}  // namespace

bool LooksLikeTorchFile(std::string_view bytes) {
  return IsZip(bytes) || bytes.substr(0, 2) == std::string_view("\x80\x02", 2);
}

Result<Safetensors> ParseTorchFile(std::string_view bytes, const WantsTensor& wants,
                                   std::vector<std::string>* names) {
  if (IsZip(bytes)) return ParseZipped(bytes, wants, names);
  if (bytes.substr(0, kLegacyMagic.size()) == kLegacyMagic) return ParseLegacy(bytes, wants, names);
  return Unsupported("it is a pickle, but none of torch.save: save the model's state_dict() with torch.save");
}

}  // namespace tempera::train
