// Which file a request asks for.
#pragma once

#include <string>
#include <string_view>

#include "src/base/status.h"

namespace tempera::cli {

// The path below the served folder that the target of a request line names, percent signs decoded, without
// the query: "styles/a b.onnx" of "/styles/a%20b.onnx?x". Of a folder with its slash at the end: "styles/",
// and "" of "/". InvalidArgument where it is no target that we answer: without a slash in front, broken
// percent signs, control characters, backslashes. NotFound where a part is empty or begins with a dot, hence
// for "." and ".." too.
Result<std::string> PathOfTarget(std::string_view target);

}  // namespace tempera::cli
