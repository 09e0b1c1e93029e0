// The files of scenes and bindings: small, and written by hand as well.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "live/control/binding.h"
#include "live/control/scenes.h"
#include "src/base/status.h"

namespace tempera::live {

// Those of a file; none where there is no such file. Errors name the file and what is wrong in it.
Result<std::map<int, Scene>> ReadScenes(const std::string& path);
Result<std::vector<Binding>> ReadBindings(const std::string& path);
constexpr size_t kMostBindings = 4096;  // of a file

// What the readers would say of it, once it is written: text that is not UTF-8, say, or too long.
Status CheckScene(const Scene& scene);
Status CheckBinding(const Binding& binding);
// A copy of a file that is wrong, and that is about to be written anew: PATH.broken, PATH.broken2 and so on.
Status KeepBroken(const std::string& path);
// Written beside, and renamed.
Status WriteScenes(const std::string& path, const std::map<int, Scene>& scenes);
Status WriteBindings(const std::string& path, const std::vector<Binding>& bindings);

}  // namespace tempera::live
