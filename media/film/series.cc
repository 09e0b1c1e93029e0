#include "media/film/series.h"

#include <glob.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "media/picture.h"

namespace tempera::media {
namespace {

namespace fs = std::filesystem;

// Numbers beyond are no series: FFmpeg counts in 31 bits.
constexpr int64_t kMostNumber = INT32_MAX;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

struct Split {
  std::string folder, name;
};
Split SplitPath(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

// Reads "%d", "%4d" or "%04d" at `at`, which is behind the percent sign; its length, or 0.
size_t ReadNumber(const std::string& name, size_t at, int* digits) {
  size_t end = at;
  int width = 0;
  for (; end < name.size() && IsDigit(name[end]) && end < at + 3; ++end)
    width = width * 10 + (name[end] - '0');
  if (end >= name.size() || name[end] != 'd') return 0;
  *digits = std::clamp(width, 1, 18);
  return end + 1 - at;
}

std::string Absolute(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  return error ? path : absolute.string();
}

Status NoPicture(const std::string& path) {
  return {StatusCode::kNotFound, "no picture is called '" + path + "'"};
}

Result<SeriesInput> FindNumbered(const std::string& path, const SeriesName& name) {
  std::vector<std::pair<int64_t, std::string>> found;
  std::error_code error;
  for (fs::directory_iterator it(name.folder, error), end; !error && it != end; it.increment(error)) {
    const std::string file = it->path().filename().string();
    if (const auto number = name.NumberOf(file)) found.emplace_back(*number, Absolute(it->path().string()));
  }
  if (found.empty()) return NoPicture(path);
  std::sort(found.begin(), found.end());
  SeriesInput input;
  const auto spell = [](const std::string& letters) {
    std::string all;
    for (const char c : letters) all += c == '%' ? "%%" : std::string(1, c);
    return all;
  };
  input.url = spell(Absolute(name.folder)) + "/" + spell(name.before) + "%0" + std::to_string(name.digits) +
              "d" + spell(name.after);
  input.first = found[0].first;
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i].first != input.first + static_cast<int64_t>(i)) {
      const std::string absent = name.At(input.first + static_cast<int64_t>(i));
      input.missing = absent.substr(absent.rfind('/') + 1);
      input.notice =
          "the series has a gap at number " + std::to_string(input.first + static_cast<int64_t>(i)) + ": " +
          std::to_string(found.size() - i) + " pictures behind it are left out ('*' in the name reads all)";
      break;
    }
    input.files.push_back(found[i].second);
  }
  return input;
}

// The number at the end of a file's name, ahead of its extension; nothing where there is none.
struct Numbered {
  std::string before, digits, after;
};
std::optional<Numbered> NumberIn(const std::string& path) {
  const std::string name = SplitPath(path).name;
  const size_t dot = std::min(name.rfind('.'), name.size());
  size_t begin = dot;
  while (begin > 0 && IsDigit(name[begin - 1])) --begin;
  if (begin == dot || dot - begin > 9) return std::nullopt;
  return Numbered{name.substr(0, begin), name.substr(begin, dot - begin), name.substr(dot)};
}

// The name that lacks first, where all are alike but for their numbers.
std::string FirstMissing(const std::vector<std::string>& files) {
  std::vector<std::pair<int64_t, size_t>>
      numbers;  // and how many digits that has: names come as letters sort
  std::optional<Numbered> like;
  for (const std::string& file : files) {
    const std::optional<Numbered> now = NumberIn(file);
    if (!now || (like && (now->before != like->before || now->after != like->after))) return "";
    numbers.emplace_back(std::stoll(now->digits), now->digits.size());
    like = now;
  }
  std::sort(numbers.begin(), numbers.end());
  for (size_t i = 1; i < numbers.size(); ++i) {
    const auto& [before, width] = numbers[i - 1];
    if (numbers[i].first <= before + 1) continue;
    std::string next = std::to_string(before + 1);
    if (next.size() < width) next.insert(0, width - next.size(), '0');
    return like->before + next + like->after;
  }
  return "";
}

Result<SeriesInput> FindGlob(const std::string& path) {
  SeriesInput input;
  input.is_glob = true;
  // FFmpeg expands braces as well, and libc brackets.
  if (path[0] != '/') input.url = "./";
  for (const char c : path) input.url += std::strchr("[]{}\\", c) ? std::string("\\") + c : std::string(1, c);
  glob_t found = {};
  if (glob(input.url.c_str(), 0, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) input.files.emplace_back(found.gl_pathv[i]);
  }
  globfree(&found);
  if (input.files.empty()) return NoPicture(path);
  input.missing = FirstMissing(input.files);
  return input;
}

}  // namespace

