#include "live/pipewire/client/find_node.h"

#include <cctype>
#include <functional>

namespace tempera::live {
namespace {

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string Names(const std::vector<PipewireNode>& nodes) {
  std::string names;
  for (const PipewireNode& node : nodes) names += (names.empty() ? "" : ", ") + node.name;
  return names.empty() ? "there is none now" : "there is " + names;
}

}  // namespace

Result<PipewireNode> FindNamedNode(const std::vector<PipewireNode>& nodes, const std::string& which,
                                   const std::string& kind) {
  const std::string lower = Lower(which);
  const std::function<bool(const PipewireNode&)> rules[] = {
      [&](const PipewireNode& node) { return node.name == which; },
      [&](const PipewireNode& node) { return node.serial == which; },
      [&](const PipewireNode& node) { return std::to_string(node.id) == which; },
      [&](const PipewireNode& node) { return node.description == which; },
      [&](const PipewireNode& node) { return Lower(node.description).find(lower) != std::string::npos; }};
  for (const auto& rule : rules) {
    const PipewireNode* found = nullptr;
    int count = 0;
    for (const PipewireNode& node : nodes) {
      if (!rule(node)) continue;
      found = &node;
      ++count;
    }
    if (count == 1) return *found;
    if (count > 1) {
      return InvalidArgument("PipeWire has " + std::to_string(count) + " " + kind + "s called '" + which +
                             "': name one by its serial (tempera live --list)");
    }
  }
  return NotFound("PipeWire has no " + kind + " '" + which + "': " + Names(nodes));
}

}  // namespace tempera::live
