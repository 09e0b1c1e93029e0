// Ways to paint the same frames, and to make the same masks: through tempera.h, and behind it, where tests
// can ask for more than it lets in.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/stylize/mask/masker.h"
#include "src/stylize/stylizer.h"
#include "tempera/tempera.h"

namespace tempera::door {

using stylize::StylizerOptions;

class Painter {
 public:
  virtual ~Painter() = default;
  virtual tempera_status Process(const tempera_image& in, const tempera_image& out,
                                 const tempera_frame_params& params) = 0;
  virtual tempera_status Set(const char* name, std::span<const float> values) = 0;
  virtual tempera_status Prepare(int width, int height, int format) = 0;
  virtual void Reset() = 0;
  virtual std::string message() const = 0;
};

// A program's host, with threads that several things share.
class SharedHost {
 public:
  ~SharedHost() { tempera_close_host(host_); }
  tempera_status Create(int threads) {
    tempera_host_options options = TEMPERA_HOST_OPTIONS_INIT;
    options.threads = threads;
    return tempera_create_host(&options, &host_);
  }
  tempera_host* get() const { return host_; }

 private:
  tempera_host* host_ = nullptr;
};

class DoorPainter final : public Painter {
 public:
  ~DoorPainter() override { tempera_close(stylizer_); }
  // host: nullptr for none.
  tempera_status Open(std::span<const uint8_t> bytes, const StylizerOptions& options, tempera_host* host);
  tempera_status Process(const tempera_image& in, const tempera_image& out,
                         const tempera_frame_params& params) override {
    return tempera_process_frame(stylizer_, &in, &out, &params);
  }
  tempera_status Set(const char* name, std::span<const float> values) override {
    return tempera_set_named_parameter(stylizer_, name, values.data(), static_cast<int32_t>(values.size()));
  }
  tempera_status Prepare(int width, int height, int format) override {
    return tempera_prepare(stylizer_, width, height, format);
  }
  void Reset() override { tempera_reset(stylizer_); }
  std::string message() const override { return tempera_error_message(); }
  tempera_stylizer* handle() const { return stylizer_; }

 private:
  tempera_stylizer* stylizer_ = nullptr;
};

// The body behind the door.
class InnerPainter final : public Painter {
 public:
  Status Open(std::span<const uint8_t> bytes, const StylizerOptions& options);
  tempera_status Process(const tempera_image& in, const tempera_image& out,
                         const tempera_frame_params& params) override;
  tempera_status Set(const char* name, std::span<const float> values) override;
  tempera_status Prepare(int width, int height, int format) override;
  void Reset() override { stylizer_->Reset(); }
  std::string message() const override { return message_; }
  stylize::Stylizer* get() const { return stylizer_.get(); }

 private:
  tempera_status Report(const Status& status);

  std::unique_ptr<stylize::Stylizer> stylizer_;
  std::string message_;
};

class DoorMasker {
 public:
  ~DoorMasker() { tempera_mask_close(masker_); }
  tempera_status Open(std::span<const uint8_t> bytes, const StylizerOptions& options, tempera_host* host);
  // mask: [height, width].
  tempera_status Process(const tempera_image& in, int width, int height, std::vector<uint8_t>* mask);
  tempera_masker* handle() const { return masker_; }

 private:
  tempera_masker* masker_ = nullptr;
};

class InnerMasker {
 public:
  Status Open(std::span<const uint8_t> bytes, const StylizerOptions& options);
  Status Process(const tempera_image& in, int width, int height, std::vector<uint8_t>* mask);
  stylize::Masker* get() const { return masker_.get(); }

 private:
  std::unique_ptr<stylize::Masker> masker_;
};

}  // namespace tempera::door
