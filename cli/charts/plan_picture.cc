#include "cli/charts/plan_picture.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <vector>

#include "src/base/atomic_file.h"

extern char** environ;

namespace tempera::cli {
namespace {

// In quotes. Lines end in "\l" (left) in Graphviz; control bytes and what is no ASCII become '?'.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\l";
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else {
      out += c >= ' ' && c < 127 ? c : '?';
    }
  }
  return out + "\"";
}

std::string Shortened(const std::string& text, size_t most) {
  return text.size() <= most ? text : text.substr(0, most - 3) + "...";
}

// "Pad+Conv+Relu" in lines of a box's width.
std::string Wrapped(const std::string& text) {
  std::string out;
  size_t line = 0;
  for (const char c : Shortened(text, 160)) {
    out += c;
    if (++line > 30 && c == '+') out += '\n', line = 0;
  }
  return out;
}

const char* ColourOf(const std::string& operators) {
  if (operators.find("Conv") != std::string::npos) return "#cfe3f5";
  if (operators.find("Norm") != std::string::npos) return "#fde3c8";
  if (operators.find("Pad") != std::string::npos || operators.find("Resize") != std::string::npos)
    return "#e3f0d8";
  return "#efefef";
}

std::string DotOfModel(const graph::Graph& model) {
  std::string out = "  subgraph cluster_model {\n    label=" +
                    Quoted("the model: " + std::to_string(model.nodes.size()) + " operators") +
                    ";\n    color=gray;\n";
  std::map<graph::ValueId, std::string> maker;
  for (size_t i = 0; i < model.inputs.size(); ++i) {
    const std::string id = "model_input" + std::to_string(i);
    maker[model.inputs[i]] = id;
    out += "    " + id + " [shape=oval, label=" + Quoted(Shortened(model.value(model.inputs[i]).name, 40)) +
           "];\n";
  }
  for (size_t i = 0; i < model.nodes.size(); ++i) {
    const graph::Node& node = model.nodes[i];
    const std::string id = "model" + std::to_string(i);
    std::string label = node.op_type;
    // The weights say more about a convolution than its name.
    for (graph::ValueId input : node.inputs) {
      if (input == graph::kNoValue || !model.value(input).constant) continue;
      if (model.value(input).info.shape.size() == 4)
        label += " " + ShapeToString(model.value(input).info.shape);
    }
    out += "    " + id + " [label=" + Quoted(Shortened(label, 60)) + ", fillcolor=\"" +
           ColourOf(node.op_type) + "\"];\n";
    for (graph::ValueId input : node.inputs) {
      if (maker.count(input)) out += "    " + maker[input] + " -> " + id + ";\n";
    }
    for (graph::ValueId output : node.outputs) {
      if (output != graph::kNoValue) maker[output] = id;
    }
  }
  return out + "  }\n";
}

std::string DotOfSteps(std::span<const engine::StepInfo> steps) {
  std::string out = "  subgraph cluster_plan {\n    label=" +
                    Quoted("the plan: " + std::to_string(steps.size()) + " steps") +
                    ";\n    color=gray;\n    input [shape=oval, label=\"input\"];\n";
  for (size_t i = 0; i < steps.size(); ++i) {
    const engine::StepInfo& s = steps[i];
    char work[96];
    std::snprintf(work, sizeof(work), "%.1f MMAC, %.2f MB", static_cast<double>(s.macs) / 1e6,
                  static_cast<double>(s.bytes) / 1e6);
    const std::string id = "step" + std::to_string(i);
    const std::string label = std::to_string(i) + "  " + Wrapped(s.operators) + "\n" +
                              Shortened(s.kernel, 60) + "\n" + ShapeToString(s.output_shape) + "  " + work +
                              "\n";
    out += "    " + id + " [label=" + Quoted(label) + ", fillcolor=\"" + ColourOf(s.operators) + "\"];\n";
    for (const int32_t source : s.sources) {
      out += "    " + (source < 0 ? std::string("input") : "step" + std::to_string(source)) + " -> " + id +
             ";\n";
    }
  }
  return out + "  }\n";
}

bool EndsIn(const std::string& path, const char* extension) {
  return path.size() > std::strlen(extension) && path.ends_with(extension);
}

// Runs `dot -Tformat` from one file to another.
Status RunDot(const std::string& format, const std::string& from, const std::string& to,
              const std::string& wanted) {
  std::string arguments[] = {"dot", "-T" + format, "-o" + to, from};
  char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(), arguments[3].data(),
                  nullptr};
  // What main.cc ignores, a program started from here would inherit.
  posix_spawnattr_t attributes;
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int error = posix_spawnp(&child, "dot", nullptr, &attributes, argv, environ);
  posix_spawnattr_destroy(&attributes);
  int state = 0;
  const bool ended = error == 0 && waitpid(child, &state, 0) == child;
  // Some systems tell of a missing program only through the child's state.
  if (error == ENOENT || (ended && WIFEXITED(state) && WEXITSTATUS(state) == 127)) {
    return NotFound(
        wanted +
        ": drawing it needs the program 'dot'; install Graphviz (Debian: apt-get install graphviz), or " +
        "name a .dot file");
  }
  if (error != 0) return IoError(std::string("cannot start 'dot': ") + std::strerror(error));
  if (!ended || !WIFEXITED(state) || WEXITSTATUS(state) != 0) {
    return IoError(wanted + ": the program 'dot' failed; name a .dot file to see what it was given");
  }
  return OkStatus();
}

}  // namespace

std::string DotOfPlan(const std::string& title, const graph::Graph& model,
                      std::span<const engine::StepInfo> steps) {
  return "digraph plan {\n  label=" + Quoted(title) +
         ";\n  labelloc=t;\n  fontname=\"Helvetica\";\n"
         "  node [shape=box, style=filled, fillcolor=\"#ffffff\", fontname=\"Helvetica\", fontsize=10, "
         "height=0.3];\n" +
         DotOfModel(model) + DotOfSteps(steps) + "}\n";
}

bool IsPlanPictureName(const std::string& path) {
  return EndsIn(path, ".dot") || EndsIn(path, ".svg") || EndsIn(path, ".png");
}

Status WritePlanPicture(const std::string& path, const std::string& dot) {
  if (EndsIn(path, ".dot")) return WriteWholeFile(path, dot);
  TEMPERA_ASSIGN_OR_RETURN(AtomicFile picture, AtomicFile::Create(path));
  // Never under its name: it goes with this object.
  TEMPERA_ASSIGN_OR_RETURN(AtomicFile source, AtomicFile::Create(path + ".dot"));
  TEMPERA_RETURN_IF_ERROR(source.Write(dot.data(), dot.size()));
  // A name may begin with a dash; a path that begins with "./" cannot be taken for an option.
  const std::string& from = source.write_path();
  const std::string safe = from.front() == '/' ? from : "./" + from;
  TEMPERA_RETURN_IF_ERROR(RunDot(path.substr(path.size() - 3), safe, picture.write_path(), path));
  return picture.Commit();
}

}  // namespace tempera::cli
