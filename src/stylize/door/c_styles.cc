// The C border: the styles in a folder.
#include <memory>
#include <string>

#include "src/base/log.h"
#include "src/stylize/door/door.h"
#include "src/stylize/door/sized.h"
#include "src/stylize/door/style_list.h"

struct tempera_style_list {
  tempera::stylize::StyleList list;
};

namespace {

using tempera::InvalidArgument;
using tempera::OkStatus;
using tempera::Status;
using tempera::stylize::Guard;

}  // namespace

tempera_status tempera_list_styles(const char* folder, tempera_style_list** out) {
  return Guard([&]() -> Status {
    if (out == nullptr) return InvalidArgument("out is NULL");
    *out = nullptr;
    if (folder == nullptr) return InvalidArgument("folder is NULL");
    TEMPERA_ASSIGN_OR_RETURN(auto list, tempera::stylize::ListStyles(folder));
    for (const std::string& why : list.skipped) {
      tempera::Log(tempera::LogLevel::kWarning, "a style is left out: " + why);
    }
    *out = new tempera_style_list{std::move(list)};
    return OkStatus();
  });
}

void tempera_free_style_list(tempera_style_list* list) { delete list; }

int32_t tempera_style_count(const tempera_style_list* list) {
  return list == nullptr ? 0 : static_cast<int32_t>(list->list.styles.size());
}

tempera_status tempera_get_style_info(const tempera_style_list* list, int32_t index,
                                      tempera_style_info* info) {
  return Guard([&]() -> Status {
    if (list == nullptr || info == nullptr) return InvalidArgument("list or info is NULL");
    if (index < 0 || index >= tempera_style_count(list)) {
      return InvalidArgument("style " + std::to_string(index) + " is not among " +
                             std::to_string(tempera_style_count(list)));
    }
    const tempera::stylize::Style& style = list->list.styles[static_cast<size_t>(index)];
    tempera_style_info told = TEMPERA_STYLE_INFO_INIT;
    told.name = style.name.c_str();
    told.path = style.path.c_str();
    told.title = style.title.c_str();
    told.artist = style.artist.c_str();
    told.year = style.year.c_str();
    told.license = style.license.c_str();
    told.thumbnail_path = style.thumbnail_path.c_str();
    told.thumbnail = style.thumbnail.empty() ? nullptr : style.thumbnail.data();
    told.thumbnail_bytes = style.thumbnail.size();
    told.file_bytes = style.file_bytes;
    told.style = style.style.c_str();
    return tempera::stylize::WriteSized(told, TEMPERA_SIZE_THROUGH(tempera_style_info, name),
                                        "tempera_style_info", info);
  });
}

const char* tempera_skipped_style(const tempera_style_list* list, int32_t index) {
  if (list == nullptr || index < 0 || static_cast<size_t>(index) >= list->list.skipped.size()) return nullptr;
  return list->list.skipped[static_cast<size_t>(index)].c_str();
}