std::string SeriesName::At(int64_t number) const {
  std::string text = std::to_string(number);
  if (text.size() < static_cast<size_t>(digits))
    text.insert(0, static_cast<size_t>(digits) - text.size(), '0');
  return folder + "/" + before + text + after;
}

std::optional<int64_t> SeriesName::NumberOf(const std::string& file) const {
  if (file.size() <= before.size() + after.size() || file.rfind(before, 0) != 0 ||
      file.compare(file.size() - after.size(), after.size(), after) != 0) {
    return std::nullopt;
  }
  const std::string text = file.substr(before.size(), file.size() - before.size() - after.size());
  if (text.size() < static_cast<size_t>(digits) || text.size() > 18) return std::nullopt;
  // More digits than asked for are there because the number needs them.
  if (text.size() > static_cast<size_t>(digits) && text[0] == '0') return std::nullopt;
  int64_t number = 0;
  for (char c : text) {
    if (!IsDigit(c)) return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number <= kMostNumber ? std::optional<int64_t>(number) : std::nullopt;
}

Result<std::optional<SeriesName>> ParseSeriesName(const std::string& path) {
  const Split split = SplitPath(path);
  SeriesName series;
  series.folder = split.folder;
  int numbers = 0;
  bool unclear = false;
  std::string* part = &series.before;
  for (size_t i = 0; i < split.name.size(); ++i) {
    const char c = split.name[i];
    if (c == '%' && i + 1 < split.name.size()) {
      if (split.name[i + 1] == '%') {
        part->push_back(c);
        ++i;
        continue;
      }
      if (const size_t length = ReadNumber(split.name, i + 1, &series.digits)) {
        i += length;
        const bool padded = length == 1 || split.name[i - length + 1] == '0';
        unclear |= !padded && i + 1 < split.name.size() && IsDigit(split.name[i + 1]);
        ++numbers;
        part = &series.after;
        continue;
      }
    }
    part->push_back(c);
  }
  if (numbers == 0) return std::optional<SeriesName>();
  if (numbers > 1) {
    return InvalidArgument(
        "'" + path + "' holds " + std::to_string(numbers) +
        " numbers: a series of pictures has one, such as f_%04d.png (write %% for a percent sign)");
  }
  // A link's %2d is a hyphen: with digits behind it nobody can tell.
  if (unclear) {
    return InvalidArgument("'" + path + "' may hold a number or a character of a link: write %0" +
                           std::to_string(series.digits) + "d for the number, %% for a percent sign");
  }
  return std::optional<SeriesName>(std::move(series));
}

bool IsSeriesOutput(const std::string& path) {
  const auto name = ParseSeriesName(path);
  return IsPictureName(path) && (!name.ok() || name->has_value());
}

Result<std::optional<SeriesInput>> FindSeries(const std::string& path) {
  std::error_code error;
  if (path == "-" || path.find("://") != std::string::npos || fs::exists(path, error)) {
    return std::optional<SeriesInput>();
  }
  TEMPERA_ASSIGN_OR_RETURN(const std::optional<SeriesName> name, ParseSeriesName(path));
  if (name) {
    TEMPERA_ASSIGN_OR_RETURN(SeriesInput input, FindNumbered(path, *name));
    return std::optional<SeriesInput>(std::move(input));
  }
  if (path.find_first_of("*?") == std::string::npos || !IsPictureName(path))
    return std::optional<SeriesInput>();
  TEMPERA_ASSIGN_OR_RETURN(SeriesInput input, FindGlob(path));
  return std::optional<SeriesInput>(std::move(input));
}

bool OverwritesInput(const std::string& input, const std::string& output) {
  const auto name = ParseSeriesName(output);
  if (!name.ok()) return false;
  const auto reads = FindSeries(input);
  std::vector<std::string> files = {input};
  if (reads.ok() && reads->has_value()) files = (*reads)->files;
  for (const std::string& file : files) {
    const Split split = SplitPath(file);
    std::error_code error;
    if (!name->has_value()) {
      if (file != input && fs::equivalent(file, output, error) && !error) return true;
      continue;
    }
    // By its own name, and by that of the file behind a link.
    const Split behind = SplitPath(fs::canonical(file, error).string());
    for (const Split& at : {split, behind}) {
      if ((*name)->NumberOf(at.name) && fs::equivalent(at.folder, (*name)->folder, error) && !error)
        return true;
    }
  }
  return false;
}

}  // namespace tempera::media
