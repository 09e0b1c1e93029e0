// Tempera for C++20: owning types over the C API of tempera.h, in this header only.
//
//   tempera::Expected<tempera::Stylizer> opened = tempera::Stylizer::Open("starry-night.onnx");
//   if (!opened) return Fail(opened.error().message);
//   tempera::Stylizer stylizer = std::move(*opened);
//   if (tempera::Error error = stylizer.Process(in, out)) return Fail(error.message);
//
// Nothing here throws of itself: what can fail returns an Error, or an Expected of what was asked
// for. (Copying a message can throw std::bad_alloc, as every std::string can.)
// Ownership, threads and sizes: as in tempera.h. Pixels always belong to the caller.
#ifndef TEMPERA_TEMPERA_HPP_
#define TEMPERA_TEMPERA_HPP_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tempera/tempera.h"

namespace tempera {

// Why something failed. True when there is an error.
struct [[nodiscard]] Error {
  tempera_status code = TEMPERA_OK;
  std::string message;  // one line: what is at fault, and the cure
  explicit operator bool() const { return code != TEMPERA_OK; }
};

// A T, or the Error instead of it. True when there is a T; only then may it be looked at.
template <typename T>
class [[nodiscard]] Expected {
 public:
  Expected(T value) : state_(std::move(value)) {}      // NOLINT: implicit by design
  Expected(Error error) : state_(std::move(error)) {}  // NOLINT: implicit by design
  explicit operator bool() const { return std::holds_alternative<T>(state_); }
  T& operator*() & { return *std::get_if<T>(&state_); }
  const T& operator*() const& { return *std::get_if<T>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<T>(&state_)); }
  T* operator->() { return std::get_if<T>(&state_); }
  const T* operator->() const { return std::get_if<T>(&state_); }
  // Only where there is no T.
  const Error& error() const { return *std::get_if<Error>(&state_); }

 private:
  std::variant<T, Error> state_;
};

// What several stylizers share, and what the program lends them. Copies are one host, which lives as long as
// they and the stylizers that were opened with it.
class SharedHost {
 public:
  // Begin with TEMPERA_HOST_OPTIONS_INIT.
  static Expected<SharedHost> Create(const tempera_host_options& options) {
    tempera_host* handle = nullptr;
    const tempera_status status = tempera_create_host(&options, &handle);
    if (status != TEMPERA_OK) return Error{status, tempera_error_message()};
    SharedHost host;
    host.handle_ = std::shared_ptr<tempera_host>(handle, tempera_close_host);
    return host;
  }
  SharedHost() = default;  // none: a stylizer then has one of its own
  tempera_host* handle() const { return handle_.get(); }

 private:
  std::shared_ptr<tempera_host> handle_;
};

// {} is a sound default for every field; see tempera_options.
struct Options {
  int threads = 0;
  tempera_precision precision = TEMPERA_PRECISION_AUTO;
  int working_width = 0;
  int working_height = 0;
  int working_short_side = 0;
  std::string cache_folder = {};
  bool pin_threads = false;
  tempera_norm_statistics norm_statistics = TEMPERA_NORM_EXACT;
  SharedHost host = {};  // with one, threads, pin_threads and cache_folder are the host's
  // Keys and values that go before the file's own: {{"tempera.value_range", "-1..1"}}.
  std::vector<std::pair<std::string, std::string>> metadata = {};
};

struct FrameSize {
  int width = 0;
  int height = 0;
};

// An image of one plane (RGBA, BGRA, RGB) in the caller's memory. Input pixels are only read,
// although the C struct, shared with output, cannot say so. stride_bytes 0 = rows without gaps.
inline tempera_image MakeImage(tempera_pixel_format format, const void* pixels, int width, int height,
                               ptrdiff_t stride_bytes = 0) {
  tempera_image image = TEMPERA_IMAGE_INIT;
  image.format = format;
  image.width = width;
  image.height = height;
  image.planes[0] = static_cast<uint8_t*>(const_cast<void*>(pixels));
  image.stride_bytes[0] =
      stride_bytes != 0 ? stride_bytes : ptrdiff_t{width} * (format == TEMPERA_RGB ? 3 : 4);
  return image;
}

// A style in a folder; see tempera_style_info.
struct Style {
  std::string name, path, title, artist, year, license;
  std::string thumbnail_path;  // a picture beside the file, or ""
  std::string thumbnail;       // an encoded picture that the file carries, or ""
  int64_t file_bytes = 0;
  std::string style;  // which of the file's styles: for Stylizer::SetStyle; "" where it holds one
};

