#include "train/features/pickle.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

namespace tempera::train {
namespace {

using Kind = PickleValue::Kind;

// A VGG-19 pickles to some thousand objects, a large checkpoint to some ten thousand.
constexpr size_t kMaxValues = 1 << 20;
constexpr int kMark = -1;  // on the stack: not a value

Status Broken() { return CorruptModel("its pickle is cut off or contradicts itself"); }

bool IsStorage(std::string_view name) {
  static constexpr std::array kTypes = {"Float", "Half",  "BFloat16", "Double", "Long",
                                        "Int",   "Short", "Char",     "Byte",   "Bool"};
  return std::any_of(kTypes.begin(), kTypes.end(),
                     [&](const char* t) { return name == "torch." + std::string(t) + "Storage"; });
}

// All that may be named. What each stands for is written out in Reduce and Persistent.
bool IsAllowed(std::string_view name) {
  static constexpr std::array kNames = {"torch._utils._rebuild_tensor",    "torch._utils._rebuild_tensor_v2",
                                        "torch._utils._rebuild_parameter", "torch.nn.parameter.Parameter",
                                        "collections.OrderedDict",         "torch.Size"};
  return IsStorage(name) || std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

class Reader {
 public:
  Reader(std::string_view bytes, size_t at) : bytes_(bytes), at_(at) {}
  size_t at() const { return at_; }
  size_t size() const { return bytes_.size(); }

  bool Raw(size_t count, std::string_view* out) {
    if (count > bytes_.size() - at_) return false;
    *out = bytes_.substr(at_, count);
    at_ += count;
    return true;
  }
  // Little-endian, unsigned.
  bool Number(int width, uint64_t* out) {
    std::string_view raw;
    if (!Raw(static_cast<size_t>(width), &raw)) return false;
    *out = 0;
    for (int i = width - 1; i >= 0; --i) *out = *out << 8 | static_cast<uint8_t>(raw[static_cast<size_t>(i)]);
    return true;
  }
  bool Line(std::string_view* out) {
    const size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) return false;
    *out = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return true;
  }

 private:
  std::string_view bytes_;
  size_t at_;
};

class Machine {
 public:
  Machine(std::string_view bytes, size_t at) : in_(bytes, at) {}

  Result<Pickle> Run() {
    for (;;) {
      uint64_t op = 0;
      if (!in_.Number(1, &op)) return Broken();
      if (op == '.') break;
      if (pickle_.values.size() > kMaxValues || memo_.size() > kMaxValues || stack_.size() > kMaxValues) {
        return Unsupported("its pickle has more objects than any file of weights");
      }
      TEMPERA_RETURN_IF_ERROR(Step(static_cast<uint8_t>(op)));
    }
    if (stack_.size() != 1 || stack_[0] == kMark) return Broken();
    pickle_.root = stack_[0];
    return std::move(pickle_);
  }
  size_t at() const { return in_.at(); }

 private:
  PickleValue& Value(int index) { return pickle_.values[static_cast<size_t>(index)]; }

  Status Push(PickleValue value) {
    held_ += value.items.size() * sizeof(int) + value.text.size() + value.key.size();
    if (held_ > 2 * in_.size() + (size_t{64} << 20))
      return Unsupported("its pickle names the same objects more often than any file of weights");
    pickle_.values.push_back(std::move(value));
    stack_.push_back(static_cast<int>(pickle_.values.size()) - 1);
    return OkStatus();
  }
  Status PushKind(Kind kind, int64_t number = 0) {
    PickleValue v;
    v.kind = kind;
    v.number = number;
    return Push(std::move(v));
  }
  Status PushText(std::string_view text) {
    PickleValue v;
    v.kind = Kind::kText;
    v.text = text;
    return Push(std::move(v));
  }
  Status PushItems(Kind kind, std::vector<int> items) {
    PickleValue v;
    v.kind = kind;
    v.items = std::move(items);
    return Push(std::move(v));
  }
  bool Pop(int* out) {
    if (stack_.empty() || stack_.back() == kMark) return false;
    *out = stack_.back();
    stack_.pop_back();
    return true;
  }
  bool PopToMark(std::vector<int>* out) {
    size_t i = stack_.size();
    while (i > 0 && stack_[i - 1] != kMark) --i;
    if (i == 0) return false;
    out->assign(stack_.begin() + static_cast<std::ptrdiff_t>(i), stack_.end());
    stack_.resize(i - 1);
    return true;
  }
  bool Top(int* out) const {
    if (stack_.empty() || stack_.back() == kMark) return false;
    *out = stack_.back();
    return true;
  }

