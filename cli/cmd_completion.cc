// tempera completion bash: the script is made from the verbs' own options, so it cannot lag behind.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/cli.h"

namespace tempera::cli {
namespace {

std::string LongOptions(const CLI::App& app) {
  std::string words;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words += (words.empty() ? "--" : " --") + name;
  }
  return words;
}

// What a bundled mask has for classes stands in a column of 'tempera styles --masks'. Of CLASS=STYLE bash
// makes three words, or one where it was told not to: what it holds already, $2, is not given again.
constexpr const char* kFunctions =
    R"sh(_tempera_styles() {
  "${COMP_WORDS[0]}" styles 2>/dev/null | awk 'NF == 0 {exit} NR > 1 {print $1}'
}
_tempera_region() {
  local word=$1 held=$2 mask=person i
  if [[ $word == *=* ]]; then
    COMPREPLY=($(compgen -P "${word%%=*}=" -W "none blur $(_tempera_styles)" -- "${word#*=}"))
    COMPREPLY=("${COMPREPLY[@]#"$held"}")
    return
  fi
  for ((i = 2; i < COMP_CWORD; ++i)); do
    if [[ ${COMP_WORDS[i]} == --mask ]]; then mask=${COMP_WORDS[i + 1]}; fi
  done
  local classes
  classes=$("${COMP_WORDS[0]}" styles --masks 2>/dev/null | awk -v mask="$mask" '
    NR == 1 {from = index($0, "CLASSES")}
    NR > 1 && $1 == mask {sub(/ +[0-9.]+ [A-Z]*B$/, ""); gsub(",", " "); print substr($0, from)}')
  if [[ -z $classes && $mask == *.* && $mask != *.onnx ]]; then classes=mask; fi
  COMPREPLY=($(compgen -S = -W "$classes background" -- "$word"))
  compopt -o nospace 2>/dev/null || true
}
)sh";

void PrintBash(const CLI::App& root) {
  std::string verbs, cases;
  for (const CLI::App* verb : root.get_subcommands(nullptr)) {
    verbs += (verbs.empty() ? "" : " ") + verb->get_name();
    cases += "    " + verb->get_name() + ") words='" + LongOptions(*verb) + "' ;;\n";
  }
  std::printf(
      "# bash completion of tempera; in ~/.bashrc: source <(tempera completion bash)\n"
      "%s"
      "_tempera() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
      "  COMPREPLY=()\n"
      "  if [[ $word == '=' && COMP_CWORD -ge 3 && ${COMP_WORDS[COMP_CWORD-2]} == --region ]]; then\n"
      "    _tempera_region \"$before=\" \"$before=\"\n"
      "    return\n"
      "  fi\n"
      "  if [[ $before == '=' && COMP_CWORD -ge 4 && ${COMP_WORDS[COMP_CWORD-3]} == --region ]]; then\n"
      "    _tempera_region \"${COMP_WORDS[COMP_CWORD-2]}=$word\" \"${COMP_WORDS[COMP_CWORD-2]}=\"\n"
      "    return\n"
      "  fi\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    COMPREPLY=($(compgen -W '%s --help --version' -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case $before in\n"
      "    --style)\n"
      "      COMPREPLY=($(compgen -W \"$(_tempera_styles)\" -- \"$word\") $(compgen -f -X '!*.onnx' -- "
      "\"$word\"))\n"
      "      return ;;\n"
      "    --blend) COMPREPLY=($(compgen -W \"$(_tempera_styles)\" -- \"$word\")); return ;;\n"
      "    --outside)\n"
      "      words=\"none blur $(_tempera_styles)\"\n"
      "      COMPREPLY=($(compgen -W \"$words\" -- \"$word\") $(compgen -f -X '!*.onnx' -- \"$word\"))\n"
      "      return ;;\n"
      "    --region) _tempera_region \"$word\" ''; return ;;\n"
      "    --mask)\n"
      "      words=$(\"${COMP_WORDS[0]}\" styles --masks 2>/dev/null | awk 'NR > 1 {print $1}')\n"
      "      COMPREPLY=($(compgen -W \"$words\" -- \"$word\") $(compgen -f -- \"$word\")); return ;;\n"
      "    --mask-of) COMPREPLY=($(compgen -W 'mask background' -- \"$word\")); return ;;\n"
      "    --stroke) COMPREPLY=($(compgen -W 'fine medium bold' -- \"$word\")); return ;;\n"
      "    --animate-ease) COMPREPLY=($(compgen -W 'linear smooth' -- \"$word\")); return ;;\n"
      "    --precision) COMPREPLY=($(compgen -W 'auto fp32 bf16 int8' -- \"$word\")); return ;;\n"
      "    --temporal) COMPREPLY=($(compgen -W 'off on' -- \"$word\")); return ;;\n"
      "    --norm-statistics) COMPREPLY=($(compgen -W 'exact smoothed carried' -- \"$word\")); return ;;\n"
      "    --codec)\n"
      "      COMPREPLY=($(compgen -W 'libx264 libx265 libvpx-vp9 libsvtav1 ffv1' -- \"$word\")); return ;;\n"
      "    completion) COMPREPLY=($(compgen -W bash -- \"$word\")); return ;;\n"
      "  esac\n"
      "  case ${COMP_WORDS[1]} in\n"
      "%s"
      "  esac\n"
      "  if [[ $word == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
      "  else\n"
      "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
      "  fi\n"
      "}\n"
      "complete -o filenames -F _tempera tempera\n",
      kFunctions, verbs.c_str(), cases.c_str());
}

}  // namespace

Run SetUpCompletion(CLI::App& verb) {
  auto shell = std::make_shared<std::string>();
  verb.add_option("SHELL", *shell, "Which shell: bash")
      ->required()
      ->check(CLI::IsMember({"bash"}))
      ->type_name("");
  verb.footer("Try it: source <(tempera completion bash)");
  return [&verb, shell] {
    PrintBash(*verb.get_parent());
    return kExitOk;
  };
}

}  // namespace tempera::cli
