// A host that is ruder to the frei0r filter than FFmpeg is: sizes, indices and values that make no sense,
// several effects at once. Prints what is wrong; 0 when nothing is.
//   tempera_frei0r_host PLUGIN.so MODEL.onnx
#include <dlfcn.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <vector>

extern "C" {
#include <frei0r.h>
}

namespace {

struct Plugin {
  decltype(&f0r_init) init;
  decltype(&f0r_deinit) deinit;
  decltype(&f0r_get_plugin_info) get_plugin_info;
  decltype(&f0r_get_param_info) get_param_info;
  decltype(&f0r_construct) construct;
  decltype(&f0r_destruct) destruct;
  decltype(&f0r_set_param_value) set;
  decltype(&f0r_get_param_value) get;
  decltype(&f0r_update) update;
};

template <typename F>
bool Find(void* library, const char* name, F* function) {
  *function = reinterpret_cast<F>(dlsym(library, name));
  if (*function == nullptr) std::printf("FAILED: no %s\n", name);
  return *function != nullptr;
}

bool Load(void* library, Plugin* p) {
  return Find(library, "f0r_init", &p->init) && Find(library, "f0r_deinit", &p->deinit) &&
         Find(library, "f0r_get_plugin_info", &p->get_plugin_info) &&
         Find(library, "f0r_get_param_info", &p->get_param_info) &&
         Find(library, "f0r_construct", &p->construct) && Find(library, "f0r_destruct", &p->destruct) &&
         Find(library, "f0r_set_param_value", &p->set) && Find(library, "f0r_get_param_value", &p->get) &&
         Find(library, "f0r_update", &p->update);
}

int failures = 0;
void Expect(bool holds, const std::string& what) {
  if (holds) return;
  std::printf("FAILED: %s\n", what.c_str());
  ++failures;
}

std::vector<uint32_t> Picture(unsigned width, unsigned height, unsigned seed) {
  std::vector<uint32_t> pixels(size_t{width} * height);
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<uint32_t>((i + seed) * 2654435761u) | 0xff000000u;
  return pixels;
}

// The painting of a picture in a strength, by an effect of its own.
std::vector<uint32_t> Paint(const Plugin& p, std::string model, double strength, unsigned size) {
  const std::vector<uint32_t> in = Picture(size, size, 1);
  std::vector<uint32_t> out(in.size());
  f0r_instance_t effect = p.construct(size, size);
  char* style = model.data();
  p.set(effect, &style, 0);
  p.set(effect, &strength, 2);
  for (int frame = 0; frame < 4; ++frame) p.update(effect, frame * 0.04, in.data(), out.data());
  p.destruct(effect);
  return out;
}

void HostileCalls(const Plugin& p, std::string model) {
  for (const unsigned size : {0u, 1u, 7u, 100000u, 4294967295u}) p.destruct(p.construct(size, size));
  p.destruct(nullptr);
  f0r_instance_t effect = p.construct(16, 16);
  char* nothing = nullptr;
  p.set(effect, &nothing, 0);
  p.set(effect, nullptr, 2);
  p.set(nullptr, &nothing, 0);
  char* style = model.data();
  for (const int index : {-1, 15, 1 << 30}) {
    p.set(effect, &style, index);
    p.get(effect, &style, index);
  }
  p.set(effect, &style, 0);
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<uint32_t> in = Picture(16, 16, 1);
  std::vector<uint32_t> out(in.size());
  for (double value : {std::nan(""), -inf, -1.0, 1e300, inf}) {
    // Not of threads: as many would be started.
    for (const int index : {2, 3, 4, 5, 7, 11, 12, 13, 14}) p.set(effect, &value, index);
    p.update(effect, value, in.data(), out.data());
  }
  p.update(effect, 0, nullptr, out.data());
  p.destruct(effect);
}

void Values(const Plugin& p) {
  f0r_plugin_info_t info = {};
  p.get_plugin_info(&info);
  Expect(std::strcmp(info.name, "tempera") == 0 && info.num_params == 15, "15 parameters of tempera");
  f0r_instance_t effect = p.construct(16, 16);
  for (int i = 0; i < info.num_params; ++i) {
    f0r_param_info_t param = {};
    p.get_param_info(&param, i);
    Expect(param.name != nullptr && param.explanation != nullptr, "a parameter without a name");
    if (param.type == F0R_PARAM_STRING) {
      std::string word = "word " + std::to_string(i);
      char* set = word.data();
      p.set(effect, &set, i);
      word.assign(word.size(), 'x');  // the effect has its own copy
      char* got = nullptr;
      p.get(effect, &got, i);
      Expect(got != nullptr && got == "word " + std::to_string(i), std::string(param.name) + " is not kept");
    } else {
      double got = -1;
      p.get(effect, &got, i);
      Expect(got >= 0 && got <= 1, std::string(param.name) + " begins outside 0..1");
      double set = param.type == F0R_PARAM_BOOL ? 1 : 0.25;
      p.set(effect, &set, i);
      p.get(effect, &got, i);
      Expect(got == set, std::string(param.name) + " is not kept");
    }
  }
  p.destruct(effect);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "frei0r_host PLUGIN.so MODEL.onnx\n"), 2;
  void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::printf("FAILED: %s\n", dlerror()), 1;
  Plugin p = {};
  if (!Load(library, &p)) return 1;
  Expect(p.init() == 1, "f0r_init");
  Values(p);
  HostileCalls(p, argv[2]);
  // Side by side as one after the other.
  constexpr unsigned kSizes[] = {16, 24, 64, 40};
  std::vector<std::vector<uint32_t>> alone(4), together(4);
  const auto strength = [](size_t i) { return 0.25 * static_cast<double>(i + 1); };
  for (size_t i = 0; i < 4; ++i) alone[i] = Paint(p, argv[2], strength(i), kSizes[i]);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] { together[i] = Paint(p, argv[2], strength(i), kSizes[i]); });
  for (std::thread& thread : threads) thread.join();
  Expect(alone == together, "effects side by side paint otherwise than alone");
  Expect(alone[3] != Picture(40, 40, 1), "nothing was painted");
  p.deinit();
  dlclose(library);
  return failures == 0 ? 0 : 1;
}