  Status Step(uint8_t op);
  Status Simple(uint8_t op);
  Status Text(uint8_t op);
  Status Numbers(uint8_t op);
  Status Containers(uint8_t op);
  Status Memo(uint8_t op);
  Status Global(uint8_t op);
  Status Reduce();
  Status Rebuild(const std::vector<int>& arguments, size_t least);
  Status Persistent();
  bool Ints(int index, std::vector<int64_t>* out);

  Reader in_;
  size_t held_ = 0;  // bytes of items and texts, copies included
  Pickle pickle_;
  std::vector<int> stack_;
  std::unordered_map<uint64_t, int> memo_;
};

Status Machine::Step(uint8_t op) {
  switch (op) {
    case 0x80:
    case 0x95:
    case '(':
    case 'N':
    case 0x88:
    case 0x89:
    case '0':
    case '1':
    case '2':
      return Simple(op);
    case 'X':
    case 0x8c:
    case 'T':
    case 'U':
    case 'C':
    case 'B':
      return Text(op);
    case 'J':
    case 'K':
    case 'M':
    case 0x8a:
    case 'G':
    case 'I':
    case 'L':
      return Numbers(op);
    case '}':
    case ']':
    case ')':
    case 'a':
    case 'e':
    case 's':
    case 'u':
    case 't':
    case 'l':
    case 'd':
    case 0x85:
    case 0x86:
    case 0x87:
      return Containers(op);
    case 'q':
    case 'r':
    case 'p':
    case 0x94:
    case 'h':
    case 'j':
    case 'g':
      return Memo(op);
    case 'c':
    case 0x93:
      return Global(op);
    case 'R':
    case 0x81:
      return Reduce();
    case 'b': {  // an object's state: nothing that tensors need
      int state = 0, object = 0;
      return Pop(&state) && Top(&object) ? OkStatus() : Broken();
    }
    case 'Q':
      return Persistent();
    default: {
      char text[80];
      std::snprintf(text, sizeof text, "its pickle uses opcode 0x%02x, which torch.save does not", op);
      return Unsupported(text);
    }
  }
}

Status Machine::Simple(uint8_t op) {
  uint64_t ignored = 0;
  int top = 0;
  switch (op) {
    case 0x80:  // protocol
      return in_.Number(1, &ignored) ? OkStatus() : Broken();
    case 0x95:  // frame: only a hint for reading
      return in_.Number(8, &ignored) ? OkStatus() : Broken();
    case '(':
      stack_.push_back(kMark);
      return OkStatus();
    case '0':
      if (stack_.empty()) return Broken();
      stack_.pop_back();
      return OkStatus();
    case '1': {
      std::vector<int> dropped;
      return PopToMark(&dropped) ? OkStatus() : Broken();
    }
    case '2':
      if (!Top(&top)) return Broken();
      stack_.push_back(top);
      return OkStatus();
    case 'N':
      return PushKind(Kind::kNone);
    default:
      return PushKind(Kind::kBool, op == 0x88 ? 1 : 0);
  }
}

Status Machine::Text(uint8_t op) {
  uint64_t length = 0;
  std::string_view text;
  const int width = op == 'X' || op == 'T' || op == 'B' ? 4 : 1;
  if (!in_.Number(width, &length) || !in_.Raw(length, &text)) return Broken();
  return PushText(text);
}

Status Machine::Numbers(uint8_t op) {
  uint64_t n = 0;
  std::string_view raw;
  switch (op) {
    case 'J':
      return in_.Number(4, &n) ? PushKind(Kind::kInt, static_cast<int32_t>(n)) : Broken();
    case 'K':
      return in_.Number(1, &n) ? PushKind(Kind::kInt, static_cast<int64_t>(n)) : Broken();
    case 'M':
      return in_.Number(2, &n) ? PushKind(Kind::kInt, static_cast<int64_t>(n)) : Broken();
    case 'G':
      return in_.Raw(8, &raw) ? PushKind(Kind::kFloat) : Broken();
    case 0x8a: {  // two's complement of any length. The legacy file's magic has 10 bytes: kept as text
      if (!in_.Number(1, &n) || !in_.Raw(n, &raw)) return Broken();
      if (raw.size() > 8) return PushText(raw);
      uint64_t value = !raw.empty() && (raw.back() & 0x80) != 0 ? ~uint64_t{0} : 0;
      for (size_t i = raw.size(); i > 0; --i) value = value << 8 | static_cast<uint8_t>(raw[i - 1]);
      return PushKind(Kind::kInt, static_cast<int64_t>(value));
    }
    default: {  // 'I', 'L': decimal digits in a line
      if (!in_.Line(&raw) || raw.empty() || raw.size() > 24) return Broken();
      if (op == 'I' && (raw == "01" || raw == "00")) return PushKind(Kind::kBool, raw == "01");
      return PushKind(Kind::kInt, std::strtoll(std::string(raw).c_str(), nullptr, 10));
    }
  }
}

Status Machine::Containers(uint8_t op) {
  std::vector<int> items;
  int value = 0, key = 0, target = 0;
  switch (op) {
    case '}':
      return PushItems(Kind::kDict, {});
    case ']':
      return PushItems(Kind::kList, {});
    case ')':
      return PushItems(Kind::kTuple, {});
    case 't':
    case 'l':
    case 'd':
      if (!PopToMark(&items) || (op == 'd' && items.size() % 2 != 0)) return Broken();
      return PushItems(op == 't' ? Kind::kTuple : op == 'l' ? Kind::kList : Kind::kDict, std::move(items));
    case 0x85:
    case 0x86:
    case 0x87:
      items.resize(op - 0x84u);
      for (size_t i = items.size(); i > 0; --i) {
        if (!Pop(&items[i - 1])) return Broken();
      }
      return PushItems(Kind::kTuple, std::move(items));
    case 'a':
      if (!Pop(&value)) return Broken();
      items = {value};
      break;
    case 's':
      if (!Pop(&value) || !Pop(&key)) return Broken();
      items = {key, value};
      break;
    default:  // 'e', 'u'
      if (!PopToMark(&items)) return Broken();
  }
  const bool dict = op == 's' || op == 'u';
  if (!Top(&target) || Value(target).kind != (dict ? Kind::kDict : Kind::kList)) return Broken();
  if (dict && items.size() % 2 != 0) return Broken();
  Value(target).items.insert(Value(target).items.end(), items.begin(), items.end());
  return OkStatus();
}

Status Machine::Memo(uint8_t op) {
  uint64_t key = memo_.size();  // of 0x94
  std::string_view line;
  if (op == 'q' || op == 'h') {
    if (!in_.Number(1, &key)) return Broken();
  } else if (op == 'r' || op == 'j') {
    if (!in_.Number(4, &key)) return Broken();
  } else if (op != 0x94) {
    if (!in_.Line(&line) || line.empty() || line.size() > 10) return Broken();
    key = std::strtoull(std::string(line).c_str(), nullptr, 10);
  }
  if (op == 'h' || op == 'j' || op == 'g') {
    auto it = memo_.find(key);
    if (it == memo_.end()) return Broken();
    stack_.push_back(it->second);
    return OkStatus();
  }
  int top = 0;
  if (!Top(&top)) return Broken();
  memo_[key] = top;
  return OkStatus();
}

Status Machine::Global(uint8_t op) {
  std::string name;
  if (op == 'c') {
    std::string_view module, member;
    if (!in_.Line(&module) || !in_.Line(&member)) return Broken();
    name = std::string(module) + "." + std::string(member);
  } else {
    int module = 0, member = 0;
    if (!Pop(&member) || !Pop(&module) || Value(member).kind != Kind::kText ||
        Value(module).kind != Kind::kText) {
      return Broken();
    }
    name = Value(module).text + "." + Value(member).text;
  }
  if (!IsAllowed(name)) {
    std::string shown = name.substr(0, 80);
    std::replace_if(shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return Unsupported(
        "it names '" + shown +
        "', which no file of weights needs (nothing was run): save the model's state_dict() instead");
  }
  PickleValue v;
  v.kind = Kind::kGlobal;
  v.text = std::move(name);
  return Push(std::move(v));
}

bool Machine::Ints(int index, std::vector<int64_t>* out) {
  const PickleValue& v = Value(index);
  if ((v.kind != Kind::kTuple && v.kind != Kind::kList) || v.items.size() > 8) return false;
  for (int item : v.items) {
    if (Value(item).kind != Kind::kInt || Value(item).number < 0) return false;
    out->push_back(Value(item).number);
  }
  return true;
}

Status Machine::Rebuild(const std::vector<int>& arguments, size_t least) {
  if (arguments.size() < least) return Broken();
  PickleValue tensor;
  tensor.kind = Kind::kTensor;
  tensor.storage = arguments[0];
  if (Value(arguments[0]).kind != Kind::kStorage || Value(arguments[1]).kind != Kind::kInt ||
      Value(arguments[1]).number < 0 || !Ints(arguments[2], &tensor.shape) ||
      !Ints(arguments[3], &tensor.strides) || tensor.shape.size() != tensor.strides.size()) {
    return Broken();
  }
  tensor.number = Value(arguments[1]).number;
  return Push(std::move(tensor));
}

Status Machine::Reduce() {
  int arguments = 0, function = 0;
  if (!Pop(&arguments) || !Pop(&function) || Value(function).kind != Kind::kGlobal ||
      Value(arguments).kind != Kind::kTuple) {
    return Broken();
  }
  const std::vector<int>& items = Value(arguments).items;  // nothing is pushed while it is read
  const std::string name = Value(function).text;
  if (name == "torch._utils._rebuild_tensor") return Rebuild(items, 4);
  if (name == "torch._utils._rebuild_tensor_v2") return Rebuild(items, 4);
  if (name == "torch._utils._rebuild_parameter" || name == "torch.nn.parameter.Parameter") {
    if (items.empty() || Value(items[0]).kind != Kind::kTensor) return Broken();
    stack_.push_back(items[0]);  // the tensor in it
    return OkStatus();
  }
  if (name == "torch.Size") {
    if (items.size() != 1) return Broken();
    stack_.push_back(items[0]);
    return OkStatus();
  }
  if (name != "collections.OrderedDict") return Broken();  // a storage's class is not called
  // Python 2 gives its items here, as a list of pairs; later ones are set one by one.
  std::vector<int> flat;
  if (items.size() > 1 || (items.size() == 1 && Value(items[0]).kind != Kind::kList)) return Broken();
  if (items.size() == 1) {
    for (int pair : Value(items[0]).items) {
      const PickleValue& p = Value(pair);
      if ((p.kind != Kind::kList && p.kind != Kind::kTuple) || p.items.size() != 2) return Broken();
      flat.insert(flat.end(), p.items.begin(), p.items.end());
      if (flat.size() > kMaxValues) return Broken();
    }
  }
  return PushItems(Kind::kDict, std::move(flat));
}

// ("storage", torch.FloatStorage, key, "cpu", elements[, None or (view's key, offset, elements)]).
Status Machine::Persistent() {
  int id = 0;
  if (!Pop(&id) || Value(id).kind != Kind::kTuple) return Broken();
  const std::vector<int> items = Value(id).items;
  if (items.size() < 5 || Value(items[0]).text != "storage" || Value(items[1]).kind != Kind::kGlobal ||
      !IsStorage(Value(items[1]).text) || Value(items[2]).kind != Kind::kText ||
      Value(items[4]).kind != Kind::kInt || Value(items[4]).number < 0) {
    return CorruptModel("its pickle keeps something else than tensors beside itself");
  }
  PickleValue storage;
  storage.kind = Kind::kStorage;
  storage.text = Value(items[1]).text.substr(std::strlen("torch."));
  storage.key = Value(items[2]).text;
  storage.number = Value(items[4]).number;
  if (items.size() > 5 && Value(items[5]).kind != Kind::kNone) {
    const std::vector<int> view = Value(items[5]).items;
    if (view.size() != 3 || Value(view[1]).kind != Kind::kInt || Value(view[1]).number < 0 ||
        Value(view[2]).kind != Kind::kInt || Value(view[2]).number < 0) {
      return Broken();
    }
    storage.view_offset = Value(view[1]).number;
  }
  return Push(std::move(storage));
}

}  // namespace

Result<Pickle> ReadPickle(std::string_view bytes, size_t* at) {
  if (*at > bytes.size()) return Broken();
  Machine machine(bytes, *at);
  Result<Pickle> pickle = machine.Run();
  *at = machine.at();
  return pickle;
}

}  // namespace tempera::train
