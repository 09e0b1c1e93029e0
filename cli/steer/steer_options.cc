#include "cli/steer/steer_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/steer/stroke.h"
#include "src/base/text/number_text.h"

namespace tempera::cli {
namespace {

// What `read` says, and which option it was.
template <typename T>
Status From(const char* option, Result<T> read, T* to) {
  if (!read.ok()) return Status(read.status().code(), std::string(option) + ": " + read.status().message());
  *to = std::move(read).value();
  return OkStatus();
}

}  // namespace

void SteerOptions::AddTo(CLI::App& verb) {
  verb.add_option("--blend", blend, "Shares of a model's styles: a=0.7,b=0.3 (tempera styles)")
      ->type_name("NAME=SHARE,...");
  verb.add_option("--stroke", stroke, "Strokes as a share of the picture, whatever its size")
      ->check([](const std::string& word) {
        const Result<float> share = ParseStroke(word);
        return share.ok() ? std::string() : share.status().message();
      })
      ->type_name("fine|medium|bold|N%");
  verb.add_option("--param", params, "Any parameter (tempera inspect MODEL lists them); may be repeated")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--animate", animate,
                  "Films: keyframes like '0s:a=1,strength=0.2; 4.5s:b=1', or a .json file")
      ->type_name("KEYS|FILE.json");
  verb.add_option("--animate-ease", ease, "Between keyframes that do not say: linear (default) or smooth")
      ->check([](const std::string& word) {
        return word == "linear" || word == "smooth" ? std::string()
                                                    : "'" + word + "' is no way: write linear or smooth";
      })
      ->type_name("linear|smooth");
  verb.add_option("--timeline", timeline,
                  "Films: as it was played in tempera live, whose recording has this file")
      ->type_name("FILE.json");
}

Result<Steering> SteerOptions::Read() const {
  Steering steering;
  if (!blend.empty()) TEMPERA_RETURN_IF_ERROR(From("--blend", ParseBlend(blend), &steering.blend));
  for (const std::string& text : params)
    TEMPERA_RETURN_IF_ERROR(From("--param", ParseParam(text), &steering.params.emplace_back()));
  if (!animate.empty())
    TEMPERA_RETURN_IF_ERROR(From("--animate", ParseAnimation(animate, ease == "smooth"), &steering.keys));
  return steering;
}

std::vector<std::string> StyleWords(const Steering& steering) {
  std::vector<std::string> words;
  for (const Turn& turn : steering.blend) words.push_back(turn.name);
  for (const Keyframe& key : steering.keys) {
    for (const Turn& turn : key.turns) words.push_back(turn.name);
  }
  return words;
}

bool Turns(const Steering& steering, const std::string& parameter) {
  const auto turns = [&](const std::vector<Turn>& list) {
    return std::any_of(list.begin(), list.end(), [&](const Turn& turn) { return turn.name == parameter; });
  };
  return turns(steering.params) || std::any_of(steering.keys.begin(), steering.keys.end(),
                                               [&](const Keyframe& key) { return turns(key.turns); });
}

std::string PaintedName(const Steering& steering, const std::string& style) {
  std::string text;
  for (const Turn& turn : steering.blend)
    text += (text.empty() ? "" : ",") + turn.name + "=" + NumberToText(turn.values[0]);
  return text.empty() ? style : steering.blend.size() == 1 ? steering.blend[0].name : text;
}

}  // namespace tempera::cli
