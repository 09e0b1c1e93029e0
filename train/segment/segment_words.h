// What the words of `tempera-train segment` mean.
#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/segment/pairs.h"

namespace tempera::train {

// "person", "a,b,c", or a file with a name a line.
Status TakeClasses(const std::string& text, std::vector<std::string>* classes);

// Each folder of pictures with its masks: "DIR" or "DIR:NUMBER".
Status TakeFolders(const std::vector<std::string>& images, const std::vector<std::string>& masks,
                   std::vector<MaskFolders>* folders);

}  // namespace tempera::train