// By name; what is no model is left out, and said in `skipped`, a line each (tempera_skipped_style).
inline Expected<std::vector<Style>> ListStyles(const std::string& folder,
                                               std::vector<std::string>* skipped = nullptr) {
  tempera_style_list* list = nullptr;
  const tempera_status status = tempera_list_styles(folder.c_str(), &list);
  if (status != TEMPERA_OK) return Error{status, tempera_error_message()};
  std::vector<Style> styles;
  for (int32_t i = 0; i < tempera_style_count(list); ++i) {
    tempera_style_info info = TEMPERA_STYLE_INFO_INIT;
    if (tempera_get_style_info(list, i, &info) != TEMPERA_OK) continue;
    styles.push_back({info.name, info.path, info.title, info.artist, info.year, info.license,
                      info.thumbnail_path,
                      std::string(static_cast<const char*>(info.thumbnail), info.thumbnail_bytes),
                      info.file_bytes, info.style});
  }
  for (int32_t i = 0; skipped != nullptr; ++i) {
    const char* line = tempera_skipped_style(list, i);
    if (line == nullptr) break;
    skipped->push_back(line);
  }
  tempera_free_style_list(list);
  return styles;
}

// A model opened for painting. Movable, not copyable; one thread at a time.
class Stylizer {
 public:
  static Expected<Stylizer> Open(const std::string& path, const Options& options = {}) {
    const NativeOptions native(options);
    tempera_stylizer* handle = nullptr;
    if (Error error = Check(tempera_open_file(path.c_str(), &native.c, &handle))) return error;
    return Stylizer(handle);
  }

  // The bytes may go once this returns.
  static Expected<Stylizer> Open(std::span<const std::byte> model, const Options& options = {}) {
    const NativeOptions native(options);
    tempera_stylizer* handle = nullptr;
    if (Error error = Check(tempera_open_memory(model.data(), model.size(), &native.c, &handle)))
      return error;
    return Stylizer(handle);
  }

