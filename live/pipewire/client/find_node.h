// Nodes by the words that people use.
#pragma once

#include <string>
#include <vector>

#include "live/pipewire/client/connection.h"
#include "src/base/status.h"

namespace tempera::live {

// The one called `which`: its node.name, its serial, its id, its description, or a part of that which no
// other has; the first of these rules that any node fits decides. `kind`, for messages: "camera".
Result<PipewireNode> FindNamedNode(const std::vector<PipewireNode>& nodes, const std::string& which,
                                   const std::string& kind);

}  // namespace tempera::live
