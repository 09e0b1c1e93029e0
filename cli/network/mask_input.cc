#include "cli/network/mask_input.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "src/base/text/number_text.h"
#include "src/base/text/parts.h"
#include "src/metadata/mask_numbers.h"
#include "src/metadata/picture_format.h"

namespace tempera::cli {
namespace {

using Check = bool (*)(const std::string& value);

bool IsWholeUpTo(const std::string& value, int64_t most) {
  int64_t number = 0;
  return ParseNumber(value, &number) && number >= 1 && number <= most;
}

bool IsRange(const std::string& value) {
  metadata::SaidOfPicture said;
  return metadata::ParseValueRanges(value, &said);
}

bool IsMean(const std::string& value) { return metadata::ParseThreeNumbers(value).has_value(); }

bool IsDeviation(const std::string& value) {
  const auto numbers = metadata::ParseThreeNumbers(value);
  return numbers && std::all_of(numbers->begin(), numbers->end(), [](float x) { return x > 0; });
}

bool AreValues(const std::string& value) {
  metadata::MaskMeaning meaning;
  return metadata::ParseMaskValues(value, &meaning);
}

bool IsRatio(const std::string& value) {
  float ratio = 0;
  return ParseNumber(value, &ratio) && ratio > 0 && ratio <= 1;
}

bool IsSomething(const std::string& value) { return !value.empty(); }

struct Word {
  std::string_view word;
  const char* key;
  Check check;
  const char* wanted;
};

// Lists are written with colons: commas stand between words.
constexpr Word kWords[] = {
    {"range", "tempera.value_range", IsRange, "two numbers, black's below white's, like 0..1"},
    {"mean", "tempera.mean", IsMean, "one number or three like 0.485:0.456:0.406"},
    {"std", "tempera.std", IsDeviation, "one number above 0 or three like 0.229:0.224:0.225"},
    {"multiple", "tempera.size_multiple", [](const std::string& v) { return IsWholeUpTo(v, 256); },
     "1 to 256"},
    {"size", "tempera.mask.long_side", [](const std::string& v) { return IsWholeUpTo(v, 16384); },
     "the long side in pixels, 1 to 16384"},
    {"output", "tempera.mask.output", IsSomething, "the name of an output"},
    {"values", "tempera.mask.values", AreValues, "logits, index, or two numbers like 0..1"},
    {"class", "tempera.mask.class", IsSomething, "a class by name or number"},
    {"classes", "tempera.mask.classes", IsSomething, "names like background:person"},
    {"ratio", "tempera.mask.downsample_ratio", IsRatio, "above 0 and up to 1"}};

Status Wrong(std::string_view word, const std::string& wanted) {
  return InvalidArgument("--mask-input " + std::string(word) + " is not " + wanted);
}

std::string Known() {
  std::string known = "nchw, nhwc, rgb, bgr";
  for (const Word& word : kWords) known += ", " + std::string(word.word) + "=";
  return known + ", state=OUTPUT:INPUT";
}

class Reader {
 public:
  Status Read(std::string_view part) {
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) return ReadLayout(part);
    const std::string_view word = part.substr(0, equals);
    std::string value(Trimmed(part.substr(equals + 1)));
    if (word == "state") return ReadState(part, value);
    const auto* known = std::find_if(std::begin(kWords), std::end(kWords),
                                     [&](const Word& w) { return w.word == Trimmed(word); });
    if (known == std::end(kWords)) return Wrong(part, "known; known are " + Known());
    const bool list = known->check == IsMean || known->check == IsDeviation ||
                      std::string_view(known->key) == "tempera.mask.classes";
    if (list) std::replace(value.begin(), value.end(), ':', ',');
    if (!known->check(value)) return Wrong(part, known->wanted);
    return Say(known->key, std::move(value), part);
  }

  Metadata Finish() {
    if (!layout_.empty()) said_.emplace_back("tempera.layout", layout_);
    return std::move(said_);
  }

 private:
  Status ReadLayout(std::string_view word) {
    metadata::SaidOfPicture said;
    const std::string both = layout_ + (layout_.empty() ? "" : " ") + std::string(word);
    if (word.empty() || !metadata::ParseLayout(both, &said))
      return Wrong(word.empty() ? "''" : word, "known; known are " + Known());
    layout_ = both;
    return OkStatus();
  }

  Status ReadState(std::string_view part, const std::string& value) {
    const size_t colon = value.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == value.size())
      return Wrong(part, "an output and the input that it comes back as, like state=r1o:r1i");
    return Say("tempera.state." + value.substr(0, colon), value.substr(colon + 1), part);
  }

  Status Say(std::string key, std::string value, std::string_view part) {
    const bool twice =
        std::any_of(said_.begin(), said_.end(), [&](const auto& entry) { return entry.first == key; });
    if (twice) return InvalidArgument("--mask-input says '" + std::string(part) + "' twice");
    said_.emplace_back(std::move(key), std::move(value));
    return OkStatus();
  }

  Metadata said_;
  std::string layout_;
};

}  // namespace

Result<Metadata> MaskInputAsMetadata(const std::string& text) {
  constexpr size_t kMostWords = 64;
  const std::vector<std::string_view> parts = SplitTrimmed(text, ',', kMostWords);
  if (parts.size() > kMostWords) return InvalidArgument("--mask-input has more than 64 words");
  Reader reader;
  for (const std::string_view part : parts) TEMPERA_RETURN_IF_ERROR(reader.Read(part));
  return reader.Finish();
}

std::string InMaskInput(std::string line) {
  const auto replace = [&line](const std::string& library, const std::string& ours) {
    for (size_t at = line.find(library); at != std::string::npos; at = line.find(library, at + ours.size()))
      line.replace(at, library.size(), ours);
  };
  // What says it most simply goes before the words that stand for the keys.
  replace("; metadata tempera.mask.class must say which one is the mask: ",
          " and none is said to be the mask: write --mask FILE.onnx:CLASS with one of ");
  replace("metadata tempera.mask.classes or tempera.mask.class says so",
          "--mask-input classes=NAME:NAME:... says so");
  // Longer keys first: one may begin another.
  std::vector<const Word*> words;
  for (const Word& word : kWords) words.push_back(&word);
  std::sort(words.begin(), words.end(), [](const Word* a, const Word* b) {
    return std::string_view(a->key).size() > std::string_view(b->key).size();
  });
  for (const Word* word : words) {
    const std::string ours = "--mask-input " + std::string(word->word) + "=";
    replace("metadata " + std::string(word->key), ours);
    replace(std::string(word->key), ours);
  }
  replace("metadata tempera.layout", "--mask-input");
  replace("metadata tempera.state.", "--mask-input state=");
  return line;
}

}  // namespace tempera::cli
