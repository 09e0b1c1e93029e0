#include "bench/onednn_conv.h"

#ifdef TEMPERA_HAVE_ONEDNN
#include <dlfcn.h>

#include <cstring>
#include <dnnl.hpp>
#include <string>
#include <vector>
#endif

namespace tempera::bench {

#ifdef TEMPERA_HAVE_ONEDNN
namespace {

using Type = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

// Debian's oneDNN takes its threads from whichever OpenMP it was linked with.
void UseOneThread() {
  using SetThreads = void (*)(int);
  if (void* found = dlsym(RTLD_DEFAULT, "omp_set_num_threads")) reinterpret_cast<SetThreads>(found)(1);
}

class Conv final : public OnednnConv {
 public:
  Conv(const kernels::ConvShape& s, ConvKind kind) : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    UseOneThread();
    const Type in = kind == ConvKind::kFp32 ? Type::f32 : kind == ConvKind::kBf16 ? Type::bf16 : Type::u8;
    const Type weights = kind == ConvKind::kInt8 ? Type::s8 : in;
    const int64_t h = s.in_h * s.upsample, w = s.in_w * s.upsample;
    const dnnl::memory::desc source({1, s.in_channels, h, w}, in, Tag::any),
        kernel({s.out_channels, s.in_channels, s.kernel_h, s.kernel_w}, weights, Tag::any),
        target({1, s.out_channels, s.out_h, s.out_w}, in, Tag::any);
    // What the last row and column still need, at the bottom and right.
    const int64_t bottom = (s.out_h - 1) * s.stride_h + s.kernel_h - h - s.pad_top;
    const int64_t right = (s.out_w - 1) * s.stride_w + s.kernel_w - w - s.pad_left;
    const dnnl::convolution_forward::desc desc(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto, source, kernel, target,
        {s.stride_h, s.stride_w}, {s.pad_top, s.pad_left}, {bottom, right});
    dnnl::primitive_attr attributes;
    if (kind == ConvKind::kInt8) attributes.set_output_scales(0, {0.01f});
    const dnnl::convolution_forward::primitive_desc chosen(desc, attributes, engine_);
    implementation_ = chosen.impl_info_str();
    source_ = Filled(chosen.src_desc());
    kernel_ = Filled(chosen.weights_desc());
    target_ = Filled(chosen.dst_desc());
    conv_ = dnnl::convolution_forward(chosen);
  }
  void Run() override {
    conv_.execute(stream_, {{DNNL_ARG_SRC, source_}, {DNNL_ARG_WEIGHTS, kernel_}, {DNNL_ARG_DST, target_}});
    stream_.wait();
  }
  const std::string& implementation() const { return implementation_; }

 private:
  // Every byte 1: a small number in each type, and never a denormal one in bf16.
  dnnl::memory Filled(const dnnl::memory::desc& desc) {
    dnnl::memory memory(desc, engine_);
    std::memset(memory.get_data_handle(),
                desc.data_type() == Type::u8 || desc.data_type() == Type::s8 ? 1 : 0x3c, desc.get_size());
    return memory;
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::memory source_, kernel_, target_;
  dnnl::convolution_forward conv_;
  std::string implementation_;
};

}  // namespace

std::unique_ptr<OnednnConv> MakeOnednnConv(const kernels::ConvShape& shape, ConvKind kind) {
  try {
    auto conv = std::make_unique<Conv>(shape, kind);
    if (conv->implementation().rfind("ref", 0) == 0) return nullptr;
    return conv;
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

#else

std::unique_ptr<OnednnConv> MakeOnednnConv(const kernels::ConvShape&, ConvKind) { return nullptr; }

#endif

}  // namespace tempera::bench
