// What stands behind "pipewire:" on the command's line.
#include <string>
#include <string_view>

#include "live/pipewire/pipewire.h"
#include "src/base/text/number_text.h"

namespace tempera::live {
namespace {

constexpr int kMostSide = 8192;
constexpr double kMostFps = 240;

struct Wishes {
  std::string name;
  int width = 0, height = 0;
  double fps = 0;
};

// Takes ",size=WxH" and ",fps=N" from the end; all before them is the name, commas in it too.
Result<Wishes> TakeWishes(std::string_view text) {
  Wishes wishes;
  for (;;) {
    const size_t comma = text.rfind(',');
    const std::string_view word = text.substr(comma == std::string_view::npos ? text.size() : comma + 1);
    if (word.starts_with("size=")) {
      const std::string_view size = word.substr(5);
      const size_t by = size.find('x');
      int64_t width = 0, height = 0;
      if (by == std::string_view::npos || !ParseNumber(size.substr(0, by), &width) ||
          !ParseNumber(size.substr(by + 1), &height) || width < 16 || height < 16 || width > kMostSide ||
          height > kMostSide) {
        return InvalidArgument("'" + std::string(word) +
                               "' is no size of a PipeWire camera: write size=1280x720, 16 to " +
                               std::to_string(kMostSide) + " each");
      }
      wishes.width = static_cast<int>(width);
      wishes.height = static_cast<int>(height);
    } else if (word.starts_with("fps=")) {
      if (!ParseNumber(word.substr(4), &wishes.fps) || !(wishes.fps >= 1 && wishes.fps <= kMostFps))
        return InvalidArgument("'" + std::string(word) +
                               "' is no rate of a PipeWire camera: write fps=30, 1 to 240");
    } else {
      wishes.name = text;
      return wishes;
    }
    text = text.substr(0, comma);
  }
}

// Without "pipewire" and its colon, so that ",size=WxH" may follow either.
Result<Wishes> WishesOf(const std::string& text) {
  constexpr std::string_view kWord = "pipewire";
  std::string_view rest = text;
  if (!rest.starts_with(kWord))
    return InvalidArgument("'" + text + "' is no PipeWire camera: write pipewire:NAME");
  rest.remove_prefix(kWord.size());
  if (rest.starts_with(":,")) rest.remove_prefix(1);
  if (!rest.empty() && rest[0] != ':' && rest[0] != ',')
    return InvalidArgument("'" + text + "' is no PipeWire camera: write pipewire:NAME");
  TEMPERA_ASSIGN_OR_RETURN(Wishes wishes, TakeWishes(rest));
  if (!wishes.name.empty()) wishes.name.erase(0, 1);
  return wishes;
}

}  // namespace

bool IsPipewireText(const std::string& text) {
  return text == "pipewire" || text.starts_with("pipewire:") || text.starts_with("pipewire,");
}

Result<PipewireSourceOptions> ParsePipewireSource(const std::string& text) {
  TEMPERA_ASSIGN_OR_RETURN(const Wishes wishes, WishesOf(text));
  PipewireSourceOptions options;
  options.ask_for_screen = wishes.name == "screen";
  if (!options.ask_for_screen) options.which = wishes.name;
  if (wishes.width) options.width = wishes.width, options.height = wishes.height;
  if (wishes.fps > 0) options.fps = wishes.fps;
  return options;
}

Result<PipewireSinkOptions> ParsePipewireSink(const std::string& text) {
  TEMPERA_ASSIGN_OR_RETURN(const Wishes wishes, WishesOf(text));
  PipewireSinkOptions options;
  if (!wishes.name.empty()) options.name = wishes.name;
  options.width = wishes.width;
  options.height = wishes.height;
  if (wishes.fps > 0) options.fps = wishes.fps;
  return options;
}

}  // namespace tempera::live
