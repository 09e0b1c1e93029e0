// The mask in the timeline's text.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "live/painter.h"
#include "live/timeline/timeline.h"

namespace tempera::live {

// The members of a change that say it, with a comma between them: "mask": ..., "mask_numbers": ...,
// "mask_values": ...; "" where nothing of it changed.
std::string MaskText(const MaskChange& change);

// One member, by its name, of what MaskText writes. False: it is none.
bool IsMaskField(const std::string& name);
bool ReadMaskField(const std::string& name, const nlohmann::json& value, TimelineChange* change);

}  // namespace tempera::live