  ~Stylizer() { tempera_close(handle_); }
  Stylizer(Stylizer&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Stylizer& operator=(Stylizer&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  // Plans for frames of this size and format, so that Process does not have to.
  Error Prepare(int width, int height, tempera_pixel_format format) {
    return Check(tempera_prepare(handle_, width, height, format));
  }

  // Calls that run and calls to come end with TEMPERA_CANCELLED, until it is set to false. From any thread.
  Error SetCancelled(bool cancelled) { return Check(tempera_set_cancelled(handle_, cancelled ? 1 : 0)); }
  Error SetProgressCallback(tempera_progress_callback callback, void* user) {
    return Check(tempera_set_progress_callback(handle_, callback, user));
  }

  // in and out: one size, any two formats; they may share pixels when format and strides agree.
  Error Process(const tempera_image& in, const tempera_image& out) {
    return Check(tempera_process(handle_, &in, &out));
  }
  // With what this frame brings along: begin with TEMPERA_FRAME_PARAMS_INIT.
  Error Process(const tempera_image& in, const tempera_image& out, const tempera_frame_params& params) {
    return Check(tempera_process_frame(handle_, &in, &out, &params));
  }

  bool PaintsAlpha() const { return tempera_paints_alpha(handle_) != 0; }
  // What was guessed of the model, or looks wrong in its first painting; see tempera_notice.
  std::vector<std::string> Notices() const {
    std::vector<std::string> lines;
    for (int32_t i = 0; const char* line = tempera_notice(handle_, i); ++i) lines.emplace_back(line);
    return lines;
  }

  // After a cut: with TEMPERA_NORM_SMOOTHED or TEMPERA_NORM_CARRIED, and where the model has states.
  Error Reset() { return Check(tempera_reset(handle_)); }

  // Parameters: from any thread, effective with the next frame.
  int ParameterCount() const { return tempera_parameter_count(handle_); }
  Expected<tempera_parameter_info> ParameterInfo(int index) const {
    tempera_parameter_info info = TEMPERA_PARAMETER_INFO_INIT;
    if (Error error = Check(tempera_get_parameter_info(handle_, index, &info))) return error;
    return info;
  }
  Error SetParameter(const char* name, std::span<const float> values) {
    return Check(
        tempera_set_named_parameter(handle_, name, values.data(), static_cast<int32_t>(values.size())));
  }
  Error SetParameter(const char* name, float value) { return SetParameter(name, {&value, 1}); }
  Expected<std::vector<float>> GetParameter(const char* name) const {
    const Expected<tempera_parameter_info> info = ParameterInfo(tempera_find_parameter(handle_, name));
    std::vector<float> values(info ? static_cast<size_t>(info->count) : 1);
    if (Error error = Check(
            tempera_get_named_parameter(handle_, name, values.data(), static_cast<int32_t>(values.size())))) {
      return error;
    }
    return values;
  }

  // One of the styles of a file that holds many, by its name; see tempera_set_style.
  Error SetStyle(const std::string& name) { return Check(tempera_set_style(handle_, name.c_str())); }
  // Shares of some styles by name ({{"starry-night", 0.7f}, {"great-wave", 0.3f}}); the others get none.
  Error SetBlend(std::span<const std::pair<std::string, float>> shares) {
    for (int i = 0; i < ParameterCount(); ++i) {
      const Expected<tempera_parameter_info> info = ParameterInfo(i);
      if (!info || info->kind != TEMPERA_PARAMETER_WEIGHTS) continue;
      std::vector<float> values(static_cast<size_t>(info->count), info->minimum);
      bool known = true;
      for (const auto& [name, share] : shares) {
        const int32_t element = tempera_find_element(handle_, i, name.c_str());
        known = known && element >= 0;
        if (known) values[static_cast<size_t>(element)] = share;
      }
      if (known) return SetParameter(info->name, values);
    }
    return {TEMPERA_NOT_FOUND, "no parameter of the model blends all of these styles"};
  }

  // 0 = the source, 1 = the painting.
  Error SetStrength(float strength) { return Check(tempera_set_strength(handle_, strength)); }

  // The size of the picture the network paints for a frame of this size.
  Expected<FrameSize> WorkingSize(int frame_width, int frame_height) {
    int32_t width = 0, height = 0;
    if (Error error = Check(tempera_working_size(handle_, frame_width, frame_height, &width, &height))) {
      return error;
    }
    return FrameSize{width, height};
  }

  size_t MemoryBytes() const { return tempera_memory_bytes(handle_); }

  // Lives as long as the Stylizer. Empty optional when the model has none of that name.
  std::optional<std::string_view> Metadata(const char* key) const {
    const char* value = tempera_metadata(handle_, key);
    return value == nullptr ? std::nullopt : std::optional<std::string_view>(value);
  }

  // For calling the C API. The Stylizer keeps it.
  tempera_stylizer* handle() const { return handle_; }

 private:
  friend class Masker;
  friend class Regions;
  explicit Stylizer(tempera_stylizer* handle) : handle_(handle) {}

  static Error Check(tempera_status code) {
    if (code == TEMPERA_OK) return {};
    return {code, tempera_error_message()};
  }

  // Options in C; they point into those given, and into what is held beside them.
  struct NativeOptions {
    explicit NativeOptions(const Options& options) {
      for (const auto& [key, value] : options.metadata) {
        metadata.push_back(key.c_str());
        metadata.push_back(value.c_str());
      }
      metadata.push_back(nullptr);
      c.threads = options.threads;
      c.precision = options.precision;
      c.working_width = options.working_width;
      c.working_height = options.working_height;
      c.working_short_side = options.working_short_side;
      c.cache_folder = options.cache_folder.c_str();
      c.pin_threads = options.pin_threads ? 1 : 0;
      c.norm_statistics = options.norm_statistics;
      c.host = options.host.handle();
      c.metadata = metadata.data();
    }
    NativeOptions(const NativeOptions&) = delete;
    NativeOptions& operator=(const NativeOptions&) = delete;
    tempera_options c = TEMPERA_OPTIONS_INIT;
    std::vector<const char*> metadata;
  };

  tempera_stylizer* handle_ = nullptr;
};

// A mask network. Movable, not copyable; one thread at a time.
class Masker {
 public:
  static Expected<Masker> Open(const std::string& path, const Options& options = {}) {
    const Stylizer::NativeOptions native(options);
    tempera_masker* handle = nullptr;
    if (Error error = Stylizer::Check(tempera_mask_open_file(path.c_str(), &native.c, &handle))) return error;
    return Masker(handle);
  }

  // The bytes may go once this returns.
  static Expected<Masker> Open(std::span<const std::byte> model, const Options& options = {}) {
    const Stylizer::NativeOptions native(options);
    tempera_masker* handle = nullptr;
    if (Error error =
            Stylizer::Check(tempera_mask_open_memory(model.data(), model.size(), &native.c, &handle)))
      return error;
    return Masker(handle);
  }

  ~Masker() { tempera_mask_close(handle_); }
  Masker(Masker&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Masker& operator=(Masker&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  // One byte a pixel, rows without gaps; it shows the whole of `in`, whatever its own size.
  Error Process(const tempera_image& in, std::span<uint8_t> mask, int width, int height) {
    if (width < 1 || height < 1 || mask.size() / static_cast<size_t>(width) < static_cast<size_t>(height)) {
      return {TEMPERA_INVALID_ARGUMENT, "the mask has too few bytes for its size"};
    }
    return Stylizer::Check(tempera_mask_process(handle_, &in, mask.data(), width, width, height));
  }

  // Plans for pictures of this size, so that no Process has to.
  Error Prepare(int width, int height) {
    return Stylizer::Check(tempera_mask_prepare(handle_, width, height));
  }
  // Prepare and Process end soon, until it is taken back. From any thread.
  Error SetCancelled(bool cancelled) {
    return Stylizer::Check(tempera_mask_set_cancelled(handle_, cancelled ? 1 : 0));
  }

  // What it distinguishes, by channel; "" where nobody says.
  std::vector<std::string> Classes() const {
    std::vector<std::string> names;
    for (int32_t i = 0; const char* name = tempera_mask_class_name(handle_, i); ++i) names.emplace_back(name);
    return names;
  }
  // The index of a class by name or number; "" = the file's own.
  Expected<int> FindClass(const std::string& name) const {
    int32_t index = 0;
    if (Error error = Stylizer::Check(tempera_mask_find_class(handle_, name.c_str(), &index))) return error;
    return index;
  }
  // How Regions make masks of what it says: begin with TEMPERA_MASK_PARAMS_INIT.
  Error SetParams(const tempera_mask_params& params) {
    return Stylizer::Check(tempera_mask_set_params(handle_, &params));
  }

  // For calling the C API. The Masker keeps it.
  tempera_masker* handle() const { return handle_; }

 private:
  explicit Masker(tempera_masker* handle) : handle_(handle) {}

  tempera_masker* handle_ = nullptr;
};

// A part of the frame, and what becomes of it; see tempera_region.
struct Region {
  std::string name = {};               // a class, or "background"
  const Stylizer* stylizer = nullptr;  // outlives its use; nullptr: the input shows
  float blur = 0;                      // of the input, in pixels
  float feather = 0;                   // pixels
};

// Painting by regions. Movable, not copyable; one thread at a time.
class Regions {
 public:
  // masker: nullptr = every frame brings its mask; otherwise it outlives this.
  static Expected<Regions> Open(const Masker* masker, const SharedHost& host = {}) {
    tempera_regions* handle = nullptr;
    if (Error error = Stylizer::Check(
            tempera_regions_open(masker == nullptr ? nullptr : masker->handle(), host.handle(), &handle))) {
      return error;
    }
    return Regions(handle);
  }

  ~Regions() { tempera_regions_close(handle_); }
  Regions(Regions&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Regions& operator=(Regions&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  // Later ones lie over earlier ones; what none covers is the input.
  Error Set(std::span<const Region> regions) {
    std::vector<tempera_region> list;
    for (const Region& region : regions) {
      tempera_region r = TEMPERA_REGION_INIT;
      r.name = region.name.c_str();
      r.stylizer = region.stylizer == nullptr ? nullptr : region.stylizer->handle();
      r.blur = region.blur;
      r.feather = region.feather;
      list.push_back(r);
    }
    return Stylizer::Check(tempera_regions_set(handle_, list.data(), static_cast<int32_t>(list.size())));
  }

  Error Process(const tempera_image& in, const tempera_image& out) {
    return Stylizer::Check(tempera_regions_process(handle_, &in, &out, nullptr));
  }
  // With what this frame brings along: begin with TEMPERA_FRAME_PARAMS_INIT.
  Error Process(const tempera_image& in, const tempera_image& out, const tempera_frame_params& params) {
    return Stylizer::Check(tempera_regions_process(handle_, &in, &out, &params));
  }

  // What region `index` covered of the last frame; width and height are the frame's, rows without gaps.
  Error Mask(int index, std::span<uint8_t> mask, int width, int height) const {
    if (width < 1 || height < 1 || mask.size() / static_cast<size_t>(width) < static_cast<size_t>(height)) {
      return {TEMPERA_INVALID_ARGUMENT, "the mask has too few bytes for its size"};
    }
    return Stylizer::Check(tempera_regions_mask(handle_, index, mask.data(), width, width, height));
  }

  // Plans for frames of this size and format, so that no Process has to.
  Error Prepare(int width, int height, tempera_pixel_format format) {
    return Stylizer::Check(tempera_regions_prepare(handle_, width, height, format));
  }
  // The next frame follows none.
  Error Reset() { return Stylizer::Check(tempera_regions_reset(handle_)); }
  // Prepare and Process end soon, until it is taken back. From any thread.
  Error SetCancelled(bool cancelled) {
    return Stylizer::Check(tempera_regions_set_cancelled(handle_, cancelled ? 1 : 0));
  }

  // For calling the C API. The Regions keep it.
  tempera_regions* handle() const { return handle_; }

 private:
  explicit Regions(tempera_regions* handle) : handle_(handle) {}

  tempera_regions* handle_ = nullptr;
};

}  // namespace tempera

#endif  // TEMPERA_TEMPERA_HPP_
